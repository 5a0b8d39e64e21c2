/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a program lies: `aslr where` prints the addresses of its code, heap, first mapping, stack and vDSO; `aslr plain` asks for
 * no randomisation, and does that. `aslr bits CODE HEAP MMAP STACK` starts itself 48 times, and demands that each of so many bits
 * above the page's took both values.
 */
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define TIMES 48

extern char **environ;

static const char *const names[] = {"code", "heap", "mmap", "stack", "vdso"};

static void look(unsigned long at[5])
{
	int local;

	at[0] = (unsigned long)look;
	at[1] = (unsigned long)sbrk(0);
	at[2] = (unsigned long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at[3] = (unsigned long)&local;
	at[4] = getauxval(AT_SYSINFO_EHDR);
}

static void where(void)
{
	unsigned long at[5];

	look(at);
	for (int i = 0; i < 5; i++)
		printf("%s %lx\n", names[i], at[i]);
}

static int report(void)
{
	unsigned long at[5];

	look(at);
	return write(1, at, sizeof(at)) != sizeof(at);
}

static void child(char *self, unsigned long at[5])
{
	char *argv[] = {self, "report", NULL};
	posix_spawn_file_actions_t actions;
	int fd[2], status;
	pid_t pid;

	must(pipe(fd) == 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd[1], 1);
	must(posix_spawn(&pid, self, &actions, NULL, argv, environ) == 0);
	close(fd[1]);
	must(read(fd[0], at, 5 * sizeof(*at)) == 5 * sizeof(*at));
	close(fd[0]);
	must(waitpid(pid, &status, 0) == pid && status == 0);
	posix_spawn_file_actions_destroy(&actions);
}

/* Where code and heap move together, what the heap adds is looked at. */
static int bits(char **argv)
{
	unsigned long ones[4] = {0}, zeroes[4] = {0}, at[5], page_offset = 0, last = 0;

	for (int n = 0; n < TIMES; n++) {
		child(argv[0], at);
		at[1] -= at[0] & ~4095ul;
		for (int i = 0; i < 4; i++) {
			ones[i] |= at[i];
			zeroes[i] |= ~at[i];
		}
		page_offset |= n ? (at[3] ^ last) & 0xff0 : 0;
		last = at[3];
	}
	for (int i = 0; i < 4; i++) {
		int want = atoi(argv[2 + i]);
		unsigned long mask = (1ul << want) - 1, both = (ones[i] & zeroes[i]) >> 12;

		ok((both & mask) == mask, "%s: %d bits of pages (%lx)", names[i], want, both);
	}
	ok(page_offset, "the stack pointer moves within its page");
	return done();
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "bits"))
		return bits(argv);
	if (argc == 2 && !strcmp(argv[1], "report"))
		return report();
	if (argc == 2 && !strcmp(argv[1], "plain")) {
		if (personality(ADDR_NO_RANDOMIZE) < 0)
			return 1;
		execl(argv[0], argv[0], "where", NULL);
		return 1;
	}
	where();
	return 0;
}
