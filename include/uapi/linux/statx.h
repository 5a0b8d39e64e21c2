/* SPDX-License-Identifier: BSD-2-Clause */
/* statx(2) as Linux lays it out. */
#ifndef UAPI_LINUX_STATX_H
#define UAPI_LINUX_STATX_H

#include <lib/types.h>

struct statx_time {
	i64 sec;
	u32 nsec;
	i32 pad;
};

struct statx64 {
	u32 mask, blksize;
	u64 attributes;
	u32 nlink, uid, gid;
	u16 mode, pad0;
	u64 ino, size, blocks, attributes_mask;
	struct statx_time atime, btime, ctime, mtime;
	u32 rdev_major, rdev_minor, dev_major, dev_minor;
	u64 mnt_id;
	u64 spare[13];
};

static_assert(sizeof(struct statx64) == 256, "struct statx of Linux");

#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME 0x800u
#define STATX_MNT_ID 0x1000u
#define STATX_ATTR_MOUNT_ROOT 0x2000u
#define STATX_RESERVED 0x80000000u

#endif
