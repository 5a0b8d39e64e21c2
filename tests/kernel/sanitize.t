#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Kernels with KASAN and UBSan (configs/sanitize.config): what is planted is reported, each kind by the self-tests, and a report
# is the end, a panic that names what, where and who. On multi and sas with CHECK=full, else on those that KERNELS names.
. "$(dirname "$0")/../lib.sh"

if [ "${CHECK-}" != full ] && [ -z "$KERNELS_GIVEN" ]; then
	skip "two kernels more, for CHECK=full or KERNELS=multi" sanitize
	done_testing
fi
[ -n "$KERNELS_GIVEN" ] || KERNELS="multi sas"
export ORCHARD_FRAGMENT=sanitize

console() {
	sed -n 's/^\[[^]]*\] //p' "$work/err" | tr -d '\000\r'
}

# crash NAME PATTERN...: that way to break ends with 70, and the report has a line for each pattern, in this order.
crash() {
	crash_name=$1
	shift
	run_options="--append crash=$crash_name"
	run "$kernel" 1 hello </dev/null
	run_options=
	is_status 70 "$kernel: $crash_name ends with 70"
	console >"$work/console"
	in_order "$work/console" "$kernel: $crash_name is reported" "$@"
}

hex='[0-9a-f]{16}'
overrun="1 bytes written at $hex by crash_overrun\+0x.*, 0 bytes behind the 24 bytes of a kmalloc-32 object"
reuse="8 bytes read at $hex by crash_reuse\+0x.*, 8 bytes into the 32 bytes of a kmalloc-32 object"
for kernel in $KERNELS; do
	for cpus in $CPUS; do
		run_options="--append ktest"
		run "$kernel" "$cpus" hello </dev/null
		run_options=
		console | grep -E '^(ok|not ok|1\.\.|Bail out!|# )' >"$work/out"
		tap_is_good && [ "$status" = 70 ] && [ "$(grep -cE '^ok [0-9]+ - (kasan|ubsan)_' "$work/out")" -ge 16 ]
		check $? "$kernel, $cpus CPUs: self-tests, with what is planted" || {
			grep -vE '^ok' "$work/out"
			explain "$work/err"
		}
	done

	run "$kernel" 1 /bin/busybox cat /proc/orchard </dev/null
	grep -qx 'sanitizers: kasan=y ubsan=y' "$work/out" && grep -q 'lockdep=y' "$work/out"
	check $? "$kernel: /proc/orchard says so" || explain "$work/out"

	crash overrun "^panic: kasan: out of bounds: $overrun\$" \
		'^  backtrace' "^    $hex crash_overrun\+0x" '^  allocated by:$' "^    $hex crash_overrun\+0x" "^    $hex crash_thread\+0x"
	crash reuse "^panic: kasan: use after free: $reuse\$" \
		'^  allocated by:$' "^    $hex crash_reuse\+0x" '^  freed by:$' "^    $hex crash_reuse\+0x"
	crash refree '^panic: kasan: freed twice: ' "^    $hex crash_refree\+0x" '^  freed by:$' "^    $hex crash_refree\+0x"
	crash copy '^panic: kasan: out of bounds: 25 bytes read at .* by crash_copy\+0x.*, 0 bytes behind the 24 bytes'
	crash shift "^panic: ubsan: shift of 1, which is .*long.*, by 64 bits, at sched/crash_sanitized.c:" "^    $hex crash_shift(\.cold)?\+0x"
	crash unreachable '^panic: ubsan: what cannot be reached was reached, at sched/crash_sanitized.c:'
	# What the processor finds by itself is reported as in other kernels.
	crash null '^panic: a null pointer was read, address 8, in crash_null\+0x'
	crash user "^panic: the application's address 400000 was read"
	crash smash '^panic: kernel stack smashed: .* in crash_smash\+0x'
done
done_testing
