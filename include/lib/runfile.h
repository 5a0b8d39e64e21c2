/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runfile.h - reads the run file: which program to start, with what, on which streams.
 *
 * docs/protocol.md is the contract: NUL-terminated records, `kind=value`. Values point into the
 * caller's buffer. Checked: every record is terminated and of a known kind; all but arg and env
 * come at most once; path, cwd and stdin are absolute; a path came before the end.
 */
#ifndef LIB_RUNFILE_H
#define LIB_RUNFILE_H

#include <lib/types.h>

#define RUNFILE_SIZE_MAX (1U << 20) /* bytes of the whole file */
#define RUNFILE_STRING_MAX                                                                         \
	(128U << 10)	      /* bytes of one arg or env, NUL included (Linux's own limit) */
#define RUNFILE_PATH_MAX 4096 /* bytes of path and cwd, NUL included */

enum runfile_kind {
	RUNFILE_PATH,
	RUNFILE_ARG,
	RUNFILE_ENV,
	RUNFILE_CWD,
	RUNFILE_TTY,
	RUNFILE_SIZE,
	RUNFILE_STDIN,
};

struct runfile_record {
	enum runfile_kind kind;
	const char *value; /* NUL-terminated */
	size_t len;	   /* without NUL */
	u8 tty;		   /* RUNFILE_TTY: bit n is set when descriptor n is a terminal */
	u16 rows, columns; /* RUNFILE_SIZE: 1..65535 */
};

struct runfile_iter {
	const char *data;
	size_t size;
	size_t offset;	    /* of the next record; after an error, of the bad one */
	u32 seen;	    /* bit per kind */
	const char *reason; /* one clear line after -EINVAL, else NULL */
};

void runfile_init(struct runfile_iter *iter, const void *data, size_t size);

/* 1 with the next record, 0 at the end, -EINVAL with iter->reason. After 0 or an error every
 * further call answers the same. */
int runfile_next(struct runfile_iter *iter, struct runfile_record *record);

#endif
