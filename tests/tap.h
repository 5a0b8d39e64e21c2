/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Test Anything Protocol for programs with a libc. A check prints one line at once, so that a
 * death in the middle shows where; a failing one adds file, line and values.
 *
 *	ok(cond, "name %d", i)		is_int(got, want, ...)		is_str(got, want, ...)
 *	fails(call, EBADF, ...)		returned -1 with that errno
 *	skip("why", "name")		counts as passed and says why
 *	return done();			the plan; 0 when all passed, and there were any
 *
 * Checks may come from any thread, one at a time; never from a vfork child.
 */
#ifndef TAP_H
#define TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAP_UNUSED __attribute__((unused))

static int tap_count, tap_failures;

#define ok(cond, ...) tap_ok(!!(cond), __FILE__, __LINE__, #cond, __VA_ARGS__)
#define is_int(got, want, ...) tap_int((long)(got), (long)(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) tap_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define fails(call, error, ...)                                                                    \
	({                                                                                         \
		errno = 0;                                                                         \
		long tap_result = (long)(call);                                                    \
		tap_fails(tap_result, errno, (error), __FILE__, __LINE__, __VA_ARGS__);            \
	})
/* For set-up that must not fail: the test cannot go on without it. */
#define must(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("Bail out! %s:%d: %s: %s\n", __FILE__, __LINE__, #cond,             \
			       strerror(errno));                                                   \
			exit(255);                                                                 \
		}                                                                                  \
	} while (0)

TAP_UNUSED static int tap_line(int good, const char *file, int line, const char *format,
			       va_list arguments)
{
	printf("%s %d - ", good ? "ok" : "not ok", ++tap_count);
	vprintf(format, arguments);
	putchar('\n');
	if (!good) {
		tap_failures++;
		printf("#   at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

__attribute__((format(printf, 5, 6))) TAP_UNUSED static int
tap_ok(int good, const char *file, int line, const char *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tap_line(good, file, line, format, arguments);
	va_end(arguments);
	if (!good)
		printf("#   false: %s\n", text);
	fflush(stdout);
	return good;
}

__attribute__((format(printf, 5, 6))) TAP_UNUSED static int
tap_int(long got, long want, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tap_line(got == want, file, line, format, arguments);
	va_end(arguments);
	if (got != want)
		printf("#   got %ld (%#lx), want %ld (%#lx)\n", got, got, want, want);
	fflush(stdout);
	return got == want;
}

__attribute__((format(printf, 5, 6))) TAP_UNUSED static int
tap_str(const char *got, const char *want, const char *file, int line, const char *format, ...)
{
	int good = got && !strcmp(got, want);
	va_list arguments;

	va_start(arguments, format);
	tap_line(good, file, line, format, arguments);
	va_end(arguments);
	if (!good)
		printf("#   got '%s', want '%s'\n", got ? got : "(null)", want);
	fflush(stdout);
	return good;
}

__attribute__((format(printf, 6, 7))) TAP_UNUSED static int
tap_fails(long result, int error, int want, const char *file, int line, const char *format, ...)
{
	int good = result == -1 && error == want;
	va_list arguments;

	va_start(arguments, format);
	tap_line(good, file, line, format, arguments);
	va_end(arguments);
	if (!good)
		printf("#   got %ld and errno %d (%s), want -1 and %d (%s)\n", result, error,
		       strerror(error), want, strerror(want));
	fflush(stdout);
	return good;
}

TAP_UNUSED static void skip(const char *why, const char *name)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_count, name, why);
	fflush(stdout);
}

TAP_UNUSED static int done(void)
{
	printf("1..%d\n", tap_count);
	fflush(stdout);
	return tap_failures || !tap_count;
}

#endif
