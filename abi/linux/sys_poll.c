/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_poll.c - poll(2), select(2) and their kin. */
#include <generated/syscall_proto.h>

#include "files.h"

#include <abi/linux/restart.h>
#include <abi/linux/signal.h>
#include <core/time.h>
#include <fs/poll.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/poll.h>
#include <uapi/linux/resource.h>
#include <uapi/linux/stat.h>

#define SELECT_IN (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define SELECT_OUT (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define SELECT_EX POLLPRI

static u64 deadline_in(u64 ns)
{
	u64 now = clock_ns();

	return ns > NO_DEADLINE - 1 - now ? NO_DEADLINE : now + ns;
}

static u64 time_left(u64 deadline)
{
	u64 now = clock_ns();

	return deadline > now ? deadline - now : 0;
}

/* A relative struct timespec; 0: for ever. */
static int deadline_of_timespec(uaddr_t timeout, u64 *deadline)
{
	struct timespec64 t;

	*deadline = NO_DEADLINE;
	if (!timeout)
		return 0;
	if (copyin(&t, timeout, sizeof(t)))
		return -EFAULT;
	if (t.sec < 0 || t.nsec < 0 || t.nsec >= (i64)NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)t.sec < NO_DEADLINE / NSEC_PER_SEC)
		*deadline = deadline_in((u64)t.sec * NSEC_PER_SEC + (u64)t.nsec);
	return 0;
}

/*
 * The time not slept goes back to the application, which may not have that page writable: no error
 * then.
 */
static void give_timespec(uaddr_t timeout, u64 deadline)
{
	u64 left = time_left(deadline);
	struct timespec64 t = {
		.sec = (i64)(left / NSEC_PER_SEC),
		.nsec = (i64)(left % NSEC_PER_SEC),
	};

	if (timeout && deadline != NO_DEADLINE)
		(void)copyout(timeout, &t, sizeof(t));
}

static void put_files(struct poll_entry *entries, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (entries[i].file)
			file_put(entries[i].file);
	kfree(entries);
}

static long no_restart_with_handler(long n)
{
	return n == -EINTR ? -ERESTARTNOHAND : n;
}

/* One allocation for the application's records and for ours. */
static long poll_until(uaddr_t fds, unsigned n, u64 deadline)
{
	struct pollfd64 *pfd = kmalloc(n * sizeof(*pfd) + 1);
	struct poll_entry *entries = kzalloc(n * sizeof(*entries) + 1);
	long ready = pfd && entries ? 0 : -ENOMEM;

	if (!ready)
		ready = copyin(pfd, fds, n * sizeof(*pfd));
	if (ready)
		goto out;

	unsigned used = 0; /* negative descriptors are skipped: poll(2) */

	for (unsigned i = 0; i < n; i++) {
		if (pfd[i].fd < 0)
			continue;
		entries[used].file = file_of_fd(pfd[i].fd);
		entries[used++].events = pfd[i].events;
	}
	ready = poll_files(entries, used, deadline);
	used = 0;
	for (unsigned i = 0; i < n; i++)
		pfd[i].revents = pfd[i].fd < 0 ? 0 : entries[used++].revents;
	if (ready >= 0 && copyout(fds, pfd, n * sizeof(*pfd)))
		ready = -EFAULT;
out:
	kfree(pfd);
	if (entries)
		put_files(entries, n);
	return no_restart_with_handler(ready);
}

/* Its limit is relative: begun anew it would start from the whole of it. */
static long poll_on(const struct restart_block *r)
{
	long ready = poll_until(r->addr, r->word[0], r->deadline);

	if (ready != -ERESTARTNOHAND || r->deadline == NO_DEADLINE)
		return ready;
	task_current()->restart = *r;
	return -ERESTART_RESTARTBLOCK;
}

long sys_poll(uaddr_t fds, unsigned nfds, int timeout)
{
	struct restart_block r = {.fn = poll_on, .addr = fds, .word = {nfds}};

	if (nfds > fd_limit())
		return -EINVAL;
	r.deadline = timeout < 0 ? NO_DEADLINE : deadline_in((u64)timeout * NSEC_PER_MSEC);
	return poll_on(&r);
}

long sys_ppoll(uaddr_t fds, unsigned nfds, uaddr_t timeout, uaddr_t sigmask, size_t setsize)
{
	u64 deadline;
	long ready;
	int error = deadline_of_timespec(timeout, &deadline);

	if (!error && nfds > fd_limit())
		error = -EINVAL;
	if (!error)
		error = signal_suspend_mask(sigmask, setsize);
	if (error)
		return error;
	ready = poll_until(fds, nfds, deadline);
	give_timespec(timeout, deadline);
	return ready;
}

enum { IN, OUT, EX, SETS };

static const unsigned select_events[SETS] = {SELECT_IN, SELECT_OUT, SELECT_EX};

/* The three sets of one select call, and the room for poll_files(). */
struct selection {
	unsigned n;                           /* descriptors looked at */
	u64 set[SETS][BITMAP_WORDS(FD_LIMIT)]; /* asked for; then: ready */
};

