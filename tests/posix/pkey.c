/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection keys: who gives them out, what carries one, what PKRU forbids (to the program, and to the kernel on its behalf),
 * and who has which PKRU: threads, children, handlers, new programs. Sources: pkeys(7), pkey_alloc(2), pkey_mprotect(2),
 * sigaction(2).
 *
 * Orchard has them as a rung, so tests/rungs/pku.t runs this, there and on Linux. With `without` it says what a kernel answers
 * on a CPU without keys, with `off` what one does that is built without.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "handler.h"
#include "posix.h"

#define PAGE 4096
#define FRESH 0x55555554u /* Linux's: key 0 alone is open */
#define NO_ACCESS 1u
#define NO_WRITE 2u
#define PKUERR 4 /* SEGV_PKUERR */
#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC

static int alloc_key(unsigned long flags, unsigned long rights)
{
	return (int)syscall(SYS_pkey_alloc, flags, rights);
}

static int free_key(int key)
{
	return (int)syscall(SYS_pkey_free, key);
}

static int protect(void *at, size_t size, int prot, int key)
{
	return (int)syscall(SYS_pkey_mprotect, at, size, prot, key);
}

static uint32_t rdpkru(void)
{
	uint32_t pkru, zero;

	asm volatile("rdpkru" : "=a"(pkru), "=d"(zero) : "c"(0));
	return pkru;
}

