#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A damaged initramfs (tests/corpus/archives.py): the kernel unpacks it or says in one line why not, and ends at once. The code is
# the same in all kernels: a sample on the first one stands for all, unless CHECK=full.
. "$(dirname "$0")/../lib.sh"

[ "${CHECK-}" = full ] && every=1/1 || every=1/20

for kernel in $KERNELS; do
	case $kernel in
	linux | host) continue ;;
	esac
	"$top/tests/corpus/archives.py" "$(built "$kernel")/orchard.elf" "$build/user/hello" $every >"$work/out"
	sed 's/^/    /' "$work/out"
	tap_is_good
	check $? "$kernel: damaged initramfs"
	[ "${CHECK-}" = full ] || break
done
done_testing
