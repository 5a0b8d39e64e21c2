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

/* In the entry, whatever RSP is by now; or in what it calls, which is the only other code on a stack of the application's. */
static bool is_leaf(const struct trapframe *tf)
{
	if (tf->rip - (u64)gate_syscall_leaf < (u64)gate_syscall_leaf_end - (u64)gate_syscall_leaf)
		return true;
	/* gate_syscall's first two instructions are none of it. */
	return (i64)tf->rip < 0 && (i64)tf->rsp >= 0 && tf->rip - (u64)gate_syscall >= 64;
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
