/* SPDX-License-Identifier: BSD-2-Clause */
/* What KASAN's files share. */
#ifndef MM_KASAN_INTERNAL_H
#define MM_KASAN_INTERNAL_H

#include <mm/kasan.h>

#define KASAN_FRAMES 6

/* Who did it: return addresses less KERNEL_BASE, the innermost first, 0 behind the last. */
struct kasan_track {
	u32 pc[KASAN_FRAMES];
};

/* At the end of an object's footprint. */
struct kasan_notes {
	struct kasan_track allocated, freed;
};

/* What the compiler says of a variable: compiler-rt, lib/asan/asan_interface_internal.h, version 8. */
struct kasan_global {
	const char *start;
	size_t size, with_redzone;
	const char *name, *file;
	size_t needs_constructor;
	const void *place;
	uintptr_t odr;
};

/* Reports where one of [va, va + size) may not be touched. `from`: in the function that wants to. */
void kasan_check(u64 va, size_t size, bool write, u64 from);
/* The byte of the shadow for va, and 0 for what has none. */
u8 kasan_mark_at(u64 va);
/* The variable that va lies in, or behind, or NULL. */
const struct kasan_global *kasan_global_at(u64 va);

/* kasan_slab.c: what is noted of an object. */
const struct kasan_notes *kasan_notes_of(const void *object);

/* kasan_report.c: an access of `size` bytes at va by `from`, of which `bad` is the first that is not allowed. */
void kasan_report_access(u64 va, size_t size, bool write, u64 bad, u64 from);
void kasan_report_user(u64 va, size_t size, bool write, u64 from);
/* It was freed already, or, where it is none, never handed out. */
void kasan_report_free(const void *object, bool is_object);

#endif
