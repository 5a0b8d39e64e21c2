#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a debug build counts at the end of a run (CONFIG_ACCOUNT): nothing is left after a program that leaves files, folders,
# descriptors and mappings behind, nor after one whose children outlive it; and what is left is said, and fails the run: the
# kernel loses an object for the test, with crash=leak.
. "$(dirname "$0")/../lib.sh"

# Each is a build of its own: two of the six stand for all but in make check-full.
if [ "${CHECK-}" != full ] && [ -z "$KERNELS_GIVEN" ]; then
	KERNELS="sas multi"
fi
export ORCHARD_FRAGMENT=debug
for kernel in $KERNELS; do
	case $kernel in
	linux | host) continue ;;
	esac
	for cpus in $CPUS; do
		run "$kernel" "$cpus" tests/fs </dev/null
		is_status 0 "$kernel, $cpus CPUs: nothing is left of files"
		run "$kernel" "$cpus" tests/threads </dev/null
		is_status 0 "$kernel, $cpus CPUs: nothing is left of threads"
		has_processes "$kernel" || continue
		run_options="--add $build/user/sleep:/bin/sleep --env PATH=/bin"
		run "$kernel" "$cpus" spawnsh -c 'sleep 100 &' </dev/null
		run_options=
		is_status 0 "$kernel, $cpus CPUs: nothing is left of a child that outlives its parent"
	done
done

for kernel in $KERNELS; do
	run_options="--append crash=leak"
	run "$kernel" 1 hello </dev/null
	is_status 70 "$kernel: what is lost fails the run"
	grep -q 'left: 1 objects of kmalloc-128 ' "$work/err"
	check $? "$kernel: and is named" || explain "$work/err"
done
done_testing
