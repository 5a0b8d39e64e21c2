/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_time.c - the clock goes forward; timers fire in order, not early, and not when cancelled. */
#include <core/ktest.h>

#include <core/time.h>

#define TIMERS 8
#define PATIENCE (60 * NSEC_PER_SEC)

static struct {
	struct timer timer;
	u64 fired_at;
} probe[TIMERS];

static unsigned fired[TIMERS]; /* in which order */
static unsigned fired_count;   /* a */

static void probe_fired(struct timer *t)
{
	unsigned n = __atomic_load_n(&fired_count, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < TIMERS; i++) {
		if (&probe[i].timer == t) {
			probe[i].fired_at = clock_ns();
			fired[n % TIMERS] = i;
		}
	}
	__atomic_store_n(&fired_count, n + 1, __ATOMIC_RELEASE);
}

static void wait_until_fired(unsigned count)
{
	u64 end = clock_ns() + PATIENCE;

	while (__atomic_load_n(&fired_count, __ATOMIC_ACQUIRE) < count && clock_ns() < end)
		cpu_pause();
}

static void reset(void)
{
	fired_count = 0;
	for (unsigned i = 0; i < TIMERS; i++)
		timer_init(&probe[i].timer, probe_fired);
}

KTEST(clock_goes_forward)
{
	u64 before = clock_ns();

	for (int i = 0; i < 10000; i++) {
		u64 now = clock_ns();

		if (now < before) {
			KT_OK(now >= before);
			return;
		}
		before = now;
	}
}

KTEST(timers_fire_in_order)
{
	u64 flags = irq_save(), start = clock_ns(); /* none fires before all are there, however late we are */

	reset();
	/* Started latest first. */
	for (unsigned i = TIMERS; i-- > 0;)
		timer_start(&probe[i].timer, start + (i + 1) * NSEC_PER_MSEC);
	irq_restore(flags);
	wait_until_fired(TIMERS);
	KT_EQ(fired_count, TIMERS);
	for (unsigned i = 0; i < TIMERS; i++) {
		KT_EQ(fired[i], i);
		KT_OK(probe[i].fired_at >= start + (i + 1) * NSEC_PER_MSEC);
	}
}

KTEST(timer_in_the_past_fires)
{
	reset();
	timer_start(&probe[0].timer, 0);
	wait_until_fired(1);
	KT_EQ(fired_count, 1);
	KT_OK(!timer_cancel(&probe[0].timer));
}

KTEST(timer_cancelled_does_not_fire)
{
	u64 flags = irq_save(), start = clock_ns();

	reset();
	timer_start(&probe[0].timer, start + 2 * NSEC_PER_MSEC);
	timer_start(&probe[1].timer, start + 4 * NSEC_PER_MSEC);
	KT_OK(timer_cancel(&probe[0].timer));
	KT_OK(!timer_cancel(&probe[0].timer));
	irq_restore(flags);
	wait_until_fired(1);
	KT_EQ(fired_count, 1);
	KT_EQ(fired[0], 1);
}

KTEST(timer_restarted_fires_once)
{
	u64 flags = irq_save(), start = clock_ns();

	reset();
	timer_start(&probe[0].timer, start + 1 * NSEC_PER_SEC);
	timer_start(&probe[0].timer, start + 1 * NSEC_PER_MSEC);
	irq_restore(flags);
	wait_until_fired(1);
	KT_EQ(fired_count, 1);
	KT_OK(!timer_cancel(&probe[0].timer));
}
