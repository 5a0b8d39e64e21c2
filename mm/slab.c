/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slabs: blocks of pages cut into objects of one size (Bonwick, USENIX Summer 1994), under magazines: each CPU holds two
 * stacks of free objects per cache, exchanged whole with a depot (Bonwick & Adams, USENIX ATC 2001). So most calls take no
 * lock. Small objects have the slab's header in their block; large ones, whose block it would waste, have it apart.
 * Called from everywhere above arch; any context but NMI. No cache's lock is held while another's is taken.
 */
#include <mm/slab.h>

#include "internal.h"
#include "slab.h"

#include <core/panic.h>
#include <core/spinlock.h>
#include <lib/string.h>
#include <mm/inject.h>
#include <mm/kasan.h>
#include <mm/poison.h>

#define CACHES_MAX 64
#define MAGAZINE_ROUNDS 14        /* a magazine is then 128 bytes */
#define MAGAZINE_BYTES 16384ul    /* of large objects a magazine holds fewer */
#define DEPOT_FULL_MAX 8          /* full magazines kept; more go back into their slabs */
#define SLAB_ORDER_MAX 3
#define HEADER_APART_FROM 512     /* object size */
#define OBJECT_MIN 16

struct slab {
	struct list link;         /* cache lock: in partial or empty; in none when full */
	struct kmem_cache *cache; /* I */
	void *free;               /* cache lock: chain of free objects through their first word */
	unsigned in_use;          /* cache lock */
};

struct magazine {
	struct magazine *next;    /* cache lock: in the depot */
	unsigned rounds;          /* whose CPU it is, or cache lock in the depot */
	void *round[MAGAZINE_ROUNDS];
};

struct kmem_cache {
	const char *name;         /* I, as all up to lock */
	size_t size, align;
	unsigned id, order, per_slab, capacity /* of its magazines; 0: none */;
	bool header_apart;
	struct spinlock lock;     /* (i) */
	struct list partial;      /* lock: slabs with free and used objects */
	struct slab *empty;       /* lock: one slab kept without used objects */
	struct magazine *full, *spent; /* lock: the depot */
	unsigned nfull;           /* lock */
	u64 allocated, pages;     /* lock: objects out of slabs, those in magazines too */
};

struct cpu_cache {
	struct magazine *loaded, *previous; /* own CPU, interrupts off */
};

static DEFINE_PERCPU(struct cpu_cache, cpu_caches[CACHES_MAX]);
static struct kmem_cache caches[CACHES_MAX];
static unsigned ncaches;          /* grows at boot only */

/* What the allocator itself needs: neither has magazines, nor a header apart. */
static struct kmem_cache *header_cache, *magazine_cache;

/* ---- Poison ---- */

/* The first word links the free chain. */
static bool is_poisoned(const struct kmem_cache *cache, const void *object)
{
	const u64 *word = object;

	return poison_intact(word + 1, word + cache->size / sizeof(u64), POISON_SLAB);
}

static void poison(const struct kmem_cache *cache, void *object)
{
	u64 *word = object;

	poison_fill(word + 1, word + cache->size / sizeof(u64), POISON_SLAB);
}

static void check_freed(const struct kmem_cache *cache, void *object)
{
	if (is_poisoned(cache, object))
		panic("slab: %s object %p freed twice", cache->name, object);
	poison(cache, object);
}

static void check_unused(const struct kmem_cache *cache, void *object)
{
	if (!is_poisoned(cache, object))
		panic("slab: %s object %p was written after it was freed", cache->name, object);
	/* So that freeing an object nobody wrote to is not taken for freeing it twice. */
	memzero(object, cache->size);
}

/* ---- Slabs ---- */

static size_t first_object(const struct kmem_cache *cache)
{
	return cache->header_apart ? 0 : ALIGN_UP(sizeof(struct slab), cache->align);
}

/* A slab with all objects free, in no list. No lock held. */
static struct slab *slab_create(struct kmem_cache *cache)
{
	struct page *page = page_alloc(cache->order, 0);

	if (!page)
		return NULL;

	u8 *base = page_virt(page);
	struct slab *slab = cache->header_apart ? kmem_cache_alloc(header_cache) : (struct slab *)base;

	if (!slab) {
		page_free(page, cache->order);
		return NULL;
	}
	*slab = (struct slab){.cache = cache};
	for (unsigned i = 0; i < 1u << cache->order; i++) {
		page[i].flags |= PAGE_SLAB;
		page[i].slab = slab;
		page[i].private = (u64)base;
	}
	if (KASAN)
		kasan_poison(base, PAGE_SIZE << cache->order, KASAN_UNUSED);
	base += first_object(cache);
	for (unsigned i = cache->per_slab; i-- > 0;) {
		void **object = (void **)(base + i * cache->size);

		if (POISON_CHECKED)
			poison(cache, object);
		*object = slab->free;
		slab->free = object;
	}
	return slab;
}

