#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What boot costs, counted: with --icount, where an instruction is a nanosecond, the program's first instruction comes
# within 20 ms of the kernel's, on both machines; images are below 400 KiB; hello runs in 8 MiB.
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" small; done_testing; }

for kernel in $KERNELS; do
	[ "$kernel" != linux ] || continue
	for MACHINE in q35 microvm; do
		run_options="--icount --json=$work/json"
		run "$kernel" 1 hello </dev/null
		ns=$(sed -n 's/.*"boot_ns": \([0-9]*\).*/\1/p' "$work/json")
		echo "# $kernel, $MACHINE: ${ns:-no} ns of boot"
		[ "${ns:-99999999}" -le 20000000 ]
		check $? "$kernel on $MACHINE: boots within 20 ms" || explain "$work/err"
		run_options="--memory 8M"
		run "$kernel" 1 hello </dev/null
		is_output "hello, orchard" "$kernel on $MACHINE: 8 MiB are enough for hello"
	done
	size=$(stat -c %s "$build/$kernel/orchard.stripped")
	echo "# $kernel: $size bytes"
	[ "$size" -lt $((400 * 1024)) ]
	check $? "$kernel: an image below 400 KiB"
done
done_testing
