/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmdline.h - reads the kernel command line: `key key=value key="a b" "key=a b" -- arg...`
 *
 * Words are parted by blanks; a blank between double quotes parts nothing. Quotes around a whole
 * word or a whole value are taken off, others stay. What follows the word `--` are arguments, not
 * keys. Nothing is copied or changed: items point into the line.
 */
#ifndef LIB_CMDLINE_H
#define LIB_CMDLINE_H

#include <lib/types.h>

struct cmdline_iter {
	const char *at;
	bool args; /* `--` is behind us */
};

struct cmdline_item {
	const char *key; /* not NUL-terminated; of an argument, NULL */
	size_t keylen;
	const char *value; /* not NUL-terminated; NULL when the word has no `=` */
	size_t valuelen;
	bool is_arg; /* behind `--`: value is the whole word */
};

void cmdline_init(struct cmdline_iter *iter, const char *line);

/* False at the end of the line. */
bool cmdline_next(struct cmdline_iter *iter, struct cmdline_item *item);

/* Whether the key stands there (before `--`). Its value, "" without `=`, goes to `value`, cut to
 * size - 1 bytes and terminated; value may be NULL with size 0. Of several the last one counts. */
bool cmdline_get(const char *line, const char *key, char *value, size_t size);

/* Whether the key has a value that is a number, decimal or 0x hexadecimal, that fits. */
bool cmdline_get_u64(const char *line, const char *key, u64 *value);
/* The number that these characters are, all of them, of the same form. */
bool cmdline_number(const char *text, size_t len, u64 *value);

#endif
