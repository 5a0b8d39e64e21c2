/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages for people, on the console. Any context, any lock. Levels are those of syslog(3).
 */
#ifndef CORE_PRINTK_H
#define CORE_PRINTK_H

#include <lib/types.h>
#include <stdarg.h>

enum loglevel { LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

void printk(enum loglevel level, const char *format, ...) __printf(2, 3);
void vprintk(enum loglevel level, const char *format, va_list args) __printf(2, 0);
/* Raw text for TAP and panic; no level, no prefix. */
void console_print(const char *format, ...) __printf(1, 2);
/* For panic, which may have stopped another CPU amid its line. */
void console_fresh_line(void);
void console_set_level(int level); /* messages below it are shown */

#define pr_err(...) printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...) printk(LOG_WARNING, __VA_ARGS__)
#define pr_info(...) printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

/*
 * A refusal is loud: one line that names the call, the errno and why, on the console (warning level) and to whoever
 * listens (the stream port). Repeats of the same call site are said once. The caller still returns the errno.
 */
void refuse(const char *call, int error, const char *why);
extern void (*refuse_listener)(const char *line);

#endif
