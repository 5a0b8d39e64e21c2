/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/format.c: a number, the buffer's size, a string, and a format of the conversions that are ours and the C library's, which
 * must agree. The format takes its arguments in one fixed order, so only what fits the next one is kept of it.
 */
#include "fuzz.h"

#include <lib/format.h>

#define PIECES 6
#define WIDEST 200
#define WILD_ARGUMENTS 8

struct format {
	char text[256];
	size_t used;
};

static void add(struct format *f, const char *piece, size_t n)
{
	promise(f->used + n < sizeof(f->text));
	memcpy(f->text + f->used, piece, n);
	f->used += n;
}

static void add_number(struct format *f, unsigned value)
{
	char digits[4] = {(char)('0' + value / 100 % 10), (char)('0' + value / 10 % 10), (char)('0' + value % 10)};

	add(f, digits, 3);
}

/* One conversion for a 64-bit number or, at the end, a string. */
static void add_conversion(struct format *f, u64 bits, bool string)
{
	static const char *const numbers[] = {"ld", "li", "lu", "lx", "lX", "lo", "zu", "jd"};
	static const char flags[] = "-0+ #";

	add(f, "%", 1);
	for (unsigned i = 0; i < 5; i++)
		if (bits >> i & 1 && (!string || flags[i] == '-'))
			add(f, &flags[i], 1);
	if (bits & 32 && (bits >> 8) % WIDEST >= 100) /* three digits, of which the first is no flag */
		add_number(f, (bits >> 8) % WIDEST);
	if (bits & 64) {
		add(f, ".", 1);
		add_number(f, (bits >> 16) % WIDEST);
	}
	add(f, string ? "s" : numbers[bits >> 24 & 7], string ? 1 : 2);
}

/* The same call to both. */
__printf(4, 5) static void compare(const char *text, char *ours, size_t size, const char *format, ...)
{
	char theirs[4096];
	va_list args;
	int n, m;

	va_start(args, format);
	n = vsnprintf(ours, size, format, args);
	va_end(args);
	va_start(args, format);
	m = host_vsnprintf(theirs, sizeof(theirs), format, args);
	va_end(args);
	promise(n == m || (fprintf(stderr, "%s: %d, want %d\n", text, n, m), 0));
	if (size)
		promise(!strncmp(ours, theirs, size - 1) && !ours[MIN((size_t)n, size - 1)]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct format f = {.used = 0};
	u64 value[PIECES], bits[PIECES];
	size_t room = take_u64(&data, &size) % 600;
	char *ours = malloc(room ? room : 1), *wild = malloc(1 + room), *string;

	for (unsigned i = 0; i < PIECES; i++) {
		bits[i] = take_u64(&data, &size);
		value[i] = take_u64(&data, &size);
		add_conversion(&f, bits[i], i == PIECES - 1);
	}
	f.text[f.used] = '\0';
	size = MIN(size, 1000ul);
	string = text_of(data, size);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	compare(f.text, ours, room, f.text, value[0], value[1], value[2], value[3], value[4], string);

	/* The input itself as a format, which may take no argument that is a pointer, and no more than there are. */
	unsigned conversions = 0;

	for (char *s = string; *s; s++)
		if (*s == 's' || *s == 'n' || *s == '*' || (*s == '%' && ++conversions > WILD_ARGUMENTS))
			*s = '.';
	snprintf(wild, room + 1, string, value[0], value[1], value[2], value[3], value[4], value[0], value[1], value[2]);
#pragma GCC diagnostic pop
	promise(strnlen(wild, room + 1) <= room);
	free(string);
	free(wild);
	free(ours);
	return 0;
}
