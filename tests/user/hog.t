#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Hogs in a small machine, beside a neighbour that goes on; each death for want of memory is one line, and hits the hog. The limits
# that stop them are checked on Linux too.
. "$(dirname "$0")/../lib.sh"

three_kernels
# There each fault and copy of the hogs is a hundred checks.
case ${ORCHARD_FRAGMENT-} in *sanitize*) TIMEOUT=$((4 * TIMEOUT)) ;; esac

for kernel in $KERNELS; do
	for cpus in ${HOG_CPUS-1}; do
		tap_run "$kernel" "$cpus" tests/limit
		case $kernel in
		linux | host) # Linux does not start in so little, and this machine's memory is not ours to fill
			skip "for Orchard's kernels" "$kernel"
			continue
			;;
		esac
		run_options="--memory 48M"
		tap_run "$kernel" "$cpus" tests/hog
		run_options=
		has_processes "$kernel" || continue
		# Beside it only parts of a fork bomb may have been in the way.
		[ "$(grep -c "out of memory: killed process [0-9]* (exe), which held [0-9]\{5,\} KiB" "$work/err")" = 1 ] &&
			! grep "out of memory" "$work/err" | grep -v "(exe), which held \([0-9]\{5,\}\|[0-9]\{2,3\}\) KiB"
		check $? "$kernel, $cpus: the memory hog dies with one line" || explain "$work/err"
	done
done
done_testing
