/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kasan_slab.c - KASAN's part of the slab allocator. Behind each object lies a redzone; a freed one waits in a queue until many
 * others were freed too, so that who still uses it is found, and not its next owner. Called by slab.c and kmalloc.c; takes no
 * memory.
 */
#include "kasan.h"

#include <arch/layout.h>
#include <core/panic.h>
#include <core/spinlock.h>
#include <mm/kstack.h>

#include "slab.h"

#define CACHES_MAX 64
#define SMALL 512u        /* up to this footprint objects wait in the longer queue */
#define SMALL_WAITING 256
#define LARGE_WAITING 16

struct queue {
	void **slot;
	unsigned length, next;
};

static struct {
	size_t size, footprint;
} caches[CACHES_MAX]; /* I */
static void *small_slots[SMALL_WAITING], *large_slots[LARGE_WAITING];

static struct {
	struct spinlock lock;    /* (i) */
	struct queue small, large; /* lock */
	u64 waiting[CACHES_MAX]; /* lock: objects of each cache; read without */
} quarantine = {
	.lock = SPINLOCK_INIT("quarantine"),
	.small = {.slot = small_slots, .length = SMALL_WAITING},
	.large = {.slot = large_slots, .length = LARGE_WAITING},
};

/* ---- Who did it ---- */

static struct kasan_notes *notes_of(unsigned cache, const void *object)
{
	return (struct kasan_notes *)((u64)object + caches[cache].footprint) - 1;
}

const struct kasan_notes *kasan_notes_of(const void *object)
{
	return notes_of(slab_cache_id(slab_cache_of(object)), object);
}

/* The frame of the slab allocator: who called it is what it returns to. */
#define CALLER (*(const u64 *const *)__builtin_frame_address(0))

/*
 * The chain of frames, as far as it goes upwards in one kernel stack: an application may have left anything in its last link.
 * On other stacks, of boot and of some interrupts, only the first is known.
 */
static void note(struct kasan_track *track, const u64 *frame)
{
	u64 end = kstack_end((u64)frame);
	unsigned n = 0;

	*track = (struct kasan_track){0};
	while (n < KASAN_FRAMES && frame[1] >= KERNEL_BASE) {
		u64 above = frame[0];

		track->pc[n++] = (u32)(frame[1] - KERNEL_BASE);
		if (above <= (u64)frame || above + 2 * sizeof(u64) > end || !IS_ALIGNED(above, 8))
			break;
		frame = (const u64 *)above;
	}
}

/* ---- Handing out and taking back ---- */

void kasan_cache(unsigned cache, size_t size, size_t footprint)
{
	BUG_ON(cache >= CACHES_MAX);
	caches[cache].size = size;
	caches[cache].footprint = footprint;
}

size_t kasan_object_size(unsigned cache)
{
	return caches[cache].size;
}

void kasan_alloc(unsigned cache, void *object)
{
	size_t size = caches[cache].size, whole = ALIGN_UP(size, 8ul);

	kasan_unpoison(object, size);
	kasan_poison((u8 *)object + whole, caches[cache].footprint - whole, KASAN_BEHIND);
	note(&notes_of(cache, object)->allocated, CALLER);
}

void kasan_narrow(void *p, size_t size, size_t room)
{
	size_t whole = ALIGN_UP(size, 8ul);

	kasan_unpoison(p, size);
	kasan_poison((u8 *)p + whole, ALIGN_UP(room, 8ul) - whole, KASAN_BEHIND);
}

/* Its place in the queue for who has waited longest there. */
static void *exchange(struct queue *q, void *object)
{
	void *oldest = q->slot[q->next];

	q->slot[q->next] = object;
	q->next = (q->next + 1) % q->length;
	return oldest;
}

void *kasan_free(unsigned cache, void *object, bool is_object, bool waits)
{
	u8 mark = kasan_mark_at((u64)object);
	u64 flags;

	if (!is_object || (mark >= KASAN_FREE_PAGE && mark != KASAN_BEHIND /* nothing was asked for */)) {
		kasan_report_free(object, is_object);
		return NULL;
	}
	note(&notes_of(cache, object)->freed, CALLER);
	kasan_poison(object, caches[cache].size, KASAN_FREED);
	if (!waits)
		return object;
	flags = spin_lock_irqsave(&quarantine.lock);
	object = exchange(caches[cache].footprint <= SMALL ? &quarantine.small : &quarantine.large, object);
	quarantine.waiting[cache]++;
	if (object)
		quarantine.waiting[slab_cache_id(slab_cache_of(object))]--;
	spin_unlock_irqrestore(&quarantine.lock, flags);
	return object;
}

u64 kasan_waiting(unsigned cache)
{
	return READ_ONCE(quarantine.waiting[cache]);
}
