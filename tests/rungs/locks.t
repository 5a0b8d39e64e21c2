#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each kind of spinlock, and the big lock: kernels that have it run tests/user/threads with four CPUs, pass their self-tests, and lockdep
# finds the planted deadlock; the counters of lock_stat add up. Only with CHECK=full: it builds twenty kernels.
. "$(dirname "$0")/rung.sh"

# locks_are KIND BIG STATS
locks_are() {
	run "$kernel" 1 /bin/busybox grep '^locks:' /proc/orchard </dev/null
	is_output "locks: spinlock=$1 big=$2 stats=$3" "$label: /proc/orchard says so"
}

threads() {
	run "$kernel" 4 tests/threads </dev/null
	is_status 0 "$label: threads"
}

for model in $(models multi sas split); do
	for kind in tas ttas mcs queued; do
		rung_kernel "$model" "$kind"
		locks_are "$kind" n n
		threads
		self_tests spinlock 4
	done
	rung_kernel "$model" biglock
	locks_are ticket y n
	threads
	self_tests biglock 4
done

for model in $(models multi); do
	for kind in tas ttas mcs queued; do
		rung_kernel "$model" "$kind+debug"
		self_tests lockdep 4
		crash deadlock
		says '^panic: deadlock on lock planted: this CPU holds it already, since crash_deadlock' '^    planted, taken in crash_deadlock'
	done
	rung_kernel "$model" mcs+biglock+lockstat
	locks_are mcs y y
	self_tests biglock 4
	self_tests lockstat 4
	run "$kernel" 4 /bin/busybox cat /proc/lock_stat </dev/null
	grep -q "^class	kind	cpu	taken	contended	spins	wait	held	held_max$" "$work/out" &&
		grep -q "^proc	mutex	all	" "$work/out" && grep -q "^big lock	spinlock	all	" "$work/out"
	check $? "$label: /proc/lock_stat has its columns, a mutex and a spinlock"
	awk -F'\t' 'NR > 1 { if ($3 == "all") all[$1] = $4; else sum[$1] += $4 }
		END { for (c in all) { n++; bad += all[c] != sum[c] }; exit bad || n < 20 }' "$work/out"
	check $? "$label: the CPUs' lines add up to the sum" || explain "$work/out" 100
done
done_testing
