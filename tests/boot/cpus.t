#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every kernel boots with 1, 2, 4 and 8 CPUs and runs a static PIE; and an ET_EXEC. With 64 it runs a thread on each of them.
. "$(dirname "$0")/../lib.sh"

for kernel in $KERNELS; do
	for cpus in 1 2 4 8; do
		run "$kernel" "$cpus" hello </dev/null
		is_output "hello, orchard" "$kernel, $cpus CPUs: says hello"
		is_status 0 "$kernel, $cpus CPUs: ends with 0"
	done
	run "$kernel" 1 hello-exec </dev/null
	is_output "hello, orchard" "$kernel: an ET_EXEC says hello"
	[ "$kernel" != host ] || continue # it has as many as it has
	run_options=--icount
	run "$kernel" 64 scale -c getpid -n 64 -r 1 </dev/null
	run_options=
	in_order "$work/out" "$kernel, 64 CPUs: a thread on each" "^workers 64$" "^operations 64$"
done
done_testing
