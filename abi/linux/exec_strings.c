/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments and environment on their way from the old program to the new one's stack: bytes in single pages, since two MiB in one
 * block are not to be had when memory is in pieces. Called by exec.c, stack.c and init.c.
 */
#include <abi/linux/exec.h>

#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>

#define PAGES_MAX (EXEC_STRINGS_MAX / PAGE_SIZE)

/* Where the next byte goes, and how many fit there. 0, -E2BIG, -ENOMEM. */
static int room_at_end(struct exec_strings *s, char **at, size_t *room)
{
	size_t index = s->used / PAGE_SIZE, offset = s->used % PAGE_SIZE;

	if (index == PAGES_MAX)
		return -E2BIG;
	if (!s->page)
		s->page = kmalloc(PAGES_MAX * sizeof(s->page[0]));
	if (!s->page)
		return -ENOMEM;
	if (index == s->npages) {
		struct page *page = page_alloc(0, ALLOC_USER);

		if (!page)
			return -ENOMEM;
		s->page[s->npages++] = page;
	}
	*at = (char *)page_virt(s->page[index]) + offset;
	*room = PAGE_SIZE - offset;
	return 0;
}

static int append(struct exec_strings *s, const char *bytes, size_t size)
{
	while (size) {
		char *at;
		size_t room;
		int error = room_at_end(s, &at, &room);

		if (error)
			return error;
		room = MIN(room, size);
		memcpy(at, bytes, room);
		s->used += room;
		bytes += room;
		size -= room;
	}
	return 0;
}

int exec_strings_add(struct exec_strings *s, const char *string)
{
	return append(s, string, strlen(string) + 1);
}

int exec_strings_copyin(struct exec_strings *s, uaddr_t string)
{
	size_t start = s->used;

	while (s->used - start < EXEC_STRING_MAX) {
		char *at;
		size_t room;
		int error = room_at_end(s, &at, &room);
		long n;

		if (error)
			return error;
		room = MIN(room, EXEC_STRING_MAX - (s->used - start));
		n = copyinstr(at, string, room);
		if (n >= 0) {
			s->used += (size_t)n + 1;
			return 0;
		}
		if (n != -ENAMETOOLONG)
			return (int)n;
		s->used += room;
		string += room;
	}
	return -E2BIG;
}

const char *exec_strings_at(const struct exec_strings *s, size_t offset, size_t *size)
{
	*size = MIN(s->used - offset, PAGE_SIZE - offset % PAGE_SIZE);
	return *size ? (const char *)page_virt(s->page[offset / PAGE_SIZE]) + offset % PAGE_SIZE : NULL;
}

size_t exec_strings_next(const struct exec_strings *s, size_t offset)
{
	for (;;) {
		size_t size;
		const char *at = exec_strings_at(s, offset, &size);
		size_t n = size ? strnlen(at, size) : 0;

		offset += n;
		if (n < size)
			return offset + 1;
		if (!size)
			return offset;
	}
}

int exec_strings_join(struct exec_strings *s, const struct exec_strings *more, size_t offset)
{
	int error = 0;

	while (!error && offset < more->used) {
		size_t size;
		const char *at = exec_strings_at(more, offset, &size);

		error = append(s, at, size);
		offset += size;
	}
	return error;
}

void exec_strings_free(struct exec_strings *s)
{
	for (unsigned i = 0; i < s->npages; i++)
		page_put(s->page[i]);
	kfree(s->page);
	*s = (struct exec_strings){0};
}