static void wrpkru(uint32_t pkru)
{
	asm volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

static uint32_t rights_of(int key)
{
	return rdpkru() >> (2 * key) & 3;
}

static void set_rights(int key, uint32_t rights)
{
	wrpkru((rdpkru() & ~(3u << (2 * key))) | rights << (2 * key));
}

static char *pages(int n)
{
	char *p = mmap(NULL, (size_t)n * PAGE, R | W, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

/* ---- keys ---- */

static void test_keys(void)
{
	int keys[16], n = 0;
	char *at = pages(2);

	is_int(rdpkru(), FRESH, "a program begins with key 0 open and all others closed");
	fails(alloc_key(1, 0), EINVAL, "pkey_alloc: a flag");
	fails(alloc_key(0, 4), EINVAL, "pkey_alloc: unknown rights");
	while (n < 16 && (keys[n] = alloc_key(0, 0)) >= 0)
		n++;
	is_int(n, 15, "there are 15 keys beside 0");
	is_int(keys[0], 1, "the first is 1");
	fails(alloc_key(0, 0), ENOSPC, "then there are no more");
	is_int(rdpkru(), 0, "and what was asked for is open");
	is_int(free_key(keys[7]), 0, "pkey_free gives one back");
	fails(free_key(keys[7]), EINVAL, "but once only");
	fails(protect(at, PAGE, R, keys[7]), EINVAL, "pkey_mprotect: a key that is not taken");
	is_int(rights_of(keys[7]), 0, "its rights stay as they were");
	is_int(alloc_key(0, NO_ACCESS), keys[7], "it is the next one to be had");
	is_int(rights_of(keys[7]), NO_ACCESS, "closed, if one says so");
	for (int i = 0; i < n; i++)
		free_key(keys[i]);
	is_int(keys[2] = alloc_key(0, NO_WRITE), 1, "the lowest is taken first");
	is_int(rights_of(1), NO_WRITE, "open to read");
	fails(free_key(16), EINVAL, "pkey_free: no such key");
	fails(free_key(-1), EINVAL, "pkey_free: -1");
	fails(free_key(5), EINVAL, "pkey_free: a key that is not taken");
	fails(protect(at + 1, PAGE, R, 1), EINVAL, "pkey_mprotect: not at a page");
	fails(protect(at, PAGE, 64, 1), EINVAL, "pkey_mprotect: unknown rights");
	fails(protect(at, PAGE, R, 16), EINVAL, "pkey_mprotect: no such key");
	fails(protect(at, PAGE, R, -2), EINVAL, "pkey_mprotect: -2");
	is_int(protect(at, 0, R, 16), 0, "pkey_mprotect of nothing is done, whatever the key");
	munmap(at + PAGE, PAGE);
	fails(protect(at, 2 * PAGE, R, 1), ENOMEM, "pkey_mprotect: a hole");
	is_int(protect(at, PAGE, R, 1), 0, "pkey_mprotect");
	is_int(free_key(1), 0, "a key that is in use can be given back");
	munmap(at, PAGE);
	wrpkru(FRESH);
}

/* ---- what PKRU forbids ---- */

static sigjmp_buf jump;
static long error_code;
static uint32_t pkru_in_handler;

static void jumper(int sig, siginfo_t *info, void *context)
{
	pkru_in_handler = rdpkru();
	info_seen = *info;
	error_code = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR];
	siglongjmp(jump, sig);
}

/* The si_code of the access, 0 if it was made; PKRU is the same after it. si_pkey: 32 bytes into the siginfo. */
static int fault_of(char *at, int access)
{
	volatile uint32_t before = rdpkru();
	void (*code)(void) = (void (*)(void))(uintptr_t)at;
	volatile int got = 0;

	if (sigsetjmp(jump, 1)) {
		got = info_seen.si_signo == SIGSEGV && info_seen.si_addr == at ? info_seen.si_code : -1;
	} else if (access == W) {
		*(volatile char *)at = 1;
	} else if (access == R) {
		(void)*(volatile char *)at;
	} else {
		code();
	}
	wrpkru(before);
	return got;
}

static uint32_t key_seen(void)
{
	uint32_t key;

	memcpy(&key, (char *)&info_seen + 32, sizeof(key));
	return key;
}

static void test_rights(void)
{
	char *at = pages(4), *moved;
	int key;

	on_info(SIGSEGV, jumper, 0);
	at[0] = (char)0xc3;
	key = alloc_key(0, 0);
	must(key > 0 && alloc_key(0, 0) > 0); /* the second, so that si_pkey has something to say */
	free_key(key);
	key++;
	must(protect(at, 2 * PAGE, R | W, key) == 0);
	is_int(fault_of(at, W), 0, "an open key: it may be written");
	at[0] = (char)0xc3;
	set_rights(key, NO_WRITE);
	is_int(fault_of(at, R), 0, "closed for writing: it may be read");
	is_int(fault_of(at, W), PKUERR, "and not be written: SEGV_PKUERR");
	is_int(key_seen(), key, "si_pkey is the key");
	is_int(error_code & 0x37, 0x27, "the frame says: present, write, program, key");
	is_int(pkru_in_handler, FRESH, "the handler has the PKRU of a fresh program");
	set_rights(key, NO_ACCESS);
	is_int(fault_of(at, R), PKUERR, "closed: it may not be read");
	is_int(fault_of(at, W), PKUERR, "nor written");
	is_int(fault_of(at + PAGE, R), PKUERR, "where there is no page yet too");
	is_int(fault_of(at + 2 * PAGE, R), 0, "the next page has another key");

	is_int(mprotect(at, PAGE, R | X), 0, "mprotect");
	is_int(fault_of(at, X), 0, "what is closed may be executed");
	is_int(fault_of(at, R), PKUERR, "mprotect left the key");
	is_int(protect(at, PAGE, R | W, -1), 0, "pkey_mprotect with key -1");
	is_int(fault_of(at, R), PKUERR, "leaves it too");
	must(mprotect(at, PAGE, PROT_NONE) == 0);
	is_int(fault_of(at, R), PKUERR, "where rights and key forbid it, the key is named");
	set_rights(key, 0);
	is_int(fault_of(at, R), SEGV_ACCERR, "where the rights alone do, they are");
	must(mprotect(at, PAGE, R) == 0);
	is_int(fault_of(at, W), SEGV_ACCERR, "an open key gives no rights");
	is_int(at[0] & 0xff, 0xc3, "what was written is there still");
	must(mprotect(at, PAGE, R | W) == 0);
	set_rights(key, NO_ACCESS);
	is_int(protect(at, PAGE, R | W, 0), 0, "key 0 again");
	is_int(fault_of(at, W), 0, "and all is as it was");

	at[0] = 1; /* and WRPKRU has no part in what follows: it empties QEMU's TLB */
	is_int(protect(at, PAGE, R | W, key), 0, "another key for a page that is in use");
	is_int(fault_of(at, R), PKUERR, "counts at once");
	moved = mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 3 * PAGE);
	ok(moved == at + 3 * PAGE, "mremap");
	is_int(fault_of(moved, R), PKUERR, "takes the key along");
	must(mmap(moved, PAGE, R | W, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == moved);
	is_int(fault_of(moved, W), 0, "a new mapping has key 0");
	free_key(key);
	wrpkru(FRESH);
	munmap(at, 4 * PAGE);
}

/* ---- the kernel on the program's behalf ---- */

static void test_copies(void)
{
	char *at = pages(2);
	int fds[2], key = alloc_key(0, 0);
	long word = 0;

	must(key > 0 && pipe(fds) == 0 && protect(at, PAGE, R | W, key) == 0);
	at[0] = 'x';
	is_int(write(fds[1], at, 1), 1, "an open key: the kernel reads it");
	set_rights(key, NO_WRITE);
	is_int(write(fds[1], at, 1), 1, "closed for writing: too");
	fails(read(fds[0], at, 1), EFAULT, "but it does not write it");
	is_int(read(fds[0], &word, 1), 1, "what was to be read is there still");
	set_rights(key, NO_ACCESS);
	fails(write(fds[1], at, 1), EFAULT, "closed: the kernel does not read it");
	fails(syscall(SYS_uname, at), EFAULT, "nor write it");
	fails(syscall(SYS_futex, at, 1, 1, NULL, NULL, 0) ?: syscall(SYS_futex, at, 0, 0, NULL, NULL, 0), EFAULT, "nor look at it");
	fails(open(at, O_RDONLY), EFAULT, "nor take a path from it");
	set_rights(key, 0);
	is_int(at[0], 'x', "and it is what it was");
	free_key(key);
	wrpkru(FRESH);
	munmap(at, 2 * PAGE);
}

/* ---- handlers and their frames ---- */

static uint32_t in_handler, wanted;
static uint64_t features;
static int change; /* what to do with the frame: 1 another PKRU, 2 none in it */

static uint32_t pkru_place(void)
{
	uint32_t a, offset, c, d;

	__cpuid_count(0xd, 9, a, offset, c, d);
	return offset;
}

static void look(int sig, siginfo_t *info, void *context)
{
	char *image = (char *)((ucontext_t *)context)->uc_mcontext.fpregs;

	(void)sig, (void)info;
	in_handler = rdpkru();
	memcpy(&features, image + 512, sizeof(features));
	memcpy(&wanted, image + pkru_place(), sizeof(wanted));
	if (change == 1)
		memcpy(image + pkru_place(), &(uint32_t){0x55555500}, 4);
	if (change == 2)
		memcpy(image + 512, &(uint64_t){features & ~(1ul << 9)}, 8);
	wrpkru(0x55555510); /* the handler's own, and gone with it */
}

static void test_handlers(void)
{
	volatile double sum = 1.5;

	on_info(SIGUSR1, look, 0);
	wrpkru(0x55555540);
	raise(SIGUSR1);
	is_int(in_handler, FRESH, "a handler begins with the PKRU of a fresh program");
	is_int(rdpkru(), 0x55555540, "and what was interrupted has its own again");
	is_int(features >> 9 & 1, 1, "the frame's image has PKRU");
	is_int(wanted, 0x55555540, "where the processor puts it");
	change = 1;
	raise(SIGUSR1);
	is_int(rdpkru(), 0x55555500, "a handler may change it there");
	change = 2;
	raise(SIGUSR1);
	is_int(rdpkru(), 0, "and if the image has none it is 0");
	change = 0;
	wrpkru(FRESH);
	raise(SIGUSR1);
	sum = sum * 2;
	ok(sum == 3.0 && rdpkru() == FRESH, "vector registers are what they were");
}

/* ---- who has which ---- */

#define TURNS 200

static volatile int turn, spoiled;

static void *other_thread(void *arg)
{
	*(uint32_t *)arg = rdpkru();
	wrpkru(0x55555550);
	for (int i = 0; i < TURNS; i++) {
		while (turn != 1)
			sched_yield();
		spoiled += rdpkru() != 0x55555550;
		turn = 0;
	}
	return NULL;
}

static void test_threads(void)
{
	uint32_t inherited = 1;
	pthread_t thread;

	wrpkru(0x55555544);
	must(pthread_create(&thread, NULL, other_thread, &inherited) == 0);
	for (int i = 0; i < TURNS; i++) {
		while (turn != 0)
			sched_yield();
		spoiled += rdpkru() != 0x55555544;
		turn = 1;
	}
	pthread_join(thread, NULL);
	is_int(inherited, 0x55555544, "a thread begins with its maker's PKRU");
	is_int(spoiled, 0, "and each keeps its own");
	wrpkru(FRESH);
}

static void test_processes(void)
{
	char *at = pages(1);
	int key = alloc_key(0, NO_ACCESS), status;
	pid_t pid;

	must(key > 0 && protect(at, PAGE, R | W, key) == 0);
	wrpkru(rdpkru() & ~0xc0u);
	if (can_fork("fork")) {
		uint32_t before = rdpkru();

		pid = fork();
		if (pid == 0) {
			int good = rdpkru() == before && fault_of(at, R) == PKUERR && alloc_key(0, 0) == key + 1;

			set_rights(key, 0);
			_exit(good && fault_of(at, W) == 0 && at[0] == 1 ? 0 : 1);
		}
		must(pid > 0 && waitpid(pid, &status, 0) == pid);
		is_int(status, 0, "a child has its parent's PKRU, keys, and what carries them");
		is_int(alloc_key(0, NO_ACCESS), key + 1, "and keys of its own from then on");
		free_key(key + 1);
	}
	if (can_spawn("exec"))
		is_int(run_self("fresh", NULL), 0, "a new program begins with a fresh PKRU, and all keys are free");
	free_key(key);
	munmap(at, PAGE);
	wrpkru(FRESH);
}

/* ---- a CPU without keys ---- */

static int without(void)
{
	char *at = pages(1);

	fails(alloc_key(1, 0), EINVAL, "pkey_alloc: a flag");
	fails(alloc_key(0, 0), ENOSPC, "pkey_alloc");
	fails(free_key(1), EINVAL, "pkey_free");
	fails(protect(at, PAGE, R, 1), EINVAL, "pkey_mprotect");
	is_int(protect(at, PAGE, R, -1), 0, "pkey_mprotect with key -1 is mprotect");
	return done();
}

/* A kernel without the rung has no such calls. */
static int off(void)
{
	fails(alloc_key(0, 0), ENOSYS, "pkey_alloc");
	fails(free_key(1), ENOSYS, "pkey_free");
	fails(protect(pages(1), PAGE, R, -1), ENOSYS, "pkey_mprotect");
	return done();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "fresh"))
		return !(rdpkru() == FRESH && alloc_key(0, 0) == 1);
	if (argc > 1 && !strcmp(argv[1], "without"))
		return without();
	if (argc > 1 && !strcmp(argv[1], "off"))
		return off();
	test_keys();
	test_rights();
	test_copies();
	test_handlers();
	test_threads();
	test_processes();
	return done();
}
