/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/runfile.c: a run file (docs/protocol.md). */
#include "fuzz.h"

#include <lib/runfile.h>

static void check_record(const struct runfile_record *r, const char *text, size_t size)
{
	promise(r->value >= text && r->value + r->len < text + size);
	promise(strlen(r->value) == r->len);
	switch (r->kind) {
	case RUNFILE_PATH:
	case RUNFILE_CWD:
	case RUNFILE_STDIN:
		promise(r->value[0] == '/' && r->len < RUNFILE_PATH_MAX);
		return;
	case RUNFILE_ARG:
	case RUNFILE_ENV:
		promise(r->len < RUNFILE_STRING_MAX);
		return;
	case RUNFILE_TTY:
		promise(r->tty < 8);
		return;
	case RUNFILE_SIZE:
		promise(r->rows && r->columns);
		return;
	}
	promise(false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	struct runfile_record record;
	struct runfile_iter it;
	unsigned seen[RUNFILE_STDIN + 1] = {0};
	int more;

	memcpy(text, data, size);
	runfile_init(&it, text, size);
	while ((more = runfile_next(&it, &record)) > 0) {
		promise(it.offset <= size);
		check_record(&record, text, size);
		seen[record.kind]++;
	}
	promise(more ? more == -EINVAL && it.reason : !it.reason && it.offset == size);
	promise(more || seen[RUNFILE_PATH] == 1);
	for (unsigned kind = 0; kind <= RUNFILE_STDIN; kind++)
		promise(kind == RUNFILE_ARG || kind == RUNFILE_ENV || seen[kind] <= 1);
	promise(runfile_next(&it, &record) == more);
	free(text);
	return 0;
}
