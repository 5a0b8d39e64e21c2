/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites.h - reads the sidecar of the rewritten gate: in which programs which `syscall` may become a call.
 *
 * docs/protocol.md is the contract: lines of text. Checked: the first line, every number, that a file has as many offsets as it
 * says, that they ascend, do not overlap and lie inside the file.
 */
#ifndef LIB_SITES_H
#define LIB_SITES_H

#include <lib/sha256.h>
#include <lib/types.h>

#define SITES_SIZE_MAX (4U << 20) /* bytes of the whole sidecar */

enum sites_kind { SITES_FILE, SITES_OFFSET };

struct sites_record {
	enum sites_kind kind;
	u64 offset;              /* SITES_OFFSET: of a `syscall` instruction in the file before */
	u8 sha256[SHA256_SIZE];  /* SITES_FILE, as all below */
	u64 size;                /* bytes of the file */
	u32 count;               /* offsets that follow */
	u32 kept;                /* system calls that stay what they are */
};

struct sites_iter {
	const char *data;
	size_t size;
	size_t at;          /* of the next line */
	u32 left;           /* offsets still to come of the file */
	u64 least, most;    /* what the next of them may be */
	const char *reason; /* one clear line after -EINVAL, else NULL */
};

void sites_init(struct sites_iter *iter, const void *data, size_t size);

/* 1 with the next record, 0 at the end, -EINVAL with iter->reason. After 0 or an error every further call answers the same. */
int sites_next(struct sites_iter *iter, struct sites_record *record);

#endif
