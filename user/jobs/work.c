/* SPDX-License-Identifier: BSD-2-Clause */
/* work.c - what a job does. */
#include "jobs.h"

#include <stdint.h>
#include <unistd.h>

#define BLOCK_WORDS 512

/* A block of 4 KiB, added up by FNV-1a's rule: a few thousand instructions, no system call, one page. */
static void work_block(void)
{
	static const uint64_t block[BLOCK_WORDS];
	uint64_t sum = 14695981039346656037ul;

	for (int i = 0; i < BLOCK_WORDS; i++) {
		sum = (sum ^ block[i]) * 1099511628211ul;
		asm volatile("" : "+r"(sum));
	}
}

void work_rounds(long rounds)
{
	while (rounds--)
		work_block();
}

void wake_until(const struct job *job, long until)
{
	for (long due = clock_now() + job->period_ms * NS_PER_MS; due < until; due += job->period_ms * NS_PER_MS)
		sleep_until(due);
}

void job_run(const struct job *job)
{
	switch (job->mode) {
	case MODE_IDLE:
		for (;;)
			pause();
	case MODE_WAKE:
		for (;;)
			wake_until(job, clock_now() + NS_PER_S);
	case MODE_WORK:
		work_rounds(job->rounds);
		return;
	case MODE_NOISY:
		hog_run(job->hog);
	}
}
