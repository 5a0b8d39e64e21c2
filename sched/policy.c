/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c - which policies there are, and what they share.
 */
#include "runqueue.h"

#include <lib/format.h>
#include <lib/string.h>

static const struct sched_policy *const policies[] = {&policy_fair,   &policy_rr,      &policy_mlfq,
						      &policy_stride, &policy_lottery, &policy_eevdf};

const struct sched_policy *policy_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (!strcmp(name, policies[i]->name))
			return policies[i];
	}
	return NULL;
}

void policy_names(char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(policies) && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", i ? " " : "", policies[i]->name);
}

/* round(1024 / 1.25^nice) */
static const u32 weights[40] = {
	88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626,
	14901, 11921, 9537, 7629, 6104, 4883, 3906, 3125,
	2500, 2000, 1600, 1280, 1024, 819, 655, 524,
	419, 336, 268, 215, 172, 137, 110, 88,
	70, 56, 45, 36, 29, 23, 18, 15,
};

u32 nice_weight(int nice)
{
	return weights[nice + 20];
}

struct thread *list_peek_movable(struct list *queue, unsigned cpu)
{
	struct thread *t;

	list_for_each_entry(t, queue, link) {
		if (thread_movable(t, cpu))
			return t;
	}
	return NULL;
}

struct thread *tree_peek_movable(const struct rb_root *tree, unsigned cpu)
{
	for (struct rb_node *node = rb_first(tree); node; node = rb_next(node)) {
		struct thread *t = rb_entry(node, struct thread, node);

		if (thread_movable(t, cpu))
			return t;
	}
	return NULL;
}
