/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * victim.c - who must do a little each period, and counts how late it was. Periods begin at fixed moments: who is late for one is
 * not excused from the next.
 */
#include "jobs.h"

void victim_run(const struct job *job, long periods, struct lateness *found)
{
	long period = job->period_ms * NS_PER_MS, due = clock_now() + period, sum = 0;

	*found = (struct lateness){0};
	for (long i = 0; i < periods; i++, due += period) {
		long late;

		sleep_until(due);
		late = clock_now() - due;
		sum += late;
		if (late > found->max_ns)
			found->max_ns = late;
		work_rounds(1);
		found->missed += clock_now() >= due + period;
	}
	found->mean_ns = sum / periods;
}
