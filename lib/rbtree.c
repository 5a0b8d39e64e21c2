/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rbtree.c - red-black trees: Cormen et al., chapter 13, with NULL for the leaves.
 *
 * A NULL leaf is black. The caller locks. Values per subtree are brought up to date in two ways:
 * along the path to the root where a node came or went, and at the two nodes of each rotation; a
 * rotation leaves the set of nodes below its top the same, so ancestors stay right.
 */
#include <lib/rbtree.h>

static void update_none(struct rb_node *node __maybe_unused)
{
}

static bool is_red(const struct rb_node *node)
{
	return node && node->red;
}

/* Where the pointer to `node` is kept. */
static struct rb_node **link_to(struct rb_root *root, struct rb_node *node)
{
	struct rb_node *parent = node->parent;

	if (!parent)
		return &root->node;
	return parent->left == node ? &parent->left : &parent->right;
}

static void replace(struct rb_root *root, struct rb_node *old, struct rb_node *new)
{
	*link_to(root, old) = new;
	if (new)
		new->parent = old->parent;
}

static void rotate_left(struct rb_root *root, struct rb_node *x, rb_update_fn update)
{
	struct rb_node *y = x->right;

	replace(root, x, y);
	x->right = y->left;
	if (x->right)
		x->right->parent = x;
	y->left = x;
	x->parent = y;
	update(x);
	update(y);
}

static void rotate_right(struct rb_root *root, struct rb_node *x, rb_update_fn update)
{
	struct rb_node *y = x->left;

	replace(root, x, y);
	x->left = y->right;
	if (x->left)
		x->left->parent = x;
	y->right = x;
	x->parent = y;
	update(x);
	update(y);
}

void rb_update_path(struct rb_node *node, rb_update_fn update)
{
	for (; node; node = node->parent)
		update(node);
}

void rb_link(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	*node = (struct rb_node){.parent = parent, .red = true};
	__atomic_store_n(link, node, __ATOMIC_RELEASE); /* there may be readers without a lock */
}

/* `node` is red and may have a red parent: nothing else is wrong. */
static void insert_fixup(struct rb_root *root, struct rb_node *node, rb_update_fn update)
{
	while (is_red(node->parent)) {
		struct rb_node *parent = node->parent;
		struct rb_node *grand = parent->parent; /* a red node is not the root */
		bool left = parent == grand->left;
		struct rb_node *uncle = left ? grand->right : grand->left;

		if (is_red(uncle)) {
			parent->red = false;
			uncle->red = false;
			grand->red = true;
			node = grand;
			continue;
		}
		if (left) {
			if (node == parent->right)
				rotate_left(root, parent, update);
			grand->left->red = false;
			grand->red = true;
			rotate_right(root, grand, update);
		} else {
			if (node == parent->left)
				rotate_right(root, parent, update);
			grand->right->red = false;
			grand->red = true;
			rotate_left(root, grand, update);
		}
		break;
	}
	root->node->red = false;
}

void rb_insert_augmented(struct rb_root *root, struct rb_node *node, rb_update_fn update)
{
	rb_update_path(node, update);
	insert_fixup(root, node, update);
}

void rb_insert(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
	       struct rb_node **link)
{
	rb_link(node, parent, link);
	insert_fixup(root, node, update_none);
}

/* Paths through `node` (may be NULL) below `parent` have one black node too few. */
static void erase_fixup(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
			rb_update_fn update)
{
	while (parent && !is_red(node)) {
		bool left = node == parent->left;
		struct rb_node *sibling = left ? parent->right : parent->left;

		if (sibling->red) {
			sibling->red = false;
			parent->red = true;
			if (left)
				rotate_left(root, parent, update);
			else
				rotate_right(root, parent, update);
			sibling = left ? parent->right : parent->left;
		}
		if (!is_red(sibling->left) && !is_red(sibling->right)) {
			sibling->red = true;
			node = parent;
			parent = node->parent;
			continue;
		}
		if (left) {
			if (!is_red(sibling->right)) {
				sibling->left->red = false;
				sibling->red = true;
				rotate_right(root, sibling, update);
				sibling = parent->right;
			}
			sibling->red = parent->red;
			parent->red = false;
			sibling->right->red = false;
			rotate_left(root, parent, update);
		} else {
			if (!is_red(sibling->left)) {
				sibling->right->red = false;
				sibling->red = true;
				rotate_left(root, sibling, update);
				sibling = parent->left;
			}
			sibling->red = parent->red;
			parent->red = false;
			sibling->left->red = false;
			rotate_right(root, parent, update);
		}
		return;
	}
	if (node)
		node->red = false;
}

static struct rb_node *leftmost(struct rb_node *node)
{
	while (node->left)
		node = node->left;
	return node;
}

static struct rb_node *rightmost(struct rb_node *node)
{
	while (node->right)
		node = node->right;
	return node;
}

void rb_erase_augmented(struct rb_root *root, struct rb_node *node, rb_update_fn update)
{
	struct rb_node *child, *parent; /* what moved up, and where it hangs now */
	bool lost_black;

	if (!node->left || !node->right) {
		child = node->left ? node->left : node->right;
		parent = node->parent;
		lost_black = !node->red;
		replace(root, node, child);
	} else {
		struct rb_node *next = leftmost(node->right);

		child = next->right;
		lost_black = !next->red;
		if (next->parent == node) {
			parent = next;
		} else {
			parent = next->parent;
			replace(root, next, child);
			next->right = node->right;
			next->right->parent = next;
		}
		replace(root, node, next);
		next->left = node->left;
		next->left->parent = next;
		next->red = node->red;
	}
	rb_update_path(parent, update);
	if (lost_black)
		erase_fixup(root, child, parent, update);
}

void rb_erase(struct rb_root *root, struct rb_node *node)
{
	rb_erase_augmented(root, node, update_none);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return root->node ? leftmost(root->node) : NULL;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return root->node ? rightmost(root->node) : NULL;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	if (node->right)
		return leftmost(node->right);
	while (node->parent && node == node->parent->right)
		node = node->parent;
	return node->parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	if (node->left)
		return rightmost(node->left);
	while (node->parent && node == node->parent->left)
		node = node->parent;
	return node->parent;
}

/* Black nodes on every path below, or -1 when something is wrong. No cycle passes: a node on one
 * would be reached from two parents. */
static int black_height(const struct rb_node *node, const struct rb_node *parent)
{
	int left, right;

	if (!node)
		return 0;
	if (node->parent != parent || (node->red && is_red(parent)))
		return -1;
	left = black_height(node->left, node);
	right = left < 0 ? -1 : black_height(node->right, node);
	if (left < 0 || left != right)
		return -1;
	return left + !node->red;
}

bool rb_check(const struct rb_root *root)
{
	return !is_red(root->node) && black_height(root->node, NULL) >= 0;
}
