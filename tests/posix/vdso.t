#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vdso(7): clocks without a system call. And that C libraries use it: musl's here, glibc's in busybox.
. "$(dirname "$0")/../lib.sh"

# no_clock_call NAME: the run succeeded, its calls were shown, and none of them asks a clock.
no_clock_call() {
	[ "$status" = 0 ] && grep -q 'strace: .*exit_group' "$work/err" &&
		! grep -qE 'strace: .*(clock_gettime|gettimeofday|[^n]time)\(' "$work/err"
	check $? "$1" || grep -E 'time' "$work/err" | head -5 | sed 's/^/#   /'
}

for kernel in $KERNELS; do
	case $kernel in host | linux) continue ;; esac
	run_options=--strace
	run "$kernel" 1 posix/vdso libc
	no_clock_call "$kernel: musl asks no clock by a call"
	run "$kernel" 1 /bin/busybox date
	no_clock_call "$kernel: glibc asks no clock by a call"
	run_options=
done
posix_group vdso
