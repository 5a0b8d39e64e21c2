#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A program that is linked into its kernel: it runs without an initramfs, says itself what is around it, and no other runs.
. "$(dirname "$0")/rung.sh"

# link_in FILE: the kernel gets this program inside.
link_in() {
	sed -i "s|^CONFIG_APP_LINKED_FILE=.*|CONFIG_APP_LINKED_FILE=\"$1\"|" "$kernel"
}

for model in $(models sas split); do
	rung_kernel "$model" linked
	link_in "$build/user/hello"
	boots
	boots --cpus 4 --memory 8M --machine microvm
	run "$kernel" 1 exitwith </dev/null
	is_status 125 "$label: another program is refused"
	grep -q "is linked into it: that is the only program it can run" "$work/err"
	check $? "$label: and said why" || explain "$work/err"

	# A program of user/ that is not there yet is made; of any other it is said. Nobody else uses this one.
	link_in /nowhere/program
	make -s -C "$top" O="${kernel%/*}" >"$work/err" 2>&1
	[ $? = 2 ] && grep -qx 'make: CONFIG_APP_LINKED_FILE: there is no file /nowhere/program' "$work/err"
	check $? "$label: a program that is not there" || explain "$work/err"
	link_in build/user/rungs/linked
	rm -f "$top/build/user/rungs/linked"
	make -s -C "$top" O="${kernel%/*}" >"$work/err" 2>&1 && [ -x "$top/build/user/rungs/linked" ]
	check $? "$label: it is made first" || explain "$work/err"

	link_in "$build/user/rungs/linked"
	run "$kernel" 1 rungs/linked one "two  words" </dev/null
	sed 's/^/    /' "$work/out"
	tap_is_good && [ "$status" = 0 ]
	check $? "$label: what is around it" || explain "$work/err"
	says "refused: memfd_create: ENOSYS"
	run "$kernel" 1 rungs/linked 'a"b' </dev/null
	is_status 125 "$label: an argument that cannot be said is refused"
done
done_testing
