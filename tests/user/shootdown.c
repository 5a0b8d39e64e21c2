/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shootdown MODE BATCH, on four CPUs whose kernel was told shootdown=MODE and tlb_batch=BATCH: whom a flush interrupts, by the
 * kernel's counters. One thread computes beside main, so two CPUs sleep; then none does.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "kernel.h"

#define SIZE 4096
#define PAGES 64
#define FLUSHES 50
#define ENOUGH (FLUSHES * 9 / 10) /* a CPU may be on its way into sleep, or out of it */

static atomic_bool running, enough;

static void *compute(void *unused)
{
	atomic_store(&running, true);
	while (!atomic_load(&enough))
		;
	return unused;
}

static long counter(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "r");
	char word[64];
	long value, found = -1;

	must(file != NULL);
	while (fscanf(file, "%63s %ld", word, &value) == 2)
		if (!strcmp(word, name))
			found = value;
	fclose(file);
	must(found >= 0);
	return found;
}

struct counts {
	long remote, received, ipis, one;
};

static struct counts counts(void)
{
	return (struct counts){counter("nr_tlb_remote_flush"), counter("nr_tlb_remote_flush_received"), counter("nr_tlb_ipi"),
			       counter("nr_tlb_local_flush_one")};
}

static struct counts since(struct counts before)
{
	struct counts now = counts();

	return (struct counts){now.remote - before.remote, now.received - before.received, now.ipis - before.ipis,
			       now.one - before.one};
}

static volatile char *pages_of(int n)
{
	char *p = mmap(NULL, (size_t)n * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	for (int i = 0; i < n; i++)
		p[i * SIZE] = 1;
	return p;
}

/* A right is taken FLUSHES times. */
static struct counts flushes(void)
{
	volatile char *page = pages_of(1);
	struct counts before = counts();

	for (int i = 0; i < FLUSHES; i++) {
		must(mprotect((void *)page, SIZE, PROT_READ) == 0);
		must(mprotect((void *)page, SIZE, PROT_READ | PROT_WRITE) == 0);
		*page = 2;
	}
	return since(before);
}

static struct counts batch(void)
{
	volatile char *pages = pages_of(PAGES);
	struct counts before = counts();

	must(munmap((void *)pages, (size_t)PAGES * SIZE) == 0);
	return since(before);
}

#define SAY(c) c.remote, c.received, c.ipis, c.one
#define SAID "(%ld flushes that reached others, %ld times a CPU was asked, %ld interrupts, %ld translations)"

int main(int argc, char **argv)
{
	bool all, lazy;
	long per_batch;
	pthread_t thread;
	struct counts c;

	must(argc == 3);
	all = !strcmp(argv[1], "all");
	lazy = !strcmp(argv[1], "lazy");
	per_batch = atol(argv[2]);

	must(pthread_create(&thread, NULL, compute, NULL) == 0);
	while (!atomic_load(&running))
		usleep(1000);
	usleep(50000);

	c = flushes();
	ok(c.remote >= ENOUGH, "the CPU that computes is reached " SAID, SAY(c));
	ok(c.ipis <= c.received, "and interrupted at most once for each " SAID, SAY(c));
	if (lazy)
		ok(c.received < 2 * ENOUGH, "but those that sleep are not " SAID, SAY(c));
	else if (all || kernel_is("aspace", "shared"))
		ok(c.received >= 3 * ENOUGH, "and so are those that sleep " SAID, SAY(c));
	c = batch();
	ok(c.remote >= PAGES / per_batch && c.remote < PAGES / per_batch + 8, "%d frames need %ld flushes " SAID, PAGES,
	   PAGES / per_batch, SAY(c));
	ok(c.one >= 2 * PAGES, "of each page, on both CPUs " SAID, SAY(c));

	atomic_store(&enough, true);
	must(pthread_join(thread, NULL) == 0);
	usleep(50000);
	c = flushes();
	if (lazy)
		ok(c.remote < FLUSHES / 10, "when all others sleep, none is interrupted " SAID, SAY(c));
	else if (all)
		ok(c.received >= 3 * ENOUGH, "sleeping CPUs are woken for each " SAID, SAY(c));
	return done();
}
