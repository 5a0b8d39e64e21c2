#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SMEP: a kernel that is led to the application's code stops before its first instruction.
. "$(dirname "$0")/rung.sh"

for model in $(models multi); do
	rung_kernel "$model" smep
	boots
	published "smep on, the CPU has it" "smap off, the CPU has it"
	crash smep
	says '^panic: .*address 400000 was called' "^  likely: the application's page is there, and closed to the kernel: SMEP"
	needs_cpu smep "$model"
done
done_testing
