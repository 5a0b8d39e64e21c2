#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause Protection keys around the kernel in ring 0: its data are closed to the program beside
# it, by every way back; what an entry needs is open, and nothing else (isolation/rungs/ktest_pks.c); a page that is closed by
# mistake is reported. The programs whose life is entries run as ever.
. "$(dirname "$0")/rung.sh"

for model in $(models sas ring0proc ${full:+tasks}); do
	rung_kernel "$model" pks
	boots
	published "pks on, the CPU has it"
	self_tests pks_ 4
	tap_run "$kernel" 1 rungs/pks
	tap_run "$kernel" 4 rungs/pks
	for program in tests/redzone tests/sig tests/threads tests/fpu; do
		run "$kernel" 2 "$program" </dev/null
		is_status 0 "$label: $program" || explain "$work/out" 5
	done
	[ "$model" = sas ] || continue
	tap_run "$model" 1 rungs/pks off
	crash key
	says "^panic: address [0-9a-f]+ was written, which its protection key forbids, in gate_syscall\+0x0" \
		"^  likely: the kernel's data, closed for the application"
	self_tests pks_ 1 "--cpu max,-pks"
	needs_cpu pks "$model"
done

# The attacks, judged by the table's lines for kernels with the rung: the accident is stopped, and the attacker is not.
if [ -n "$full" ]; then
	for model in $(models sas tasks ring0proc); do
		ORCHARD_FRAGMENT=quick+pks "$orchard" attack "$model" --jobs "${JOBS:-2}" >"$work/out" 2>"$work/err"
		status=$?
		is_status 0 "$model, pks: every attack ends as the table says" || grep '^differs' "$work/out" | sed 's/^/#   /'
	done
fi
done_testing
