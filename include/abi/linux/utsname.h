/* SPDX-License-Identifier: BSD-2-Clause */
/* What uname(2) and /proc/version say. */
#ifndef ABI_LINUX_UTSNAME_H
#define ABI_LINUX_UTSNAME_H

#include <uapi/linux/utsname.h>

extern const char uts_sysname[], uts_release[], uts_version[], uts_machine[];
extern char uts_nodename[UTS_LENGTH], uts_domainname[UTS_LENGTH]; /* written under sys_admin.c's lock */

#endif
