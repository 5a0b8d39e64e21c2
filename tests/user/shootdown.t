#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The knobs of TLB shootdown, on both kinds of space: whom a flush interrupts, and how many frames wait for one.
. "$(dirname "$0")/../lib.sh"

[ -n "$KERNELS_GIVEN" ] || KERNELS="sas split multi"
for kernel in $KERNELS; do
	for knobs in "lazy 32" "space 16" "all 1"; do
		# shellcheck disable=SC2086
		set -- $knobs
		run_options="--append shootdown=$1 --append tlb_batch=$2"
		tap_run "$kernel" 4 tests/shootdown "$1" "$2"
	done
	run_options="--append shootdown=none --append kstacks=0"
	tap_run "$kernel" 4 tests/threads 1
	grep -q "shootdown: no 'none'; there are lazy, space and all" "$work/err"
	check $? "$kernel: a mode that is unknown is named, with those that there are"
done
done_testing
