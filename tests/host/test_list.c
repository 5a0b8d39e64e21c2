/* SPDX-License-Identifier: BSD-2-Clause */
/* test_list.c - the intrusive list: order, removal while walking, splicing. */
#include "test.h"

#include <lib/list.h>

struct item {
	int number;
	struct list link;
};

static struct list fixed = LIST_INIT(fixed);
static struct item items[10];

/* The list holds exactly these numbers, given as digits; forwards and backwards. */
static void expect(struct list *head, const char *digits)
{
	const char *at = digits;
	struct item *item;
	struct list *link;

	list_for_each_entry(item, head, link) assert_int_equal(item->number, *at++ - '0');
	assert_int_equal(*at, 0);
	for (link = head->prev; link != head; link = link->prev)
		assert_int_equal(list_entry(link, struct item, link)->number, *--at - '0');
	assert_ptr_equal(at, digits);
	assert_int_equal(list_empty(head), !*digits);
}

static void fill(struct list *head, int from, int to)
{
	list_init(head);
	for (int i = from; i < to; i++) {
		items[i].number = i;
		list_add_tail(&items[i].link, head);
	}
}

static void test_add_and_remove(void **state __maybe_unused)
{
	struct list head;

	expect(&fixed, "");
	fill(&head, 1, 5);
	expect(&head, "1234");
	assert_int_equal(list_first_entry(&head, struct item, link)->number, 1);
	assert_int_equal(list_last_entry(&head, struct item, link)->number, 4);
	list_remove(&items[2].link);
	list_remove(&items[2].link);
	assert_true(list_empty(&items[2].link));
	expect(&head, "134");
	list_add_head(&items[2].link, &head);
	expect(&head, "2134");
	assert_ptr_equal(list_pop_head(&head), &items[2].link);
	expect(&head, "134");
	for (int i = 0; i < 3; i++)
		assert_non_null(list_pop_head(&head));
	assert_null(list_pop_head(&head));
	expect(&head, "");
}

static void test_safe_walk(void **state __maybe_unused)
{
	struct list head;
	struct item *item, *ahead;

	fill(&head, 0, 8);
	list_for_each_entry_safe(item, ahead, &head, link)
	{
		if (item->number % 2) {
			list_remove(&item->link);
			item->link.next = NULL; /* as if it were freed */
		}
	}
	expect(&head, "0246");
}

static void test_splice(void **state __maybe_unused)
{
	struct list a, b;

	fill(&a, 0, 3);
	fill(&b, 3, 6);
	list_splice_tail(&b, &a);
	expect(&a, "012345");
	expect(&b, "");
	list_splice_tail(&b, &a);
	expect(&a, "012345");
	list_splice_tail(&a, &b);
	expect(&b, "012345");
	expect(&a, "");
}

TEST_MAIN("list", TEST(test_add_and_remove), TEST(test_safe_walk), TEST(test_splice))
