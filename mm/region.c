/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions in a red-black tree by address. Each node knows the free space below it and the largest such space in its
 * subtree, so that room is found on one way down (Cormen et al., chapter 14, on augmenting). Pure: see region.h.
 */
#include "region.h"

#include <lib/string.h>

static struct region *region_of(struct rb_node *node)
{
	return node ? rb_entry(node, struct region, node) : NULL;
}

static u64 max_gap_of(struct rb_node *node)
{
	return node ? region_of(node)->max_gap : 0;
}

static void update_max_gap(struct rb_node *node)
{
	struct region *r = region_of(node);
	u64 below = MAX(max_gap_of(node->left), max_gap_of(node->right));

	r->max_gap = MAX(r->gap, below);
}

struct region *region_first(const struct vmspace *vs)
{
	return region_of(rb_first(&vs->regions));
}

struct region *region_last(const struct vmspace *vs)
{
	return region_of(rb_last(&vs->regions));
}

struct region *region_next(const struct region *r)
{
	return region_of(rb_next(&r->node));
}

struct region *region_prev(const struct region *r)
{
	return region_of(rb_prev(&r->node));
}

struct region *region_lookup(const struct vmspace *vs, uaddr_t va)
{
	struct region *best = vs->last;
	struct rb_node *node = vs->regions.node;

	if (best && best->start <= va && va < best->end)
		return best;
	best = NULL;
	while (node) {
		struct region *r = region_of(node);

		if (r->end > va) {
			best = r;
			if (r->start <= va)
				break;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best;
}

struct region *region_containing(struct vmspace *vs, uaddr_t va)
{
	struct region *r = region_lookup(vs, va);

	if (!r || r->start > va)
		return NULL;
	vs->last = r;
	return r;
}

/*
 * The free space between prev (NULL: vs->start) and r (NULL: nobody keeps that) has changed. Ancestors are brought up to date
 * only as far as the change reaches, which is mostly not far.
 */
static void update_gap(const struct vmspace *vs, const struct region *prev, struct region *r)
{
	if (!r)
		return;
	r->gap = r->start - (prev ? prev->end : vs->start);
	for (struct rb_node *node = &r->node; node; node = node->parent) {
		u64 before = region_of(node)->max_gap;

		update_max_gap(node);
		if (region_of(node)->max_gap == before)
			break;
	}
}

void region_insert(struct vmspace *vs, struct region *r)
{
	struct rb_node **link = &vs->regions.node, *parent = NULL;
	struct region *prev = NULL, *next = NULL;

	while (*link) {
		struct region *at = region_of(*link);

		parent = *link;
		if (r->start < at->start) {
			next = at;
			link = &parent->left;
		} else {
			prev = at;
			link = &parent->right;
		}
	}
	r->gap = r->start - (prev ? prev->end : vs->start);
	r->max_gap = r->gap;
	rb_link(&r->node, parent, link);
	rb_insert_augmented(&vs->regions, &r->node, update_max_gap);
	update_gap(vs, r, next);
	vs->mapped += r->end - r->start;
	vs->nregions++;
	vs->last = r;
}

void region_remove(struct vmspace *vs, struct region *r)
{
	struct region *prev = region_prev(r), *next = region_next(r);

	rb_erase_augmented(&vs->regions, &r->node, update_max_gap);
	update_gap(vs, prev, next);
	vs->mapped -= r->end - r->start;
	vs->nregions--;
	if (vs->last == r)
		vs->last = NULL;
}

void region_set_bounds(struct vmspace *vs, struct region *r, uaddr_t start, uaddr_t end)
{
	bool start_moved = start != r->start, end_moved = end != r->end;

	vs->mapped += (end - start) - (r->end - r->start);
	if (r->object)
		r->offset += start - r->start;
	r->start = start;
	r->end = end;
	if (start_moved)
		update_gap(vs, region_prev(r), r);
	if (end_moved)
		update_gap(vs, r, region_next(r));
}

void region_split(struct vmspace *vs, struct region *r, uaddr_t at, struct region *upper)
{
	upper->start = at;
	upper->end = r->end;
	if (r->object)
		upper->offset = r->offset + (at - r->start);
	region_set_bounds(vs, r, r->start, at);
	region_insert(vs, upper);
}

bool region_alike(const struct region *low, const struct region *high)
{
	if (low->end != high->start || low->prot != high->prot || low->flags != high->flags ||
	    low->object != high->object || (low->flags & REGION_STACK) || strcmp(low->name, high->name) != 0)
		return false;
	return !low->object || low->offset + (low->end - low->start) == high->offset;
}

bool region_is_free(const struct vmspace *vs, uaddr_t start, uaddr_t end)
{
	if (start < vs->start || end > vs->end || start >= end)
		return false;

	struct region *r = region_lookup(vs, start);

	return !r || r->start >= end;
}

bool region_covers(const struct vmspace *vs, uaddr_t start, uaddr_t end)
{
	for (struct region *r = region_lookup(vs, start); r && r->start <= start; r = region_next(r)) {
		start = r->end;
		if (start >= end)
			return true;
	}
	return start >= end;
}

/* The highest fit in the free space [bottom, top), cut to [low, high). */
static uaddr_t fit(uaddr_t bottom, uaddr_t top, u64 size, uaddr_t low, uaddr_t high)
{
	bottom = MAX(bottom, low);
	top = MIN(top, high);
	return top > bottom && top - bottom >= size ? top - size : 0;
}

/*
 * In node's subtree. A subtree inside [low, high) whose largest gap suffices holds an answer, so searches in vain happen only
 * along the two ways to the bounds.
 */
static uaddr_t find_gap(struct rb_node *node, u64 size, uaddr_t low, uaddr_t high)
{
	if (max_gap_of(node) < size)
		return 0;

	struct region *r = region_of(node);
	uaddr_t found = 0;

	if (r->end < high)
		found = find_gap(node->right, size, low, high);
	if (!found)
		found = fit(r->start - r->gap, r->start, size, low, high);
	if (!found && r->start - r->gap > low)
		found = find_gap(node->left, size, low, high);
	return found;
}

uaddr_t region_find_gap(const struct vmspace *vs, u64 size, uaddr_t low, uaddr_t high)
{
	low = MAX(low, vs->start);
	high = MIN(high, vs->end);

	const struct region *last = region_last(vs);
	uaddr_t found = fit(last ? last->end : vs->start, vs->end, size, low, high);

	return found ? found : find_gap(vs->regions.node, size, low, high);
}
