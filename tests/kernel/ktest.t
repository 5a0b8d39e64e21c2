#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kernel's own self-tests, in every kernel; and once more in multi and sas built with
# configs/debug.config, where besides a wrong order of locks or a false assertion is a panic.
. "$(dirname "$0")/../lib.sh"

# The machine ends in order, but no program has run: the tool calls that 70.
ENDED_WITHOUT_PROGRAM=70

# self_test KERNEL CPUS NAME: the TAP on the console becomes a subtest.
self_test() {
	run_options="--append ktest"
	run "$1" "$2" hello </dev/null
	sed -n 's/^\[[^]]*\] //p' "$work/err" | tr -d '\000\r' >"$work/console"
	grep -E '^(ok|not ok|1\.\.|Bail out!|# )' "$work/console" >"$work/out"
	sed 's/^/    /' "$work/out"
	tap_is_good && [ "$status" = "$ENDED_WITHOUT_PROGRAM" ]
	check $? "$3, $2 CPUs" && return
	echo "#   status $status"
	explain "$work/err"
}

fragment=${ORCHARD_FRAGMENT-}
for kernel in $KERNELS; do
	case $kernel in
	host | linux) continue ;;
	esac
	for cpus in $CPUS; do
		self_test "$kernel" "$cpus" "$kernel"
	done
	case $kernel in
	multi | sas)
		[ -z "$fragment" ] || continue
		export ORCHARD_FRAGMENT=debug
		for cpus in $CPUS; do
			self_test "$kernel" "$cpus" "$kernel with assertions and lockdep"
		done
		export ORCHARD_FRAGMENT=
		;;
	esac
done
done_testing
