#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Damaged programs, executed by a program; and as the first one, where the kernel's init says no with 126.
. "$(dirname "$0")/../lib.sh"

hello=$build/user/hello

# A copy of hello with the bytes $2 (octal escapes) at offset $1: damage that the tool lets through.
patched() {
	cp "$hello" "$work/patched"
	printf "$2" | dd of="$work/patched" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# refused NAME OFFSET BYTES
refused() {
	patched "$2" "$3"
	run "$kernel" 1 "$work/patched" </dev/null
	[ "$status" = 126 ] && grep -q "cannot run" "$work/err"
	check $? "$kernel: first program with $1" && return
	echo "#   status $status, want 126"
	explain "$work/err"
}

for kernel in $KERNELS; do
	tap_run "$kernel" 1 tests/badelf
	[ "$kernel" != linux ] && [ "$kernel" != host ] || continue
	refused "another ELF version" 20 '\007'
	refused "an entry point outside" 24 '\377\377\377\377'
	refused "a segment outside memory's lower half" 86 '\377\377'
	refused "fewer bytes in memory than in the file" 104 '\001\000\000'
done
done_testing
