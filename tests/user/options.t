#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What one may ask of a kernel at boot: system-call tracing, the other scheduling policy, fewer CPUs.
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" options; done_testing; }

three_kernels

has_line() {
	grep -q -- "$1" "$2"
	check $? "$3" && return
	explain "$2"
}

for kernel in $KERNELS; do
	run_options=--strace
	run "$kernel" 1 hello </dev/null
	is_status 0 "$kernel: hello under --strace"
	has_line 'strace: \[2\] writev*(1, .*) = ' "$work/err" "$kernel: its write is traced"
	has_line 'strace: \[2\] exit_group(0) = ?' "$work/err" "$kernel: and its end"

	run_options='--append sched=rr --strace'
	run "$kernel" 1 /bin/busybox grep sched /proc/orchard </dev/null
	is_output 'sched: rr' "$kernel: sched=rr is taken"
	if [ "${CHECK-}" = full ] || [ "$kernel" = "${KERNELS%% *}" ] || [ "$kernel" = "${KERNELS##* }" ]; then
		run_options='--append sched=rr'
		run "$kernel" 4 tests/threads </dev/null
		tap_is_good && [ "$status" = 0 ]
		check $? "$kernel: threads under round robin, 4 CPUs" || explain "$work/out"
	fi

	run_options='--append maxcpus=2'
	run "$kernel" 4 /bin/busybox grep cpus /proc/orchard </dev/null
	is_output 'cpus: 2' "$kernel: maxcpus=2 of 4"
done

run_options='--append nonsense=1'
run sas 1 hello </dev/null
is_status 0 "an unknown key harms nobody"
has_line nonsense "$work/err" "and is named"
done_testing
