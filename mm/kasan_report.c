/* SPDX-License-Identifier: BSD-2-Clause */
/* kasan_report.c - what KASAN has found, in words; and for the panic's report who allocated the object and who freed it. */
#include "kasan.h"

#include <arch/layout.h>
#include <core/panic.h>
#include <core/printk.h>
#include <core/symbols.h>
#include <lib/format.h>
#include <mm/page.h>

#include "slab.h"

#define DETAIL 128

static const struct kasan_notes *found; /* a: of the object that the report in hand is about, or NULL */
static bool found_freed;

static const char *verdict(u8 mark)
{
	return mark == KASAN_FREED ? "use after free" : mark == KASAN_FREE_PAGE ? "use of a free page" : "out of bounds";
}

/* How much of the object may be touched: of what kmalloc gave as much as was asked for. */
static size_t size_left(const void *object, size_t size)
{
	size_t n = 0;
	u8 mark;

	while (n < size && !(mark = kasan_mark_at((u64)object + n)))
		n += 8;
	return n < size && mark < 8 ? n + mark : MIN(n, size);
}

static void describe_object(u64 bad, u8 mark, char *text)
{
	void *object = slab_object_at((const void *)bad);
	const char *name = slab_cache_name((const void *)bad);

	if (!object || mark == KASAN_UNUSED) {
		snprintf(text, DETAIL, "in a slab of %s, but in no object", name);
		return;
	}

	unsigned cache = slab_cache_id(slab_cache_of(object));
	size_t size = mark == KASAN_FREED ? kasan_object_size(cache) : size_left(object, kasan_object_size(cache));
	u64 offset = bad - (u64)object;
	bool inside = offset < size;

	found = kasan_notes_of(object);
	found_freed = mark == KASAN_FREED;
	snprintf(text, DETAIL, "%lu bytes %s the %zu bytes of a %s object", inside ? offset : offset - size,
		 inside ? "into" : "behind", size, name);
}

static void describe(u64 bad, u8 mark, char *text)
{
	const struct kasan_global *g = kasan_global_at(bad);

	if (g)
		snprintf(text, DETAIL, "%lu bytes behind the %zu bytes of %s in %s", bad - (u64)g->start - g->size, g->size,
			 g->name, g->file);
	else if (bad < KERNEL_BASE && (page_of(bad - DIRECT_MAP)->flags & PAGE_SLAB))
		describe_object(bad, mark, text);
	else
		memory_describe(bad, text, DETAIL);
}

void kasan_report_access(u64 va, size_t size, bool write, u64 bad, u64 from)
{
	char detail[DETAIL] = "", symbol[SYMBOL_TEXT];
	u8 mark = kasan_mark_at(bad);

	describe(bad, mark, detail);
	sanitizer_report("kasan: %s: %zu bytes %s at %016lx by %s, %s", verdict(mark), size, write ? "written" : "read", va,
			 symbol_caller_text(from, symbol, sizeof(symbol)), detail);
	found = NULL;
}

void kasan_report_user(u64 va, size_t size, bool write, u64 from)
{
	char symbol[SYMBOL_TEXT];

	sanitizer_report("kasan: the application's memory, without copyin or copyout: %zu bytes %s at %016lx by %s", size,
			 write ? "written" : "read", va, symbol_caller_text(from, symbol, sizeof(symbol)));
}

void kasan_report_free(const void *object, bool is_object)
{
	char detail[DETAIL] = "";

	describe_object((u64)object, kasan_mark_at((u64)object), detail);
	sanitizer_report("kasan: %s: %p, %s", is_object ? "freed twice" : "freed, but no object begins there", object, detail);
	found = NULL;
}

static void print_track(const char *what, const struct kasan_track *track)
{
	char symbol[SYMBOL_TEXT];

	console_print("  %s by:\n", what);
	for (unsigned i = 0; i < KASAN_FRAMES && track->pc[i]; i++) {
		u64 pc = KERNEL_BASE + track->pc[i];

		console_print("    %016lx %s\n", pc, symbol_caller_text(pc, symbol, sizeof(symbol)));
	}
}

void memory_print_history(void)
{
	if (!found)
		return;
	print_track("allocated", &found->allocated);
	if (found_freed)
		print_track("freed", &found->freed);
}
