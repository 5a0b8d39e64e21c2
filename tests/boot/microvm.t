#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# QEMU's microvm: every kernel boots there with 1 and 4 CPUs; ends and streams arrive as on q35 (one kernel, with CHECK=full
# all), by virtio and by COM2; a virtio console is found among other devices; and without the tool it powers off, by hardware-reduced ACPI, or without ACPI at all.
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" microvm; done_testing; }

export MACHINE=microvm
for kernel in $KERNELS; do
	for cpus in 1 4; do
		run "$kernel" "$cpus" hello </dev/null
		is_output "hello, orchard" "$kernel, $cpus CPUs: says hello"
		is_status 0 "$kernel, $cpus CPUs: ends with 0"
	done
	run "$kernel" 1 hello-exec </dev/null
	is_output "hello, orchard" "$kernel: an ET_EXEC says hello"
	run_options=--json=$work/json
	run "$kernel" 4 hello </dev/null
	run_options=
	grep -q '"machine": "microvm".*"cpus": 4}' "$work/json"
	check $? "$kernel: all four CPUs run" || explain "$work/json"
done

# As on q35: the same tests.
[ "${CHECK-}" = full ] && few=$KERNELS || few=${KERNELS##* }
for test in exit streams; do
	KERNELS=$few STEP=64 "$top/tests/boot/$test.t" >"$work/subtest"
	status=$?
	sed 's/^/    /' "$work/subtest"
	check $status "$few: $test.t"
done

for kernel in $few; do
	run_options="--streams com2"
	run "$kernel" 4 cat <"$top/README.md"
	run_options=
	is_status 0 "$kernel: streams on COM2 too"
	cmp -s "$work/out" "$top/README.md"
	check $? "$kernel: they are whole" || explain "$work/err"
done

mkdir -p "$work/root/bin"
cp "$build/user/hello" "$work/root/bin"
(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/initrd"

# ends KERNEL MACHINE NAME [OPTION]: a reset would run hello again and again, unless -no-reboot makes it an end.
ends() {
	timeout 60 qemu-system-x86_64 -accel tcg -cpu max -M "$2" -m 64M -nodefaults -no-user-config -display none $4 \
		-serial stdio -kernel "$(built "$1")/orchard.elf" -initrd "$work/initrd" -append "init=/bin/hello" \
		</dev/null >"$work/out" 2>"$work/err"
	status=$?
	[ "$(grep -c 'hello, orchard' "$work/out")" = 1 ]
	check $? "$1, $3: hello on the console, once" || explain "$work/out"
	is_status 0 "$1, $3: the machine ends"
}
for kernel in $few; do
	ends "$kernel" microvm "power-off by ACPI"
	! grep -q 'no tables' "$work/out"
	check $? "$kernel: the ACPI tables are found" || explain "$work/out"
	ends "$kernel" microvm,acpi=off "no ACPI: reset" -no-reboot
done

# hellos KERNEL MACHINE NAME QEMU-OPTION...: a kernel that finds the virtio console sends frames there, else it says that it is not.
hellos() {
	kernel=$1 machine=$2 name=$3
	shift 3
	rm -f "$work/frames"
	timeout 60 qemu-system-x86_64 -accel tcg -cpu max -M "$machine" -m 64M -nodefaults -no-user-config -display none \
		-no-reboot -serial stdio -chardev "file,id=frames,path=$work/frames" "$@" \
		-kernel "$(built "$kernel")/orchard.elf" -initrd "$work/initrd" -append "streams=virtio init=/bin/hello" \
		</dev/null >"$work/out" 2>"$work/err"
	head -c 100 "$work/frames" | tr -d '\000-\037' >"$work/hello"
	grep -q "orchard 1 $kernel" "$work/hello" && ! grep -q 'is not there' "$work/out"
	check $? "$kernel: $name" || explain "$work/out"
}
modern="-global virtio-mmio.force-legacy=off"
port="-device virtserialport,chardev=frames,nr=1"
hellos "$kernel" microvm "found in the device tree" $modern -device virtio-serial-device $port
hellos "$kernel" microvm "behind other devices" $modern -device virtio-rng-device -device virtio-serial-device \
	-device virtio-rng-device $port
hellos "$kernel" microvm,acpi=off "found by the command line" $modern -device virtio-rng-device \
	-device virtio-serial-device $port

# lacks NAME QEMU-OPTION...: without it the kernel says so, and goes on.
lacks() {
	name=$1
	shift
	timeout 60 qemu-system-x86_64 -accel tcg -cpu max -m 64M -nodefaults -no-user-config -display none -no-reboot \
		-serial stdio "$@" -kernel "$(built "$kernel")/orchard.elf" -initrd "$work/initrd" \
		-append "streams=virtio init=/bin/hello" </dev/null >"$work/out" 2>"$work/err"
	grep -q 'the virtio console is not there' "$work/out" && grep -q 'hello, orchard' "$work/out"
	check $? "$kernel: $name" || explain "$work/out"
}
lacks "no virtio console" -M microvm
lacks "a legacy one" -M microvm -device virtio-serial-device
lacks "one without a port" -M microvm $modern -device virtio-serial-device
lacks "another device" -M microvm $modern -device virtio-rng-device
lacks "another machine" -M q35
done_testing
