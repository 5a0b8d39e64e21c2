#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# System calls made up from fixed seeds (user/fuzz): none panics the kernel, keeps a thread for ever or answers what is no
# answer, and nothing is lost. In debug builds the order of locks and the accounts at the end are looked at too: with CHECK=full
# a million calls in each, and two hundred thousand from racing threads on four CPUs.
#
# Again, by the seed and batch that a failure names: tools/orchard run KERNEL -- build/user/fuzz --seed N --from BATCH.
. "$(dirname "$0")/../lib.sh"

[ -n "$KERNELS_GIVEN" ] || KERNELS="split sasos multi"
seed=${SEED:-1}
for kernel in $KERNELS; do
	[ "$kernel" != host ] || continue # it sets clocks and kills whom it reaches
	if [ "${CHECK-}" = full ]; then
		TIMEOUT=1800
		[ "$kernel" = linux ] || export ORCHARD_FRAGMENT="$(with_checks)"
		tap_run "$kernel" 1 fuzz --seed "$seed" --calls 1000000
		tap_run "$kernel" 4 fuzz --seed "$seed" --calls 200000 --threads 3
	else
		tap_run "$kernel" 1 fuzz --seed "$seed" --calls 30000
		tap_run "$kernel" 4 fuzz --seed "$seed" --calls 10000 --threads 3 --batch 300
	fi
done
done_testing
