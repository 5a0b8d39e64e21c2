/* SPDX-License-Identifier: BSD-2-Clause */
/* describe.c - what lies at a kernel address, and what a word's poison tells: upcalls for a panic's text. Takes no lock. */
#include <core/panic.h>

#include <arch/boot.h>
#include <arch/layout.h>
#include <lib/format.h>
#include <mm/kstack.h>
#include <mm/page.h>
#include <mm/poison.h>

#include "slab.h"

extern char __text_end[], __rodata_end[], __kernel_start[], __kernel_end[]; /* linker script */

/* A word of the direct map, where the page array has a frame. */
static bool is_frame(u64 va)
{
	return va >= DIRECT_MAP && (va - DIRECT_MAP) >> PAGE_SHIFT < page_array_size;
}

u64 memory_poisoned_at(u64 value)
{
	u64 slab = value ^ POISON_SLAB, page = value ^ POISON_PAGE;

	if (!POISON_CHECKED)
		return 0;
	if (is_frame(slab) && IS_ALIGNED(slab, 8))
		return slab;
	return is_frame(page) && IS_ALIGNED(page, 8) ? page : 0;
}

static void describe_frame(u64 va, char *text, size_t size)
{
	const struct page *page = page_of(va - DIRECT_MAP);

	if (page->flags & PAGE_SLAB)
		snprintf(text, size, "in slab cache %s", slab_cache_name((void *)va));
	else if (page->flags & PAGE_RESERVED)
		snprintf(text, size, "in reserved memory");
	else if (page->refs == 0)
		snprintf(text, size, "in a free page");
	else
		snprintf(text, size, "in a page of %s", page->flags & PAGE_USER ? "an application" : "the kernel");
}

static const char *image_part(u64 va)
{
	return va < (u64)__text_end     ? "in the kernel's text, which is read-only"
	       : va < (u64)__rodata_end ? "in the kernel's constants, which are read-only and no code"
					: "in the kernel's data, which are no code";
}

bool memory_describe(u64 va, char *text, size_t size)
{
	if (va >= (u64)__kernel_start && va < (u64)__kernel_end)
		snprintf(text, size, "%s", image_part(va));
	else if (va >= KSTACK_AREA && va < KSTACK_AREA + KSTACK_AREA_SIZE)
		snprintf(text, size, "in the area of kernel stacks");
	else if (is_frame(va))
		describe_frame(va, text, size);
	else if (va >= DIRECT_MAP && va < DIRECT_MAP + DIRECT_MAP_SIZE)
		snprintf(text, size, "in the direct map, but there is no memory at %lx", va - DIRECT_MAP);
	else
		return false;
	return true;
}
