#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# ASLR: two runs differ in all five places, by as many bits as docs/rungs.md says; not with noaslr, nor for a program that asked
# for plain addresses; and with a seed (--icount) a run repeats itself.
. "$(dirname "$0")/rung.sh"

# where OPTION... : the addresses, of a run with these options of the tool.
where() {
	run_options="$*"
	run "$kernel" 1 rungs/aslr "${how-where}" </dev/null
	run_options=
	[ "$status" = 0 ] || explain "$work/err" >&2
	cat "$work/out"
}

# pair WANT NAME OPTION...: two runs, in how many of the five places they differ.
pair() {
	want=$1 name=$2
	shift 2
	where "$@" >"$work/first"
	where "$@" >"$work/second"
	differ=$(paste "$work/first" "$work/second" | awk '$2 != $4 { n++ } END { print n + 0 }')
	[ "$(wc -l <"$work/first")" = 5 ] && [ "$differ" = "$want" ]
	check $? "$label: $name: $want of 5 places differ" && return
	sed 's/^/#   /' "$work/first" "$work/second"
}

for model in $(models multi sas ${full:+sasos}); do
	rung_kernel "$model" aslr
	if has_processes "$model"; then
		case $model in
		multi) tap_run "$kernel" 1 rungs/aslr bits 28 13 28 22 ;;
		*) tap_run "$kernel" 1 rungs/aslr bits 20 13 20 20 ;;
		esac
	fi
	[ "$model" != sasos ] || continue
	published "aslr on"
	pair 5 "two runs"
	pair 0 "two runs with noaslr" --append noaslr
	pair 0 "two runs with the same seed" --icount
	cp "$work/first" "$work/seeded"
	where --icount --append noaslr >"$work/plain"
	! cmp -s "$work/seeded" "$work/plain"
	check $? "$label: the seeded run was random"
	if has_processes "$model"; then
		how=plain
		pair 0 "two runs after personality(ADDR_NO_RANDOMIZE)"
		how=where
	fi
done
done_testing
