/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rbtree.h - an intrusive red-black tree, with an optional value kept per subtree.
 *
 * The caller walks down by its own key, then links the node where the walk fell off:
 *
 *	struct rb_node **link = &root->node, *parent = NULL;
 *	while (*link) {
 *		parent = *link;
 *		link = key < entry_of(parent)->key ? &parent->left : &parent->right;
 *	}
 *	rb_insert(root, &entry->rb, parent, link);
 *
 * Augmented: `update(node)` recomputes what `node` says about its subtree from the node itself and
 * its two children (each may be NULL). The tree calls it bottom-up wherever a subtree changed. A
 *tree uses either the plain or the augmented calls, always with the same update.
 *
 * The caller locks; nothing allocates or sleeps. Who walks down without the lock, by READ_ONCE, finds nodes that are or were in
 * the tree, may miss some, and may go round in a rotation: it has to count its steps. Source: Cormen et al., Introduction to Algorithms,
 * chapter 13.
 */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include <lib/types.h>

struct rb_node {
	struct rb_node *left;
	struct rb_node *right;
	struct rb_node *parent;
	bool red;
};

struct rb_root {
	struct rb_node *node;
};

#define RB_ROOT ((struct rb_root){NULL})

#define rb_entry(ptr, type, member) container_of(ptr, type, member)

typedef void (*rb_update_fn)(struct rb_node *node);

static inline bool rb_empty(const struct rb_root *root)
{
	return !root->node;
}

/* Hangs `node` at *link below `parent`, not yet balanced: rb_insert_augmented must follow. */
void rb_link(struct rb_node *node, struct rb_node *parent, struct rb_node **link);

/* Links and balances. */
void rb_insert(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
	       struct rb_node **link);

/* Balances after rb_link, and brings the values of all subtrees around `node` up to date. */
void rb_insert_augmented(struct rb_root *root, struct rb_node *node, rb_update_fn update);

void rb_erase(struct rb_root *root, struct rb_node *node);
void rb_erase_augmented(struct rb_root *root, struct rb_node *node, rb_update_fn update);

/* `node` changed in place (a region grew): update it and every ancestor. */
void rb_update_path(struct rb_node *node, rb_update_fn update);

/* In order; NULL at the ends. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* Whether the tree is a red-black tree with sound parent pointers: black root, no red child of a
 * red node, the same number of black nodes on every path. O(n); for tests and debug builds. */
bool rb_check(const struct rb_root *root);

#endif
