/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - an intrusive, circular, doubly linked list.
 *
 * `struct list` is both the head and the link inside a member. Every operation but the walks is
 * O(1). Argument order is Linux's: the entry first, then the head. The caller holds whatever lock
 * protects the list; nothing here allocates or sleeps.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <lib/types.h>

struct list {
	struct list *next;
	struct list *prev;
};

/* static struct list queue = LIST_INIT(queue); */
#define LIST_INIT(name)                                                                            \
	{                                                                                          \
		&(name), &(name)                                                                   \
	}

static inline void list_init(struct list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert_between(struct list *entry, struct list *prev, struct list *next)
{
	entry->prev = prev;
	entry->next = next;
	prev->next = entry;
	next->prev = entry;
}

static inline void list_add_head(struct list *entry, struct list *head)
{
	list_insert_between(entry, head, head->next);
}

static inline void list_add_tail(struct list *entry, struct list *head)
{
	list_insert_between(entry, head->prev, head);
}

/* Leaves `entry` a valid empty list, so removing twice is harmless and list_empty(entry) tells
 * whether it is queued. */
static inline void list_remove(struct list *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	list_init(entry);
}

/* Removes and returns the first link, or NULL when the list is empty. */
static inline struct list *list_pop_head(struct list *head)
{
	struct list *first = head->next;

	if (first == head)
		return NULL;
	list_remove(first);
	return first;
}

/* Moves all of `from` behind the last entry of `head`; `from` is empty afterwards. */
static inline void list_splice_tail(struct list *from, struct list *head)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	list_init(from);
}

#define list_entry(link, type, member) container_of(link, type, member)

/* The list must not be empty. */
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)

#define list_for_each_entry(pos, head, member)                                                     \
	for ((pos) = list_entry((head)->next, __typeof__(*(pos)), member);                         \
	     &(pos)->member != (head);                                                             \
	     (pos) = list_entry((pos)->member.next, __typeof__(*(pos)), member))

/* `pos` may be removed or freed inside the loop; `ahead` is the loop's own. */
#define list_for_each_entry_safe(pos, ahead, head, member)                                         \
	for ((pos) = list_entry((head)->next, __typeof__(*(pos)), member),                         \
	    (ahead) = list_entry((pos)->member.next, __typeof__(*(pos)), member);                  \
	     &(pos)->member != (head); (pos) = (ahead),                                            \
	    (ahead) = list_entry((ahead)->member.next, __typeof__(*(ahead)), member))

#endif
