#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Wild jumps, handlers and sigreturns: SIGSEGV for the guilty (139), never a kernel that falls over. The one exception is
# what ring 0 cannot stop, a jump into the kernel: a panic that says so (70).
. "$(dirname "$0")/../lib.sh"

for kernel in $KERNELS; do
	for mode in jump-null jump-kernel store-unmapped handler-kernel handler-noncanonical handler-last \
		sigreturn-kernel sigreturn-noncanonical; do
		want=139
		case $kernel:$mode in
		sas:jump-kernel | tasks:jump-kernel | ring0proc:jump-kernel) want=70 ;;
		esac
		run "$kernel" 1 tests/wild "$mode" </dev/null
		is_status $want "$kernel: $mode"
	done
done
done_testing
