/* SPDX-License-Identifier: BSD-2-Clause */
/* test_rbtree.c - random trees beside a sorted array, checked after every step. */
#include "test.h"

#include <lib/rbtree.h>

#define KEYS 400
#define STEPS 20000

struct item {
	struct rb_node rb;
	unsigned key;
	u64 value;
	u64 max; /* of the values below and here */
	bool in;
};

static struct item items[KEYS];

static struct item *item_of(struct rb_node *node)
{
	return rb_entry(node, struct item, rb);
}

static void update_max(struct rb_node *node)
{
	struct item *item = item_of(node);

	item->max = item->value;
	if (node->left)
		item->max = MAX(item->max, item_of(node->left)->max);
	if (node->right)
		item->max = MAX(item->max, item_of(node->right)->max);
}

static void insert(struct rb_root *root, struct item *item, bool augmented)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < item_of(parent)->key ? &parent->left : &parent->right;
	}
	item->in = true;
	if (!augmented) {
		rb_insert(root, &item->rb, parent, link);
		return;
	}
	rb_link(&item->rb, parent, link);
	rb_insert_augmented(root, &item->rb, update_max);
}

/* The tree holds, in order, exactly the items marked `in`; both directions. */
static void check_order(const struct rb_root *root)
{
	struct rb_node *node = rb_first(root);

	for (unsigned i = 0; i < KEYS; i++) {
		if (!items[i].in)
			continue;
		assert_ptr_equal(node, &items[i].rb);
		node = rb_next(node);
	}
	assert_null(node);
	node = rb_last(root);
	for (unsigned i = KEYS; i-- > 0;) {
		if (!items[i].in)
			continue;
		assert_ptr_equal(node, &items[i].rb);
		node = rb_prev(node);
	}
	assert_null(node);
}

static u64 check_max(struct rb_node *node)
{
	u64 max;

	if (!node)
		return 0;
	max = MAX(item_of(node)->value, MAX(check_max(node->left), check_max(node->right)));
	assert_int_equal(item_of(node)->max, max);
	return max;
}

static void reset(void)
{
	for (unsigned i = 0; i < KEYS; i++)
		items[i] = (struct item){.key = i, .value = random_next() >> 1};
}

static void random_steps(bool augmented)
{
	struct rb_root root = RB_ROOT;

	reset();
	for (unsigned step = 0; step < STEPS; step++) {
		/* Grow for a while, then shrink, so that all sizes come up. */
		bool grow = random_below(4) < (step / 2000 % 2 ? 1 : 3);
		struct item *item = &items[random_below(KEYS)];

		if (grow && !item->in) {
			insert(&root, item, augmented);
		} else if (!grow && item->in) {
			item->in = false;
			if (augmented)
				rb_erase_augmented(&root, &item->rb, update_max);
			else
				rb_erase(&root, &item->rb);
		} else if (augmented && item->in) {
			item->value = random_next() >> 1;
			rb_update_path(&item->rb, update_max);
		} else {
			continue;
		}
		assert_true(rb_check(&root));
		if (augmented)
			check_max(root.node);
		if (step % 16 == 0)
			check_order(&root);
	}
	check_order(&root);
}

static void test_plain(void **state __maybe_unused)
{
	random_steps(false);
}

static void test_augmented(void **state __maybe_unused)
{
	random_steps(true);
}

static void test_ascending(void **state __maybe_unused)
{
	struct rb_root root = RB_ROOT;

	reset();
	assert_true(rb_empty(&root));
	assert_null(rb_first(&root));
	assert_null(rb_last(&root));
	for (unsigned i = 0; i < KEYS; i++) {
		insert(&root, &items[i], false);
		assert_true(rb_check(&root));
	}
	check_order(&root);
	for (unsigned i = 0; i < KEYS; i++) {
		items[i].in = false;
		rb_erase(&root, &items[i].rb);
		assert_true(rb_check(&root));
	}
	assert_true(rb_empty(&root));
}

/* rb_check itself: each kind of damage is seen. */
static void test_check(void **state __maybe_unused)
{
	struct rb_root root = RB_ROOT;
	struct rb_node *node, *saved;

	reset();
	for (unsigned i = 0; i < 50; i++)
		insert(&root, &items[i], false);
	root.node->red = true;
	assert_false(rb_check(&root));
	root.node->red = false;

	for (node = rb_first(&root); node; node = rb_next(node)) {
		if (!node->parent)
			continue;
		node->red = !node->red;
		assert_false(rb_check(&root));
		node->red = !node->red;
	}
	node = rb_first(&root);
	saved = node->parent;
	node->parent = root.node;
	assert_false(rb_check(&root));
	node->parent = saved;
	node->left = root.node; /* a cycle */
	assert_false(rb_check(&root));
	node->left = NULL;
	assert_true(rb_check(&root));
}

TEST_MAIN("rbtree", TEST(test_plain), TEST(test_augmented), TEST(test_ascending), TEST(test_check))
