/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpio.c - steps through newc archives in memory.
 *
 * Called when the root is filled from the initramfs, whose bytes may be anything. Every offset is
 * compared with what is left before it is used. No state but the iterator.
 */
#include <lib/cpio.h>

#include <lib/errno.h>
#include <lib/string.h>

#define MAGIC_SIZE 6
#define FIELD_SIZE 8 /* hexadecimal digits */
#define HEADER_SIZE (MAGIC_SIZE + FIELD_COUNT * FIELD_SIZE)
#define TRAILER "TRAILER!!!"

enum field {
	INO,
	MODE,
	UID,
	GID,
	NLINK,
	MTIME,
	FILESIZE,
	DEVMAJOR,
	DEVMINOR,
	RDEVMAJOR,
	RDEVMINOR,
	NAMESIZE,
	CHECK,
	FIELD_COUNT,
};

void cpio_init(struct cpio_iter *iter, const void *data, size_t size)
{
	*iter = (struct cpio_iter){.data = data, .size = size};
}

static int corrupt(struct cpio_iter *iter, const char *reason)
{
	iter->reason = reason;
	return -EINVAL;
}

static bool parse_hex(const u8 *text, u32 *value)
{
	*value = 0;
	for (unsigned i = 0; i < FIELD_SIZE; i++) {
		u8 c = text[i];
		u8 letter = c | 0x20;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (u32)(c - '0');
		else if (letter >= 'a' && letter <= 'f')
			*value = *value << 4 | (u32)(letter - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* What the bytes are instead of an archive, when that can be told. */
static const char *unknown_magic(const u8 *at, size_t left)
{
	if (left >= 2 && at[0] == 0x1f && at[1] == 0x8b)
		return "compressed with gzip: give it uncompressed";
	if (left >= 4 && !memcmp(at, "\x28\xb5\x2f\xfd", 4))
		return "compressed with zstd: give it uncompressed";
	if (left >= 6 && !memcmp(at, "\3757zXZ", 6))
		return "compressed with xz: give it uncompressed";
	if (left >= MAGIC_SIZE && !memcmp(at, "070707", MAGIC_SIZE))
		return "an old cpio format: make it with --format=newc";
	return "not a cpio archive of the newc format";
}

/* Reads magic and fields of the header at iter->offset. */
static int read_header(struct cpio_iter *iter, u32 field[FIELD_COUNT], bool *summed)
{
	const u8 *at = iter->data + iter->offset;
	size_t left = iter->size - iter->offset;

	if (!left)
		return corrupt(iter, "cut off: the archive has no end mark");
	if (left < MAGIC_SIZE)
		return corrupt(iter, unknown_magic(at, left));
	*summed = !memcmp(at, "070702", MAGIC_SIZE);
	if (!*summed && memcmp(at, "070701", MAGIC_SIZE))
		return corrupt(iter, unknown_magic(at, left));
	if (left < HEADER_SIZE)
		return corrupt(iter, "cut off inside a header");
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (!parse_hex(at + MAGIC_SIZE + i * FIELD_SIZE, &field[i]))
			return corrupt(iter, "a header field is not hexadecimal");
	}
	return 0;
}

static int read_name(struct cpio_iter *iter, size_t start, u32 size, struct cpio_entry *entry)
{
	const char *name = (const char *)iter->data + start;

	if (size == 0)
		return corrupt(iter, "an entry without a name");
	if (size > CPIO_NAME_MAX)
		return corrupt(iter, "a name is too long");
	if (size > iter->size - start)
		return corrupt(iter, "cut off inside a name");
	entry->name = name;
	entry->namelen = strnlen(name, size);
	if (entry->namelen == size)
		return corrupt(iter, "a name is not terminated");
	/* More zeros may follow to align the data; other bytes would be a hidden second name. */
	for (size_t i = entry->namelen; i < size; i++) {
		if (name[i])
			return corrupt(iter, "a name holds a NUL byte");
	}
	if (entry->namelen == 0)
		return corrupt(iter, "an entry without a name");
	return 0;
}

static u32 checksum(const u8 *data, u32 size)
{
	u32 sum = 0;

	while (size--)
		sum += *data++;
	return sum;
}

/* Reads the entry at iter->offset and moves behind it. */
static int read_entry(struct cpio_iter *iter, struct cpio_entry *entry)
{
	u32 field[FIELD_COUNT];
	bool summed;
	size_t data;
	int error = read_header(iter, field, &summed);

	if (!error)
		error = read_name(iter, iter->offset + HEADER_SIZE, field[NAMESIZE], entry);
	if (error)
		return error;
	data = ALIGN_UP(iter->offset + HEADER_SIZE + field[NAMESIZE], 4);
	if (data > iter->size)
		data = iter->size;
	if (field[FILESIZE] > iter->size - data)
		return corrupt(iter, "cut off inside a file");

	entry->data = iter->data + data;
	entry->filesize = field[FILESIZE];
	entry->ino = field[INO];
	entry->mode = field[MODE];
	entry->uid = field[UID];
	entry->gid = field[GID];
	entry->nlink = field[NLINK];
	entry->mtime = field[MTIME];
	entry->devmajor = field[DEVMAJOR];
	entry->devminor = field[DEVMINOR];
	entry->rdevmajor = field[RDEVMAJOR];
	entry->rdevminor = field[RDEVMINOR];
	if (summed && checksum(entry->data, entry->filesize) != field[CHECK])
		return corrupt(iter, "a file's checksum is wrong");
	iter->offset = MIN(ALIGN_UP(data + field[FILESIZE], 4), iter->size);
	return 0;
}

/* False when only zeros are left. */
static bool find_archive(struct cpio_iter *iter)
{
	while (iter->offset < iter->size && !iter->data[iter->offset])
		iter->offset++;
	return iter->offset < iter->size;
}

int cpio_next(struct cpio_iter *iter, struct cpio_entry *entry)
{
	if (iter->reason)
		return -EINVAL;
	for (;;) {
		int error;

		if (!iter->inside) {
			if (!find_archive(iter))
				return 0;
			if (!IS_ALIGNED(iter->offset, 4))
				return corrupt(iter, "an archive begins at an unaligned offset");
			iter->inside = true;
		}
		error = read_entry(iter, entry);
		if (error)
			return error;
		if (strcmp(entry->name, TRAILER))
			return 1;
		iter->inside = false;
	}
}
