/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runfile.c - steps through the records of the run file of docs/protocol.md.
 *
 * Called by the built-in init; the bytes come from the host's tool, but are checked like any other
 * input. No state but the iterator.
 */
#include <lib/runfile.h>

#include <lib/errno.h>
#include <lib/string.h>

static const struct {
	const char *prefix;
	size_t limit; /* bytes of the value, NUL included */
	bool once;
} kinds[] = {
    [RUNFILE_PATH] = {"path=", RUNFILE_PATH_MAX, true},
    [RUNFILE_ARG] = {"arg=", RUNFILE_STRING_MAX, false},
    [RUNFILE_ENV] = {"env=", RUNFILE_STRING_MAX, false},
    [RUNFILE_CWD] = {"cwd=", RUNFILE_PATH_MAX, true},
    [RUNFILE_TTY] = {"tty=", sizeof("0,1,2"), true},
    [RUNFILE_SIZE] = {"size=", sizeof("65535x65535"), true},
    [RUNFILE_STDIN] = {"stdin=", RUNFILE_PATH_MAX, true},
};

void runfile_init(struct runfile_iter *iter, const void *data, size_t size)
{
	*iter = (struct runfile_iter){.data = data, .size = size};
	if (size > RUNFILE_SIZE_MAX)
		iter->reason = "run file: larger than 1 MiB";
}

static int bad(struct runfile_iter *iter, const char *reason)
{
	iter->reason = reason;
	return -EINVAL;
}

/* Digits 0 to 2, ascending, parted by commas; or nothing. */
static bool parse_tty(const char *text, u8 *mask)
{
	*mask = 0;
	if (!*text)
		return true;
	for (;; text++) {
		if (*text < '0' || *text > '2' || *mask >> (*text - '0'))
			return false;
		*mask |= (u8)BIT(*text - '0');
		if (!*++text)
			return true;
		if (*text != ',')
			return false;
	}
}

static bool parse_u16(const char **text, u16 *value)
{
	u32 sum = 0;

	while (**text >= '0' && **text <= '9' && sum <= UINT16_MAX)
		sum = sum * 10 + (u32)(*(*text)++ - '0');
	*value = (u16)sum;
	return sum >= 1 && sum <= UINT16_MAX;
}

static bool parse_size(const char *text, u16 *rows, u16 *columns)
{
	return parse_u16(&text, rows) && *text++ == 'x' && parse_u16(&text, columns) && !*text;
}

static int check_value(struct runfile_iter *iter, struct runfile_record *record)
{
	switch (record->kind) {
	case RUNFILE_PATH:
	case RUNFILE_CWD:
	case RUNFILE_STDIN:
		if (record->value[0] != '/')
			return bad(iter, "run file: path=, cwd= and stdin= must be absolute");
		break;
	case RUNFILE_TTY:
		if (!parse_tty(record->value, &record->tty))
			return bad(iter, "run file: tty= takes some of 0,1,2 in order");
		break;
	case RUNFILE_SIZE:
		if (!parse_size(record->value, &record->rows, &record->columns))
			return bad(iter, "run file: size= takes ROWSxCOLUMNS, each 1 to 65535");
		break;
	case RUNFILE_ARG:
	case RUNFILE_ENV:
		break;
	}
	return 0;
}

static bool find_kind(const char *text, enum runfile_kind *kind)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix))) {
			*kind = (enum runfile_kind)i;
			return true;
		}
	}
	return false;
}

int runfile_next(struct runfile_iter *iter, struct runfile_record *record)
{
	const char *text = iter->data + iter->offset;
	size_t left = iter->size - iter->offset;
	size_t len;
	int error;

	if (iter->reason)
		return -EINVAL;
	if (!left)
		return iter->seen & BIT(RUNFILE_PATH) ? 0 : bad(iter, "run file: no path=");
	len = strnlen(text, left);
	if (len == left)
		return bad(iter, "run file: the last record is not terminated");

	*record = (struct runfile_record){0};
	if (!find_kind(text, &record->kind))
		return bad(iter, "run file: unknown record");
	if (kinds[record->kind].once && (iter->seen & BIT(record->kind)))
		return bad(iter, "run file: path=, cwd=, tty=, size= or stdin= twice");
	record->value = text + strlen(kinds[record->kind].prefix);
	record->len = len - strlen(kinds[record->kind].prefix);
	if (record->len >= kinds[record->kind].limit)
		return bad(iter, "run file: a value is too long");
	error = check_value(iter, record);
	if (error)
		return error;
	iter->seen |= (u32)BIT(record->kind);
	iter->offset += len + 1;
	return 1;
}
