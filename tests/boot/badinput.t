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

# gives_up PATTERN NAME ARG...: `orchard run ARG...` ends with 70 and one line of the kernel's, which PATTERN matches.
gives_up() {
	word=$1 name=$2
	shift 2
	timeout 100 "$orchard" run "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	sed -i "/--accel auto chooses/d" "$work/err"
	[ "$status" = 70 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] &&
		grep -q "\] cannot go on: $word" "$work/err"
	check $? "$name" && return
	echo "#   status $status, want 70 and one line with: $word"
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
refused "at most 64" "more CPUs than the kernel is configured for" "$kernel" --cpus 255 --memory 64M -- "$hello"
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

# Too little memory to boot, and files that no tree can have: the kernel says it in one line and ends at once.
head -c 20000000 /dev/zero >"$work/large"
/usr/bin/python3 - "$top/tools" >"$work/below.cpio" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from orchardlib import cpio
sys.stdout.buffer.write(cpio.write({"/bin/hello": cpio.regular(b"x"), "/bin/hello/below": cpio.regular(b"y")}))
END
# What the image fits into, and nothing else.
case ${ORCHARD_FRAGMENT-} in
*sanitize*) little=6M few=5 ;;
*) little=2M few=1 ;;
esac
for kernel in $KERNELS; do
	[ "$kernel" != linux ] || continue
	refused "1024 KiB are too little" "$kernel: 1 MiB is too little for the image" "$kernel" --memory 1M -- "$hello"
	refused "the root is 1[0-9]* KiB" "$kernel: the files would lie over the image" "$kernel" --memory 20M --add "$work/large:/large" \
		-- "$hello"
	gives_up "not enough memory for .*: the machine has $few[0-9]* KiB, .* 8 MiB are enough" "$kernel: $little is too little" \
		"$kernel" --memory "$little" --timeout 60 -- "$hello"
	gives_up "not enough memory for the files of the initramfs" "$kernel: too little for the files" \
		"$kernel" --memory 32M --timeout 60 --add "$work/large:/large" -- "$hello"
	gives_up "the initramfs is unusable: bin/hello/below cannot be made: ENOTDIR" "$kernel: a file below a file" \
		"$kernel" --timeout 60 --root "$work/below.cpio" -- "$hello"
done
done_testing
