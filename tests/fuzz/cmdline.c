/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/cmdline.c: a kernel command line. */
#include "fuzz.h"

#include <lib/cmdline.h>

#define LINE_MAX_SIZE 1000

static bool part_of(const char *at, size_t n, const char *line, size_t size)
{
	return at >= line && at + n <= line + size;
}

static void check_item(const struct cmdline_item *item, const char *line, size_t size)
{
	if (item->is_arg) {
		promise(!item->key && item->value);
	} else {
		promise(part_of(item->key, item->keylen, line, size));
		promise(!memchr(item->key, '=', item->keylen));
	}
	promise(!item->value || part_of(item->value, item->valuelen, line, size));
}

/* What one key has, asked for in three ways. */
static void ask(const char *line, const struct cmdline_item *item)
{
	char *key = text_of((const u8 *)item->key, item->keylen);
	char value[8];
	u64 number;

	memset(value, 'x', sizeof(value));
	promise(cmdline_get(line, key, value, sizeof(value)));
	promise(strnlen(value, sizeof(value)) < sizeof(value));
	promise(cmdline_get(line, key, NULL, 0));
	cmdline_get_u64(line, key, &number);
	free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = text_of(data, size);
	struct cmdline_iter it;
	struct cmdline_item item;
	const char *before = line - 1;

	if (size > LINE_MAX_SIZE)
		line[LINE_MAX_SIZE] = '\0'; /* each key is looked for from the front: longer ones only take time */
	size = strlen(line);
	cmdline_init(&it, line);
	while (cmdline_next(&it, &item)) {
		promise(it.at > before && it.at <= line + size);
		before = it.at;
		check_item(&item, line, size);
		if (!item.is_arg)
			ask(line, &item);
	}
	promise(it.at == line + size);
	promise(!cmdline_next(&it, &item));
	free(line);
	return 0;
}
