/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sites.c - the sidecar of docs/protocol.md, right and wrong; and SHA-256 by the examples of FIPS 180-4. */
#include "test.h"

#include <lib/sites.h>

#define DIGEST "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HEAD "orchard-sites 1\n"
#define FILE_OF(rest) HEAD "file " DIGEST " " rest

static int walk(const char *text, size_t size, const char **reason)
{
	char *data = exact_copy(text, size);
	struct sites_iter iter;
	struct sites_record record;
	int n = 0, result;
	u64 last = 0, file = 0;

	sites_init(&iter, data, size);
	while ((result = sites_next(&iter, &record)) == 1) {
		n++;
		if (record.kind == SITES_FILE) {
			file = record.size;
			last = 0;
			continue;
		}
		assert_true(record.offset >= last && record.offset + 2 <= file);
		last = record.offset + 2;
	}
	assert_int_equal(sites_next(&iter, &record), result);
	if (reason)
		*reason = iter.reason;
	exact_free(data, size);
	return result < 0 ? result : n;
}

static void good(const char *text, int records)
{
	assert_int_equal(walk(text, strlen(text), NULL), records);
}

static void refused(const char *text, const char *expected)
{
	const char *reason;

	assert_int_equal(walk(text, strlen(text), &reason), -EINVAL);
	assert_string_equal(reason, expected);
}

static void test_good(void **state __maybe_unused)
{
	static const char text[] = FILE_OF("4096 2 7\n3e8\nffe\n");
	struct sites_iter iter;
	struct sites_record record;

	sites_init(&iter, text, sizeof(text) - 1);
	assert_int_equal(sites_next(&iter, &record), 1);
	assert_int_equal(record.kind, SITES_FILE);
	assert_int_equal(record.sha256[0], 0xba);
	assert_int_equal(record.sha256[31], 0xad);
	assert_int_equal(record.size, 4096);
	assert_int_equal(record.count, 2);
	assert_int_equal(record.kept, 7);
	assert_int_equal(sites_next(&iter, &record), 1);
	assert_int_equal(record.kind, SITES_OFFSET);
	assert_int_equal(record.offset, 0x3e8);
	assert_int_equal(sites_next(&iter, &record), 1);
	assert_int_equal(record.offset, 0xffe);
	assert_int_equal(sites_next(&iter, &record), 0);
	good(HEAD, 0);
	good(FILE_OF("4096 0 7\nfile " DIGEST " 2 1 0\n0\n"), 3);
	good(FILE_OF("281474976710656 1 0\n0\n"), 2);
}

static void test_refused(void **state __maybe_unused)
{
	static char large[SITES_SIZE_MAX + 2];

	refused("", "sites: does not begin with `orchard-sites 1`");
	refused("orchard-sites 2\n", "sites: does not begin with `orchard-sites 1`");
	refused(HEAD "what", "sites: not a line `file SHA256 SIZE COUNT KEPT`");
	refused(HEAD "file ba78 1 1 1\n", "sites: not a line `file SHA256 SIZE COUNT KEPT`");
	refused(FILE_OF("4096 1 7"), "sites: not a line `file SHA256 SIZE COUNT KEPT`");
	refused(FILE_OF("4096 -1 7\n"), "sites: not a line `file SHA256 SIZE COUNT KEPT`");
	refused(FILE_OF("281474976710657 1 7\n1\n"), "sites: not a line `file SHA256 SIZE COUNT KEPT`");
	refused(FILE_OF("4096 5000000 7\n"), "sites: a number is too large, or a file too small");
	refused(FILE_OF("4096 1 4294967296\n"), "sites: a number is too large, or a file too small");
	refused(FILE_OF("1 1 1\n0\n"), "sites: a number is too large, or a file too small");
	refused(FILE_OF("4096 1 7\n"), "sites: an offset is no number, or one is missing");
	refused(FILE_OF("4096 1 7\n0x1\n"), "sites: an offset is no number, or one is missing");
	refused(FILE_OF("4096 2 7\n1\nfile "), "sites: an offset is no number, or one is missing");
	refused(FILE_OF("4096 1 7\n1\n2\n"), "sites: not a line `file SHA256 SIZE COUNT KEPT`");
	refused(FILE_OF("4096 1 7\nfff\n"), "sites: offsets do not ascend, or lie outside the file");
	refused(FILE_OF("4096 2 7\n8\n9\n"), "sites: offsets do not ascend, or lie outside the file");
	refused(FILE_OF("4096 2 7\n8\n4\n"), "sites: offsets do not ascend, or lie outside the file");
	memset(large, '1', sizeof(large) - 1);
	refused(large, "sites: larger than 4 MiB");
}

static void test_mutations(void **state __maybe_unused)
{
	static const char sane[] = FILE_OF("4096 2 7\n3e8\nffe\nfile " DIGEST " 100 1 0\n5\n");
	static const char bytes[] = "\n 019afx-\377";
	char text[sizeof(sane)];

	for (unsigned round = 0; round < 50000; round++) {
		memcpy(text, sane, sizeof(sane));
		for (u64 n = random_below(4); n; n--)
			text[random_below(sizeof(text))] = bytes[random_below(sizeof(bytes))];
		walk(text, random_below(sizeof(text) + 1), NULL);
	}
}

static void hashes(const char *text, size_t repeat, const char *expected)
{
	struct sha256 s;
	u8 digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256_init(&s);
	while (repeat--)
		sha256_update(&s, text, strlen(text));
	sha256_final(&s, digest);
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	assert_string_equal(hex, expected);
}

static void test_sha256(void **state __maybe_unused)
{
	hashes("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hashes("abc", 1, DIGEST);
	hashes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	hashes("a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_MAIN("sites", TEST(test_good), TEST(test_refused), TEST(test_mutations), TEST(test_sha256))
