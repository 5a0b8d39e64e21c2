#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Leaf calls on the application's stack: no other answers than without, on no stack; and the build refuses a call that is none.
. "$(dirname "$0")/rung.sh"

for model in $(models sas tasks); do
	rung_kernel "$model" leaf
	boots
	published "leaf on"
	for cpus in 1 4; do
		tap_run "$kernel" "$cpus" rungs/leaf
	done
	for program in tests/redzone tests/sig tests/threads; do
		run "$kernel" 2 "$program" </dev/null
		is_status 0 "$label: $program"
	done
	# A program that jumps into the kernel is on a stack of the application's too, and makes no call.
	run "$kernel" 1 tests/wild jump-kernel </dev/null
	is_status 70 "$label: a wild jump into the kernel is no leaf call"
	says '^panic: address ffffffffbff00000 was called'
	# What it buys, counted: without a stack of the kernel's a null call is less than two thirds.
	for which in "$kernel" "$model"; do
		run_options=--icount
		run "$which" 1 bench -x null-call </dev/null
		run_options=
		awk '$1 == "null-call" { print int($2) }' "$work/err"
	done >"$work/counts"
	paste -s "$work/counts" | awk '{ exit !($1 > 0 && $1 * 3 < $2 * 2) }'
	check $? "$label: a null call of $(paste -sd/ "$work/counts") instructions" || explain "$work/err"
done

if [ -n "$(models sas)" ]; then
	image=$(dirname "$kernel")/orchard.elf
	sed 's/^\(20  *writev .*\)$/\1 !leaf/' "$top/abi/linux/syscall.tbl" >"$work/table"
	"$top/tools/build/leafcheck" objdump "$image" "$work/table" 2>"$work/err"
	status=$?
	[ "$status" = 1 ] && grep -q "not a leaf: .*writev" "$work/err"
	check $? "writev is no leaf, and the build would say so" || explain "$work/err"
fi
# On kernels without the rung, and on Linux, the program has the same answers.
[ -n "$KERNELS_GIVEN" ] || tap_run linux 1 rungs/leaf
done_testing
