#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Page-table isolation, seen from outside: while a program runs in ring 3, the entry code can be read through the page tables
# that are loaded, and the kernel's variables cannot. Without the option they can: the test would see it. Then the programs
# whose life is entries run as ever.
. "$(dirname "$0")/../lib.sh"

KERNELS="multi split"
unset ORCHARD_FRAGMENT FRAGMENT
address() {
	nm "$build/$1/orchard.elf" | awk -v name="$2" '$3 == name { print $1 }'
}

# look DIRECTORY KERNEL: samples of the machine while a program spins, into $work/seen.
look() {
	"$orchard" run "$2" --accel tcg --gdb --timeout 60 -- /bin/busybox sh -c 'while :; do :; done' \
		</dev/null >"$work/out" 2>"$work/err" &
	runs=$!
	for i in $(seq 100); do
		port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/err")
		[ -n "$port" ] && break
		sleep 0.1
	done
	"$top/tests/gdbstub" "$port" 6 "$(address "$1" gate_syscall)" "$(address "$1" panic_cpu)" >"$work/seen" 2>&1
	wait "$runs"
	grep -q "^cpl 3" "$work/seen"
	check $? "$1: a program was seen running" || sed 's/^/# /' "$work/seen"
}

for kernel in $KERNELS; do
	look "$kernel" "$kernel"
	! grep "^cpl 3" "$work/seen" | grep -qv ":yes .*:yes$"
	check $? "$kernel: without isolation its tables show the kernel's variables" || sed 's/^/# /' "$work/seen"

	export ORCHARD_FRAGMENT=pti
	look "$kernel-pti" "$kernel"
	! grep "^cpl 3" "$work/seen" | grep -qv ":yes .*:no$"
	check $? "$kernel-pti: they show the entry, and not the kernel's variables" || sed 's/^/# /' "$work/seen"
	run_options="--append ktest"
	run "$kernel" 2 hello </dev/null
	grep -q "\] ok .*pti_shows_the_entry_and_nothing_else" "$work/err" && ! grep -q "\] not ok" "$work/err"
	check $? "$kernel-pti: its self-tests, which walk the application's root" || explain "$work/err"
	run_options=
	for program in tests/redzone tests/sig tests/threads tests/fpu; do
		run "$kernel" 2 "$program" </dev/null
		is_status 0 "$kernel-pti: $program"
	done
	unset ORCHARD_FRAGMENT
done
done_testing
