/* SPDX-License-Identifier: BSD-2-Clause */
/* poll(2) as Linux x86-64 has it. */
#ifndef UAPI_LINUX_POLL_H
#define UAPI_LINUX_POLL_H

#include <lib/types.h>

#define POLLIN 0x001u
#define POLLPRI 0x002u
#define POLLOUT 0x004u
#define POLLERR 0x008u
#define POLLHUP 0x010u
#define POLLNVAL 0x020u
#define POLLRDNORM 0x040u
#define POLLRDBAND 0x080u
#define POLLWRNORM 0x100u
#define POLLWRBAND 0x200u
#define POLLRDHUP 0x2000u

struct pollfd64 {
	i32 fd;
	i16 events, revents;
};

#define FD_SETSIZE 1024

#endif
