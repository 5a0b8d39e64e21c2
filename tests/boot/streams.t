#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# stdin, stdout and stderr are three channels with an end, byte for byte. The first kernel gets a line of a
# million bytes, and with CHECK=full every one; a tenth of it else, since the UART echoes 50 kB a second.
. "$(dirname "$0")/../lib.sh"

# Every byte value, many times; a line of a million bytes; no newline at the end.
awk 'BEGIN { for (i = 0; i < 256; i++) printf "\\%03o", i }' >"$work/octal"
printf "$(cat "$work/octal")" >"$work/all"
for _ in 1 2 3 4 5 6 7 8; do cat "$work/all" "$work/all"; done >"$work/bytes"
# long_line BYTES
long_line() {
	head -c "$1" /dev/zero | tr '\0' x
	echo
	printf 'no newline'
}
long_line 1000000 >"$work/line"
long_line 100000 >"$work/shorter"
head -c 30000 /dev/urandom >"$work/random"
: >"$work/empty"

# echoes KERNEL FILE NAME: cat gives back what it reads.
echoes() {
	run "$1" 2 cat <"$2"
	cmp -s "$2" "$work/out" && [ "$status" = 0 ]
	check $? "$1: $3" && return
	echo "#   status $status, $(wc -c <"$work/out") of $(wc -c <"$2") bytes"
	cmp "$2" "$work/out" 2>&1 | head -1 | sed 's/^/#   /'
	explain "$work/err"
}

for kernel in $KERNELS; do
	echoes "$kernel" "$work/bytes" "all byte values, NUL too"
	if [ "$kernel" = "${KERNELS%% *}" ] || [ "${CHECK-}" = full ]; then
		echoes "$kernel" "$work/line" "a line of a million bytes"
	else
		echoes "$kernel" "$work/shorter" "a line of a hundred thousand bytes"
	fi
	echoes "$kernel" "$work/random" "random bytes"
	echoes "$kernel" "$work/empty" "an empty stdin ends at once"

	run "$kernel" 1 spawnsh -c 'echo to stdout; echo to stderr 1>&2; echo again' </dev/null
	is_output "to stdout
again" "$kernel: stdout has what was written to it"
	grep -v -e '^\[' -e '^orchard: ' "$work/err" >"$work/said"
	echo "to stderr" | cmp -s - "$work/said"
	check $? "$kernel: stderr as well" || explain "$work/err"

	run "$kernel" 1 hello <"$work/line"
	is_output "hello, orchard" "$kernel: a program may leave stdin unread"
	[ "$kernel" = "${KERNELS%% *}" ] || [ "$kernel" = "${KERNELS##* }" ] || [ "${CHECK-}" = full ] || continue
	(sleep 1; echo late; sleep 1; echo later) | {
		run "$kernel" 1 cat
		echo "$status" >"$work/status"
	}
	status=$(cat "$work/status")
	is_output "late
later" "$kernel: stdin may come late"
done
done_testing
