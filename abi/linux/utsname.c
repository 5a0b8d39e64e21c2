/* SPDX-License-Identifier: BSD-2-Clause */
/* What this system calls itself. The release is that of the Linux whose contract it keeps: libc checks it. */
#include <abi/linux/utsname.h>

#include <generated/version.h>
#include <lib/types.h>

const char uts_sysname[] = "Linux";
const char uts_release[] = "6.1.0-orchard";
const char uts_version[] = "#1 Orchard " ORCHARD_GIT " " ORCHARD_CONFIG_NAME;
const char uts_machine[] = "x86_64";
char uts_nodename[UTS_LENGTH] = "orchard", uts_domainname[UTS_LENGTH] = "(none)";

static_assert(sizeof(uts_version) <= UTS_LENGTH, "uname(2) has room for 64 characters");
