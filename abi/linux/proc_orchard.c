/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/orchard, the label on the jar: `key: value` lines that name the build, the three axes, the options, and a line
 *
 *     refuses: CALL ERRNO why
 *
 * for each thing that this configuration cannot do. Derived from the contracts' constants, so that it cannot disagree with
 * what the code does. Read by programs, tests and tools/orchard.
 */
#include <abi/linux/proc_orchard.h>

#include <core/biglock.h>
#include <core/lockclass.h>
#include <core/param.h>
#include <core/percpu.h>
#include <core/sanitizer.h>
#include <fs/seq.h>
#include <fs/vnode.h>
#include <generated/version.h>
#include <isolation/aspace.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <isolation/rungs.h>
#include <lib/errname.h>
#include <lib/errno.h>
#include <mm/page.h>
#include <sched/policy.h>

#include "rewrite.h"

#define YES(on) ((on) ? 'y' : 'n')

static void refuses(struct seq *s, const char *call, int error, const char *why)
{
	seq_printf(s, "refuses: %s %s %s\n", call, errno_name(error), why);
}

static void show_proc_refusals(struct seq *s)
{
	if (!PROC_IS_MANY) {
		refuses(s, "fork", ENOSYS, "this kernel runs one process");
		refuses(s, "vfork", ENOSYS, "this kernel runs one process");
		refuses(s, "execve", ENOSYS, "this kernel runs one program");
	} else if (!ASPACE_IS_PRIVATE) {
		refuses(s, "fork", ENOSYS, "one address space: the child's memory cannot be at the parent's addresses");
	}
}

static void show_aspace_refusals(struct seq *s)
{
	if (ASPACE_IS_PRIVATE)
		return;
	refuses(s, "mmap", ENOMEM, "MAP_FIXED outside the process's own slot; so munmap, mprotect, mremap, madvise");
	if (PROC_IS_MANY)
		refuses(s, "execve", ENOEXEC, "an ET_EXEC whose addresses lie in a live process's slot; PIE goes anywhere");
}

static void show_gate_refusals(struct seq *s)
{
	if (GATE_CROSSES)
		return;
	refuses(s, "arch_prctl(ARCH_SET_GS)", EPERM, "in ring 0, GS is the kernel's per-CPU base");
	seq_printf(s, "note: setuid separates nobody: applications run in ring 0\n");
}

/* What is built in may still be missing from the CPU, and the other way round. */
static void show_rungs(struct seq *s)
{
	const struct rung *r;

	for (unsigned i = 0; (r = rung_at(i)); i++) {
		bool has = rung_supported(r);

		seq_printf(s, "rung: %s %s%s\n", r->name, !r->built || (has && !rung_is_on(r->name)) ? "off" : has ? "on" : "missing",
			   r->word == NO_WORD ? "" : has ? ", the CPU has it" : ", the CPU lacks it");
	}
	if (RUNG_MITIGATIONS) {
		char text[160];

		mitigations_describe(text, sizeof(text));
		seq_printf(s, "mitigations: %s\n", text);
	}
	if (RUNG_REWRITE)
		rewrite_show(s);
}

static void show(struct seq *s, void *arg)
{
	(void)arg;
	seq_printf(s, "version: %s\n", ORCHARD_GIT);
	seq_printf(s, "config: %s\n", ORCHARD_CONFIG_NAME);
	seq_printf(s, "config_hash: %s\n", ORCHARD_CONFIG_HASH);
	seq_printf(s, "gate: %s\n", GATE_NAME);
	seq_printf(s, "aspace: %s\n", ASPACE_NAME);
	seq_printf(s, "proc: %s\n", PROC_NAME);
	if (!ASPACE_IS_PRIVATE)
		seq_printf(s, "slot_size: %lu\n", SLOT_SIZE);
	seq_printf(s, "cpus: %u\n", READ_ONCE(cpu_online));
	seq_printf(s, "sched: %s\n", policy->name);
	seq_printf(s, "runqueues: %s, balanced every %lu ms\n", param.one_runqueue ? "one" : "percpu", param.balance_ns / NSEC_PER_MSEC);
	seq_printf(s, "locks: spinlock=%s big=%c stats=%c\n", CONFIG_SPINLOCK, YES(BIG_LOCK), YES(LOCK_STATS));
	seq_printf(s, "rungs: strace=%c lockdep=%c assert=%c ktest=%c frame_pointer=%c kstack_pages=%d\n",
		   YES(IS_ON(CONFIG_STRACE)), YES(IS_ON(CONFIG_LOCKDEP)), YES(IS_ON(CONFIG_DEBUG_ASSERT)), YES(IS_ON(CONFIG_KTEST)),
		   YES(IS_ON(CONFIG_FRAME_POINTER)), CONFIG_KSTACK_PAGES);
	if (KASAN || UBSAN)
		seq_printf(s, "sanitizers: kasan=%c ubsan=%c\n", YES(KASAN), YES(UBSAN));
	show_rungs(s);
	show_proc_refusals(s);
	show_aspace_refusals(s);
	show_gate_refusals(s);
}

void proc_orchard_init(void)
{
	if (procfs_add("orchard", show, NULL))
		memory_give_up("/proc/orchard");
}
