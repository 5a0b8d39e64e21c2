#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Races at the edges of life: exit, exec, stop, kill, alarms and pipes, with busy threads.
. "$(dirname "$0")/../lib.sh"
# What one CPU can get wrong, four can, too.
[ "${CHECK-}" = full ] || [ -n "${CPUS_GIVEN-}" ] || CPUS=4
three_kernels
on_every_kernel tests/stress
