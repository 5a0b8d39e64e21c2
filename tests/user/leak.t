#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is taken and given back is all there again.
. "$(dirname "$0")/../lib.sh"
[ "${CHECK-}" = full ] || [ -n "${CPUS_GIVEN-}" ] || CPUS=2
three_kernels
on_every_kernel tests/leak
