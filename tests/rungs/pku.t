#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause Protection keys for applications: what tests/posix/pkey.c finds on Linux it finds here,
# on a CPU that has them and on one that has not. Without the rung the calls are ENOSYS.
. "$(dirname "$0")/rung.sh"

strict_skips=1
# on_a_cpu_without KERNEL
on_a_cpu_without() {
	run_options="--cpu max,-pku"
	tap_run "$1" 1 posix/pkey without
	run_options=
}

if [ -z "${KERNELS_GIVEN-}" ]; then
	tap_run linux 1 posix/pkey
	on_a_cpu_without linux
fi
for model in $(models multi split ${full:+sasos}); do
	rung_kernel "$model" pku
	published "pku on, the CPU has it"
	tap_run "$kernel" 1 posix/pkey
	tap_run "$kernel" 4 posix/pkey
	[ "$model" = multi ] || continue
	for program in tests/sig tests/fpu posix/signal posix/fault posix/mmap; do
		tap_run "$kernel" 2 "$program"
	done
	needs_cpu pku "$model"
	rung_kernel "$model" pku
	on_a_cpu_without "$kernel"
	tap_run "$model" 1 posix/pkey off
done
done_testing
