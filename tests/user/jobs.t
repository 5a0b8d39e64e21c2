#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# user/jobs, and what it finds: nobody wakes an idle machine, however many sleep in it; who sleeps gets the CPU at once when its time
# comes, whoever computes; what a kernel cannot start it refuses. Counted: a time is a number of instructions.
. "$(dirname "$0")/../lib.sh"

[ "${CHECK-small}" != small ] || [ -n "${KERNELS_GIVEN-}" ] || KERNELS="sas multi"
run_options=--icount

# value KEY: the number that the last run printed behind it; 999999999 when there is none.
value() {
	found=$(sed -n "s/^$1 \([0-9]*\)\(\.[0-9]*\)\{0,1\}\r*\$/\1/p" "$work/out")
	echo "${found:-999999999}"
}
# at_most KEY LIMIT NAME
at_most() {
	[ "$(value "$1")" -le "$2" ]
	check $? "$3: $1 is $(value "$1"), at most $2" || explain "$work/out"
}
ways() {
	case $1 in
	sas | split) echo threads ;;
	tasks | sasos) echo threads spawn ;;
	*) echo threads spawn fork ;;
	esac
}

for kernel in $KERNELS; do
	case $kernel in
	linux | host) skip "bounds are our kernels'" "$kernel"; continue ;;
	esac
	for way in $(ways "$kernel"); do
		run "$kernel" 1 jobs -n 20 -a "$way" -m idle -s 20 </dev/null
		is_status 0 "$kernel: 20 that sleep, by $way"
		at_most switches 2 "$kernel, $way"
		at_most interrupts 8 "$kernel, $way" # the APIC's timer counts 4.3 s at most
		[ "$(value job_kib)" -gt 0 ]
		check $? "$kernel, $way: a job takes memory" || explain "$work/out"
	done
	run "$kernel" 1 jobs -n 3 -a "$way" -m work -w 20 </dev/null
	is_status 0 "$kernel: three that work, by $way"
	at_most work_ns 20000000 "$kernel, $way"
	run "$kernel" 1 jobs -n 4 -a "$way" -m noisy -k cpu -p 10 </dev/null
	is_status 0 "$kernel: three hogs, by $way"
	at_most late_max_ns 10000 "$kernel, $way"
	at_most missed 0 "$kernel, $way"
	run "$kernel" 1 jobs -n 4 -a "$way" -m noisy -k reads -p 10 </dev/null
	is_status 0 "$kernel: three whose calls are long, by $way"
	at_most late_max_ns 200000 "$kernel, $way" # a call gives up the CPU each 64 KiB
done
case " $KERNELS " in
*" sas "*)
	run sas 1 jobs -n 2 -a fork -m idle -s 0 </dev/null
	is_status 1 "sas: no fork"
	grep -q "^refused 38" "$work/out" && grep -q "cannot be started: Function not implemented" "$work/err"
	check $? "sas: and it says so" || explain "$work/err"
	;;
esac
done_testing
