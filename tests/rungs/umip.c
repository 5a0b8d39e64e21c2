/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each of the five instructions that UMIP makes privileged is a SIGSEGV here. Linux does the same for SLDT and STR, but answers
 * SGDT, SIDT and SMSW with made-up values (arch/x86/kernel/umip.c), so this one is not for it.
 */
#include <setjmp.h>
#include <signal.h>

#include "tap.h"

static sigjmp_buf back;

static void on_segv(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

#define FAULTS(name, instruction)                                                                  \
	do {                                                                                       \
		volatile int faulted = 1;                                                          \
		unsigned char room[16];                                                            \
                                                                                                   \
		if (!sigsetjmp(back, 1)) {                                                         \
			asm volatile(instruction : "=m"(room));                                    \
			faulted = 0;                                                               \
		}                                                                                  \
		ok(faulted, name " is SIGSEGV");                                                   \
	} while (0)

int main(void)
{
	struct sigaction action = {.sa_handler = on_segv};

	sigaction(SIGSEGV, &action, NULL);
	FAULTS("sgdt", "sgdt %0");
	FAULTS("sidt", "sidt %0");
	FAULTS("sldt", "sldt %0");
	FAULTS("smsw", "smsw %0");
	FAULTS("str", "str %0");
	return done();
}
