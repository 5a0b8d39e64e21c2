/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switches of the calling thread: prctl(2), of which names, dumpability, parents' deaths, subreapers and the capability
 * bounding set are offered, and arch_prctl(2), the bases of FS and GS. Everything else is EINVAL, which is how one asks Linux what it offers.
 */
#include <generated/syscall_proto.h>

#include <arch/cpu.h>
#include <core/trace.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <uapi/linux/prctl.h>

static long set_name(uaddr_t from)
{
	struct task *me = task_current();
	char name[sizeof(me->thread.name)] = "";
	long n = copyinstr(name, from, sizeof(name));

	if (n < 0 && n != -ENAMETOOLONG)
		return n;
	name[sizeof(name) - 1] = '\0'; /* longer ones are cut, silently: prctl(2) */
	memcpy(me->thread.name, name, sizeof(name));
	if (me->tid == me->proc->pid)
		memcpy(me->proc->comm, name, sizeof(me->proc->comm));
	trace_thread(TRACE_NAME, &me->thread);
	return 0;
}

static_assert(sizeof(((struct thread *)0)->name) == sizeof(((struct proc *)0)->comm), "a name fits both");

static int put_int(uaddr_t to, int value)
{
	return copyout(to, &value, sizeof(value));
}

static int set_death_signal(unsigned long sig)
{
	if (sig > NSIG)
		return -EINVAL;
	WRITE_ONCE(task_current()->death_signal, (int)sig);
	return 0;
}

/* Kept and told: nobody is ever dumped or traced here. */
static int set_dumpable(unsigned long yes)
{
	if (yes > 1)
		return -EINVAL;
	WRITE_ONCE(proc_current()->dumpable, yes);
	return 0;
}

static int set_subreaper(bool yes)
{
	mutex_lock(&proc_lock);
	proc_current()->subreaper = yes;
	mutex_unlock(&proc_lock);
	return 0;
}

long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5)
{
	switch (option) {
	case PR_SET_NAME:
		return set_name(arg2);
	case PR_GET_NAME:
		return copyout(arg2, current()->name, sizeof(current()->name));
	case PR_SET_DUMPABLE:
		return set_dumpable(arg2);
	case PR_GET_DUMPABLE:
		return READ_ONCE(proc_current()->dumpable);
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		task_current()->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : task_current()->no_new_privs;
	case PR_SET_PDEATHSIG:
		return set_death_signal(arg2);
	case PR_GET_PDEATHSIG:
		return put_int(arg2, task_current()->death_signal);
	case PR_SET_CHILD_SUBREAPER:
		return set_subreaper(arg2);
	case PR_GET_CHILD_SUBREAPER:
		return put_int(arg2, READ_ONCE(proc_current()->subreaper));
	case PR_CAPBSET_READ:
		return arg2 <= CAP_LAST_CAP ? 1 : -EINVAL;
	}
	return -EINVAL;
}

static long set_fs(uaddr_t base)
{
	struct arch_thread *t = &current()->arch;

	if (base >= USER_MAX)
		return -EPERM;

	u64 flags = irq_save();

	t->fs_base = base;
	gate_switch(t);
	irq_restore(flags);
	return 0;
}

long sys_arch_prctl(int code, unsigned long addr)
{
	struct arch_thread *t = &current()->arch;

	switch (code) {
	case ARCH_SET_FS:
		return set_fs(addr);
	case ARCH_GET_FS:
		return copyout(addr, &t->fs_base, sizeof(t->fs_base));
	case ARCH_SET_GS:
		return gate_set_gs(t, addr);
	case ARCH_GET_GS:
		return copyout(addr, &t->gs_base, sizeof(t->gs_base));
	}
	return -EINVAL;
}
