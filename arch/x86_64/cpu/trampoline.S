/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application processor's way from its start-up IPI (real mode, CS = page >> 4, IP = 0; SDM vol. 3, 9.4) to cpu_main().
 * smp.c copies this to a page below 1 MiB and fills in the data. Until the jump into the kernel half the page must be
 * mapped at its physical address. Works at any page: nothing here knows its own address.
 */
#include "trampoline.h"

#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define MSR_GS_BASE 0xc0000101
#define AT(symbol) (symbol - trampoline_start)

	.section .rodata.trampoline, "a"
	.code16
	.global trampoline_start
trampoline_start:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	lgdtl AT(gdt_limit)
	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov AT(cr3), %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	mov AT(efer), %eax
	xor %edx, %edx
	wrmsr
	/* Protection and paging at once: straight from real mode to long mode (compatibility, until CS is loaded). */
	mov AT(cr0), %eax
	mov %eax, %cr0
	ljmpl *AT(far)

	.code64
	.global trampoline_long
trampoline_long:
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %eax, %fs
	mov %eax, %gs
	mov stack(%rip), %rsp
	mov $MSR_GS_BASE, %ecx
	mov gs_base(%rip), %eax
	mov gs_base + 4(%rip), %edx
	wrmsr
	mov cpu(%rip), %edi
	mov entry(%rip), %rax
	jmp *%rax

	/* struct trampoline_data */
	.balign 8
	.global trampoline_data
trampoline_data:
	.quad 0
	.quad 0x00af9a000000ffff /* TRAMPOLINE_CODE64 */
gdt_limit:
	.word 15
	.long 0
	.word 0
far:
	.long 0
	.word TRAMPOLINE_CODE64
	.word 0
cr0:	.long 0
cr3:	.long 0
efer:	.long 0
cpu:	.long 0
	.long 0
stack:	.quad 0
gs_base: .quad 0
entry:	.quad 0
	.global trampoline_end
trampoline_end:

	.text
	.global trampoline_arrived
	.type trampoline_arrived, @function
trampoline_arrived:
	mov kernel_pmap(%rip), %rax /* its root: from the boot tables to the kernel's own */
	mov %rax, %cr3
	xor %ebp, %ebp
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	mov %rax, trampoline_tsc(%rip)
	push $0 /* no one to return to */
	jmp cpu_main
	.size trampoline_arrived, . - trampoline_arrived
