/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/cpio.c: an archive. */
#include "fuzz.h"

#include <lib/cpio.h>

static void check_entry(const struct cpio_entry *e, const u8 *archive, size_t size)
{
	const u8 *name = (const u8 *)e->name;

	promise(e->namelen && e->namelen < CPIO_NAME_MAX);
	promise(name >= archive && name + e->namelen < archive + size);
	promise(strlen(e->name) == e->namelen);
	promise(e->data >= archive && e->data + e->filesize <= archive + size);
	promise(!e->filesize || (size_t)(e->data - archive) % 4 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *archive = malloc(size ? size : 1); /* ends where it ends */
	struct cpio_iter it;
	struct cpio_entry e;
	size_t before = 0;
	int more;

	memcpy(archive, data, size);
	cpio_init(&it, archive, size);
	while ((more = cpio_next(&it, &e)) > 0) {
		promise(it.offset > before && it.offset <= size);
		before = it.offset;
		check_entry(&e, archive, size);
	}
	promise(it.offset <= size);
	promise(more ? more == -EINVAL && it.reason : !it.reason);
	promise(cpio_next(&it, &e) == more);
	free(archive);
	return 0;
}
