/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites.c - steps through the lines of the sidecar of docs/protocol.md.
 *
 * Called at boot; the bytes come from the host's tool, but are checked like any other input. No state but the iterator.
 */
#include <lib/sites.h>

#include <lib/errno.h>
#include <lib/string.h>

#define HEAD "orchard-sites 1\n"
#define INSTRUCTION 2u /* bytes of `syscall` */

static int bad(struct sites_iter *iter, const char *reason)
{
	iter->reason = reason;
	return -EINVAL;
}

void sites_init(struct sites_iter *iter, const void *data, size_t size)
{
	*iter = (struct sites_iter){.data = data, .size = size, .at = sizeof(HEAD) - 1};
	if (size > SITES_SIZE_MAX)
		iter->reason = "sites: larger than 4 MiB";
	else if (size < iter->at || memcmp(data, HEAD, iter->at) != 0)
		iter->reason = "sites: does not begin with `orchard-sites 1`";
}

/* Takes this text, if it is what comes next. */
static bool take(struct sites_iter *iter, const char *text)
{
	size_t n = strlen(text);

	if (iter->size - iter->at < n || memcmp(iter->data + iter->at, text, n) != 0)
		return false;
	iter->at += n;
	return true;
}

static int digit(const struct sites_iter *iter)
{
	char c = iter->at < iter->size ? iter->data[iter->at] : '\0';

	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* A number without a sign, of as many digits as there are, up to 16; the largest that is believed is 2^48. */
static bool number(struct sites_iter *iter, u64 base, u64 *value)
{
	unsigned n = 0;

	for (*value = 0; (u64)digit(iter) < base && n < 16 && *value < 1ul << 48; n++, iter->at++)
		*value = *value * base + (u64)digit(iter);
	return n > 0 && *value <= 1ul << 48;
}

static bool digest(struct sites_iter *iter, u8 sha256[SHA256_SIZE])
{
	for (unsigned i = 0; i < 2 * SHA256_SIZE; i++, iter->at++) {
		int d = digit(iter);

		if (d > 15)
			return false;
		sha256[i / 2] = (u8)(sha256[i / 2] << 4 | d);
	}
	return true;
}

static int next_offset(struct sites_iter *iter, struct sites_record *record)
{
	record->kind = SITES_OFFSET;
	if (!number(iter, 16, &record->offset) || !take(iter, "\n"))
		return bad(iter, "sites: an offset is no number, or one is missing");
	if (record->offset < iter->least || record->offset > iter->most)
		return bad(iter, "sites: offsets do not ascend, or lie outside the file");
	iter->least = record->offset + INSTRUCTION;
	iter->left--;
	return 1;
}

int sites_next(struct sites_iter *iter, struct sites_record *record)
{
	u64 count, kept;

	if (iter->reason)
		return -EINVAL;
	*record = (struct sites_record){.kind = SITES_FILE};
	if (iter->left)
		return next_offset(iter, record);
	if (iter->at == iter->size)
		return 0;
	if (!take(iter, "file ") || !digest(iter, record->sha256) || !take(iter, " ") || !number(iter, 10, &record->size) ||
	    !take(iter, " ") || !number(iter, 10, &count) || !take(iter, " ") || !number(iter, 10, &kept) || !take(iter, "\n"))
		return bad(iter, "sites: not a line `file SHA256 SIZE COUNT KEPT`");
	if (count > SITES_SIZE_MAX || kept > UINT32_MAX || record->size < INSTRUCTION)
		return bad(iter, "sites: a number is too large, or a file too small");
	record->count = iter->left = (u32)count;
	record->kept = (u32)kept;
	iter->least = 0;
	iter->most = record->size - INSTRUCTION;
	return 1;
}
