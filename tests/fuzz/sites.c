/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/sites.c: a sidecar of the rewritten gate (docs/protocol.md). */
#include "fuzz.h"

#include <lib/sites.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	struct sites_record record;
	struct sites_iter it;
	u64 least = 0, most = 0;
	u32 left = 0;
	int more;

	memcpy(text, data, size);
	sites_init(&it, text, size);
	while ((more = sites_next(&it, &record)) > 0) {
		promise(it.at <= size);
		if (record.kind == SITES_FILE) {
			promise(!left && record.size >= 2);
			left = record.count;
			least = 0;
			most = record.size - 2;
		} else {
			promise(left-- && record.offset >= least && record.offset <= most);
			least = record.offset + 2;
		}
	}
	promise(more ? more == -EINVAL && it.reason : !it.reason && it.at == size && !left);
	free(text);
	return 0;
}
