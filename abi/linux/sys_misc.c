/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine is and gives: sysinfo(2), getcpu(2), getrandom(2). Called by the dispatcher only. */
#include <generated/syscall_proto.h>

#include <core/random.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>
#include <uapi/linux/random.h>
#include <uapi/linux/sysinfo.h>

#define RANDOM_MAX 0x7ffff000ul /* one call's most, as read(2) */

static int count_threads(struct proc *p, void *sum)
{
	*(u64 *)sum += READ_ONCE(p->ntasks);
	return 0;
}

long sys_sysinfo(uaddr_t info)
{
	struct memory_stats memory;
	struct sched_stats sched;
	u64 threads = 0;

	page_stats(&memory);
	sched_stats(&sched);
	mutex_lock(&proc_lock);
	proc_foreach(count_threads, &threads);
	mutex_unlock(&proc_lock);

	struct sysinfo64 s = {
		.uptime = (i64)(clock_ns() / NSEC_PER_SEC),
		.loads = {sched.load[0], sched.load[1], sched.load[2]},
		.totalram = memory.total_pages << PAGE_SHIFT,
		.freeram = memory.free_pages << PAGE_SHIFT,
		.procs = (u16)MIN(threads, 0xfffful),
		.mem_unit = 1,
	};

	return copyout(info, &s, sizeof(s));
}

/* All memory is one node. */
long sys_getcpu(uaddr_t cpu, uaddr_t node, uaddr_t cache)
{
	u32 number = this_cpu_id(), zero = 0;

	(void)cache; /* unused since Linux 2.6.24 */
	if (cpu && copyout(cpu, &number, sizeof(number)))
		return -EFAULT;
	if (node && copyout(node, &zero, sizeof(zero)))
		return -EFAULT;
	return 0;
}

/* The generator is seeded at boot, so nothing here ever waits, and GRND_NONBLOCK and GRND_RANDOM change nothing. */
long sys_getrandom(uaddr_t buf, size_t size, unsigned int flags)
{
	u8 bytes[256];
	size_t done = 0;

	if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	size = MIN(size, RANDOM_MAX);
	while (done < size && !(done && thread_interrupted())) {
		size_t n = MIN(size - done, sizeof(bytes));

		random_bytes(bytes, n);
		if (copyout(buf + done, bytes, n))
			return done ? (long)done : -EFAULT;
		done += n;
	}
	return (long)done;
}
