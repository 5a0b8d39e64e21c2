#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause Protection domains of processes in the one space of sasos, by a key for each: the
# neighbour's memory is closed, there are 15, and programs run as ever. The attacks on a neighbour (with CHECK=full) are
# stopped, and who executes WRPKRU is not.
. "$(dirname "$0")/rung.sh"

for model in $(models sasos); do
	rung_kernel "$model" domains
	boots
	published "domains on, the CPU has it" "pku on, the CPU has it"
	tap_run "$kernel" 1 rungs/domains
	says "refused: execve: EAGAIN: all 15 protection domains are taken"
	tap_run "$kernel" 4 rungs/domains
	for program in tests/sig tests/threads tests/proc posix/process; do
		tap_run "$kernel" 2 "$program"
	done
	boots --cpu max,-pku
	says "^domains: not supported by this CPU\$"
	[ -n "$full" ] || continue
	ORCHARD_FRAGMENT=quick+domains "$orchard" attack "$model" --jobs "${JOBS:-2}" >"$work/out" 2>"$work/err"
	status=$?
	is_status 0 "$label: every attack ends as the table says" || grep '^differs' "$work/out" | sed 's/^/#   /'
done
done_testing
