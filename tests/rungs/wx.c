/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * W^X: memory is written or executed. With an argument of "off" it says what a kernel without the rung allows, as Linux does.
 * What works with the rung is tested too: code that was never writable, and data that never run.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC

static int wx;

static void *page(int prot)
{
	void *p = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* This kernel refuses the call with the rung, and allows it without. */
#define refused(call, name)                                                                        \
	do {                                                                                       \
		if (wx)                                                                            \
			fails(call, EACCES, "%s: refused", name);                                  \
		else                                                                               \
			is_int(call, 0, "%s: allowed", name);                                      \
	} while (0)

static int map(int prot)
{
	return mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int global = 1;

static void calls(void)
{
	char *heap, *anon = page(R | W), *once = page(R | W), *code = page(R | X), *none = page(PROT_NONE);
	char local[1];

	refused(map(R | W | X), "mmap of memory to write and execute");
	refused(mprotect(anon, 4096, R | W | X), "mprotect of memory that may be written");
	is_int(mprotect(anon, 4096, R), 0, "what could be written may be read only");
	refused(mprotect(anon, 4096, R | X), "mprotect of memory that could be written once");
	is_int(mprotect(once, 4096, PROT_NONE), 0, "what could be written may be closed");
	refused(mprotect(once, 4096, X), "and not be executed after that");
	is_int(mprotect(once, 4096, R | W), 0, "but written again");
	is_int(mprotect(once, 4096, R), 0, "and closed again");
	refused(mprotect(once, 4096, R | X), "and still not be executed");
	is_int(mprotect(code, 4096, R), 0, "what could be executed may be read");
	is_int(mprotect(code, 4096, R | X), 0, "and executed again, as nobody could write");
	refused(mprotect(code, 4096, R | W | X), "but not be opened for writing while it is executed");
	is_int(mprotect(none, 4096, R | X), 0, "what never had rights may be executed");
	heap = (char *)((syscall(SYS_brk, 0) + 4095) & ~4095l);
	must(syscall(SYS_brk, heap + 4096) == (long)heap + 4096); /* musl's sbrk() only asks */
	refused(mprotect(heap, 4096, R | X), "the heap");
	refused(mprotect((char *)((unsigned long)&global & ~4095ul), 4096, R | W | X), "the program's data");
	refused(mprotect((char *)((unsigned long)local & ~4095ul), 4096, R | W | X), "the stack");
	refused(mprotect((char *)((unsigned long)calls & ~4095ul), 4096, R | W | X), "the program's text");
}

int main(int argc, char **argv)
{
	wx = !(argc > 1 && !strcmp(argv[1], "off"));
	calls();
	return done();
}
