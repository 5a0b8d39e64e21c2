/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cpio.c - archives are read right; broken ones end in -EINVAL with a reason, and no entry
 * ever points outside the buffer.
 */
#include "test.h"

#include <lib/cpio.h>

#define ROOM 4096

struct archive {
	u8 data[ROOM];
	size_t size;
};

static void pad(struct archive *archive)
{
	while (archive->size % 4)
		archive->data[archive->size++] = 0;
}

static void add(struct archive *archive, const char *magic, u32 mode, const char *name,
		const char *text, u32 sum)
{
	archive->size += (size_t)sprintf(
	    (char *)archive->data + archive->size,
	    "%s%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", magic, 7, mode, 10, 20, 1,
	    1700000000, (unsigned)strlen(text), 3, 4, 5, 6, (unsigned)strlen(name) + 1, sum, name);
	archive->data[archive->size++] = 0;
	pad(archive);
	archive->size += (size_t)sprintf((char *)archive->data + archive->size, "%s", text);
	pad(archive);
}

static void add_trailer(struct archive *archive)
{
	add(archive, "070701", 0, "TRAILER!!!", "", 0);
}

static void make(struct archive *archive)
{
	memzero(archive, sizeof(*archive));
	add(archive, "070701", 0040755, "bin", "", 0);
	add(archive, "070701", 0100644, "etc/motd", "hello", 0);
	add(archive, "070702", 0100600, "summed", "ab", 'a' + 'b');
	add_trailer(archive);
}

/* Reads all of it from an exact block; the number of entries, or the error. */
static int count(const void *data, size_t size, const char **reason)
{
	u8 *copy = exact_copy(data, size);
	struct cpio_iter iter;
	struct cpio_entry entry;
	int n = 0, result;

	cpio_init(&iter, copy, size);
	while ((result = cpio_next(&iter, &entry)) == 1) {
		const u8 *name = (const u8 *)entry.name;

		n++;
		assert_true((size_t)n <= size / 110);
		assert_true(name > copy && name + entry.namelen < copy + size);
		assert_true(entry.namelen > 0 && name[entry.namelen] == 0);
		assert_true(entry.data >= copy && entry.data <= copy + size);
		assert_true(entry.filesize <= (size_t)(copy + size - entry.data));
	}
	assert_int_equal(cpio_next(&iter, &entry), result);
	if (result < 0) {
		assert_int_equal(result, -EINVAL);
		assert_non_null(iter.reason);
		assert_true(iter.offset <= size);
	}
	if (reason)
		*reason = iter.reason;
	exact_free(copy, size);
	return result < 0 ? result : n;
}

static void test_good(void **state __maybe_unused)
{
	struct archive archive;
	struct cpio_iter iter;
	struct cpio_entry entry;

	make(&archive);
	cpio_init(&iter, archive.data, archive.size);
	assert_int_equal(cpio_next(&iter, &entry), 1);
	assert_string_equal(entry.name, "bin");
	assert_int_equal(entry.mode, 0040755);
	assert_int_equal(entry.filesize, 0);
	assert_int_equal(cpio_next(&iter, &entry), 1);
	assert_string_equal(entry.name, "etc/motd");
	assert_int_equal(entry.namelen, 8);
	assert_int_equal(entry.filesize, 5);
	assert_memory_equal(entry.data, "hello", 5);
	assert_int_equal(entry.ino, 7);
	assert_int_equal(entry.mode, 0100644);
	assert_int_equal(entry.uid, 10);
	assert_int_equal(entry.gid, 20);
	assert_int_equal(entry.nlink, 1);
	assert_int_equal(entry.mtime, 1700000000);
	assert_int_equal(entry.devmajor, 3);
	assert_int_equal(entry.devminor, 4);
	assert_int_equal(entry.rdevmajor, 5);
	assert_int_equal(entry.rdevminor, 6);
	assert_int_equal(cpio_next(&iter, &entry), 1);
	assert_string_equal(entry.name, "summed");
	assert_int_equal(cpio_next(&iter, &entry), 0);
	assert_int_equal(count(NULL, 0, NULL), 0);
}

static void test_concatenated(void **state __maybe_unused)
{
	struct archive archive;

	make(&archive);
	archive.size += 512; /* of zeros */
	add(&archive, "070701", 0100644, "second", "x", 0);
	add_trailer(&archive);
	add(&archive, "070701", 0100644, "third", "y", 0);
	add_trailer(&archive);
	assert_int_equal(count(archive.data, archive.size, NULL), 5);
	assert_int_equal(count(archive.data, archive.size + 100, NULL), 5);
}

