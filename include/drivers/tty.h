/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Terminals: the line discipline of termios(3) over a backend that moves bytes: COM1 as the console, the stream port, or the
 * master of a pseudo-terminal (drivers/pty.h). A terminal is counted: its line has a reference, each open file, and the session
 * that it controls. Processes are reached (^C, SIGWINCH, SIGTTIN) through the hooks that abi/linux installs: drivers know none.
 */
#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include <lib/types.h>

struct tty;
struct file;
struct vnode;
struct winsize;

struct tty_backend {
	/* All but input_room with the terminal's lock held. NULL: nothing to do. */
	void (*write)(struct tty *t, const char *bytes, size_t n);     /* may spin, not sleep */
	size_t (*output_room)(struct tty *t);          /* for a program's output: 0, or 8 bytes at least. NULL: always */
	int (*open)(struct tty *t);                                    /* 0, -EIO */
	void (*close)(struct tty *t);                                  /* no file has it open any more */
	void (*changed)(struct tty *t, u8 what);                       /* TIOCPKT_*: what a remote login may want to know */
	void (*input_room)(struct tty *t);                             /* the reader made room: input may go on */
};

/* The process side, installed by abi/linux before there are processes. "Current" is whoever calls. */
struct tty_hooks {
	void (*signal_group)(int pgid, int sig);       /* any context, interrupts included */
	bool (*controls)(const struct tty *tty);       /* is it the current process's controlling terminal? */
	struct tty *(*controlling)(void);              /* which is, with a reference; or NULL */
	/* A session's leader without a terminal takes this one: 0, -EPERM, -EIO: it hung up. `steal`: even from another session. */
	int (*acquire)(struct tty *tty, bool steal);
	int (*give_up)(struct tty *tty);               /* TIOCNOTTY: 0, -ENOTTY */
	void (*hang_up)(struct tty *tty);              /* the line is gone: its session has no terminal now, and hears of it */
	/* A background process reads (SIGTTIN), or changes something or writes under TOSTOP (SIGTTOU): 0 go on, -EIO,
	 * -ERESTARTSYS (signal sent). */
	int (*background)(struct tty *tty, int sig);
	int (*check_group)(int pgid);                  /* may it be put in front? 0, -ESRCH, -EPERM: of another session */
};

void tty_set_hooks(const struct tty_hooks *hooks);
extern const struct tty_hooks *tty_hooks;

/* A terminal with one reference. NULL: no memory. */
struct tty *tty_create(const struct tty_backend *backend, u64 rdev);
void tty_get(struct tty *tty);
void tty_put(struct tty *tty);
struct tty *tty_console(void); /* the one that /dev/console means */
void tty_set_console(struct tty *tty);
/* An open terminal, by the name v. ERR_PTR: -EIO, -ENOMEM. */
struct file *tty_open(struct tty *tty, unsigned flags, struct vnode *v);
/* Bytes from the backend; any context. How many were taken: the rest must be offered again after input_room(). */
size_t tty_input(struct tty *tty, const char *bytes, size_t n);
void tty_input_eof(struct tty *tty); /* no more will come */
/* The line is gone, for all who have it open: end of file, EIO. May sleep. */
void tty_hang_up(struct tty *tty);
void tty_set_size(struct tty *tty, unsigned rows, unsigned columns); /* SIGWINCH if it changed */
int tty_foreground(const struct tty *tty); /* process group, for /proc/<pid>/stat */
/* The session that it controls, and the group in front; 0: none. Only abi/linux says so, under proc_lock. False: it hung up. */
bool tty_claim(struct tty *tty, int session, int group);
int tty_session(const struct tty *tty);
u64 tty_rdev(const struct tty *tty);

#endif
