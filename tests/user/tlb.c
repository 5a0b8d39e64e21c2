/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one thread takes away, another loses at once, on whichever CPU it runs: mprotect, munmap, madvise and mremap have to
 * reach translations that other CPUs hold. A thread uses a page without a pause; the right to it ends meanwhile.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

#include "kernel.h"

#define SIZE 4096
#define PATIENCE 3000 /* ms */

static volatile char *page;
static bool writes;
static atomic_long uses;
static atomic_bool lost, enough;
static sigjmp_buf out;

static void on_fault(int sig)
{
	siglongjmp(out, sig);
}

static void *user(void *unused)
{
	if (sigsetjmp(out, 1)) {
		atomic_store(&lost, true);
		return unused;
	}
	while (!atomic_load(&enough)) {
		if (writes)
			*page = 1;
		else if (!*page)
			break;
		atomic_fetch_add(&uses, 1);
	}
	atomic_store(&lost, !atomic_load(&enough));
	return unused;
}

static void sleep_ms(void)
{
	struct timespec ms = {.tv_nsec = 1000000};

	nanosleep(&ms, NULL);
}

static int take_rights(void)
{
	return mprotect((void *)page, SIZE, PROT_NONE);
}

static int take_writing(void)
{
	return mprotect((void *)page, SIZE, PROT_READ);
}

static int take_mapping(void)
{
	return munmap((void *)page, SIZE);
}

static int take_content(void)
{
	return madvise((void *)page, SIZE, MADV_DONTNEED);
}

static int take_place(void)
{
	void *other = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mremap((void *)page, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, other) == other ? 0 : -1;
}

static void test(int (*take)(void), bool writer, const char *what)
{
	pthread_t thread;

	page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != MAP_FAILED);
	*page = 1;
	writes = writer;
	atomic_store(&uses, 0);
	atomic_store(&lost, false);
	atomic_store(&enough, false);
	must(pthread_create(&thread, NULL, user, NULL) == 0);
	while (atomic_load(&uses) < 1000)
		sleep_ms();
	must(take() == 0);
	for (int ms = 0; ms < PATIENCE && !atomic_load(&lost); ms++)
		sleep_ms();
	ok(atomic_load(&lost), "%s: a thread that was using the page notices", what);
	atomic_store(&enough, true);
	must(pthread_join(thread, NULL) == 0);
}

int main(void)
{
	must(signal(SIGSEGV, on_fault) != SIG_ERR);
	test(take_rights, false, "mprotect to nothing");
	test(take_writing, true, "mprotect to read-only");
	test(take_mapping, false, "munmap");
	test(take_content, false, "madvise");
	test(take_place, false, "mremap");
	return done();
}
