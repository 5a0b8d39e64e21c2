#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Names that change while they are looked up: on kernels that look for trouble, with four CPUs.
. "$(dirname "$0")/../lib.sh"

ORCHARD_FRAGMENT=$(with_checks)
export ORCHARD_FRAGMENT
[ "${CHECK-}" = full ] || [ -n "${KERNELS_GIVEN-}" ] || KERNELS="sas multi"
[ -n "${CPUS_GIVEN-}" ] || CPUS=4
on_every_kernel tests/names
