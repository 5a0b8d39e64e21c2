/* SPDX-License-Identifier: BSD-2-Clause */
/* Flags of open(2), fcntl(2), the *at(2) calls and lseek(2), as Linux x86-64 numbers them. */
#ifndef UAPI_LINUX_FCNTL_H
#define UAPI_LINUX_FCNTL_H

#include <lib/types.h>

#define PATH_MAX 4096 /* with the NUL */
#define NAME_MAX 255
#define IOV_MAX 1024

#define O_ACCMODE 03u
#define O_RDONLY 00u
#define O_WRONLY 01u
#define O_RDWR 02u
#define O_CREAT 0100u
#define O_EXCL 0200u
#define O_NOCTTY 0400u
#define O_TRUNC 01000u
#define O_APPEND 02000u
#define O_NONBLOCK 04000u
#define O_DSYNC 010000u
#define O_ASYNC 020000u
#define O_DIRECT 040000u
#define O_LARGEFILE 0100000u
#define O_DIRECTORY 0200000u
#define O_NOFOLLOW 0400000u
#define O_NOATIME 01000000u
#define O_CLOEXEC 02000000u
#define O_SYNC 04010000u
#define O_PATH 010000000u
#define O_TMPFILE_ONLY 020000000u /* O_TMPFILE is this with O_DIRECTORY */

#define O_ALL 037777703u /* every flag of the above, as openat2(2) checks; O_ACCMODE included */

/* openat2(2) */
struct open_how {
	u64 flags, mode, resolve;
};

#define RESOLVE_NO_XDEV 1u
#define RESOLVE_NO_MAGICLINKS 2u
#define RESOLVE_NO_SYMLINKS 4u
#define RESOLVE_BENEATH 8u
#define RESOLVE_IN_ROOT 16u
#define RESOLVE_CACHED 32u /* only without waiting for a disk: always, here */
#define RESOLVE_SCOPED (RESOLVE_BENEATH | RESOLVE_IN_ROOT)
#define RESOLVE_ALL 63u

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_SETOWN 8
#define F_GETOWN 9
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define FD_CLOEXEC 1

/* fcntl(2), memfd_create(2): what may not be done to a file any more. */
#define F_SEAL_SEAL 1u
#define F_SEAL_SHRINK 2u
#define F_SEAL_GROW 4u
#define F_SEAL_WRITE 8u
#define F_SEAL_FUTURE_WRITE 16u
#define F_SEAL_ALL 31u

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NAME_MAX 249

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

struct flock64 {
	i16 type, whence;
	i32 pad0;
	i64 start, len; /* len 0: to the end, however far that moves */
	i32 pid, pad1;
};

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_EACCESS 0x200u
#define AT_REMOVEDIR 0x200u
#define AT_SYMLINK_FOLLOW 0x400u
#define AT_NO_AUTOMOUNT 0x800u
#define AT_EMPTY_PATH 0x1000u
#define AT_STATX_SYNC_TYPE 0x6000u

#define F_OK 0
#define R_OK 4
#define W_OK 2
#define X_OK 1

#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE 2u

#define FALLOC_FL_KEEP_SIZE 1u
#define FALLOC_FL_PUNCH_HOLE 2u

#define SYNC_FILE_RANGE_ALL 7u /* WAIT_BEFORE, WRITE, WAIT_AFTER */

/* preadv2(2). APPEND is for writes; the others ask for what files in memory do anyway. */
#define RWF_HIPRI 1
#define RWF_DSYNC 2
#define RWF_SYNC 4
#define RWF_APPEND 16

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u

#define UTIME_NOW ((1l << 30) - 1)
#define UTIME_OMIT ((1l << 30) - 2)

#endif
