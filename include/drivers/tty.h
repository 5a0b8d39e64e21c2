/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Terminals: the line discipline of termios(3) over a backend that moves bytes (COM1 as the console, or the stream port).
 * There are at most two: the console, and the stream terminal. Signals (^C, ^Z, SIGWINCH, SIGTTIN) are sent through the hook
 * that abi/linux installs: drivers know no processes.
 */
#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include <lib/types.h>

struct tty;
struct file;
struct file_ops;

struct tty_backend {
	const char *name;                                              /* "console", "stream" */
	void (*write)(const char *bytes, size_t n);                    /* may spin, not sleep */
	void (*input_room)(void);                                      /* the reader made room: input may go on */
};

/* The process side, installed by abi/linux. */
struct tty_hooks {
	void (*signal_group)(int pgid, int sig);       /* any context, interrupts included */
	int (*current_pgid)(void);
	int (*current_sid)(void);
	bool (*is_session_leader)(void);
	struct tty *(*controlling)(void);              /* of the current process, or NULL */
	void (*set_controlling)(struct tty *tty);      /* current process's session gets it */
	/* A background process reads (SIGTTIN) or writes under TOSTOP (SIGTTOU): 0 go on, -EIO, -EINTR (signal sent). */
	int (*background)(struct tty *tty, int sig);
	/* The group that a process group id names: exists in the current session? */
	bool (*group_in_session)(int pgid);
};

void tty_set_hooks(const struct tty_hooks *hooks);
/* The n-th terminal; creates it on first use. */
struct tty *tty_create(const struct tty_backend *backend);
struct tty *tty_console(void); /* the one that /dev/console means */
void tty_set_console(struct tty *tty);
/* An open terminal, read-write; becomes the caller's controlling terminal by the caller's own doing. ERR_PTR. */
struct file *tty_open(struct tty *tty, unsigned flags);
/* Bytes from the backend; interrupt context. How many were taken: the rest must be offered again after input_room(). */
size_t tty_input(struct tty *tty, const char *bytes, size_t n);
void tty_input_eof(struct tty *tty); /* the line hung up */
void tty_set_size(struct tty *tty, unsigned rows, unsigned columns); /* SIGWINCH if it changed */
int tty_foreground(const struct tty *tty); /* process group, for /proc/<pid>/stat */
/* Init gives the terminal to the first session. */
void tty_claim(struct tty *tty, int session, int group);
u64 tty_rdev(const struct tty *tty);
/* The session's leader is gone, or gave the terminal up: it controls nobody now. */
void tty_leave_session(struct tty *tty, int session);

/* For device nodes; file->data is the struct tty. */
extern const struct file_ops tty_file_ops;

#endif
