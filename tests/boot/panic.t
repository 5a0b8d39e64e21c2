#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A panic says what happened: kernels that are broken on purpose (crash=NAME[,CPU], sched/crash.c) end with 70 and a report
# that names the cause, the function, the page tables' answer, and what the other CPUs did. On multi, with
# CHECK=full on sas too; what only a debug build can see, on those built with configs/debug.config.
. "$(dirname "$0")/../lib.sh"

[ -n "${KERNELS_GIVEN-}" ] || { [ "${CHECK-}" = full ] && KERNELS="multi sas" || KERNELS=multi; }

# crash KERNEL CPUS NAME: breaks it; $work/console is what it said.
crash() {
	run_options="--append crash=$3"
	run "$1" "$2" hello </dev/null
	run_options=
	sed -n 's/^\[[^]]*\] //p' "$work/err" | tr -d '\000\r' >"$work/console"
	is_status 70 "$1: $3 ends with 70"
	[ "$(grep -c . "$work/out")" = 0 ]
	check $? "$1: $3: no program has run"
}

# says "NAME" PATTERN...: the report has a line for each, in this order.
says() {
	in_order "$work/console" "$@"
}

who='^  cpu 0 of [0-9]+, [0-9]+ us after boot, thread crash$'
hex='[0-9a-f]{16}'
down="^    $hex crash_thread\+0x[0-9a-f]+$"

fragment=${ORCHARD_FRAGMENT-}
for kernel in $KERNELS; do
	crash "$kernel" 1 null
	says "$kernel: a null pointer" '^panic: a null pointer was read, address 8, in crash_null\+0x[0-9a-f]+$' \
		'^  likely: a null pointer; .* 8 bytes' "$who" "^  rip $hex  cs 0008 .* vector 14  error 0$" \
		'^  backtrace' "^    $hex crash_null\+0x" '^  page walk of 0000000000000008 from cr3' \
		'^    PML4E\[  0\] 0{16}  not present$' 'nothing is mapped there: .* 512 GiB$' '^  spinlocks held' '^  last events'
	[ "$(tail -c 1 "$work/console" | wc -l)" = 1 ] && tail -n 1 "$work/console" |
		grep -qE '^  last events: .* them$|^    - +[0-9]+ us  cpu 0  fault on 8 at crash_null\+0x'
	check $? "$kernel: the last line is whole" || explain "$work/console" 3

	crash "$kernel" 1 errno
	says "$kernel: an error taken for a pointer" '^panic: address fffffffffffffff4 was read' '^  likely: the error -ENOMEM'

	crash "$kernel" 1 user
	says "$kernel: an application's address" "^panic: the application's address 400000 was read" '^  likely: .*exception-table'

	crash "$kernel" 1 rodata
	says "$kernel: a constant is written" '^panic: address [0-9a-f]+ was written, which its page does not allow, in crash_rodata' \
		"^  likely: in the kernel's constants, which are read-only" "$who" ' vector 14  error 3$' "^    $hex crash_rodata" \
		'^  page walk' '^    PML4E\[511\] .*  present, writable, supervisor, .*a table$' '^    PDPTE\[510\]' '^    PDE  ' \
		'^    PTE  \[[ 0-9]+\] [0-9a-f]+  present, read-only, supervisor, no execute, .*a page of 4 KiB$' \
		'^    in all: may not be written, may not be executed, by ring 0 only$'

	crash "$kernel" 1 text
	says "$kernel: code is written" '^panic: kernel text was written, crash_null\+0x0, .*, in crash_text' \
		'^  likely: .*text, which is read-only' '^    in all: may not be written, may be executed'

	crash "$kernel" 1 call
	says "$kernel: data are called" '^panic: address [0-9a-f]+ was called' '^  likely: a call or return through a wrong pointer' \
		"^    $hex, which is not in the kernel's text$" "^    $hex crash_call\+0x" "$down" 'may not be executed'

	crash "$kernel" 1 stack
	says "$kernel: the stack overflows" '^panic: kernel stack overflow, .*, in crash_recurse' \
		'^  likely: the kernel stack of [0-9]+ KiB is full' "^    $hex crash_recurse\+0x[0-9a-f]+ \([0-9]+ times\)$"

	crash "$kernel" 1 assert
	says "$kernel: a false assertion" '^panic: BUG: two \+ two != 5 at sched/crash.c:[0-9]+$' "^    $hex crash_assert" "$down"

	crash "$kernel" 1 nested
	says "$kernel: a panic in a panic ends at once" '^panic: planted: %s$' \
		'^panic: while reporting the above: a null pointer was read, address 8, in '
	[ "$(grep -c . "$work/console")" = 2 ]
	check $? "$kernel: and says no more" || explain "$work/console"

	crash "$kernel" 4 spin,2
	says "$kernel: on CPU 2 of 4, while CPU 3 spins with interrupts off" '^panic: a null pointer was read' \
		'^  cpu 2 of 4, .*thread crash$' '^  cpu 0 was in thread ' '^  cpu 1 was in thread ' \
		'^  cpu 3 was in thread crash, at spin_for_ever\+0x'
	! grep -q 'does not answer' "$work/console"
	check $? "$kernel: all CPUs answered"

	export ORCHARD_FRAGMENT=debug
	crash "$kernel" 1 deadlock
	says "$kernel, debug: a lock taken twice" '^panic: deadlock on lock planted: this CPU holds it already, since crash_deadlock' \
		"^    $hex crash_deadlock" "$down" '^  spinlocks held by this CPU:$' '^    planted, taken in crash_deadlock\+0x' \
		'^  last events' 'cpu 0  switch to thread crash$'
	crash "$kernel" 1 sleep
	says "$kernel, debug: a thread leaves the CPU with a spinlock" '^panic: schedule: may sleep, while holding planted$' \
		"^    $hex crash_sleep" "$down" '^    planted, taken in crash_sleep\+0x'
	crash "$kernel" 1 order
	says "$kernel, debug: two mutexes in both orders" \
		'^panic: lock order: taking first while holding second, but first -> second was seen before$' "^    $hex crash_order" \
		"$down" '^  spinlocks held by this CPU: none$' '^  mutexes held by this thread' '^    second, taken in crash_order\+0x'
	crash "$kernel" 1 keep
	says "$kernel, debug: a thread ends with a mutex" '^panic: thread_exit: leaves the kernel while holding first$' "$down" \
		'^    first, taken in crash_keep\+0x'
	crash "$kernel" 1 freed
	says "$kernel, debug: memory is used after it was freed" '^panic: general protection, .* in crash_freed' \
		'^  likely: use after free: r[a-z0-9]+ holds poison, .* in slab cache kmalloc-32$'
	crash "$kernel" 1 null
	says "$kernel, debug: the fault is among the last events" '^  spinlocks held by this CPU: none$' \
		'cpu 0  switch to thread crash$' 'cpu 0  fault on 8 at crash_null\+0x'
	export ORCHARD_FRAGMENT="$fragment"
done

# A program in ring 0 jumps into the kernel: whose doing it was.
run sas 1 tests/wild jump-kernel </dev/null
sed -n 's/^\[[^]]*\] //p' "$work/err" | tr -d '\000\r' >"$work/console"
says "sas: the process is named" '^panic: address [0-9a-f]+ was called' 'thread wild, process 2, task 2, from [0-9a-f]{16} by '
done_testing
