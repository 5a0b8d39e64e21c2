/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmdline.c - cuts the kernel command line into keys, values and arguments.
 *
 * Called at boot, before there is memory to allocate: items point into the line.
 */
#include <lib/cmdline.h>

#include <lib/string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

void cmdline_init(struct cmdline_iter *iter, const char *line)
{
	*iter = (struct cmdline_iter){.at = line};
}

/* A word's end; blanks between quotes belong to it. A quote that never closes runs to the end. */
static const char *word_end(const char *at)
{
	bool quoted = false;

	for (; *at && (quoted || !is_blank(*at)); at++) {
		if (*at == '"')
			quoted = !quoted;
	}
	return at;
}

/* Takes off the quotes around [*start, *end). */
static void unquote(const char **start, const char **end)
{
	if (*start == *end || **start != '"')
		return;
	(*start)++;
	if (*end > *start && (*end)[-1] == '"')
		(*end)--;
}

/* Cuts [start, end) at its first `=`. */
static void split(struct cmdline_item *item, const char *start, const char *end)
{
	const char *equals = memchr(start, '=', (size_t)(end - start));

	item->key = start;
	if (!equals) {
		item->keylen = (size_t)(end - start);
		return;
	}
	item->keylen = (size_t)(equals - start);
	start = equals + 1;
	unquote(&start, &end);
	item->value = start;
	item->valuelen = (size_t)(end - start);
}

bool cmdline_next(struct cmdline_iter *iter, struct cmdline_item *item)
{
	const char *start, *end;

	do {
		while (is_blank(*iter->at))
			iter->at++;
		if (!*iter->at)
			return false;
		start = iter->at;
		end = word_end(start);
		iter->at = end;
		if (iter->args || end - start != 2 || memcmp(start, "--", 2))
			break;
		iter->args = true;
	} while (true);

	*item = (struct cmdline_item){.is_arg = iter->args};
	unquote(&start, &end);
	if (iter->args) {
		item->value = start;
		item->valuelen = (size_t)(end - start);
	} else {
		split(item, start, end);
	}
	return true;
}

/* The last item with this key, as the later word overrides. */
static bool find(const char *line, const char *key, struct cmdline_item *found)
{
	struct cmdline_iter iter;
	struct cmdline_item item;
	size_t keylen = strlen(key);
	bool any = false;

	cmdline_init(&iter, line);
	while (cmdline_next(&iter, &item) && !item.is_arg) {
		if (item.keylen == keylen && !memcmp(item.key, key, keylen)) {
			*found = item;
			any = true;
		}
	}
	return any;
}

bool cmdline_get(const char *line, const char *key, char *value, size_t size)
{
	struct cmdline_item item;
	size_t n;

	if (!find(line, key, &item))
		return false;
	if (size) {
		n = MIN(item.valuelen, size - 1);
		memcpy(value, item.value ? item.value : "", n);
		value[n] = '\0';
	}
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool cmdline_number(const char *text, size_t len, u64 *value)
{
	int base = 10;
	u64 sum = 0;

	if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (!len)
		return false;
	for (; len; text++, len--) {
		if (digit(*text) >= base || __builtin_mul_overflow(sum, (u64)base, &sum) ||
		    __builtin_add_overflow(sum, (u64)digit(*text), &sum))
			return false;
	}
	*value = sum;
	return true;
}

bool cmdline_get_u64(const char *line, const char *key, u64 *value)
{
	struct cmdline_item item;

	return find(line, key, &item) && item.value && cmdline_number(item.value, item.valuelen, value);
}
