/* SPDX-License-Identifier: BSD-2-Clause */
/* What uname(2) and /proc/version say. */
#ifndef ABI_LINUX_UTSNAME_H
#define ABI_LINUX_UTSNAME_H

#define UTS_LENGTH 65

extern const char uts_sysname[], uts_release[], uts_version[], uts_machine[];
extern char uts_nodename[UTS_LENGTH];

#endif
