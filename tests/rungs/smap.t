#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SMAP: the application's memory is closed to the kernel, but for the copies; isolation/rungs/ktest_smap.c tries each of them.
. "$(dirname "$0")/rung.sh"

for model in $(models multi ${full:+split}); do
	rung_kernel "$model" smap
	boots
	boots --cpus 4
	self_tests smap
	[ "$model" = multi ] || continue
	published "smap on, the CPU has it" "smep off, the CPU has it"
	tap_run "$kernel" 1 tests/mm
	crash smap
	says "^panic: the application's address 400000 was read without copyin/copyout" \
		"^  likely: the application's page is there, and closed to the kernel: SMAP"
	needs_cpu smap "$model"
done
done_testing
