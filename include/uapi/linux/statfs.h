/* SPDX-License-Identifier: BSD-2-Clause */
/* statfs(2) as Linux x86-64 lays it out. */
#ifndef UAPI_LINUX_STATFS_H
#define UAPI_LINUX_STATFS_H

#include <lib/types.h>

struct statfs64 {
	i64 type, bsize;
	u64 blocks, bfree, bavail, files, ffree;
	i32 fsid[2];
	i64 namelen, frsize, flags, spare[4];
};

#define TMPFS_MAGIC 0x01021994u
#define DEVPTS_SUPER_MAGIC 0x1cd1u
#define PROC_SUPER_MAGIC 0x9fa0u
#define PIPEFS_MAGIC 0x50495045u

#define ST_VALID 0x20

#endif
