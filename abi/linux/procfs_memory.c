/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs_memory.c - /proc/<pid>/{maps,cmdline,environ}.
 *
 * Another process's memory is read through its page tables, with its vmspace locked; in a shared space too, since the
 * lock is what keeps its pages there. What it never touched is not shown.
 */
#include "procfs.h"

#include <fs/seq.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <mm/vmspace.h>

#define MAPS_NAME_COLUMN 73 /* as Linux pads on 64-bit machines */
#define TEXT_MAX (128 * 1024u)

static void show_region(const struct region *r, void *arg)
{
	struct seq *s = arg;
	size_t line = s->len;

	seq_printf(s, "%08lx-%08lx %c%c%c%c %08lx 00:00 %d ", r->start, r->end,
		   r->prot & PROT_READ ? 'r' : '-', r->prot & PROT_WRITE ? 'w' : '-',
		   r->prot & PROT_EXEC ? 'x' : '-', r->flags & REGION_SHARED ? 's' : 'p',
		   r->object ? r->offset : 0, 0);
	if (r->name[0])
		seq_printf(s, "%*s%s", (int)(line + MAPS_NAME_COLUMN - s->len), "", r->name);
	seq_printf(s, "\n");
}

int proc_show_maps(struct proc *p, int tid, struct seq *s)
{
	struct vmspace *vs = proc_vmspace(p);

	(void)tid;
	if (!vs)
		return 0;
	vmspace_foreach(vs, show_region, s);
	vmspace_put(vs);
	return 0;
}

/* Bytes [from, to) of vs, up to the first page that is not there. */
static void show_bytes(struct vmspace *vs, uaddr_t from, uaddr_t to, struct seq *s)
{
	mutex_lock(&vs->lock);
	while (from < to) {
		u64 n = MIN(to - from, PAGE_SIZE - from % PAGE_SIZE);
		pte_t *pte = pmap_pte(vs->pmap, from, false);

		if (!pte || !pte_present(*pte))
			break;
		seq_write(s, (u8 *)phys_to_virt(pte_paddr(*pte)) + from % PAGE_SIZE, n);
		from += n;
	}
	mutex_unlock(&vs->lock);
}

static int show_strings(struct proc *p, bool environment, struct seq *s)
{
	struct vmspace *vs = proc_vmspace(p);

	if (!vs)
		return 0;

	uaddr_t from = environment ? vs->env_start : vs->arg_start;
	uaddr_t to = environment ? vs->env_end : vs->arg_end;

	if (vs->pmap && from < to)
		show_bytes(vs, from, MIN(to, from + TEXT_MAX), s);
	vmspace_put(vs);
	return 0;
}

int proc_show_cmdline(struct proc *p, int tid, struct seq *s)
{
	(void)tid;
	return show_strings(p, false, s);
}

int proc_show_environ(struct proc *p, int tid, struct seq *s)
{
	(void)tid;
	return show_strings(p, true, s);
}
