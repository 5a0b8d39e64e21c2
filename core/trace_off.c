/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_off.c - a kernel without tracepoints (CONFIG_TRACE is off). */
#include <core/trace.h>

#include <core/param.h>
#include <core/printk.h>

u32 trace_mask;
bool (*trace_identify)(const struct thread *t, u32 *thread, u16 *process);

void trace_init(void)
{
	if (param.trace)
		pr_warn("trace: this kernel was built without tracepoints (CONFIG_TRACE)");
}

void trace_record(enum trace_id id, u64 a, u64 b)
{
	(void)id, (void)a, (void)b;
}

void trace_record_thread(enum trace_id id, const struct thread *t)
{
	(void)id, (void)t;
}

void trace_print_last(void)
{
	console_print("  last events: only a kernel with CONFIG_TRACE knows them\n");
}
