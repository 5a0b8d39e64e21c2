/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_timerfd.c - timers that one reads and polls: timerfd_create(2). */
#include <generated/syscall_proto.h>

#include "files.h"

#include <abi/linux/interval.h>
#include <fs/poll.h>
#include <mm/slab.h>
#include <uapi/linux/poll.h>

#define TFD_TIMER_ABSTIME 1
#define TFD_TIMER_CANCEL_ON_SET 2

struct timerfd {
	struct mutex mutex;        /* (S): one at a time sets it or takes from it */
	struct spinlock lock;      /* (i) */
	struct interval interval;  /* lock; its start and end also the mutex */
	u64 ticks;                 /* lock, read without: ends not yet read */
	bool cancel_on_set;        /* mutex */
	bool canceled;             /* lock: CLOCK_REALTIME was set */
	struct waitq wait;
	struct clock_watch watch;
};

static void expired(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, interval.timer);
	u64 flags = spin_lock_irqsave(&t->lock);

	t->interval.fired = true;
	WRITE_ONCE(t->ticks, t->ticks + 1);
	spin_unlock_irqrestore(&t->lock, flags);
	waitq_wake_all(&t->wait);
}

/*
 * Counts the periods since it fired, and starts it again. Mutex and lock held: were the next end to come before the count is
 * taken, the timer would rest with nothing to read.
 */
static void catch_up(struct timerfd *t)
{
	if (!t->interval.fired || !t->interval.period)
		return;
	WRITE_ONCE(t->ticks, t->ticks + interval_forward(&t->interval, 0));
	timer_start(&t->interval.timer, t->interval.deadline);
}

/* How many ends there were; 0; -ECANCELED. */
static long take(struct timerfd *t)
{
	mutex_lock(&t->mutex);

	u64 flags = spin_lock_irqsave(&t->lock);

	catch_up(t);

	long n = t->canceled ? -ECANCELED : (long)t->ticks;

	t->canceled = false;
	WRITE_ONCE(t->ticks, 0);
	spin_unlock_irqrestore(&t->lock, flags);
	mutex_unlock(&t->mutex);
	return n;
}

static long timerfd_read(struct file *f, struct uio *u, u64 *pos)
{
	struct timerfd *t = f->data;
	long n;

	(void)pos;
	if (u->left < sizeof(n))
		return -EINVAL;
	while (!(n = take(t))) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;

		int error = wait_event_interruptible(&t->wait, READ_ONCE(t->ticks));

		if (error)
			return error;
	}
	if (n < 0)
		return n;

	int error = uio_put(u, &n, sizeof(n));

	return error ? error : (long)sizeof(n);
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->data;

	poll_wait_for(pt, &t->wait, POLLIN);
	return READ_ONCE(t->ticks) ? POLLIN : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->data;

	clock_watch_remove(&t->watch);
	timer_cancel(&t->interval.timer);
	kfree(t);
}

static const struct file_ops timerfd_ops = {
	.anonymous = "anon_inode:[timerfd]",
	.read = timerfd_read,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

/* CLOCK_REALTIME was set: an absolute deadline by it lies elsewhere now, or is no longer wanted. */
static void clock_was_set(struct clock_watch *w)
{
	struct timerfd *t = container_of(w, struct timerfd, watch);
	struct interval *i = &t->interval;

	mutex_lock(&t->mutex);
	if (timer_cancel(&i->timer) && i->realtime) {
		i->deadline = realtime_to_monotonic(i->realtime);
		timer_start(&i->timer, i->deadline);
	} else if (i->deadline && !i->fired) {
		timer_start(&i->timer, i->deadline);
	}
	if (t->cancel_on_set) {
		u64 flags = spin_lock_irqsave(&t->lock);

		t->canceled = true;
		WRITE_ONCE(t->ticks, t->ticks + 1);
		spin_unlock_irqrestore(&t->lock, flags);
		waitq_wake_all(&t->wait);
	}
	mutex_unlock(&t->mutex);
}

long sys_timerfd_create(int clock, int flags)
{
	unsigned how = (unsigned)flags;
	struct timerfd *t;

	if ((how & ~(O_CLOEXEC | O_NONBLOCK)) ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
		return -EINVAL;
	t = kzalloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	mutex_init(&t->mutex, "timerfd setting");
	spin_init(&t->lock, "timerfd");
	waitq_init(&t->wait);
	t->interval.clock = clock;
	timer_init(&t->interval.timer, expired);
	t->watch.fn = clock_was_set;

	struct file *f = file_create(&timerfd_ops, O_RDWR | (how & O_NONBLOCK), NULL, t);

	if (IS_ERR(f)) {
		kfree(t);
		return PTR_ERR(f);
	}
	clock_watch_add(&t->watch);
	return fd_give(f, how & O_CLOEXEC);
}

/* A reference, or ERR_PTR(-EBADF, -EINVAL). */
static struct file *timerfd_of(int fd)
{
	struct file *f = file_of_fd(fd);

	if (!f)
		return ERR_PTR(-EBADF);
	if (f->ops == &timerfd_ops)
		return f;
	file_put(f);
	return ERR_PTR(-EINVAL);
}

/* Mutex held. */
static struct itimerspec64 state_of(struct timerfd *t)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	catch_up(t);

	struct itimerspec64 its = {timespec_of(t->interval.period), timespec_of(interval_left(&t->interval))};

	spin_unlock_irqrestore(&t->lock, flags);
	return its;
}

static struct itimerspec64 set(struct timerfd *t, int flags, u64 value, u64 period)
{
	mutex_lock(&t->mutex);
	struct itimerspec64 old = state_of(t);

	timer_cancel(&t->interval.timer);

	u64 irq = spin_lock_irqsave(&t->lock);

	interval_set(&t->interval, value, period, flags & TFD_TIMER_ABSTIME);
	t->cancel_on_set = (flags & TFD_TIMER_CANCEL_ON_SET) && t->interval.realtime;
	t->canceled = false;
	WRITE_ONCE(t->ticks, 0);
	spin_unlock_irqrestore(&t->lock, irq);
	if (value)
		timer_start(&t->interval.timer, t->interval.deadline);
	mutex_unlock(&t->mutex);
	return old;
}

long sys_timerfd_settime(int fd, int flags, uaddr_t new, uaddr_t uold)
{
	struct itimerspec64 its, old;
	u64 value, period;
	struct file *f;

	if (copyin(&its, new, sizeof(its)))
		return -EFAULT;
	if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) || itimerspec_ns(&its, &value, &period))
		return -EINVAL;
	f = timerfd_of(fd);
	if (IS_ERR(f))
		return PTR_ERR(f);
	old = set(f->data, flags, value, period);
	file_put(f);
	return uold && copyout(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_timerfd_gettime(int fd, uaddr_t value)
{
	struct file *f = timerfd_of(fd);

	if (IS_ERR(f))
		return PTR_ERR(f);

	struct timerfd *t = f->data;

	mutex_lock(&t->mutex);
	struct itimerspec64 its = state_of(t);
	mutex_unlock(&t->mutex);
	file_put(f);
	return copyout(value, &its, sizeof(its));
}
