/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KASAN (CONFIG_KASAN): the compiler puts a call before each read and write of memory, which looks into shadow memory: a byte
 * for each 8 bytes of RAM that says whether they may be touched (Serebryany et al., "AddressSanitizer: A Fast Address Sanity
 * Checker", USENIX ATC 2012). The allocators keep it true with what is declared here. docs/sanitizers.md says what is watched,
 * and what is not. Nothing here is called in other kernels: each call stands behind `if (KASAN)`.
 */
#ifndef MM_KASAN_H
#define MM_KASAN_H

#include <core/sanitizer.h>

/* In the shadow, 0: all eight bytes may be touched; 1 to 7: the first so many; else why not. */
enum kasan_mark {
	KASAN_FREE_PAGE = 0xf0,
	KASAN_UNUSED,    /* in a slab, and no object: its header, and what was not handed out yet */
	KASAN_BEHIND,    /* an object, up to the next one */
	KASAN_FREED,     /* an object */
	KASAN_GLOBAL,    /* behind a variable of the image */
};

/* Room behind each object of a slab, in which nobody has business: at its end KASAN's notes on the object. */
#define KASAN_REDZONE 64

/* Before page_init(): makes the shadow of all RAM. From here on is checked. */
void kasan_init(void);
/* [start, start + size) may be touched no more; start: a multiple of 8, and nothing else shares the last 8 bytes. */
void kasan_poison(const void *start, size_t size, enum kasan_mark mark);
/* May be touched, and nothing behind it in the last 8 bytes. */
void kasan_unpoison(const void *start, size_t size);

/* A cache, by its number: how large its objects are, and how far apart. */
void kasan_cache(unsigned cache, size_t size, size_t footprint);
size_t kasan_object_size(unsigned cache);
/* The object is handed out by the allocator's function that calls this. */
void kasan_alloc(unsigned cache, void *object);
/*
 * It is given back: from now on nobody may touch it, and so that this is seen, others are given back before it, if it `waits`.
 * Value: which object is to be freed now, of whichever cache, or NULL: none. A second time, or what is no object, is a report.
 */
void *kasan_free(unsigned cache, void *object, bool is_object, bool waits);
/* How many objects of the cache wait to be freed. */
u64 kasan_waiting(unsigned cache);
/* kmalloc: of the room at p only `size` bytes were asked for. */
void kasan_narrow(void *p, size_t size, size_t room);

#endif
