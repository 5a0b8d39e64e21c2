/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys_signalfd.c - pending signals by a descriptor: signalfd(2).
 *
 * A read takes what is pending for the calling thread and its process, whoever made the descriptor. So a descriptor may
 * outlive the process whose signals it was made for, and its wait queue is its own: the sender of a signal wakes all
 * descriptors whose mask has it, and those of other processes look in vain.
 */
#include <abi/linux/signalfd.h>

#include "files.h"

#include <abi/linux/signal.h>
#include <fs/poll.h>
#include <generated/syscall_proto.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <mm/slab.h>
#include <uapi/linux/eventpoll.h>
#include <uapi/linux/poll.h>

struct signalfd {
	struct list link;      /* signalfd_lock */
	u64 mask;              /* a: the signals it is for */
	struct waitq wait;
};

static struct spinlock signalfd_lock = SPINLOCK_INIT("signalfd"); /* (i) */
static struct list signalfds = LIST_INIT(signalfds);

void signalfd_notify(int sig)
{
	struct signalfd *s;

	if (list_empty(&signalfds)) /* a descriptor made only now looks before it waits */
		return;

	u64 flags = spin_lock_irqsave(&signalfd_lock);

	list_for_each_entry(s, &signalfds, link)
		if (READ_ONCE(s->mask) & SIGMASK(sig))
			waitq_wake_all(&s->wait);
	spin_unlock_irqrestore(&signalfd_lock, flags);
}

static bool some_pending(const struct signalfd *s)
{
	const struct task *t = task_current();

	return (READ_ONCE(t->pending.set) | READ_ONCE(t->proc->pending.set)) & READ_ONCE(s->mask);
}

static struct signalfd_siginfo record_of(const struct siginfo *i)
{
	struct signalfd_siginfo r = {.signo = (u32)i->signo, .error = i->error, .code = i->code};

	if (i->code == SI_TIMER) {
		r.tid = (u32)i->timer.id;
		r.overrun = (u32)i->timer.overrun;
		r.ptr = i->timer.value;
	} else if (i->code > 0 && i->code < SI_KERNEL && i->signo != SIGCHLD) {
		r.addr = i->fault.addr;
	} else if (i->code != SI_KERNEL) {
		r.pid = (u32)i->child.pid;
		r.uid = i->child.uid;
	}
	if (i->code == SI_QUEUE)
		r.ptr = i->queue.value;
	r.value = (i32)r.ptr;
	if (i->code > 0 && i->signo == SIGCHLD) {
		r.status = i->child.status;
		r.utime = (u64)i->child.utime;
		r.stime = (u64)i->child.stime;
	}
	return r;
}

/* How many bytes of records there were to take. */
static long take(struct signalfd *s, struct uio *u)
{
	struct siginfo info;
	long done = 0;

	while (u->left >= sizeof(struct signalfd_siginfo) && signal_take(~READ_ONCE(s->mask), &info, NULL)) {
		struct signalfd_siginfo r = record_of(&info);

		if (uio_put(u, &r, sizeof(r)))
			return done ? done : -EFAULT;
		done += (long)sizeof(r);
	}
	return done;
}

static long signalfd_read(struct file *f, struct uio *u, u64 *pos)
{
	struct signalfd *s = f->data;
	long n;

	(void)pos;
	if (u->left < sizeof(struct signalfd_siginfo))
		return -EINVAL;
	while (!(n = take(s, u))) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;

		int error = wait_event_interruptible(&s->wait, some_pending(s));

		if (error)
			return error;
	}
	return n;
}

static unsigned signalfd_poll(struct file *f, struct poll_table *pt)
{
	struct signalfd *s = f->data;

	poll_wait_for(pt, &s->wait, POLLIN);
	return some_pending(s) ? POLLIN : 0;
}

static void signalfd_release(struct file *f)
{
	struct signalfd *s = f->data;
	u64 flags = spin_lock_irqsave(&signalfd_lock);

	list_remove(&s->link);
	spin_unlock_irqrestore(&signalfd_lock, flags);
	kfree(s);
}

static const struct file_ops signalfd_ops = {
	.anonymous = "anon_inode:[signalfd]",
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
};

static struct file *create(u64 mask, unsigned flags)
{
	struct signalfd *s = kzalloc(sizeof(*s));

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->mask = mask;
	waitq_init(&s->wait);

	struct file *f = file_create(&signalfd_ops, O_RDWR | flags, NULL, s);

	if (IS_ERR(f)) {
		kfree(s);
		return f;
	}

	u64 irq = spin_lock_irqsave(&signalfd_lock);

	list_add_tail(&s->link, &signalfds);
	spin_unlock_irqrestore(&signalfd_lock, irq);
	return f;
}

static long set_mask(int fd, u64 mask)
{
	struct file *f = file_of_fd(fd);
	long result = fd;

	if (!f)
		return -EBADF;
	if (f->ops == &signalfd_ops) {
		struct signalfd *s = f->data;

		__atomic_store_n(&s->mask, mask, __ATOMIC_SEQ_CST);
		waitq_wake_all(&s->wait);
	} else {
		result = -EINVAL;
	}
	file_put(f);
	return result;
}

long sys_signalfd4(int fd, uaddr_t umask, size_t setsize, int flags)
{
	unsigned how = (unsigned)flags;
	u64 mask;

	if ((how & ~(O_CLOEXEC | O_NONBLOCK)) || setsize != sizeof(mask))
		return -EINVAL;
	if (copyin(&mask, umask, sizeof(mask)))
		return -EFAULT;
	mask &= ~(SIGMASK(SIGKILL) | SIGMASK(SIGSTOP));
	return fd == -1 ? fd_give(create(mask, how & O_NONBLOCK), how & O_CLOEXEC) : set_mask(fd, mask);
}

long sys_signalfd(int fd, uaddr_t mask, size_t setsize)
{
	return sys_signalfd4(fd, mask, setsize, 0);
}
