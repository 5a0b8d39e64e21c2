/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpio.h - reads cpio archives of the newc format (070701, and 070702 with checksums) in memory.
 *
 * Several archives may follow each other with zeros between them, as Linux accepts for an
 * initramfs; the TRAILER!!! entries are not shown. Every field is checked against the buffer. Names
 * are given as they are: the caller deals with absolute ones and `..`. Source: Linux
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#ifndef LIB_CPIO_H
#define LIB_CPIO_H

#include <lib/types.h>

#define CPIO_NAME_MAX 4096 /* bytes of a name, NUL included */

struct cpio_iter {
	const u8 *data;
	size_t size;
	size_t offset;	    /* of the next header; after an error, of the corrupt one */
	bool inside;	    /* an archive has begun and its trailer was not yet seen */
	const char *reason; /* one clear line after -EINVAL, else NULL */
};

struct cpio_entry {
	const char *name; /* NUL-terminated, inside the buffer */
	size_t namelen;	  /* without NUL */
	const u8 *data;	  /* filesize bytes inside the buffer */
	u32 filesize;
	u32 ino;
	u32 mode; /* st_mode as Linux has it, type and permissions */
	u32 uid;
	u32 gid;
	u32 nlink;
	u32 mtime;		  /* seconds since 1970 */
	u32 devmajor, devminor;	  /* with ino: which entries are one hard-linked file */
	u32 rdevmajor, rdevminor; /* of a device node */
};

/* The buffer stays the caller's and must outlive the entries. Archives start at offsets that are
 * multiples of 4 in it. */
void cpio_init(struct cpio_iter *iter, const void *data, size_t size);

/* 1 with the next entry, 0 at the end, -EINVAL with iter->reason and iter->offset. After 0 or an
 * error every further call answers the same. */
int cpio_next(struct cpio_iter *iter, struct cpio_entry *entry);

#endif
