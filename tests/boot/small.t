#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What boot costs, counted: with --icount, where an instruction is a nanosecond, the program's first instruction comes
# within 20 ms of the kernel's, on both machines; images are below 400 KiB; hello runs in 8 MiB. Time and size are those of the
# six: what a fragment adds to them costs what it costs.
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" small; done_testing; }

for kernel in $KERNELS; do
	[ "$kernel" != linux ] || continue
	for MACHINE in q35 microvm; do
		run_options="--icount --json=$work/json"
		run "$kernel" 1 hello </dev/null
		ns=$(sed -n 's/.*"boot_ns": \([0-9]*\).*/\1/p' "$work/json")
		echo "# $kernel, $MACHINE: ${ns:-no} ns of boot"
		if [ -n "${ORCHARD_FRAGMENT-}" ]; then
			skip "built with $ORCHARD_FRAGMENT, which takes time" "$kernel on $MACHINE: boots within 20 ms"
		else
			[ "${ns:-99999999}" -le 20000000 ]
			check $? "$kernel on $MACHINE: boots within 20 ms" || explain "$work/err"
		fi
		case $MACHINE-${ORCHARD_FRAGMENT-} in
		microvm-*sanitize*)
			skip "an eighth of memory is shadow: 9 MiB are enough" "$kernel on $MACHINE: 8 MiB are enough for hello"
			continue
			;;
		esac
		run_options="--memory 8M"
		run "$kernel" 1 hello </dev/null
		is_output "hello, orchard" "$kernel on $MACHINE: 8 MiB are enough for hello"
	done
	size=$(stat -c %s "$(built "$kernel")/orchard.stripped")
	echo "# $kernel: $size bytes"
	if [ -n "${ORCHARD_FRAGMENT-}" ]; then
		skip "built with $ORCHARD_FRAGMENT, which takes room" "$kernel: an image below 400 KiB"
	else
		[ "$size" -lt $((400 * 1024)) ]
		check $? "$kernel: an image below 400 KiB"
	fi
done
done_testing
