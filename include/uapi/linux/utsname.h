/* SPDX-License-Identifier: BSD-2-Clause */
/* struct new_utsname: uname(2). */
#ifndef UAPI_LINUX_UTSNAME_H
#define UAPI_LINUX_UTSNAME_H

#include <abi/linux/utsname.h>

struct utsname64 {
	char sysname[UTS_LENGTH], nodename[UTS_LENGTH], release[UTS_LENGTH], version[UTS_LENGTH], machine[UTS_LENGTH],
		domainname[UTS_LENGTH];
};

#endif
