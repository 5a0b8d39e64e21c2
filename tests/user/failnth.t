#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Allocations that fail on purpose, one by one, in debug builds, which also count what is left at the end: tests/user/failnth.c.
. "$(dirname "$0")/../lib.sh"

[ -n "$KERNELS_GIVEN" ] || { [ "${CHECK-}" = full ] && KERNELS="split sasos multi" || KERNELS=multi; }
[ "${CHECK-}" = full ] || [ -n "${CPUS_GIVEN-}" ] || CPUS=2
ORCHARD_FRAGMENT=$(with_checks)
export ORCHARD_FRAGMENT
for kernel in $KERNELS; do
	case $kernel in
	linux | host) continue ;; # built without
	esac
	for cpus in $CPUS; do
		tap_run "$kernel" "$cpus" tests/failnth
	done
done
done_testing
