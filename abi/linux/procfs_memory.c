/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs_memory.c - /proc/<pid>/{maps,cmdline,environ}.
 *
 * Another process's memory is read as its own threads would read it: pages are faulted in, rights
 * are those of the region.
 */
#include "procfs.h"

#include <fs/seq.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <mm/slab.h>
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

/* Bytes [from, to) of vs, up to what cannot be read. */
static void show_bytes(struct vmspace *vs, uaddr_t from, uaddr_t to, struct seq *s)
{
	u8 *page = kmalloc(PAGE_SIZE);

	s->failed |= !page;
	while (page && from < to) {
		u64 n = MIN(to - from, PAGE_SIZE - from % PAGE_SIZE);

		if (vmspace_read(vs, from, page, n))
			break;
		seq_write(s, page, n);
		from += n;
	}
	kfree(page);
}

static int show_strings(struct proc *p, bool environment, struct seq *s)
{
	struct vmspace *vs = proc_vmspace(p);

	if (!vs)
		return 0;

	uaddr_t from = environment ? vs->env_start : vs->arg_start;
	uaddr_t to = environment ? vs->env_end : vs->arg_end;

	if (from < to)
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
