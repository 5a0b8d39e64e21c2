/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls on the application's stack (gate_ring0_leaf.S), interrupted. A leaf call changes nothing but RAX, so one that has not
 * come to its end may as well not have begun: it is taken back to its first instruction, on the way that all other calls
 * take, at whose end somebody looks for the work that the interrupt has left.
 */
#include <isolation/gate.h>

#include <arch/offsets.h>
#include <core/percpu.h>

#include "gate_entry.h"

DECLARE_PERCPU(u64, gate_app_rsp);
DEFINE_PERCPU(u32, gate_leaf_number);

extern const char gate_leaf_saved[], gate_syscall_leaf_end[];
extern const char __leaf_text_start[], __leaf_text_end[]; /* linker script: the marked calls, all of their code, and no other */

static bool is_within(u64 rip, const char *start, const char *end)
{
	return rip - (u64)start < (u64)end - (u64)start;
}

/*
 * In the entry, whatever RSP is by now; or in what it calls, and on a stack of the application's: the ordinary entry makes the same
 * calls on the kernel's. An application that jumps into other code of the kernel's is none.
 */
static bool is_leaf(const struct trapframe *tf)
{
	return is_within(tf->rip, (const char *)gate_syscall_leaf, gate_syscall_leaf_end) ||
	       ((i64)tf->rsp >= 0 && is_within(tf->rip, __leaf_text_start, __leaf_text_end));
}

bool gate_undo_leaf(struct trapframe *tf)
{
	if (!is_leaf(tf))
		return false;
	if (tf->rip - (u64)gate_syscall_leaf >= (u64)gate_leaf_saved - (u64)gate_syscall_leaf) {
		tf->rax = this_cpu(gate_leaf_number);
		tf->rsp = this_cpu(gate_app_rsp);
	}
	tf->rip = (u64)gate_syscall;
	return true;
}
