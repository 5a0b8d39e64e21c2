#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What one may ask of a kernel at boot: system-call tracing, another scheduling policy, fewer CPUs.
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" options; done_testing; }

three_kernels

# The policies but the default: each kernel tries two of them in turn, all of them with CHECK=full.
turn=0
policies_tried() {
	[ "${CHECK-}" != full ] || { echo rr mlfq stride lottery eevdf; return; }
	case $((turn % 3)) in
	0) echo rr eevdf ;;
	1) echo mlfq lottery ;;
	2) echo stride eevdf ;;
	esac
}

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
	for policy in $(policies_tried); do
		run_options="--append sched=$policy"
		run "$kernel" 4 tests/threads </dev/null
		tap_is_good && [ "$status" = 0 ]
		check $? "$kernel: threads under $policy, 4 CPUs" || explain "$work/out"
	done
	turn=$((turn + 1))

	# By instructions, since CPUs that wait in turn for one lock stand still where the host has fewer.
	run_options='--icount --append runqueues=one'
	run "$kernel" 4 tests/threads </dev/null
	tap_is_good && [ "$status" = 0 ]
	check $? "$kernel: threads of one run queue, 4 CPUs" || explain "$work/out"
	run_options='--append runqueues=one --append balance_ms=20'
	run "$kernel" 4 /bin/busybox grep runqueues /proc/orchard </dev/null
	is_output 'runqueues: one, balanced every 20 ms' "$kernel: runqueues= and balance_ms= are taken"

	run_options='--append maxcpus=2'
	run "$kernel" 4 /bin/busybox grep cpus /proc/orchard </dev/null
	is_output 'cpus: 2' "$kernel: maxcpus=2 of 4"
done

run_options='--append sched=nonsense'
run "${KERNELS%% *}" 1 hello </dev/null
is_status 0 "an unknown policy harms nobody"
has_line 'sched=nonsense: no such policy; there are fair rr mlfq stride lottery eevdf; using' "$work/err" "and is told which there are"

run_options='--append runqueues=two'
run "${KERNELS%% *}" 1 hello </dev/null
is_status 0 "a number of run queues that there is not harms nobody"
has_line "runqueues: no 'two'; there are percpu and one" "$work/err" "and is told which there are"

run_options='--append nonsense=1'
run sas 1 hello </dev/null
is_status 0 "an unknown key harms nobody"
has_line nonsense "$work/err" "and is named"
done_testing
