/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * futex(2): sorts out operations and times; the work is sched/futex.c's. Priority-inheriting operations are ENOSYS.
 * Called by the dispatcher only.
 */
#include <generated/syscall_proto.h>

#include <abi/linux/restart.h>
#include <abi/linux/timespec.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <sched/futex.h>
#include <uapi/linux/futex.h>

struct wait_time {
	u64 deadline; /* CLOCK_MONOTONIC; NO_DEADLINE: none */
	bool given, absolute;
};

static int wait_time_copyin(struct wait_time *w, uaddr_t timeout, bool realtime)
{
	u64 ns;

	w->deadline = NO_DEADLINE;
	w->given = timeout;
	if (!timeout)
		return 0;

	int error = timespec_copyin(timeout, &ns);

	if (error)
		return error;
	if (!w->absolute)
		w->deadline = time_add(clock_ns(), ns);
	else
		w->deadline = realtime ? realtime_to_monotonic(ns) : ns;
	return 0;
}

/* A relative wait, begun or gone on with: only FUTEX_WAIT has one, so any bit wakes. */
static long wait_on(const struct restart_block *r)
{
	int error = futex_wait(r->addr, r->word[0], FUTEX_BITSET_MATCH_ANY, r->deadline, r->word[1]);

	if (error != -EINTR)
		return error;
	task_current()->restart = *r;
	return -ERESTART_RESTARTBLOCK;
}

static long wait(uaddr_t addr, u32 expected, u32 bitset, const struct wait_time *w, bool private_key)
{
	if (w->given && !w->absolute) {
		struct restart_block r = {.fn = wait_on, .deadline = w->deadline, .addr = addr, .word = {expected, private_key}};

		return wait_on(&r);
	}

	int error = futex_wait(addr, expected, bitset, w->deadline, private_key);

	if (error != -EINTR)
		return error;
	return w->given ? -ERESTARTNOHAND : -ERESTARTSYS;
}

static long wait_op(int cmd, uaddr_t addr, u32 val, uaddr_t timeout, u32 val3, bool private_key, bool realtime)
{
	struct wait_time w = {.absolute = cmd == FUTEX_WAIT_BITSET};
	u32 bitset = cmd == FUTEX_WAIT_BITSET ? val3 : FUTEX_BITSET_MATCH_ANY;
	int error = wait_time_copyin(&w, timeout, realtime);

	if (error || !bitset)
		return error ? error : -EINVAL;
	return wait(addr, val, bitset, &w, private_key);
}

/* Linux wakes one waiter also where the count says none. */
static unsigned wake_count(u32 val)
{
	return (i32)val < 1 ? 1 : val;
}

static long requeue(uaddr_t addr, u32 val, uaddr_t val2, uaddr_t addr2, const u32 *expected, bool private_key)
{
	u32 word;

	if (!private_key && copyin(&word, addr2, sizeof(word))) /* who waits there later is found by its page */
		return -EFAULT;
	u32 move = (u32)val2; /* the count travels in the timeout's place */

	if ((i32)val < 0 || (i32)move < 0)
		return -EINVAL;
	return futex_requeue(addr, val, move, addr2, expected, private_key);
}

long sys_futex(uaddr_t addr, int op, unsigned int val, uaddr_t timeout, uaddr_t addr2, unsigned int val3)
{
	bool private_key = op & FUTEX_PRIVATE_FLAG, realtime = op & FUTEX_CLOCK_REALTIME;
	int cmd = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);

	if (realtime && cmd != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return wait_op(cmd, addr, val, timeout, val3, private_key, realtime);
	case FUTEX_WAKE:
		return futex_wake(addr, wake_count(val), FUTEX_BITSET_MATCH_ANY, private_key);
	case FUTEX_WAKE_BITSET:
		return val3 ? futex_wake(addr, wake_count(val), val3, private_key) : -EINVAL;
	case FUTEX_REQUEUE:
		return requeue(addr, val, timeout, addr2, NULL, private_key);
	case FUTEX_CMP_REQUEUE:
		return requeue(addr, val, timeout, addr2, &val3, private_key);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, wake_count(val), addr2, wake_count((u32)timeout), val3, private_key);
	}
	return -ENOSYS;
}
