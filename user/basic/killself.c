/* SPDX-License-Identifier: BSD-2-Clause */
/* killself SIG: sends itself signal number SIG and expects its default action to end it. */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *end;
	long sig;

	if (argc != 2)
		errx(2, "usage: killself SIG");
	sig = strtol(argv[1], &end, 10);
	if (end == argv[1] || *end || sig < 1 || sig > 64)
		errx(2, "%s: not a signal number from 1 to 64", argv[1]);
	if (kill(getpid(), sig) < 0)
		err(2, "kill %ld", sig);
	errx(3, "still alive after signal %ld", sig);
}
