#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kernel as any boot loader would start it, without the tool: no stream port, no run file, no debug exit. It runs
# init= with the console as its terminal and powers the machine off through ACPI.
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" plain; done_testing; }

mkdir "$work/root" "$work/root/bin"
cp "$build/user/hello" "$build/user/echoargs" "$work/root/bin"
(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/initrd"

# boot KERNEL CPUS APPEND: console in $work/out.
boot() {
	timeout 60 qemu-system-x86_64 -accel tcg -cpu max -M q35 -m 64M -smp "$2" -nodefaults -no-user-config \
		-display none -no-reboot -serial stdio -kernel "$(built "$1")/orchard.elf" -initrd "$work/initrd" \
		-append "$3" </dev/null >"$work/out" 2>"$work/err"
	status=$?
}

for kernel in $KERNELS; do
	boot "$kernel" 2 "init=/bin/hello"
	is_status 0 "$kernel: powers off"
	grep -q 'hello, orchard' "$work/out"
	check $? "$kernel: hello on the console" || explain "$work/out"
	boot "$kernel" 1 "init=/bin/echoargs -- one 'two' \"three four\""
	grep -q 'three four' "$work/out"
	check $? "$kernel: arguments after --" || explain "$work/out"
	boot "$kernel" 1 "init=/bin/missing"
	grep -q 'cannot run /bin/missing: ENOENT' "$work/out"
	check $? "$kernel: a missing init is named" || explain "$work/out"
done
done_testing
