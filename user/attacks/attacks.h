/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attacks, each a function that tries one thing and says in one line what it saw. It may die of it: the line that is
 * missing, and how the machine ends, are evidence too (tools/orchardlib/attack.py puts it together).
 */
#ifndef ATTACKS_H
#define ATTACKS_H

#define _GNU_SOURCE
#include <stdint.h>

#include "user/kernel.h"

#define PAGE 4096ul
#define OWNED "owned"

struct attack {
	const char *name;
	void (*run)(void);
};

/* Each file's attacks; an entry without a name ends them. */
extern const struct attack memory_attacks[], privileged_attacks[], call_attacks[], server_attacks[], hog_attacks[];

/*
 * `saw NAME WORD text`, at once. WORD: `refused` (an errno, or nothing came of it), `leaks` (it read what is not its),
 * `stored` (it changed what is not its), `console` (the text shall stand among the kernel's messages), `runs` (code ran that
 * should not), `nobody` (there is nobody to attack).
 */
void saw(const char *word, const char *format, ...) __attribute__((format(printf, 2, 3)));
void saw_error(const char *call);

#define KERNEL_BASE 0xffffffff80000000 /* Linux's too, when nothing moves it */
#define MSR_LSTAR 0xc0000082

/* The address of one of the kernel's: text data copy panic gate direct (main.c). Who has the kernel's file knows it. */
uintptr_t kernel_symbol(const char *name);

/* The neighbouring process that is the victim: a page of its memory, which begins with its mark, its pid; the pid of another. */
struct victim {
	uintptr_t page;
	pid_t pid, neighbour;
};
#define MARK "the victim's own"
bool have_victim(struct victim *v); /* else `nobody` is said */

/* Does uname(2) call the machine something else than at first: did somebody write into the kernel? */
bool kernel_changed(void);

#endif
