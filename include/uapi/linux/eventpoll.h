/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll(7), eventfd(2) and signalfd(2) as Linux x86-64 lays them out. */
#ifndef UAPI_LINUX_EVENTPOLL_H
#define UAPI_LINUX_EVENTPOLL_H

#include <lib/types.h>

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

/* The events themselves are numbered as poll(2)'s. */
#define EPOLLEXCLUSIVE BIT(28)
#define EPOLLWAKEUP BIT(29) /* against suspend, which there is none of */
#define EPOLLONESHOT BIT(30)
#define EPOLLET BIT(31)

struct epoll_event64 {
	u32 events;
	u64 data;
} __attribute__((packed));

#define EFD_SEMAPHORE 1u

struct signalfd_siginfo {
	u32 signo;
	i32 error, code;
	u32 pid, uid;
	i32 fd;
	u32 tid, band, overrun, trapno;
	i32 status, value;
	u64 ptr, utime, stime, addr;
	u16 addr_lsb, pad0;
	i32 syscall;
	u64 call_addr;
	u32 arch;
	u8 pad[28];
};

#endif
