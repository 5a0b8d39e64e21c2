/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One terminal, and its line discipline (termios(3)): what happens to a byte between the line and a program. The ldisc_*
 * functions expect the tty's lock held and never sleep; tty_file.c does the sleeping.
 *
 * Input is one ring of entries. [tail, canon) can be read; [canon, head) is the line being edited, empty unless ICANON.
 */
#ifndef DRIVERS_LDISC_H
#define DRIVERS_LDISC_H

#include <core/spinlock.h>
#include <core/wait.h>
#include <drivers/tty.h>
#include <uapi/linux/termios.h>

#define TTY_INPUT_SIZE 4096

/* An entry is a byte, and: */
#define ENTRY_END BIT(8)    /* a line ends with it */
#define ENTRY_EOF BIT(9)    /* it ends the line and is not delivered */

struct tty {
	const struct tty_backend *backend;   /* I */
	u64 rdev;                            /* I */
	u32 refs;                            /* a */
	u32 opens;                           /* lock: files */
	struct spinlock lock;                /* (i) */
	struct termios termios;              /* lock */
	struct winsize size;                 /* lock */
	int session, foreground;             /* lock; process group; 0: none */
	struct waitq readers, writers;
	u8 stopped;                          /* lock: STOPPED_* */
	bool input_over;                     /* lock: no more will come */
	bool hung_up;                        /* lock: the line is gone */
	bool throttled;                      /* lock: the backend holds bytes back */
	bool literal;                        /* lock: ^V was typed */
	u32 head, canon, tail;               /* lock: free-running */
	u32 line_column;                     /* lock: where the edited line began on the screen */
	u32 column;                          /* lock: of the cursor */
	u16 input[TTY_INPUT_SIZE];           /* lock */
};

/* Output rests: ^S was typed, or a program called tcflow(); that takes another tcflow() to go on. */
#define STOPPED_BY_KEY BIT(0)
#define STOPPED_BY_CALL BIT(1)

/* Fills zeroed storage. */
void tty_init(struct tty *t, const struct tty_backend *backend, u64 rdev);
void tty_signal(int group, int sig);
void tty_resize(struct tty *t, const struct winsize *size);

/* One byte from the line. False: no room, offer it again later. *signal is set when it asks for one. */
bool ldisc_receive(struct tty *t, u8 byte, int *signal);
/* Up to n bytes for a reader. *end: nothing more belongs to this read. */
size_t ldisc_take(struct tty *t, char *buffer, size_t n, bool *end);
/* Program output, with its post-processing. How many bytes found room. */
size_t ldisc_write(struct tty *t, const char *bytes, size_t n);
void ldisc_flush_input(struct tty *t);
void ldisc_set_termios(struct tty *t, const struct termios *termios);
/* ^S and ^Q, or what tcflow(3) does. */
void ldisc_stop(struct tty *t, u8 how);
void ldisc_start(struct tty *t, u8 how);

static inline bool tty_flag(u32 flags, u32 flag)
{
	return flags & flag;
}

/* Bytes a reader would get; racy without the lock. */
static inline u32 tty_readable(const struct tty *t)
{
	return READ_ONCE(t->canon) - READ_ONCE(t->tail);
}

/* May a program write now? */
static inline bool tty_writable(struct tty *t)
{
	return !READ_ONCE(t->stopped) && (!t->backend->output_room || t->backend->output_room(t));
}

/* Lock held. */
static inline void tty_changed(struct tty *t, u8 what)
{
	if (t->backend->changed)
		t->backend->changed(t, what);
}

int tty_put_int(uaddr_t arg, int value);
/* f->data is the terminal, or begins with it: the master's are the slave's, where it has none of its own. */
long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg);
/* Takes note that a reader made room. */
void tty_unthrottle(struct tty *t);

#endif
