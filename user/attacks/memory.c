/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is not one's own, or not for that: the kernel's, another process's, data as code, code as data, nothing at all. */
#include "attacks.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

static void read_kernel_text(void)
{
	volatile uint64_t *at = (void *)kernel_symbol("text");

	saw("leaks", "the kernel's code begins with %016lx", *at);
}

static void read_kernel_data(void)
{
	saw("leaks", "the kernel's memory says: %.16s", (char *)kernel_symbol("data"));
}

static void write_kernel_data(void)
{
	strcpy((char *)kernel_symbol("data"), OWNED);
	saw("stored", "uname says %s", kernel_changed() ? OWNED : "what it said before");
}

/*
 * The adaptive one: a protection key is a bit in a register too (IA32_PKRS; where there is none, QEMU drops the write). The next way
 * back from the kernel closes it again, so nothing may come between.
 */
static void write_kernel_data_key(void)
{
	uintptr_t data = kernel_symbol("data");
	uint64_t owned = 0;

	memcpy(&owned, OWNED, sizeof(OWNED));
	asm volatile("cli; wrmsr; mov %0, (%1); sti" : : "r"(owned), "r"(data), "c"(0x6e1), "a"(0), "d"(0) : "memory");
	saw("stored", "uname says %s", kernel_changed() ? OWNED : "what it said before");
}

/* The adaptive one: the register that leads system calls into the kernel tells where it is. */
static void write_kernel_data_moved(void)
{
	uint32_t low, high;
	uintptr_t by;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_LSTAR));
	by = (((uintptr_t)high << 32 | low) - kernel_symbol("gate")) & ~0x1ffffful; /* which of its entries it may be */
	strcpy((char *)(kernel_symbol("data") + by), OWNED);
	saw("stored", "%lx above where it was linked; uname says %s", by, kernel_changed() ? OWNED : "what it said before");
}

/* `by` is what is added to the address that the kernel itself calls it by. */
static void store_in_text(uintptr_t by)
{
	volatile uint8_t *at = (void *)(kernel_symbol("panic") + by);
	uint8_t old = *at;

	*at = 0xcc;
	saw(*at == 0xcc ? "stored" : "refused", "the first byte of panic() was %02x and is %02x", old, *at);
}

static void write_kernel_text(void)
{
	store_in_text(0);
}

/* The adaptive one: write protection is a bit in a register. */
static void write_kernel_text_wp(void)
{
	unsigned long cr0;

	(void)*(volatile uint8_t *)kernel_symbol("panic"); /* who cannot read it need not open the door for others */
	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	asm volatile("mov %0, %%cr0" : : "r"(cr0 & ~(1ul << 16)));
	store_in_text(0);
}

/* Or by the other name of the same memory: the map of all memory shows the kernel's code too. */
static void write_kernel_text_alias(void)
{
	store_in_text(kernel_symbol("direct") - KERNEL_BASE);
}

static void read_process(void)
{
	struct victim v;

	if (!have_victim(&v))
		return;
	if (!memcmp((char *)v.page, MARK, sizeof(MARK)))
		saw("leaks", "process %d's memory says: %s", v.pid, (char *)v.page);
	else
		saw("refused", "something else is there");
}

static void write_process(void)
{
	struct victim v;

	if (!have_victim(&v))
		return;
	if (memcmp((char *)v.page, MARK, sizeof(MARK))) {
		saw("refused", "something else is there");
		return;
	}
	strcpy((char *)v.page, OWNED);
	saw("stored", "into process %d", v.pid);
}

/* The adaptive one, where a protection key closes it: PKRU is the program's own register. */
static void write_process_key(void)
{
	struct victim v;

	if (!have_victim(&v))
		return;
	asm volatile("wrpkru" : : "a"(0), "c"(0), "d"(0) : "memory");
	write_process();
}

#define SLACK 8192 /* pages that are the kernel's own, and not in what it says there is */

static sigjmp_buf hole;

static void on_hole(int sig)
{
	siglongjmp(hole, sig);
}

