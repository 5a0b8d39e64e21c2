/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may be behind a fault of the kernel, in one sentence for the panic's second line: derived from the address, the error
 * code and the registers. Says nothing where nothing can be derived. Called by core/panic.c.
 */
#include <arch/layout.h>
#include <arch/machine.h>
#include <arch/offsets.h>
#include <arch/pks.h>
#include <arch/pmap.h>
#include <arch/trapframe.h>
#include <core/panic.h>
#include <core/symbols.h>
#include <lib/errname.h>
#include <lib/format.h>

#include "trap.h"

#define ERRNO_MAX 4095

static const struct {
	const char *name;
	size_t offset;
} registers[] = {
#define REGISTER(name) {#name, offsetof(struct trapframe, name)}
	REGISTER(rax), REGISTER(rbx), REGISTER(rcx), REGISTER(rdx), REGISTER(rsi), REGISTER(rdi), REGISTER(rbp), REGISTER(r8),
	REGISTER(r9),  REGISTER(r10), REGISTER(r11), REGISTER(r12), REGISTER(r13), REGISTER(r14), REGISTER(r15),
};

static u64 register_value(const struct trapframe *tf, size_t i)
{
	return *(const u64 *)((const char *)tf + registers[i].offset);
}

/* A register that holds what a debug build leaves in freed memory was loaded from there. */
static bool explain_poison(const struct trapframe *tf, char *text, size_t size)
{
	char what[80];

	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		u64 from = memory_poisoned_at(register_value(tf, i));

		if (!from)
			continue;
		memory_describe(from, what, sizeof(what));
		snprintf(text, size, "use after free: %s holds poison, which was read at %016lx, %s", registers[i].name, from,
			 what);
		return true;
	}
	return false;
}

static bool explain_non_canonical(const struct trapframe *tf, char *text, size_t size)
{
	if (tf->error)
		return false;
	if (!pmap_is_canonical(tf->rsp)) {
		snprintf(text, size, "the stack pointer %016lx is no address: bits 63 to 47 differ", tf->rsp);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		u64 value = register_value(tf, i);

		if (pmap_is_canonical(value))
			continue;
		snprintf(text, size, "%s holds %016lx, which is no address: bits 63 to 47 differ; was it used as a pointer?",
			 registers[i].name, value);
		return true;
	}
	return false;
}

static bool explain_address(const struct trapframe *tf, u64 va, char *text, size_t size)
{
	if (PKS && (tf->error & BIT(5))) {
		snprintf(text, size, "the kernel's data, closed for the application: it ran the kernel's code, or what must stay open is not");
		return true;
	}
	if (va < USER_MIN)
		snprintf(text, size, "a null pointer; what was wanted lies %lu bytes behind it", va);
	else if (va >= -(u64)ERRNO_MAX)
		snprintf(text, size, "the error -%s was taken for a pointer, or a null pointer was used at a negative offset",
			 errno_name((int)-va));
	else if (va < USER_MAX && (tf->error & BIT(0)))
		snprintf(text, size, "the application's page is there, and closed to the kernel: %s",
			 va == tf->rip ? "SMEP, or its right to be executed" : "SMAP, or its right to be written");
	else if (va == tf->rip && !symbol_is_text(va))
		snprintf(text, size, "a call or return through a wrong pointer: there is no code");
	else if (va < USER_MAX)
		snprintf(text, size, "an application's address used without copyin() or copyout(): no exception-table entry");
	else
		return memory_describe(va, text, size);
	return true;
}

bool arch_explain(const struct trapframe *tf, bool has_va, u64 va, char *text, size_t size)
{
	if (tf->vector == VECTOR_STACK_OVERFLOW || (has_va && kstack_overflowed(va))) {
		snprintf(text, size, "the kernel stack of %u KiB is full: recursion, or too large local variables",
			 CONFIG_KSTACK_PAGES * 4);
		return true;
	}
	if (explain_poison(tf, text, size))
		return true;
	if (has_va)
		return explain_address(tf, va, text, size);
	if (tf->vector == VECTOR_GENERAL_PROTECTION || tf->vector == VECTOR_STACK_FAULT)
		return explain_non_canonical(tf, text, size);
	return false;
}
