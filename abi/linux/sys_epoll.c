/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_epoll.c - epoll(7) and eventfd(2): their arguments. The work is done in fs/. */
#include <generated/syscall_proto.h>

#include "files.h"

#include <abi/linux/signal.h>
#include <abi/linux/timespec.h>
#include <arch/layout.h>
#include <fs/epoll.h>
#include <fs/eventfd.h>
#include <fs/poll.h>
#include <uapi/linux/eventpoll.h>

#define EVENTS_MAX (INT32_MAX / (int)sizeof(struct epoll_event64)) /* of one wait: epoll_wait(2) */

long sys_eventfd2(unsigned count, int flags)
{
	unsigned how = (unsigned)flags;

	if (how & ~(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	return fd_give(eventfd_create(count, how & EFD_SEMAPHORE, how & O_NONBLOCK), how & O_CLOEXEC);
}

long sys_eventfd(unsigned count)
{
	return sys_eventfd2(count, 0);
}

long sys_epoll_create1(int flags)
{
	if ((unsigned)flags & ~O_CLOEXEC)
		return -EINVAL;
	return fd_give(epoll_create(), (unsigned)flags & O_CLOEXEC);
}

long sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

static int control(struct file *epoll, int op, struct file *target, int fd, const struct epoll_event64 *event)
{
	if (!target->ops->poll)
		return -EPERM;
	if (epoll == target || !file_is_epoll(epoll))
		return -EINVAL;
	switch (op) {
	case EPOLL_CTL_ADD:
		return epoll_add(epoll, target, fd, event->events, event->data);
	case EPOLL_CTL_MOD:
		return epoll_modify(epoll, target, fd, event->events, event->data);
	case EPOLL_CTL_DEL:
		return epoll_delete(epoll, target, fd);
	}
	return -EINVAL;
}

long sys_epoll_ctl(int epfd, int op, int fd, uaddr_t uevent)
{
	struct epoll_event64 event = {0};
	struct file *epoll, *target;
	int error = -EBADF;

	if (op != EPOLL_CTL_DEL && copyin(&event, uevent, sizeof(event)))
		return -EFAULT;
	epoll = file_of_fd(epfd);
	target = file_of_fd(fd);
	if (epoll && target)
		error = control(epoll, op, target, fd, &event);
	if (target)
		file_put(target);
	if (epoll)
		file_put(epoll);
	return error;
}

static long wait_until(int epfd, uaddr_t events, int max, u64 deadline)
{
	struct file *epoll;
	long n;

	if (max <= 0 || max > EVENTS_MAX)
		return -EINVAL;
	if (events > USER_MAX || (u64)max * sizeof(struct epoll_event64) > USER_MAX - events)
		return -EFAULT;
	epoll = file_of_fd(epfd);
	if (!epoll)
		return -EBADF;
	n = file_is_epoll(epoll) ? epoll_wait(epoll, events, (unsigned)max, deadline) : -EINVAL;
	file_put(epoll);
	return n; /* -EINTR also with SA_RESTART: signal(7) */
}

static u64 deadline_in_ms(int timeout)
{
	return timeout < 0 ? NO_DEADLINE : timeout ? clock_ns() + (u64)timeout * NSEC_PER_MSEC : 0;
}

long sys_epoll_wait(int epfd, uaddr_t events, int max, int timeout)
{
	return wait_until(epfd, events, max, deadline_in_ms(timeout));
}

long sys_epoll_pwait(int epfd, uaddr_t events, int max, int timeout, uaddr_t sigmask, size_t setsize)
{
	int error = signal_suspend_mask(sigmask, setsize);

	return error ? error : wait_until(epfd, events, max, deadline_in_ms(timeout));
}

long sys_epoll_pwait2(int epfd, uaddr_t events, int max, uaddr_t timeout, uaddr_t sigmask, size_t setsize)
{
	u64 deadline = NO_DEADLINE, ns;
	int error = timeout ? timespec_copyin(timeout, &ns) : 0;

	if (!error && timeout)
		deadline = ns ? time_add(clock_ns(), ns) : 0;
	if (!error)
		error = signal_suspend_mask(sigmask, setsize);
	return error ? error : wait_until(epfd, events, max, deadline);
}
