/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing text buffer: the content of /proc files is printed into one at open, and read from it. */
#ifndef FS_SEQ_H
#define FS_SEQ_H

#include <lib/types.h>

struct seq {
	char *text;
	size_t len, size;
	bool failed; /* out of memory: the reader sees -ENOMEM */
};

void seq_printf(struct seq *s, const char *format, ...) __printf(2, 3);
void seq_write(struct seq *s, const void *p, size_t n);
void seq_free(struct seq *s);

#endif
