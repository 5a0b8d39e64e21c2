#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Bad input: one clear line, status 125 when the tool found it, and nothing booted.
. "$(dirname "$0")/../lib.sh"

kernel=${KERNELS%% *}
hello=$build/user/hello

# refused WORD NAME ARG...: `orchard run ARG...` ends with 125 and one line that contains WORD.
refused() {
	word=$1 name=$2
	shift 2
	timeout 300 "$orchard" run "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ "$status" = 125 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] &&
		grep -q "$word" "$work/err"
	check $? "$name" && return
	echo "#   status $status, want 125 and one line with: $word"
	explain "$work/err"
}

# A copy of hello with the bytes $2 (octal escapes) at offset $1.
patched() {
	cp "$hello" "$work/patched"
	printf "$2" | dd of="$work/patched" bs=1 seek="$1" conv=notrunc 2>/dev/null
	echo "$work/patched"
}

refused "$kernel" "an unknown kernel, with the nearest name" "${kernel}x" -- "$hello"
refused "no-such-file" "a program that is not there" "$kernel" -- ./no-such-file
refused "" "no program at all" "$kernel"

head -c 3000 "$hello" >"$work/truncated"
echo "just a text" >"$work/text"
: >"$work/empty"
refused "truncated" "a truncated program" "$kernel" -- "$work/truncated"
refused "not an ELF" "a text" "$kernel" -- "$work/text"
refused "empty" "an empty file" "$kernel" -- "$work/empty"
refused "machine" "a program for another machine" "$kernel" -- "$(patched 18 '\267\000')"
refused "machine" "a 32-bit program" "$kernel" -- "$(patched 4 '\001')"
refused "loader" "a dynamic program without its loader" "$kernel" -- /bin/true
# The second word of the first program header's p_memsz: 64 TiB.
refused "memory" "a program larger than memory" "$kernel" -- "$(patched 108 '\000\100')"

for cpus in 0 300 -1 x 1.5; do
	refused "cpus" "$cpus CPUs" "$kernel" --cpus="$cpus" -- "$hello"
done
for memory in 0 12Q -5M; do
	refused "memory" "$memory of memory" "$kernel" --memory="$memory" -- "$hello"
done
refused "microvm" "a microvm through GRUB" "$kernel" --machine microvm --boot grub -- "$hello"
refused "microvm" "virtio where there is none" "$kernel" --streams virtio -- "$hello"
refused "machine" "a machine that is not known" "$kernel" --machine=pdp11 -- "$hello"
refused "timeout" "a time-out that is no number" "$kernel" --timeout=soon -- "$hello"

head -c 5000 /dev/urandom >"$work/garbage.cpio"
printf '07070100000001000081a4' >"$work/cut.cpio"
refused "garbage.cpio" "a corrupt initramfs" "$kernel" --root "$work/garbage.cpio" -- "$hello"
refused "cut.cpio" "a truncated initramfs" "$kernel" --root "$work/cut.cpio" -- "$hello"
refused "no-such-root" "a root that is not there" "$kernel" --root "$work/no-such-root" -- "$hello"

# Too little memory to boot: found by the tool or by the kernel, which says so and ends at once.
for kernel in $KERNELS; do
	[ "$kernel" != linux ] || continue
	timeout 100 "$orchard" run "$kernel" --memory 2M --timeout 60 -- "$hello" \
		>"$work/out" 2>"$work/err" </dev/null
	status=$?
	{ [ "$status" = 125 ] || [ "$status" = 70 ]; } && grep -qi "memory" "$work/err"
	check $? "$kernel: 2 MiB are too little, and it says so" || explain "$work/err"
done
done_testing
