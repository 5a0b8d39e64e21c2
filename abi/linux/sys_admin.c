/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system is called, and its end: uname(2), sethostname(2), setdomainname(2), reboot(2); and personality(2), of which
 * the own one is offered. Called by the dispatcher only.
 */
#include <generated/syscall_proto.h>

#include <abi/linux/utsname.h>
#include <core/printk.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <uapi/linux/personality.h>
#include <uapi/linux/reboot.h>
#include <uapi/linux/utsname.h>

#include "cred.h"

static struct mutex uts_lock = MUTEX_INIT("uts", uts_lock); /* the two names that can be set. Leaf. */

long sys_uname(uaddr_t buf)
{
	struct utsname64 u = {0};

	strlcpy(u.sysname, uts_sysname, UTS_LENGTH);
	strlcpy(u.release, uts_release, UTS_LENGTH);
	strlcpy(u.version, uts_version, UTS_LENGTH);
	strlcpy(u.machine, uts_machine, UTS_LENGTH);
	mutex_lock(&uts_lock);
	memcpy(u.nodename, uts_nodename, UTS_LENGTH);
	memcpy(u.domainname, uts_domainname, UTS_LENGTH);
	mutex_unlock(&uts_lock);
	return copyout(buf, &u, sizeof(u));
}

static long set_name(char *to, uaddr_t name, int len)
{
	char fresh[UTS_LENGTH] = "";

	if (!cred_privileged())
		return -EPERM;
	if (len < 0 || len >= UTS_LENGTH)
		return -EINVAL;
	if (copyin(fresh, name, (size_t)len))
		return -EFAULT;
	mutex_lock(&uts_lock);
	memcpy(to, fresh, UTS_LENGTH);
	mutex_unlock(&uts_lock);
	return 0;
}

long sys_sethostname(uaddr_t name, int len)
{
	return set_name(uts_nodename, name, len);
}

long sys_setdomainname(uaddr_t name, int len)
{
	return set_name(uts_domainname, name, len);
}

/* A process has Linux's addresses, where they always are: what asks for that changes nothing. */
long sys_personality(unsigned int persona)
{
	unsigned old = task_current()->personality;

	if (persona == PER_QUERY)
		return old;
	if (persona & ~(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT)) {
		refuse("personality", EINVAL, "there is but Linux's");
		return -EINVAL;
	}
	task_current()->personality = persona;
	return old;
}

/* The machine ends with its first program, orderly and with status 0. */
static void end_machine(void)
{
	struct proc *first = proc_find(PID_FIRST);

	if (first) {
		proc_doom(first, 0);
		proc_put(first);
	}
	proc_kill_all(proc_current(), 0);
}

static bool is_magic(unsigned magic1, unsigned magic2)
{
	return magic1 == REBOOT_MAGIC1 && (magic2 == REBOOT_MAGIC2 || magic2 == REBOOT_MAGIC2A || magic2 == REBOOT_MAGIC2B ||
					   magic2 == REBOOT_MAGIC2C);
}

/* There is nobody to start anew and no firmware to stop in: all three ways out are one. */
long sys_reboot(unsigned int magic1, unsigned int magic2, unsigned int cmd, uaddr_t arg)
{
	(void)arg;
	if (!cred_privileged())
		return -EPERM;
	if (!is_magic(magic1, magic2))
		return -EINVAL;
	switch (cmd) {
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF: /* no keyboard here has these keys */
		return 0;
	case REBOOT_RESTART:
	case REBOOT_HALT:
	case REBOOT_POWER_OFF:
		end_machine();
	}
	return -EINVAL;
}
