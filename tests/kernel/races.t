#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Preemptions by a seed (docs/races.md): the same seed is the same run under --icount, another one is another; a planted deadlock
# that takes two threads is reported, and again by the command that the tool prints. On multi with configs/debug.config. With
# CHECK=full or KERNELS also the race detector (configs/race.config): its self-tests, a planted race, and the same with a lock.
TIMEOUT=${TIMEOUT-400} # of the race detector's self-tests
. "$(dirname "$0")/../lib.sh"

[ -n "$KERNELS_GIVEN" ] || KERNELS="multi"

console() {
	sed -n 's/^\[[^]]*\] //p' "$1" | tr -d '\000\r'
}

# seeded FILE SEED WORDS: hello with that, 4 CPUs, exactly; what the console said goes to FILE.
seeded() {
	run_options="--icount --append preempt=$2 --append $3"
	run "$kernel" 4 hello </dev/null
	run_options=
	console "$work/err" >"$1"
}

# The command that the last run's tool printed, with its output in $work/again.
again() {
	command=$(sed -n 's/^orchard: [^:]*: the same run again: //p' "$work/err")
	[ -n "$command" ] || return 1
	sh -c "$command" </dev/null >/dev/null 2>"$work/again.err"
	console "$work/again.err" >"$work/again"
}

# stats SEED: what threads that wait for one another cost with that seed, in the guest's own numbers.
stats() {
	"$orchard" run "$kernel" --cpus 4 --icount --timeout "$TIMEOUT" --append "preempt=$1" --json="$work/json" -- \
		"$build/user/tests/futex" </dev/null >"$work/out" 2>"$work/err" || return 1
	sed 's/.*"stats": //' "$work/json"
}

lock_order='^panic: lock order: taking first while holding second, but first -> second was seen before'
for kernel in $KERNELS; do
	export ORCHARD_FRAGMENT="${ORCHARD_FRAGMENT:-debug}"
	seeded "$work/one" 7 crash=embrace
	is_status 70 "$kernel: a planted deadlock ends with 70"
	in_order "$work/one" "$kernel: lockdep reports it, and the seed" "$lock_order" '^  seeds: preempt=7,1/8 '
	again && cmp -s "$work/one" "$work/again"
	check $? "$kernel: the printed command gives the same report, to the microsecond and the last event" || {
		diff "$work/one" "$work/again" | head -20 | sed 's/^/#   /'
		explain "$work/err" 3
	}
	seeded "$work/other" 8 crash=embrace
	grep -qE "$lock_order" "$work/other" && ! cmp -s "$work/one" "$work/other"
	check $? "$kernel: another seed, another moment" || explain "$work/other" 60

	first=$(stats 5) && second=$(stats 5) && [ -n "$first" ] && [ "$first" = "$second" ]
	check $? "$kernel: threads that wait for one another: twice the same numbers" || printf '#   %s\n' "$first" "$second"
	third=$(stats 6) && [ "$first" != "$third" ]
	check $? "$kernel: and others with another seed" || printf '#   %s\n' "$first" "$third"
	seeded "$work/bad" 7,1/0 loglevel=5
	grep -q 'command line: preempt: bad value' "$work/bad"
	check $? "$kernel: a bad density is said" || explain "$work/bad"
done

if [ "${CHECK-}" != full ] && [ -z "$KERNELS_GIVEN" ]; then
	skip "a kernel more, for CHECK=full or KERNELS=multi" "the race detector"
	done_testing
fi

export ORCHARD_FRAGMENT=race
for kernel in $KERNELS; do
	for cpus in 2 4; do
		run_options="--icount --append ktest" # CPUs that spin for one another take long on a busy host
		run "$kernel" "$cpus" hello </dev/null
		run_options=
		console "$work/err" >"$work/console"
		grep -E '^(ok|not ok|1\.\.|Bail out!|# )' "$work/console" >"$work/out"
		tap_is_good && [ "$(grep -cE '^ok [0-9]+ - race_' "$work/out")" -ge 7 ] && ! grep -q '^race: ' "$work/console"
		check $? "$kernel, $cpus CPUs: self-tests, with what is planted, and no race of the kernel's own" || {
			grep -vE '^ok' "$work/console" | head -40 | sed 's/^/#   /'
		}
	done

	run_options="--icount --append crash=race"
	run "$kernel" 2 hello </dev/null
	console "$work/err" >"$work/one"
	[ "$status" = 70 ] && grep -q 'self-tests failed' "$work/err"
	check $? "$kernel: a run with a race ends as one whose self-tests failed" || explain "$work/err"
	in_order "$work/one" "$kernel: both places, CPUs and threads, and the seed" \
		"^race: at ffffffff[0-9a-f]{8}, in the kernel's data" \
		'^  8 bytes (read|written) by crash_race\+0x.*, cpu [01], thread crash o' \
		'^  8 bytes (read|written) by crash_race\+0x.*, cpu [01], thread crash o' '^  seeds: .*race=1,1/256'
	grep -qE '^orchard: .*: ffffffff[0-9a-f]{8} is counter\+0x0$' "$work/err"
	check $? "$kernel: which variable it is about" || explain "$work/err"
	again && cmp -s "$work/one" "$work/again"
	check $? "$kernel: the printed command reports the same" || diff "$work/one" "$work/again" | head | sed 's/^/#   /'
	for other in 3 2; do
		run_options="--icount --append crash=race --append race=$other,1/64,panic"
		run "$kernel" 2 hello </dev/null
		console "$work/err" >"$work/one"
		grep -v '^  seeds: ' "$work/one" >"$work/seed$other"
	done
	! cmp -s "$work/seed2" "$work/seed3"
	check $? "$kernel: another seed, another moment" || explain "$work/seed2" 60
	in_order "$work/one" "$kernel: or the first is the end" \
		'^panic: race: 8 bytes .* by crash_race\+0x.*, and 8 bytes' '^  seeds: race=2,1/64 ' '^  backtrace'
	run_options="--icount --append crash=locked"
	run "$kernel" 2 hello </dev/null
	run_options=
	grep -q 'ended in order' "$work/err" && ! grep -q 'race: ' "$work/err"
	check $? "$kernel: the same with a lock is none" || explain "$work/err"
done
done_testing
