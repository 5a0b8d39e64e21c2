/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kasan.c - the shadow, and the checks against it that the compiler's calls make. Like page_array it is indexed by physical
 * address: the image and the direct map show the same memory, and all of the shadow is there from the start. Kernel stacks by
 * their own addresses and device registers have none, and are not checked.
 *
 * The names and arguments of __asan_* are those of gcc and clang (-fsanitize=kernel-address, outlined). This file is not
 * compiled so itself. Called from everywhere, in any context; before kasan_init() everything is allowed.
 */
#include "kasan.h"

#include <arch/pmap.h>
#include <mm/page.h>

#include "bootmem.h"

#define GRANULE 8u
#define SETS_MAX 512 /* of variables: one for each object file */

typedef u64 word __attribute__((may_alias));
typedef void constructor(void);

extern char __kernel_start[], __kernel_end[];                       /* linker script */
extern constructor *const __constructors_start[], *const __constructors_end[];

void *__real_memset(void *dst, int byte, size_t n); /* memset() itself: see core/wrapped_string.c */

static u8 *shadow;     /* I */
static u64 covered;    /* I: bytes from physical address 0 that have shadow */
static u64 image_size; /* I: 0 before kasan_init() */

static struct {
	const struct kasan_global *global;
	size_t n;
} sets[SETS_MAX]; /* I */
static unsigned nsets;

/* The physical address, for what has a shadow. */
static inline bool locate(u64 va, u64 *pa)
{
	*pa = va - DIRECT_MAP;
	if (likely(*pa < covered))
		return true;
	*pa = va - (u64)image_base;
	return va - (u64)__kernel_start < image_size;
}

/* ---- Marking ---- */

void kasan_poison(const void *start, size_t size, enum kasan_mark mark)
{
	u64 pa;

	if (locate((u64)start, &pa))
		__real_memset(shadow + pa / GRANULE, (int)mark, DIV_ROUND_UP(size, GRANULE));
}

void kasan_unpoison(const void *start, size_t size)
{
	u64 pa;

	if (!locate((u64)start, &pa))
		return;
	__real_memset(shadow + pa / GRANULE, 0, size / GRANULE);
	if (size % GRANULE)
		shadow[(pa + size) / GRANULE] = size % GRANULE;
}

u8 kasan_mark_at(u64 va)
{
	u64 pa;

	return locate(va, &pa) ? shadow[pa / GRANULE] : 0;
}

/* ---- Checking ---- */

/* The first of [pa, end) that may not be touched, or end. */
static u64 first_bad(u64 pa, u64 end)
{
	while (pa < end) {
		u64 next = ALIGN_DOWN(pa, GRANULE) + GRANULE;
		const u8 *mark = &shadow[pa / GRANULE];

		if (IS_ALIGNED((u64)mark, 8) && end - pa >= 8 * GRANULE && !*(const word *)mark) {
			pa = next + 7 * GRANULE;
			continue;
		}
		if (*mark) {
			u64 allowed = next - GRANULE + (*mark < GRANULE ? *mark : 0);

			if (MIN(next, end) > allowed)
				return MAX(pa, allowed);
		}
		pa = next;
	}
	return end;
}

/*
 * Not of the direct map nor the image. An application's page that is mapped would be touched in silence, unless SMAP stops it;
 * one that is not will fault, and the fault's report says more.
 */
static __attribute__((noinline)) void check_elsewhere(u64 va, size_t size, bool write, u64 from)
{
	if (va >= USER_MIN && va < USER_MAX && covered && pmap_is_mapped(va))
		kasan_report_user(va, size, write, from);
}

void kasan_check(u64 va, size_t size, bool write, u64 from)
{
	u64 pa, end, bad;

	if (!locate(va, &pa))
		return check_elsewhere(va, size, write, from);
	end = pa < covered ? MIN(pa + size, covered) : pa + size;
	bad = first_bad(pa, end);
	if (bad < end)
		kasan_report_access(va, size, write, va + (bad - pa), from);
}

/* At most 16 bytes: where the first and the last may be touched, all may. */
static inline void check_few(u64 va, size_t size, bool write, u64 from)
{
	u64 pa;

	if (!locate(va, &pa))
		return check_elsewhere(va, size, write, from);
	if (unlikely(shadow[pa / GRANULE] | shadow[(pa + size - 1) / GRANULE]))
		kasan_check(va, size, write, from);
}

#define FROM ((u64)__builtin_return_address(0))

#define CHECK(size)                                                                                                            \
	void __asan_load##size##_noabort(u64 va);                                                                              \
	void __asan_store##size##_noabort(u64 va);                                                                             \
	void __asan_load##size##_noabort(u64 va)                                                                               \
	{                                                                                                                      \
		check_few(va, size, false, FROM);                                                                              \
	}                                                                                                                      \
	void __asan_store##size##_noabort(u64 va)                                                                              \
	{                                                                                                                      \
		check_few(va, size, true, FROM);                                                                               \
	}

CHECK(1)
CHECK(2)
CHECK(4)
CHECK(8)
CHECK(16)

void __asan_loadN_noabort(u64 va, size_t size);
void __asan_storeN_noabort(u64 va, size_t size);
void __asan_handle_no_return(void);
void __asan_register_globals(const struct kasan_global *global, size_t n);
void __asan_unregister_globals(const struct kasan_global *global, size_t n);

void __asan_loadN_noabort(u64 va, size_t size)
{
	kasan_check(va, size, false, FROM);
}

void __asan_storeN_noabort(u64 va, size_t size)
{
	kasan_check(va, size, true, FROM);
}

/* For stacks, which are not marked. */
void __asan_handle_no_return(void)
{
}

/* ---- Variables ---- */

/* What the constructor of each object file does. */
void __asan_register_globals(const struct kasan_global *global, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct kasan_global *g = &global[i];
		size_t whole = ALIGN_UP(g->size, (size_t)GRANULE);

		kasan_unpoison(g->start, g->size);
		kasan_poison(g->start + whole, g->with_redzone - whole, KASAN_GLOBAL);
	}
	if (nsets < SETS_MAX) {
		sets[nsets].global = global;
		sets[nsets++].n = n;
	}
}

void __asan_unregister_globals(const struct kasan_global *global, size_t n)
{
	(void)global, (void)n;
}

const struct kasan_global *kasan_global_at(u64 va)
{
	for (unsigned set = 0; set < nsets; set++)
		for (size_t i = 0; i < sets[set].n; i++) {
			const struct kasan_global *g = &sets[set].global[i];

			if (va - (u64)g->start < g->with_redzone)
				return g;
		}
	return NULL;
}

/* The shadow is zero at first: what is not marked later, firmware's tables and the like, may be touched. */
void kasan_init(void)
{
	u64 top = bootmem_top();

	shadow = phys_to_virt(page_boot_alloc(top / GRANULE + 2));
	covered = top;
	image_size = (u64)(__kernel_end - __kernel_start);
	for (constructor *const *c = __constructors_start; c < __constructors_end; c++)
		(*c)();
}