static void expect(const struct archive *archive, const char *reason)
{
	const char *got;

	assert_int_equal(count(archive->data, archive->size, &got), -EINVAL);
	assert_string_equal(got, reason);
}

static void test_refused(void **state __maybe_unused)
{
	struct archive archive;

	make(&archive);
	archive.data[5] = '7';
	expect(&archive, "an old cpio format: make it with --format=newc");
	memcpy(archive.data, "\x1f\x8b\x08\0\0\0", 6);
	expect(&archive, "compressed with gzip: give it uncompressed");
	memcpy(archive.data, "#!/bin", 6);
	expect(&archive, "not a cpio archive of the newc format");

	make(&archive);
	archive.data[20] = 'g';
	expect(&archive, "a header field is not hexadecimal");

	make(&archive);
	memcpy(archive.data + 94, "00000000", 8);
	expect(&archive, "an entry without a name");
	memcpy(archive.data + 94, "00001001", 8);
	expect(&archive, "a name is too long");
	memcpy(archive.data + 94, "00000fff", 8);
	expect(&archive, "cut off inside a name");
	memcpy(archive.data + 94, "00000003", 8);
	expect(&archive, "a name is not terminated");
	memcpy(archive.data + 94, "00000009", 8);
	expect(&archive, "a name holds a NUL byte");

	make(&archive);
	memcpy(archive.data + 54, "ffffffff", 8);
	expect(&archive, "cut off inside a file");

	memzero(&archive, sizeof(archive));
	add(&archive, "070702", 0100644, "summed", "ab", 1);
	add_trailer(&archive);
	expect(&archive, "a file's checksum is wrong");

	make(&archive);
	memmove(archive.data + archive.size + 2, archive.data, 300);
	archive.data[archive.size] = archive.data[archive.size + 1] = 0;
	archive.size += 302;
	expect(&archive, "an archive begins at an unaligned offset");
}

static void test_cut(void **state __maybe_unused)
{
	struct archive archive;
	size_t trailer_end;

	make(&archive);
	for (trailer_end = archive.size; archive.data[trailer_end - 1] == 0;)
		trailer_end--;
	for (size_t n = 1; n <= trailer_end; n++)
		assert_int_equal(count(archive.data, n, NULL), -EINVAL);
	for (size_t n = trailer_end + 1; n <= archive.size; n++)
		assert_int_equal(count(archive.data, n, NULL), 3);
}

static void test_mutations(void **state __maybe_unused)
{
	static const char bytes[] = "0123456789abcdefFgG-/ \0\377\200";
	struct archive good, archive;

	make(&good);
	for (size_t at = 0; at < good.size; at++) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			archive = good;
			archive.data[at] = (u8)bytes[b];
			count(archive.data, archive.size, NULL);
		}
	}
	for (unsigned round = 0; round < 30000; round++) {
		archive = good;
		for (u64 n = 1 + random_below(6); n; n--)
			archive.data[random_below(good.size)] =
			    (u8)bytes[random_below(sizeof(bytes))];
		count(archive.data, random_below(good.size + 1), NULL);
	}
}

/* What the cpio program of this machine writes, when it is there. */
static void test_real(void **state __maybe_unused)
{
	static const char *const formats[] = {"newc", "crc"};
	static u8 data[1 << 20];

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char command[128];
		struct cpio_iter iter;
		struct cpio_entry entry;
		size_t size;
		FILE *pipe;

		sprintf(command, "cd / && printf 'etc\\netc/passwd\\n' | cpio -oH %s 2>/dev/null",
			formats[i]);
		pipe = popen(command, "r");
		size = fread(data, 1, sizeof(data), pipe);
		if (pclose(pipe))
			skip();
		cpio_init(&iter, data, size);
		assert_int_equal(cpio_next(&iter, &entry), 1);
		assert_string_equal(entry.name, "etc");
		assert_int_equal(entry.mode & 0170000, 0040000);
		assert_int_equal(cpio_next(&iter, &entry), 1);
		assert_string_equal(entry.name, "etc/passwd");
		assert_memory_equal(entry.data, "root:", 5);
		assert_int_equal(cpio_next(&iter, &entry), 0);
	}
}

TEST_MAIN("cpio", TEST(test_good), TEST(test_concatenated), TEST(test_refused), TEST(test_cut),
	  TEST(test_mutations), TEST(test_real))
