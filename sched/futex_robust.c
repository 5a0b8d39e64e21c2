/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Robust futexes: a thread that ends, or execs, gives back the locks it holds, marked so that the next owner learns of it. The
 * list of them is the application's: nothing in it is believed, and it may be a ring. Called by isolation/task.c and exec.
 * Source: set_robust_list(2), get_robust_list(2); the layout is <linux/futex.h>'s.
 */
#include <sched/futex.h>

#include <isolation/gate.h>
#include <lib/errno.h>
#include <uapi/linux/futex.h>

#define LIST_LIMIT 2048 /* Linux' ROBUST_LIST_LIMIT */
#define ENTRY_PI 1ul    /* in an entry's address: another protocol of locking, which is not offered */

struct head {
	uaddr_t next;
	i64 offset;      /* from an entry to its lock word */
	uaddr_t pending; /* about to be locked or unlocked when the thread ended: may not be in the list, or not any more */
};

/* The lock word of one entry. False: it cannot be reached, so the rest of the list is not to be believed either. */
static bool release(uaddr_t entry, const struct head *head, u32 tid, bool pending)
{
	uaddr_t word = (entry & ~ENTRY_PI) + (u64)head->offset;
	u32 value;
	int error = user_load32(word, &value);

	while (!error) {
		if (pending && !value && !(entry & ENTRY_PI)) {
			futex_wake(word, 1, ~0u, false); /* it was unlocked already; the wake may have been to come */
			return true;
		}
		if ((value & FUTEX_TID_MASK) != tid)
			return true;

		u32 seen = value;

		error = user_cmpxchg32(word, &seen, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
		if (!error) {
			if ((value & FUTEX_WAITERS) && !(entry & ENTRY_PI))
				futex_wake(word, 1, ~0u, false);
			return true;
		}
		if (error == -EAGAIN)
			error = 0;
		value = seen;
	}
	return false;
}

void futex_release_robust(uaddr_t list, u32 tid)
{
	struct head head;

	if (!list || copyin(&head, list, sizeof(head)))
		return;
	for (unsigned n = 0; n < LIST_LIMIT && (head.next & ~ENTRY_PI) != list; n++) {
		uaddr_t entry = head.next;

		/* Before the word is given back: its next owner may free it. */
		if (copyin(&head.next, entry & ~ENTRY_PI, sizeof(head.next)))
			head.next = list;
		if (entry != head.pending && !release(entry, &head, tid, false))
			break;
	}
	if (head.pending)
		release(head.pending, &head, tid, true);
}
