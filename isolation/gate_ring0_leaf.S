/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry of a kernel with CONFIG_LEAF_CALLS. Calls that are marked !leaf in abi/linux/syscall.tbl run where the application
 * is, on its own stack below the red zone, with its registers in place: no frame is laid, no stack is changed, and nobody looks
 * for work. They can, since they write RAX and nothing else, which tools/build/leafcheck proves of each kernel that is linked.
 *
 * All other calls, and unusual flags, go on at gate_syscall as if they had come there. So does what is interrupted here, or
 * faults because there is no stack to call with: gate_undo_leaf() makes it a call that has not begun.
 */
#include <arch/entry.inc>

#define RED_ZONE 128 /* System V ABI, AMD64, 3.2.2 */

	.text
	.align 64
	.global gate_syscall_leaf, gate_leaf_saved, gate_syscall_leaf_end
gate_syscall_leaf:				/* RCX: return address, R11: flags */
	cmpl $SYSCALL_MAX, %eax
	jae gate_syscall
	movl %eax, %eax
	cmpb $0, syscall_leaf(%rax)
	je gate_syscall
	testl $~0x2d7, %r11d			/* as in gate_ring0_entry.S: what SAHF does not restore */
	jnz gate_syscall
	movl %eax, %gs:gate_leaf_number
	movq %rsp, %gs:gate_app_rsp
gate_leaf_saved:
	leaq -RED_ZONE(%rsp), %rsp
	call *syscall_calls(, %rax, 8)
	movq %rax, -8(%rsp)
	movl %r11d, %eax
	movb %al, %ah
	sahf
	movq -8(%rsp), %rax
	leaq RED_ZONE(%rsp), %rsp
	jmp *%rcx
gate_syscall_leaf_end:
