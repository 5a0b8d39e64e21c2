/* SPDX-License-Identifier: BSD-2-Clause */
/* tsan.c - the first race that TSan sees ends the program: there would be thousands. It shall have said in TAP why. */
#include <stdlib.h>
#include <unistd.h>

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1";
}

/* TSan's upcall: the program ends behind it. */
void __tsan_on_report(void *report);
void __tsan_on_report(void *report)
{
	static const char text[] = "not ok - TSan saw a data race\n";

	(void)report;
	if (write(1, text, sizeof(text) - 1) < 0)
		abort();
}
