#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Page-table isolation, seen from outside: while a program runs in ring 3, the entry code can be read through the page tables
# that are loaded, and the kernel's variables cannot. Without the option they can: the test would see it. Then the programs
# whose life is entries run as ever.
. "$(dirname "$0")/rung.sh"

# look: samples of the machine while a program spins, into $work/seen. $kernel, $label.
look() {
	image=$(dirname "$kernel")/orchard.elf
	set -- $(nm "$image" | awk '$3 == "gate_syscall" || $3 == "panic_cpu" { print $3, $1 }' | sort | cut -d' ' -f2)
	"$orchard" run "$kernel" --accel tcg --gdb --timeout 60 -- /bin/busybox sh -c 'while :; do :; done' \
		</dev/null >"$work/out" 2>"$work/err" &
	runs=$!
	port=
	for i in $(seq 600); do
		port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/err")
		[ -n "$port" ] && break
		sleep 0.1
	done
	"$top/tests/gdbstub" "$port" 6 "$1" "$2" >"$work/seen" 2>&1
	wait "$runs"
	grep -q "^cpl 3" "$work/seen"
	check $? "$label: a program was seen running" || sed 's/^/# /' "$work/seen"
}

# Where ring 3 was seen, the entry could be read, and the kernel's variable: yes or no.
shows() {
	! grep "^cpl 3" "$work/seen" | grep -qv ":yes .*:$1\$"
	check $? "$label: $2" || sed 's/^/# /' "$work/seen"
}

for model in $(models multi ${full:+split}); do
	rung_kernel "$model" pti
	published "pti on"
	self_tests pti_shows_the_entry_and_nothing_else 4
	look
	shows no "its tables show the entry, and not the kernel's variables"
	for program in tests/redzone tests/sig tests/threads tests/fpu; do
		run "$kernel" 2 "$program" </dev/null
		is_status 0 "$label: $program"
	done
	rung_kernel "$model" smep
	look
	shows yes "without isolation they show them"
done
done_testing