/* No lock held. `object`: any of its block's. */
static void slab_destroy(struct slab *slab, void *object)
{
	struct kmem_cache *cache = slab->cache;
	struct page *page = page_of(virt_to_phys((void *)page_of(virt_to_phys(object))->private));

	for (unsigned i = 0; i < 1u << cache->order; i++)
		page[i].flags &= ~PAGE_SLAB;
	if (cache->header_apart)
		kmem_cache_free(header_cache, slab);
	page_free(page, cache->order);
}

/* Cache lock held. NULL: no slab has a free object. */
static void *slab_take(struct kmem_cache *cache)
{
	if (list_empty(&cache->partial)) {
		if (!cache->empty)
			return NULL;
		list_add_head(&cache->empty->link, &cache->partial);
		cache->empty = NULL;
	}

	struct slab *slab = list_first_entry(&cache->partial, struct slab, link);
	void **object = slab->free;

	slab->free = *object;
	if (++slab->in_use == cache->per_slab)
		list_remove(&slab->link);
	cache->allocated++;
	return object;
}

/* Cache lock held. True: the object's slab is one too many empty; the caller destroys it without the lock. */
static bool slab_give(struct kmem_cache *cache, void *object)
{
	struct slab *slab = page_of(virt_to_phys(object))->slab;

	*(void **)object = slab->free;
	slab->free = object;
	cache->allocated--;
	if (slab->in_use-- == cache->per_slab)
		list_add_head(&slab->link, &cache->partial);
	if (slab->in_use)
		return false;
	list_remove(&slab->link);
	if (!cache->empty) {
		cache->empty = slab;
		return false;
	}
	cache->pages -= 1ul << cache->order;
	return true;
}

/* Interrupts off, as for all below that takes the lock plainly. */
static void *slab_alloc(struct kmem_cache *cache)
{
	spin_lock(&cache->lock);

	void *object = slab_take(cache);

	spin_unlock(&cache->lock);
	if (object)
		return object;

	struct slab *fresh = slab_create(cache);

	if (!fresh)
		return NULL;
	spin_lock(&cache->lock);
	cache->pages += 1ul << cache->order;
	list_add_head(&fresh->link, &cache->partial);
	object = slab_take(cache);
	spin_unlock(&cache->lock);
	return object;
}

static void slab_free(struct kmem_cache *cache, void *object)
{
	spin_lock(&cache->lock);

	bool surplus = slab_give(cache, object);

	spin_unlock(&cache->lock);
	if (surplus)
		slab_destroy(page_of(virt_to_phys(object))->slab, object);
}

/* ---- Magazines ---- */

static struct magazine *depot_pop(struct magazine **list)
{
	struct magazine *m = *list;

	if (m)
		*list = m->next;
	return m;
}

static void depot_push(struct magazine **list, struct magazine *m)
{
	m->next = *list;
	*list = m;
}

static void swap_magazines(struct cpu_cache *cc)
{
	struct magazine *m = cc->loaded;

	cc->loaded = cc->previous;
	cc->previous = m;
}

/* Makes the loaded magazine one with rounds, or says that there is none. */
static bool reload(struct kmem_cache *cache, struct cpu_cache *cc)
{
	if (cc->previous && cc->previous->rounds) {
		swap_magazines(cc);
		return true;
	}
	spin_lock(&cache->lock);

	struct magazine *full = depot_pop(&cache->full);

	if (full) {
		cache->nfull--;
		if (cc->previous)
			depot_push(&cache->spent, cc->previous);
		cc->previous = cc->loaded;
		cc->loaded = full;
	}
	spin_unlock(&cache->lock);
	return full;
}

/* Returns the objects of m to their slabs. */
static void empty_magazine(struct kmem_cache *cache, struct magazine *m)
{
	while (m->rounds)
		slab_free(cache, m->round[--m->rounds]);
}

/* Makes the loaded magazine one with room, or says that there is no memory for one. */
static bool make_room(struct kmem_cache *cache, struct cpu_cache *cc)
{
	if (cc->previous && !cc->previous->rounds) {
		swap_magazines(cc);
		return true;
	}
	spin_lock(&cache->lock);

	struct magazine *spent = depot_pop(&cache->spent), *surplus = NULL;

	spin_unlock(&cache->lock);
	if (!spent) {
		spent = slab_alloc(magazine_cache);
		if (!spent)
			return false;
		spent->rounds = 0;
	}
	if (cc->previous) {
		spin_lock(&cache->lock);
		if (cache->nfull < DEPOT_FULL_MAX) {
			depot_push(&cache->full, cc->previous);
			cache->nfull++;
		} else {
			surplus = cc->previous;
		}
		spin_unlock(&cache->lock);
	}
	if (surplus) {
		empty_magazine(cache, surplus);
		spin_lock(&cache->lock);
		depot_push(&cache->spent, surplus);
		spin_unlock(&cache->lock);
	}
	cc->previous = cc->loaded;
	cc->loaded = spent;
	return true;
}

