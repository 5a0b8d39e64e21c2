#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# `make iso` makes an image that boots from BIOS and UEFI, with its command line and its module.

. "$(dirname "$0")/pretend.sh"
plant
build O=out sas_defconfig iso
same "a kernel that GRUB cannot load: status" 2 $?
ok "and says so" grep -q 'orchard.elf has no multiboot2 header' "$work/log"

cat >>core/entry.S <<-END
	.section .multiboot2, "a"
	.balign 8
	head:	.long 0xe85250d6, 0, end - head, -(0xe85250d6 + end - head), 0, 8
	end:
END
sed -i 's/SECTIONS {/& .multiboot2 : { KEEP(*(.multiboot2)) }/' arch/x86_64/linker.ld.S
echo apple >initrd
ok "one that it can" build O=out INITRD=initrd CMDLINE="loglevel=7 -- pear" iso
xorriso -indev out/orchard.iso -report_el_torito plain >"$work/log" 2>&1
ok "boots from BIOS" grep -q 'El Torito boot img : *1 *BIOS' "$work/log"
ok "boots from UEFI" grep -q 'El Torito boot img : *2 *UEFI' "$work/log"
xorriso -osirrox on -indev out/orchard.iso -extract /boot boot >"$work/log" 2>&1
ok "has its command line" grep -q 'multiboot2 /boot/orchard.elf loglevel=7 -- pear' boot/grub/grub.cfg
ok "has its module" cmp initrd boot/initrd
ok "has this kernel" cmp out/orchard.elf boot/orchard.elf
build O=out INITRD=nowhere iso
same "a module that is not there: status" 2 $?
ok "names it" grep -q nowhere "$work/log"
done_testing