static int sets_get(struct selection *s, const uaddr_t from[SETS])
{
	for (int k = 0; k < SETS; k++) {
		if (from[k] && copyin(s->set[k], from[k], BITMAP_WORDS(s->n) * sizeof(u64)))
			return -EFAULT;
		if (s->n % 64) /* bits behind the last are not looked at, nor answered */
			s->set[k][s->n / 64] &= BIT(s->n % 64) - 1;
	}
	return 0;
}

static int sets_put(const struct selection *s, const uaddr_t to[SETS])
{
	for (int k = 0; k < SETS; k++)
		if (to[k] && copyout(to[k], s->set[k], BITMAP_WORDS(s->n) * sizeof(u64)))
			return -EFAULT;
	return 0;
}

static unsigned events_of(const struct selection *s, unsigned fd)
{
	unsigned events = 0;

	for (int k = 0; k < SETS; k++)
		if (bitmap_test(s->set[k], fd))
			events |= select_events[k];
	return events;
}

/* Entries for the descriptors that are in some set; how many, or -EBADF. */
static int entries_of(const struct selection *s, struct poll_entry *entries)
{
	int used = 0;

	for (unsigned fd = 0; fd < s->n; fd++) {
		unsigned events = events_of(s, fd);

		if (!events)
			continue;
		entries[used].file = file_of_fd((int)fd);
		if (!entries[used].file)
			return -EBADF;
		entries[used++].events = (short)events;
	}
	return used;
}

/* Keeps the bits that are ready; how many. */
static long keep_ready(struct selection *s, const struct poll_entry *entries)
{
	long bits = 0;

	for (unsigned fd = 0; fd < s->n; fd++) {
		if (!events_of(s, fd))
			continue;

		unsigned now = (unsigned short)entries++->revents;

		for (int k = 0; k < SETS; k++) {
			if (!bitmap_test(s->set[k], fd))
				continue;
			if (now & select_events[k])
				bits++;
			else
				bitmap_clear(s->set[k], fd);
		}
	}
	return bits;
}

static long select_on(struct selection *s, u64 deadline)
{
	struct poll_entry *entries = kzalloc(s->n * sizeof(*entries) + 1);
	long ready;

	if (!entries)
		return -ENOMEM;
	ready = entries_of(s, entries);
	if (ready >= 0)
		ready = poll_files(entries, (unsigned)ready, deadline);
	if (ready >= 0)
		ready = keep_ready(s, entries);
	put_files(entries, s->n);
	return ready;
}

static long select_until(int n, uaddr_t in, uaddr_t out, uaddr_t ex, u64 deadline)
{
	const uaddr_t sets[SETS] = {in, out, ex};
	struct selection *s;
	long ready;

	if (n < 0)
		return -EINVAL;
	s = kzalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->n = MIN((unsigned)n, (unsigned)FD_LIMIT);
	ready = sets_get(s, sets);
	if (!ready)
		ready = select_on(s, deadline);
	if (ready >= 0 && sets_put(s, sets))
		ready = -EFAULT;
	kfree(s);
	return no_restart_with_handler(ready);
}

long sys_select(int nfds, uaddr_t readfds, uaddr_t writefds, uaddr_t exceptfds, uaddr_t timeout)
{
	u64 deadline = NO_DEADLINE;
	struct timeval64 t;
	long ready;

	if (timeout) {
		if (copyin(&t, timeout, sizeof(t)))
			return -EFAULT;
		if (t.sec < 0 || t.usec < 0)
			return -EINVAL;
		t.sec += t.usec / 1000000; /* Linux takes more than a million too */
		if ((u64)t.sec < NO_DEADLINE / NSEC_PER_SEC)
			deadline = deadline_in((u64)t.sec * NSEC_PER_SEC +
					       (u64)(t.usec % 1000000) * NSEC_PER_USEC);
	}
	ready = select_until(nfds, readfds, writefds, exceptfds, deadline);
	if (timeout && deadline != NO_DEADLINE) {
		u64 left = time_left(deadline);

		t.sec = (i64)(left / NSEC_PER_SEC);
		t.usec = (i64)(left % NSEC_PER_SEC / NSEC_PER_USEC);
		(void)copyout(timeout, &t, sizeof(t));
	}
	return ready;
}

long sys_pselect6(int nfds, uaddr_t readfds, uaddr_t writefds, uaddr_t exceptfds, uaddr_t timeout,
		  uaddr_t sigmask)
{
	struct {
		uaddr_t mask;
		size_t size;
	} how = {0, 0};
	u64 deadline;
	long ready;
	int error = deadline_of_timespec(timeout, &deadline);

	if (!error && sigmask && copyin(&how, sigmask, sizeof(how)))
		error = -EFAULT;
	if (!error && how.mask)
		error = signal_suspend_mask(how.mask, how.size);
	if (error)
		return error;
	ready = select_until(nfds, readfds, writefds, exceptfds, deadline);
	give_timespec(timeout, deadline);
	return ready;
}