/* ---- Caches ---- */

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	if (INJECT && inject_fails())
		return NULL;

	u64 flags = irq_save();
	struct cpu_cache *cc = this_cpu_ptr(cpu_caches[0]) + cache->id;
	void *object;

	if (likely(cc->loaded && cc->loaded->rounds) || (cache->capacity && reload(cache, cc)))
		object = cc->loaded->round[--cc->loaded->rounds];
	else
		object = slab_alloc(cache);
	irq_restore(flags);
	if (POISON_CHECKED && object)
		check_unused(cache, object);
	if (KASAN && object)
		kasan_alloc(cache->id, object);
	return object;
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *object = kmem_cache_alloc(cache);

	if (object)
		memzero(object, KASAN ? kasan_object_size(cache->id) : cache->size);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	assert(page_of(virt_to_phys(object))->slab->cache == cache);
	if (POISON_CHECKED)
		check_freed(cache, object);
	if (KASAN) {
		/* Who destroys a slab may be in the middle of another free: its header does not bring a third object along. */
		object = kasan_free(cache->id, object, slab_object_at(object) == object, cache->capacity);
		if (!object)
			return;
		cache = slab_cache_of(object);
	}

	u64 flags = irq_save();
	struct cpu_cache *cc = this_cpu_ptr(cpu_caches[0]) + cache->id;

	if (likely(cc->loaded && cc->loaded->rounds < cache->capacity) ||
	    (cache->capacity && make_room(cache, cc))) {
		assert(cc->loaded->rounds < cache->capacity);
		cc->loaded->round[cc->loaded->rounds++] = object;
	} else {
		slab_free(cache, object);
	}
	irq_restore(flags);
}

/* The smallest block that wastes at most an eighth. */
static void choose_block(struct kmem_cache *cache)
{
	for (cache->order = 0;; cache->order++) {
		size_t room = (PAGE_SIZE << cache->order) - first_object(cache);

		cache->per_slab = room / cache->size;
		if (cache->order == SLAB_ORDER_MAX ||
		    (cache->per_slab >= 4 && (room % cache->size) * 8 <= room))
			return;
	}
}

static struct kmem_cache *cache_create(const char *name, size_t size, size_t align, unsigned rounds)
{
	BUG_ON(ncaches == CACHES_MAX || (align & (align - 1)) || align > PAGE_SIZE);

	struct kmem_cache *cache = &caches[ncaches];

	cache->id = ncaches++;
	cache->name = name;
	cache->align = MAX(align, 8ul);
	cache->size = ALIGN_UP(MAX(KASAN ? size + KASAN_REDZONE : size, (size_t)OBJECT_MIN), cache->align);
	if (KASAN)
		kasan_cache(cache->id, size, cache->size);
	cache->header_apart = cache->size >= HEADER_APART_FROM;
	cache->capacity = MIN((size_t)rounds, MAX(2ul, MAGAZINE_BYTES / cache->size));
	list_init(&cache->partial);
	spin_init(&cache->lock, "slab");
	choose_block(cache);
	BUG_ON(!cache->per_slab);
	return cache;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align)
{
	return cache_create(name, size, align, MAGAZINE_ROUNDS);
}

void slab_init_caches(void)
{
	header_cache = cache_create("slab", sizeof(struct slab), 0, 0);
	magazine_cache = cache_create("magazine", sizeof(struct magazine), 64, 0);
}

struct kmem_cache *slab_cache_of(const void *object)
{
	return page_of(virt_to_phys(object))->slab->cache;
}

unsigned slab_cache_id(const struct kmem_cache *cache)
{
	return cache->id;
}

void *slab_object_at(const void *p)
{
	const struct kmem_cache *cache = slab_cache_of(p);
	u64 first = page_of(virt_to_phys(p))->private + first_object(cache);

	return (u64)p < first ? NULL : (void *)((u64)p - ((u64)p - first) % cache->size);
}

const char *slab_cache_name(const void *object)
{
	return slab_cache_of(object)->name;
}

/* Free objects in magazines; exact only while nobody allocates. Cache lock held. */
static u64 in_magazines(const struct kmem_cache *cache)
{
	u64 n = 0;

	for (const struct magazine *m = cache->full; m; m = m->next)
		n += m->rounds;
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (!cpu_is_online(cpu))
			continue;

		const struct cpu_cache *cc = cpu_ptr(cpu_caches[0], cpu) + cache->id;
		const struct magazine *loaded = READ_ONCE(cc->loaded), *previous = READ_ONCE(cc->previous);

		n += loaded ? READ_ONCE(loaded->rounds) : 0;
		n += previous ? READ_ONCE(previous->rounds) : 0;
	}
	return n;
}

void slab_foreach(void (*fn)(const char *name, size_t size, u64 objects_in_use, u64 pages, void *arg), void *arg)
{
	for (unsigned i = 0; i < ncaches; i++) {
		struct kmem_cache *cache = &caches[i];
		u64 flags = spin_lock_irqsave(&cache->lock);
		u64 cached = MIN(in_magazines(cache) + (KASAN ? kasan_waiting(cache->id) : 0), cache->allocated);
		u64 in_use = cache->allocated - cached, pages = cache->pages;

		spin_unlock_irqrestore(&cache->lock, flags);
		fn(cache->name, cache->size, in_use, pages, arg);
	}
}
