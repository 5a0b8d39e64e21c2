/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot allocator: hands out memory from the firmware's map alone, lowest address first, so that it works before the
 * direct map covers all RAM. Firmware maps are neither sorted nor free of overlaps: what any entry calls not RAM is not RAM.
 * One CPU, interrupts off. Called by the pmap's bootstrap and page_init(); closed by the latter.
 */
#include "bootmem.h"

#include <arch/boot.h>
#include <arch/pmap.h>
#include <core/panic.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/page.h>

/* Never handed out: firmware data, and the place where application processors start in real mode. */
#define LOW_MEMORY 0x100000ul

/* Boot allocations mostly extend the same span, so few entries are ever added to the map's. */
#define EXCLUDED_MAX (BOOT_RANGES_MAX + 64)

/* In KiB: what the hint of memory_give_up() says, and tests/boot/small.t holds. */
#define ENOUGH 8192

/* From the linker script. */
extern char __kernel_start[], __kernel_end[];

struct span {
	paddr_t start, end;
};

static struct span excluded[EXCLUDED_MAX];
static unsigned nexcluded;

static void exclude(paddr_t start, paddr_t end)
{
	start = ALIGN_DOWN(start, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	if (start >= end)
		return;
	for (unsigned i = 0; i < nexcluded; i++) {
		if (excluded[i].end == start) {
			excluded[i].end = end;
			return;
		}
	}
	if (nexcluded == EXCLUDED_MAX)
		give_up("the firmware's memory map has more than %d holes", EXCLUDED_MAX);
	excluded[nexcluded++] = (struct span){start, end};
}

/* The whole pages of entry i, if it is RAM that the direct map reaches. */
static bool ram_span(unsigned i, struct span *out)
{
	const struct memory_range *r = &bootinfo.range[i];

	if (r->type != MEMORY_RAM || r->base >= DIRECT_MAP_SIZE)
		return false;
	out->start = ALIGN_UP(r->base, PAGE_SIZE);
	out->end = ALIGN_DOWN(r->base + MIN(r->size, DIRECT_MAP_SIZE - r->base), PAGE_SIZE);
	return out->start < out->end;
}

static void exclude_what_is_used(void)
{
	exclude(0, LOW_MEMORY);
	exclude(virt_to_phys(__kernel_start), virt_to_phys(__kernel_end));
	exclude(bootinfo.initrd, bootinfo.initrd + bootinfo.initrd_size);
	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		const struct memory_range *r = &bootinfo.range[i];

		if (r->type != MEMORY_RAM && r->base < DIRECT_MAP_SIZE)
			exclude(r->base, r->base + MIN(r->size, DIRECT_MAP_SIZE - r->base));
	}
}

/* The first RAM at or after `from`, cut to start there. */
static bool next_ram(paddr_t from, struct span *out)
{
	bool found = false;

	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		struct span s;

		if (!ram_span(i, &s) || s.end <= from)
			continue;
		s.start = MAX(s.start, from);
		if (!found || s.start < out->start)
			*out = s;
		found = true;
	}
	return found;
}

/* Cuts s down to what lies before the first exclusion; one that covers its start moves the start up instead (true). */
static bool cut(struct span *s)
{
	for (unsigned i = 0; i < nexcluded; i++) {
		const struct span *x = &excluded[i];

		if (x->start <= s->start && x->end > s->start) {
			s->start = x->end;
			return true;
		}
		if (x->start > s->start && x->start < s->end)
			s->end = x->start;
	}
	return false;
}

bool bootmem_next(paddr_t from, paddr_t *start, paddr_t *end)
{
	struct span s = {from, from};

	if (!nexcluded)
		exclude_what_is_used();
	do {
		if (!next_ram(s.start, &s))
			return false;
	} while (cut(&s));
	*start = s.start;
	*end = s.end;
	return true;
}

u64 bootmem_pages(void)
{
	u64 pages = 0;

	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		struct span s;

		if (ram_span(i, &s))
			pages += (s.end - s.start) >> PAGE_SHIFT;
	}
	return pages;
}

paddr_t bootmem_top(void)
{
	paddr_t top = 0;

	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		struct span s;

		if (ram_span(i, &s))
			top = MAX(top, s.end);
	}
	return top;
}

paddr_t page_boot_alloc(size_t size)
{
	paddr_t start, end = 0;

	BUG_ON(page_array);
	size = ALIGN_UP(size, PAGE_SIZE);
	while (bootmem_next(end, &start, &end)) {
		if (end - start < size)
			continue;
		exclude(start, start + size);
		memzero(phys_to_virt(start), size);
		return start;
	}
	memory_give_up("%zu KiB of tables", size / 1024);
}

void memory_give_up(const char *format, ...)
{
	u64 have = bootmem_pages() * (PAGE_SIZE / 1024);
	char what[128];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	give_up("not enough memory for %s: the machine has %lu KiB, %lu of them for the kernel's image and %lu for the initramfs%s", what,
		have, (u64)(__kernel_end - __kernel_start) / 1024, bootinfo.initrd_size / 1024,
		have < ENOUGH ? "; 8 MiB are enough for a small program" : "");
}
