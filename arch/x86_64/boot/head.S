/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions. Two loaders enter here in 32-bit protected mode with paging off: PVH (EBX: hvm_start_info; Xen
 * docs/misc/pvh) and multiboot2 (EAX: magic, EBX: information; Multiboot2 specification 3.3). We build boot page tables
 * (the low 4 GiB, three times: identity, direct map, and the image's 1 GiB at KERNEL_BASE), enter long mode (SDM vol. 3,
 * 10.8.5) and call boot_main(loader, info, tsc) in the higher half.
 */
#include <arch/layout.h>

#define MB2_MAGIC 0xe85250d6
#define PTE_PRESENT_WRITE 0x003
#define PTE_LARGE 0x083
#define PHYS(symbol) ((symbol) - KERNEL_BASE)

	.section .boot.header, "a"
	.align 8
mb2_header:
	.long MB2_MAGIC, 0, mb2_end - mb2_header, -(MB2_MAGIC + mb2_end - mb2_header)
	.align 8
	.short 6, 0		/* modules shall be page-aligned */
	.long 8
	.align 8
	.short 0, 0		/* end */
	.long 8
mb2_end:

	.section .note.Xen, "a", @note
	.align 4
	.long 4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long boot_pvh

	.section .boot.text, "ax"
	.code32
	.global boot_multiboot2, boot_pvh
boot_pvh:
	xorl %edi, %edi
	jmp boot_common
boot_multiboot2:
	movl %eax, %edi
boot_common:
	cli
	cld
	movl %ebx, %esi			/* EDI: loader's magic (0: PVH), ESI: its information */
	rdtsc
	movl %eax, %ebx
	movl %edx, %ebp			/* EBP:EBX: when we began */
	movl $PHYS(boot_stack_top), %esp

	/* Long mode and NX are what everything else stands on: without them say so, and stop. */
	pushl %ebx
	movl $0x80000001, %eax
	cpuid
	popl %ebx
	andl $((1 << 29) | (1 << 20)), %edx
	cmpl $((1 << 29) | (1 << 20)), %edx
	jne no_long_mode

	/* Page tables: four page directories of 2 MiB pages cover 4 GiB. */
	pushl %edi
	movl $PHYS(boot_pd), %edi
	movl $PTE_LARGE, %eax
1:	movl %eax, (%edi)
	addl $8, %edi
	addl $0x200000, %eax
	jnc 1b
	popl %edi
	movl $PHYS(boot_pd) + PTE_PRESENT_WRITE, %eax
	movl %eax, PHYS(boot_pdpt_low)
	movl %eax, PHYS(boot_pdpt_high) + 510 * 8
	addl $4096, %eax
	movl %eax, PHYS(boot_pdpt_low) + 8
	addl $4096, %eax
	movl %eax, PHYS(boot_pdpt_low) + 16
	addl $4096, %eax
	movl %eax, PHYS(boot_pdpt_low) + 24
	movl $PHYS(boot_pdpt_low) + PTE_PRESENT_WRITE, %eax
	movl %eax, PHYS(boot_pml4)
	movl %eax, PHYS(boot_pml4) + 256 * 8
	movl $PHYS(boot_pdpt_high) + PTE_PRESENT_WRITE, %eax
	movl %eax, PHYS(boot_pml4) + 511 * 8

	movl %cr4, %eax
	orl $0x20, %eax			/* PAE */
	movl %eax, %cr4
	movl $PHYS(boot_pml4), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx		/* EFER: NXE, LME, SCE */
	rdmsr
	orl $0x901, %eax
	wrmsr
	movl %cr0, %eax
	andl $~0x60000004, %eax		/* EM, NW, CD off */
	orl $0x80010003, %eax		/* PG, WP, MP, PE */
	movl %eax, %cr0
	lgdt boot_gdt_pointer
	ljmp $8, $boot_long

	/* One line on COM1, polled, then rest. */
no_long_mode:
	movl $no_long_mode_text, %esi
2:	lodsb
	testb %al, %al
	jz 4f
	movb %al, %ah
	movw $0x3fd, %dx
3:	inb %dx, %al
	testb $0x20, %al
	jz 3b
	movb %ah, %al
	movw $0x3f8, %dx
	outb %al, %dx
	jmp 2b
4:	hlt
	jmp 4b
no_long_mode_text:
	.asciz "panic: this CPU lacks long mode or NX (try -cpu max)\n"

	.code64
boot_long:
	movabsq $boot_higher_half, %rax
	jmp *%rax

	.align 8
boot_gdt:
	.quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
boot_gdt_pointer:
	.short boot_gdt_pointer - boot_gdt - 1
	.long boot_gdt

	.text
boot_higher_half:
	movl $16, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movl $0xc0000101, %ecx		/* GS base 0: per-CPU variables are the linked ones, until percpu_init_boot() */
	xorl %edx, %edx
	wrmsr
	movq $boot_stack_top, %rsp
	movl %edi, %edi
	movl %esi, %esi
	movl %ebx, %edx
	shlq $32, %rbp
	orq %rbp, %rdx
	xorl %ebp, %ebp
	call boot_main
	ud2

	.bss
	.align 4096
	.global boot_pml4, boot_pdpt_high
boot_pml4:	.skip 4096
boot_pdpt_low:	.skip 4096
boot_pdpt_high:	.skip 4096
boot_pd:	.skip 4 * 4096
	.align 16
	.global boot_stack, boot_stack_top
boot_stack:	.skip CONFIG_KSTACK_PAGES * 4096
boot_stack_top:
