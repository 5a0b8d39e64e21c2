#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Out of memory in a small machine: an error, or the end of who took it, with one line; never more.
. "$(dirname "$0")/../lib.sh"

[ "${CHECK-}" = full ] || [ -n "${CPUS_GIVEN-}" ] || CPUS=2
three_kernels
run_options="--memory 48M"
for kernel in $KERNELS; do
	case $kernel in
	linux | host) # Linux does not start in so little, and this machine's memory is not ours to fill
		skip "for Orchard's kernels" "$kernel"
		continue
		;;
	esac
	for cpus in $CPUS; do
		tap_run "$kernel" "$cpus" tests/oom
		for way in touch read; do
			run "$kernel" "$cpus" tests/oom "$way" </dev/null
			is_status 137 "$kernel, $cpus: $way: killed"
			[ "$(grep -c "out of memory: killed process 2 (oom)" "$work/err")" = 1 ]
			check $? "$kernel, $cpus: $way: one line says so" || explain "$work/err"
		done
	done
done
done_testing
