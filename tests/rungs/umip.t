#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# UMIP: the instructions that tell where the kernel's tables lie are SIGSEGV.
. "$(dirname "$0")/rung.sh"

for model in $(models multi); do
	rung_kernel "$model" umip
	published "umip on, the CPU has it"
	tap_run "$kernel" 1 rungs/umip
	tap_run "$kernel" 4 rungs/umip
	needs_cpu umip "$model"
done
done_testing
