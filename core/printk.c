/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printk.c - lines on the console, through the polled port, so that they work from the first
 * instruction on and in any context.
 *
 * One lock keeps lines whole, and each message is one line: names in it are the application's, and might hold line ends and
 * escapes, with which a program could speak for the kernel. After panic() began, the panicking CPU takes no lock (it may have been
 * interrupted while holding it) and all others are silent.
 */
#include <core/printk.h>

#include <arch/machine.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <lib/format.h>
#include <lib/string.h>

#define LINE_MAX 512

static struct spinlock console_lock = SPINLOCK_INIT("console");
static int console_level = CONFIG_LOG_LEVEL;

static bool midline; /* console_lock, or the panicking CPU's: the last character did not end a line */

static void put_all(const char *text)
{
	arch_screen_write(text, strlen(text));
	for (; *text; text++) {
		arch_early_putc(*text);
		midline = *text != '\n';
	}
}

static void console_write(const char *prefix, const char *text)
{
	u64 flags = irq_save();
	int panicking = __atomic_load_n(&panic_cpu, __ATOMIC_ACQUIRE);

	if (panicking < 0) {
		spin_lock(&console_lock);
		put_all(prefix);
		put_all(text);
		spin_unlock(&console_lock);
	} else if (panicking == (int)this_cpu_id()) {
		put_all(prefix);
		put_all(text);
	}
	irq_restore(flags);
}

/* `[    1.234567] `, or nothing before the clock runs. */
static void time_prefix(char *prefix, size_t size)
{
	u64 us = clock_ns() / NSEC_PER_USEC;

	prefix[0] = '\0';
	if (us)
		snprintf(prefix, size, "[%5lu.%06lu] ", us / 1000000, us % 1000000);
}

/* Shows control characters as `?`. */
static void disarm(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((u8)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

void vprintk(enum loglevel level, const char *format, va_list args)
{
	char prefix[32], line[LINE_MAX];
	size_t length;

	if ((int)level >= READ_ONCE(console_level))
		return;
	time_prefix(prefix, sizeof(prefix));
	length = (size_t)vsnprintf(line, sizeof(line) - 1, format, args);
	length = MIN(length, sizeof(line) - 2);
	length -= length && line[length - 1] == '\n';
	disarm(line, length);
	line[length] = '\n';
	line[length + 1] = '\0';
	console_write(prefix, line);
}

void printk(enum loglevel level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintk(level, format, args);
	va_end(args);
}

void console_print(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	console_write("", line);
}

void console_fresh_line(void)
{
	if (midline)
		console_write("", "\n");
}

void console_set_level(int level)
{
	WRITE_ONCE(console_level, level);
}
