/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seq.c - a growing text buffer. What does not fit into memory is dropped and remembered in
 * `failed`.
 */
#include <fs/seq.h>

#include <lib/format.h>
#include <lib/string.h>
#include <mm/slab.h>

#define SEQ_FIRST_SIZE 1024u

/* Room for n more bytes. */
static bool reserve(struct seq *s, size_t n)
{
	size_t size = s->size ? s->size : SEQ_FIRST_SIZE;

	if (s->failed)
		return false;
	if (s->len + n <= s->size)
		return true;
	while (size < s->len + n)
		size *= 2;

	char *text = kmalloc(size);

	if (!text) {
		s->failed = true;
		return false;
	}
	memcpy(text, s->text, s->len);
	kfree(s->text);
	s->text = text;
	s->size = size;
	return true;
}

void seq_printf(struct seq *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	size_t room = s->size - s->len;
	size_t n = (size_t)vsnprintf(s->text + s->len, room, format, args);
	va_end(args);
	if (n >= room) {
		if (!reserve(s, n + 1))
			return;
		va_start(args, format);
		vsnprintf(s->text + s->len, n + 1, format, args);
		va_end(args);
	}
	s->len += n;
}

void seq_write(struct seq *s, const void *p, size_t n)
{
	if (!reserve(s, n))
		return;
	memcpy(s->text + s->len, p, n);
	s->len += n;
}

void seq_free(struct seq *s)
{
	kfree(s->text);
	*s = (struct seq){0};
}
