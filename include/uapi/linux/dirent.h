/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of getdents64(2). */
#ifndef UAPI_LINUX_DIRENT_H
#define UAPI_LINUX_DIRENT_H

#include <lib/types.h>

struct dirent64 {
	u64 ino;
	u64 off;    /* position of the next record, for lseek(2) */
	u16 reclen; /* a multiple of 8 */
	u8 type;    /* DT_*: the S_IFMT bits shifted right by 12 */
	char name[]; /* NUL-terminated */
} __packed;

#define DT_OF_MODE(mode) (((mode) >> 12) & 15)

#endif
