/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the workers do. In the first five they share nothing that they can see: what keeps them from scaling is the kernel's.
 * In the others they share something on purpose.
 */
#define _GNU_SOURCE
#include "scale.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/futex.h>, which musl-gcc does not find. */
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_PRIVATE_FLAG 128

#define PAGE 4096l
#define FRESH 64	  /* pages that are touched before all are given back */
#define TABLE (2l << 20) /* what one page table maps: a worker's pages are in one of its own */

/* ---- independent ---- */

static void run_getpid(struct own *own, unsigned long rounds)
{
	(void)own;
	while (rounds--)
		syscall(SYS_getpid);
}

static void prepare_fault(struct own *own)
{
	char *memory = mmap(NULL, 2 * TABLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(memory != MAP_FAILED, "mmap");
	own->memory = (char *)(((uintptr_t)memory + TABLE - 1) & -TABLE);
}

static void run_fault(struct own *own, unsigned long rounds)
{
	for (unsigned long i = 1; i <= rounds; i++) {
		*(volatile char *)(own->memory + i % FRESH * PAGE) = 1;
		if (i % FRESH == 0)
			must(madvise(own->memory, FRESH * PAGE, MADV_DONTNEED) == 0, "madvise");
	}
}

static void prepare_pipe(struct own *own)
{
	must(pipe(own->in) == 0, "pipe");
}

static void run_pipe(struct own *own, unsigned long rounds)
{
	char byte = 0;

	while (rounds--)
		must(write(own->in[1], &byte, 1) == 1 && read(own->in[0], &byte, 1) == 1, "pipe");
}

static void run_futex(struct own *own, unsigned long rounds)
{
	while (rounds--) {
		must(syscall(SYS_futex, &own->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0) == 0, "FUTEX_WAKE");
		must(syscall(SYS_futex, &own->word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, own->word + 1, NULL, NULL, 0) < 0 &&
			     errno == EAGAIN, "FUTEX_WAIT");
	}
}

static void make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	must(fd >= 0 && close(fd) == 0, path);
}

static void prepare_open(struct own *own)
{
	int length = snprintf(own->path, sizeof(own->path), "%s/%d", own->folder, own->index);

	must(mkdir(own->path, 0700) == 0, own->path);
	snprintf(own->path + length, sizeof(own->path) - length, "/file");
	make_file(own->path);
}

static void run_open(struct own *own, unsigned long rounds)
{
	while (rounds--) {
		int fd = open(own->path, O_RDWR);

		must(fd >= 0 && close(fd) == 0, own->path);
	}
}

static void finish_open(struct own *own)
{
	must(unlink(own->path) == 0, own->path);
	snprintf(own->path, sizeof(own->path), "%s/%d", own->folder, own->index);
	must(rmdir(own->path) == 0, own->path);
}

/* ---- a processor ---- */

static void run_yield(struct own *own, unsigned long rounds)
{
	(void)own;
	while (rounds--)
		sched_yield();
}

/* The worker's second thread, on the same CPU: gives each byte back. */
static void *partner(void *argument)
{
	struct own *own = argument;
	char byte;

	while (read(own->in[0], &byte, 1) == 1)
		must(write(own->out[1], &byte, 1) == 1, "the partner's write");
	close(own->in[0]);
	close(own->out[1]);
	return NULL;
}

static void prepare_switch(struct own *own)
{
	pthread_t thread;

	must(pipe(own->in) == 0 && pipe(own->out) == 0, "pipe");
	errno = pthread_create(&thread, NULL, partner, own);
	must(errno == 0, "pthread_create");
	own->memory = (char *)thread;
}

static void run_switch(struct own *own, unsigned long rounds)
{
	char byte = 0;

	while (rounds--)
		must(write(own->in[1], &byte, 1) == 1 && read(own->out[0], &byte, 1) == 1, "pipe");
}

static void finish_switch(struct own *own)
{
	close(own->in[1]);
	pthread_join((pthread_t)own->memory, NULL);
	close(own->out[0]);
}

/* ---- negative controls ---- */

static void run_counter(struct own *own, unsigned long rounds)
{
	while (rounds--)
		__atomic_fetch_add(&own->shared->counter, 1, __ATOMIC_RELAXED);
}

/* A lock that sleeps: 0 free, 1 held, 2 held and somebody may wait (Drepper, "Futexes are tricky", 2011, section 6). */
static void lock_take(unsigned *lock)
{
	unsigned seen = 0;

	if (__atomic_compare_exchange_n(lock, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, lock, FUTEX_WAIT, 2, NULL, NULL, 0);
}

static void lock_release(unsigned *lock)
{
	if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) == 2)
		syscall(SYS_futex, lock, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void run_lock(struct own *own, unsigned long rounds)
{
	while (rounds--) {
		lock_take(&own->shared->lock);
		for (int i = 0; i < 16; i++)
			*(volatile unsigned long *)&own->shared->guarded += 1;
		lock_release(&own->shared->lock);
	}
}

static void prepare_openshared(struct own *own)
{
	snprintf(own->path, sizeof(own->path), "%s/file", own->folder);
	make_file(own->path);
}

static void finish_openshared(struct own *own)
{
	must(unlink(own->path) == 0 || errno == ENOENT, own->path); /* another worker may have been first */
}

const struct scale_case cases[] = {
	{"getpid", "a system call that does nothing", 800, NULL, run_getpid, NULL},
	{"fault", "the first touch of a page of own memory; all are given back each 64 pages", 256, prepare_fault, run_fault, NULL},
	{"pipe", "a byte into an own pipe and out again", 160, prepare_pipe, run_pipe, NULL},
	{"futex", "FUTEX_WAKE of nobody and FUTEX_WAIT for what is over, on an own word", 256, NULL, run_futex, NULL},
	{"open", "open and close of an own file in an own directory", 100, prepare_open, run_open, finish_open},
	{"yield", "sched_yield on a CPU with nobody else", 400, NULL, run_yield, NULL},
	{"switch", "a byte to a thread on the same CPU and back", 64, prepare_switch, run_switch, finish_switch},
	{"counter", "an atomic addition to one counter of all", 4000, NULL, run_counter, NULL},
	{"lock", "16 additions under one lock of all", 2000, NULL, run_lock, NULL},
	{"openshared", "open and close of one file of all", 100, prepare_openshared, run_open, finish_openshared},
};
const size_t case_count = sizeof(cases) / sizeof(*cases);
