#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The parsers of lib/ take any bytes (tests/fuzz/): the committed inputs and the same few thousand others each time, in the build
# of clang with libFuzzer, and in gcc's without. `make fuzz` looks further.
. "$(dirname "$0")/../lib.sh"

fuzz=$build/fuzz
[ "${CHECK-}" = full ] && runs=100000 || runs=4000

for source in "$top"/tests/fuzz/*.c; do
	target=$(basename "$source" .c)
	[ "$target" != replay ] || continue
	seeds=$top/tests/fuzz/corpus/$target
	mkdir "$work/$target"
	"$fuzz/$target" -runs=$runs -seed=1 -max_len=4096 -timeout=10 -artifact_prefix="$work/" "$work/$target" "$seeds" >"$work/out" 2>&1 &&
		grep -q "^Done $runs runs" "$work/out"
	check $? "$target: libFuzzer, $runs runs" || explain "$work/out" 30
	"$fuzz/$target-replay" $runs "$seeds"/* >"$work/out" 2>&1 && grep -q ", $runs runs" "$work/out"
	check $? "$target: replay, $runs runs" || explain "$work/out" 30
done
done_testing
