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
#define ROOM_WORDS 64 /* u64 */

static u64 deadline_in(u64 ns)
{
	if (!ns)
		return 0; /* past, whatever time it is */

	u64 now = clock_ns();

	return ns > NO_DEADLINE - 1 - now ? NO_DEADLINE : now + ns;
}

static u64 time_left(u64 deadline)
{
	u64 now = deadline ? clock_ns() : 0;

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

/* Room for the records of one call: on the stack when they are few. */
static void *room_get(u64 *few, size_t size)
{
	return size <= ROOM_WORDS * sizeof(*few) ? few : kmalloc(size);
}

static void room_put(const u64 *few, void *room)
{
	if (room != few)
		kfree(room);
}

static void put_files(struct call_fds fds, const struct poll_entry *entries, unsigned n)
{
	if (!fds.shared)
		return;
	for (unsigned i = 0; i < n; i++)
		if (entries[i].file)
			file_put(entries[i].file);
}

static long no_restart_with_handler(long n)
{
	return n == -EINTR ? -ERESTARTNOHAND : n;
}

/* Negative descriptors are skipped: poll(2). */
static long poll_records(struct pollfd64 *pfd, struct poll_entry *entries, unsigned n, u64 deadline)
{
	struct call_fds fds = call_fds();
	const struct poll_entry *next = entries;
	unsigned used = 0;
	long ready;

	for (unsigned i = 0; i < n; i++)
		if (pfd[i].fd >= 0)
			entries[used++] = (struct poll_entry){
				.file = call_fd_get(fds, pfd[i].fd),
				.events = pfd[i].events,
			};
	ready = poll_files(entries, used, deadline);
	for (unsigned i = 0; i < n; i++)
		pfd[i].revents = pfd[i].fd < 0 ? 0 : next++->revents;
	put_files(fds, entries, used);
	return ready;
}

/* One room for our records and, behind them, the application's. */
static long poll_until(uaddr_t to, unsigned n, u64 deadline)
{
	u64 few[ROOM_WORDS];
	struct poll_entry *entries = room_get(few, n * (sizeof(*entries) + sizeof(struct pollfd64)));
	struct pollfd64 *pfd = (struct pollfd64 *)(entries + n);
	long ready;

	if (!entries)
		return -ENOMEM;
	ready = copyin(pfd, to, n * sizeof(*pfd));
	if (!ready)
		ready = poll_records(pfd, entries, n, deadline);
	if (ready >= 0 && copyout(to, pfd, n * sizeof(*pfd)))
		ready = -EFAULT;
	room_put(few, entries);
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

/* The three sets of one select call: asked for; then: ready. */
struct selection {
	unsigned n, words; /* descriptors looked at */
	u64 *set[SETS];
};

static int sets_get(const struct selection *s, const uaddr_t from[SETS])
{
	u64 behind = s->n % 64 ? ~0ul << s->n % 64 : 0; /* bits behind the last are not looked at, nor answered */

	for (int k = 0; k < SETS; k++) {
		if (!from[k])
			memzero(s->set[k], s->words * sizeof(u64));
		else if (copyin(s->set[k], from[k], s->words * sizeof(u64)))
			return -EFAULT;
		if (s->words)
			s->set[k][s->words - 1] &= ~behind;
	}
	return 0;
}

static int sets_put(const struct selection *s, const uaddr_t to[SETS])
{
	for (int k = 0; k < SETS; k++)
		if (to[k] && copyout(to[k], s->set[k], s->words * sizeof(u64)))
			return -EFAULT;
	return 0;
}

/* Each argument: not 0 when the descriptor is in that set. */
static short events_of(u64 in, u64 out, u64 ex)
{
	return (short)((in ? SELECT_IN : 0) | (out ? SELECT_OUT : 0) | (ex ? SELECT_EX : 0));
}

/* Entries for the descriptors that are in some set: 0 or -EBADF, and how many there are. */
static int entries_of(const struct selection *s, struct call_fds fds, struct poll_entry *entries, unsigned *used)
{
	struct poll_entry *next = entries;
	int error = 0;

	for (unsigned w = 0; w < s->words && !error; w++) {
		u64 in = s->set[IN][w], out = s->set[OUT][w], ex = s->set[EX][w];

		for (u64 left = in | out | ex; left && !error; left &= left - 1) {
			u64 bit = left & -left;

			next->file = call_fd_get(fds, (int)(w * 64) + __builtin_ctzll(left));
			next->events = events_of(in & bit, out & bit, ex & bit);
			if (next->file)
				next++;
			else
				error = -EBADF;
		}
	}
	*used = (unsigned)(next - entries);
	return error;
}

/* Keeps the bits that are ready; how many. */
static long keep_ready(const struct selection *s, const struct poll_entry *entries)
{
	long bits = 0;

	for (unsigned w = 0; w < s->words; w++) {
		u64 ready[SETS] = {0};

		for (u64 left = s->set[IN][w] | s->set[OUT][w] | s->set[EX][w]; left; left &= left - 1) {
			unsigned now = (unsigned short)entries++->revents;
			u64 bit = left & -left;

			for (int k = 0; now && k < SETS; k++)
				if ((now & select_events[k]) && (s->set[k][w] & bit))
					ready[k] |= bit, bits++;
		}
		for (int k = 0; k < SETS; k++)
			s->set[k][w] = ready[k];
	}
	return bits;
}

static long select_on(const struct selection *s, struct poll_entry *entries, u64 deadline)
{
	struct call_fds fds = call_fds();
	unsigned used;
	long ready = entries_of(s, fds, entries, &used);

	if (!ready)
		ready = poll_files(entries, used, deadline);
	put_files(fds, entries, used);
	return ready < 0 ? ready : keep_ready(s, entries);
}

/* One room for our records and, behind them, the sets. */
static long select_until(int n, uaddr_t in, uaddr_t out, uaddr_t ex, u64 deadline)
{
	const uaddr_t user[SETS] = {in, out, ex};
	u64 few[ROOM_WORDS];
	struct selection s;
	struct poll_entry *entries;
	long ready;

	if (n < 0)
		return -EINVAL;
	s.n = MIN((unsigned)n, (unsigned)FD_LIMIT);
	s.words = BITMAP_WORDS(s.n);
	entries = room_get(few, s.n * sizeof(*entries) + SETS * s.words * sizeof(u64));
	if (!entries)
		return -ENOMEM;
	for (unsigned k = 0; k < SETS; k++)
		s.set[k] = (u64 *)(entries + s.n) + k * s.words;
	ready = sets_get(&s, user);
	if (!ready)
		ready = select_on(&s, entries, deadline);
	if (ready >= 0 && sets_put(&s, user))
		ready = -EFAULT;
	room_put(few, entries);
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
		/* Linux takes more than a million microseconds too. */
		if (t.sec < 0 || t.usec < 0 || __builtin_add_overflow(t.sec, t.usec / 1000000, &t.sec))
			return -EINVAL;
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
