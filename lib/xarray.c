/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xarray.c - a radix tree of pointers by u64 index.
 *
 * Invariants between calls: no linked node is empty; the root has more than its slot 0, or is the
 * entry of index 0 itself (height 0). So an index's depth is a function of what is stored. The
 * caller locks.
 */
#include <lib/xarray.h>

#include <lib/errno.h>
#include <lib/string.h>

#define HEIGHT_MAX DIV_ROUND_UP(64, XA_SHIFT)

/* The nodes from the root (index height) down to the last one (index 1) on the way to an index. */
struct path {
	struct xa_node *node[HEIGHT_MAX + 1];
};

static u64 max_index(unsigned height)
{
	return height >= HEIGHT_MAX ? ~0UL : BIT(height * XA_SHIFT) - 1;
}

/* The slot for `index` in a node of level 1 (its slots are entries) or higher. */
static unsigned slot_of(u64 index, unsigned level)
{
	return (index >> ((level - 1) * XA_SHIFT)) % XA_SLOTS;
}

void xa_init(struct xarray *xa, const struct xa_ops *ops)
{
	*xa = (struct xarray){.ops = ops};
}

static struct xa_node *node_new(struct xarray *xa)
{
	struct xa_node *node = xa->ops->alloc();

	if (node)
		memzero(node, sizeof(*node));
	return node;
}

static void set_slot(struct xa_node *node, unsigned slot, void *value)
{
	node->used += !node->slots[slot];
	node->used -= !value;
	node->slots[slot] = value;
}

/* Frees empty nodes from `level` up along the path, then a root that only says "slot 0". */
static void prune(struct xarray *xa, const struct path *path, u64 index, unsigned level)
{
	for (; level <= xa->height && !path->node[level]->used; level++) {
		xa->ops->free(path->node[level]);
		if (level == xa->height)
			xa->root = NULL;
		else
			set_slot(path->node[level + 1], slot_of(index, level + 1), NULL);
	}
	while (xa->height && xa->root) {
		struct xa_node *root = xa->root;

		if (root->used != 1 || !root->slots[0])
			return;
		xa->root = root->slots[0];
		xa->height--;
		xa->ops->free(root);
	}
	if (!xa->root)
		xa->height = 0;
}

/* Puts nodes on top until `index` fits. */
static int grow(struct xarray *xa, u64 index)
{
	while (index > max_index(xa->height)) {
		if (xa->root) {
			struct xa_node *node = node_new(xa);

			if (!node)
				return -ENOMEM;
			set_slot(node, 0, xa->root);
			xa->root = node;
		}
		xa->height++;
	}
	return 0;
}

/* Fills `path`, making nodes that are missing. On -ENOMEM *level is the last one that is there. */
static int make_path(struct xarray *xa, u64 index, struct path *path, unsigned *level)
{
	for (*level = xa->height + 1; *level > 1; (*level)--) {
		unsigned below = *level - 1;
		bool top = below == xa->height;
		struct xa_node *node =
		    top ? xa->root : path->node[*level]->slots[slot_of(index, *level)];

		if (!node) {
			node = node_new(xa);
			if (!node)
				return -ENOMEM;
			if (top)
				xa->root = node;
			else
				set_slot(path->node[*level], slot_of(index, *level), node);
		}
		path->node[below] = node;
	}
	return 0;
}

int xa_store(struct xarray *xa, u64 index, void *entry)
{
	struct path path;
	unsigned level = xa->height + 1;
	int error;

	if (index > XA_INDEX_MAX)
		return -EINVAL;
	if (!entry) {
		xa_erase(xa, index);
		return 0;
	}
	error = grow(xa, index);
	if (!error)
		error = make_path(xa, index, &path, &level);
	else
		level = xa->height + 1;
	if (error) {
		prune(xa, &path, index, level);
		return error;
	}
	if (xa->height)
		set_slot(path.node[1], slot_of(index, 1), entry);
	else
		xa->root = entry;
	return 0;
}

void *xa_load(const struct xarray *xa, u64 index)
{
	void *at = xa->root;

	if (index > max_index(xa->height))
		return NULL;
	for (unsigned level = xa->height; level && at; level--)
		at = ((struct xa_node *)at)->slots[slot_of(index, level)];
	return at;
}

void *xa_erase(struct xarray *xa, u64 index)
{
	struct path path;
	void *at = xa->root;

	if (index > max_index(xa->height))
		return NULL;
	for (unsigned level = xa->height; level && at; level--) {
		path.node[level] = at;
		at = path.node[level]->slots[slot_of(index, level)];
	}
	if (!at)
		return NULL;
	if (xa->height)
		set_slot(path.node[1], slot_of(index, 1), NULL);
	else
		xa->root = NULL;
	prune(xa, &path, index, 1);
	return at;
}

void *xa_next(const struct xarray *xa, u64 *index)
{
	u64 at = *index;

	while (xa->root && at <= max_index(xa->height)) {
		void *found = xa->root;
		unsigned level = xa->height;

		for (; level; level--) {
			struct xa_node *node = found;
			unsigned slot = slot_of(at, level);

			found = node->slots[slot];
			if (!found)
				break;
		}
		if (!level) {
			*index = at;
			return found;
		}
		/* Nothing under that slot: on to the first index of the next one. */
		at |= max_index(level - 1);
		if (at++ == ~0UL)
			break;
	}
	return NULL;
}

void xa_destroy(struct xarray *xa, void (*callback)(void *entry))
{
	u64 index;
	void *entry;

	xa_for_each(xa, index, entry)
	{
		xa_erase(xa, index);
		if (callback)
			callback(entry);
	}
}