/* The adaptive one: a private space hides addresses, not memory. The kernel maps all of it. */
static void search_memory(void)
{
	struct sigaction sa = {.sa_handler = on_hole, .sa_flags = SA_NODEFER};
	uintptr_t direct = kernel_symbol("direct") + (1 << 20);
	unsigned long found = 0, pages;
	struct sysinfo info;
	struct victim v;

	if (!have_victim(&v) || sysinfo(&info))
		return;
	pages = info.totalram * info.mem_unit / PAGE + SLACK;
	found += *(volatile uint8_t *)direct >> 8; /* where this is not allowed, it ends here */
	sigaction(SIGSEGV, &sa, NULL);
	for (volatile unsigned long i = 0; i < pages && !found; i++) {
		char *page = (char *)direct + i * PAGE;

		if (sigsetjmp(hole, 0) == 0 && !memcmp(page, MARK, sizeof(MARK))) {
			strcpy(page, OWNED);
			found++;
		}
	}
	saw(found ? "stored" : "refused", "%lu pages of memory had the victim's mark", found);
}

/* mov $42, %eax; ret */
static const uint8_t code[] = {0xb8, 42, 0, 0, 0, 0xc3};

static void execute(void *at)
{
	int (*function)(void) = (int (*)(void))(uintptr_t)memcpy(at, code, sizeof(code));

	saw(function() == 42 ? "runs" : "refused", "data ran as code");
}

static void exec_stack(void)
{
	uint8_t buffer[64];

	execute(buffer);
}

static void exec_heap(void)
{
	execute(malloc(64));
}

static void exec_mmap(void)
{
	execute(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* The adaptive one asks first. */
static void exec_mprotect(void)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mprotect(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC))
		saw_error("mprotect");
	else
		execute(at);
}

static void write_own_text(void)
{
	volatile uint8_t *at = (uint8_t *)(uintptr_t)exec_stack;

	*at = 0xc3;
	saw("stored", "own code was changed");
}

static void null_read(void)
{
	char *volatile nothing = NULL;

	saw("leaks", "a null pointer leads to %d", *(volatile char *)nothing);
}

static void null_write(void)
{
	char *volatile nothing = NULL;

	*(volatile char *)nothing = 1;
	saw("stored", "through a null pointer");
}

static void null_call(void)
{
	void (*volatile nothing)(void) = NULL;

	nothing();
	saw("runs", "a null pointer was called");
}

static volatile int enough;

static int recurse(volatile char *above)
{
	volatile char frame[512];

	frame[0] = above[0] + 1;
	return enough ? 0 : recurse(frame) + frame[0];
}

static void stack_overflow(void)
{
	volatile char start[1] = {0};

	saw("stored", "the stack did not end: %d", recurse(start));
}

static void *overflow_thread(void *argument)
{
	(void)argument;
	stack_overflow();
	return NULL;
}

/* What lies below a thread's stack is another's memory, but for its guard page. */
static void thread_overflow(void)
{
	pthread_t thread;

	if ((errno = pthread_create(&thread, NULL, overflow_thread, NULL)) != 0)
		saw_error("pthread_create");
	else
		pthread_join(thread, NULL);
}

const struct attack memory_attacks[] = {
	{"read-kernel-text", read_kernel_text},
	{"read-kernel-data", read_kernel_data},
	{"write-kernel-data", write_kernel_data},
	{"write-kernel-data-key", write_kernel_data_key},
	{"write-kernel-data-moved", write_kernel_data_moved},
	{"write-kernel-text", write_kernel_text},
	{"write-kernel-text-wp", write_kernel_text_wp},
	{"write-kernel-text-alias", write_kernel_text_alias},
	{"read-process", read_process},
	{"write-process", write_process},
	{"write-process-key", write_process_key},
	{"search-memory", search_memory},
	{"exec-stack", exec_stack},
	{"exec-heap", exec_heap},
	{"exec-mmap", exec_mmap},
	{"exec-mprotect", exec_mprotect},
	{"write-own-text", write_own_text},
	{"null-read", null_read},
	{"null-write", null_write},
	{"null-call", null_call},
	{"stack-overflow", stack_overflow},
	{"thread-overflow", thread_overflow},
	{NULL, NULL},
};
