/* SPDX-License-Identifier: BSD-2-Clause */
/* biglock.c - the big kernel lock. How deep its holder is in it is the CPU's, and while the holder is off the CPU, schedule()'s. */
#include <core/biglock.h>

#include <core/panic.h>
#include <core/percpu.h>
#include <core/spinlock.h>

static struct spinlock big = SPINLOCK_INIT("big lock");
static DEFINE_PERCPU(unsigned, big_depth);

void big_lock(void)
{
	if (!this_cpu(big_depth)) {
		assert(irq_enabled()); /* else the holder could wait for ever for an answer to its TLB shootdown */
		spin_take(&big);
	}
	this_cpu(big_depth)++;
}

void big_unlock(void)
{
	BUG_ON(!this_cpu(big_depth));
	if (!--this_cpu(big_depth))
		spin_leave(&big);
}

bool big_lock_held(void)
{
	return this_cpu(big_depth);
}

unsigned big_lock_drop(void)
{
	unsigned depth = this_cpu(big_depth);

	if (depth) {
		this_cpu(big_depth) = 0;
		spin_leave(&big);
	}
	return depth;
}

void big_lock_back(unsigned depth)
{
	if (!depth)
		return;
	big_lock();
	this_cpu(big_depth) = depth;
}
