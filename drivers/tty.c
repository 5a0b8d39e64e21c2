/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminals there are, what comes in from their lines, and who is told: the object, without its line discipline. */
#include "ldisc.h"

#include <core/panic.h>
#include <uapi/linux/signal.h>

#define TTYS_MAX 2

static struct tty ttys[TTYS_MAX];
static unsigned ttys_used;       /* boot only */
static struct tty *console;      /* boot only */

/* --- Processes, when there are none yet ------------------------------------------------------ */

static void no_signal_group(int pgid, int sig)
{
	(void)pgid, (void)sig;
}

static int no_id(void)
{
	return 0;
}

static bool no_leader(void)
{
	return false;
}

static struct tty *no_controlling(void)
{
	return NULL;
}

static void no_set_controlling(struct tty *t)
{
	(void)t;
}

static int no_background(struct tty *t, int sig)
{
	(void)t, (void)sig;
	return 0;
}

static bool no_group(int pgid)
{
	(void)pgid;
	return false;
}

static const struct tty_hooks no_processes = {
	.signal_group = no_signal_group,
	.current_pgid = no_id,
	.current_sid = no_id,
	.is_session_leader = no_leader,
	.controlling = no_controlling,
	.set_controlling = no_set_controlling,
	.background = no_background,
	.group_in_session = no_group,
};

const struct tty_hooks *tty_hooks = &no_processes;

void tty_set_hooks(const struct tty_hooks *hooks)
{
	tty_hooks = hooks;
}

/* --- Terminals ------------------------------------------------------------------------------- */

/* What login leaves behind on a Linux console (stty sane). */
static const struct termios sane = {
	.c_iflag = ICRNL | IXON | IUTF8,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B115200 | CS8 | CREAD | HUPCL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = {
		[VINTR] = 'C' & 31,  [VQUIT] = '\\' & 31,  [VERASE] = 0x7f,      [VKILL] = 'U' & 31,
		[VEOF] = 'D' & 31,   [VMIN] = 1,           [VSTART] = 'Q' & 31,  [VSTOP] = 'S' & 31,
		[VSUSP] = 'Z' & 31,  [VREPRINT] = 'R' & 31, [VDISCARD] = 'O' & 31,
		[VWERASE] = 'W' & 31, [VLNEXT] = 'V' & 31,
	},
};

void tty_init(struct tty *t, const struct tty_backend *backend, unsigned index)
{
	t->backend = backend;
	t->index = index;
	spin_init(&t->lock, "tty");
	waitq_init(&t->readers);
	waitq_init(&t->writers);
	t->termios = sane;
	t->size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
}

struct tty *tty_create(const struct tty_backend *backend)
{
	struct tty *t;

	for (unsigned i = 0; i < ttys_used; i++)
		if (ttys[i].backend == backend)
			return &ttys[i];
	BUG_ON(ttys_used == TTYS_MAX);
	t = &ttys[ttys_used];
	tty_init(t, backend, ttys_used++);
	return t;
}

struct tty *tty_console(void)
{
	return console;
}

void tty_set_console(struct tty *t)
{
	console = t;
}

/* ttyS0 is 4:64, and so on. */
u64 tty_rdev(const struct tty *t)
{
	return 4ul << 8 | (64 + t->index);
}

int tty_foreground(const struct tty *t)
{
	return READ_ONCE(t->foreground);
}

void tty_claim(struct tty *t, int session, int group)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	t->session = session;
	t->foreground = group;
	spin_unlock_irqrestore(&t->lock, flags);
}

void tty_leave_session(struct tty *t, int session)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	if (t->session == session)
		t->session = t->foreground = 0;
	spin_unlock_irqrestore(&t->lock, flags);
}

/* Without the tty's lock: whoever sends signals has locks of its own. */
void tty_signal(int group, int sig)
{
	if (group > 0)
		tty_hooks->signal_group(group, sig);
}

void tty_set_size(struct tty *t, unsigned rows, unsigned columns)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	bool changed = t->size.ws_row != rows || t->size.ws_col != columns;
	int group = t->foreground;

	t->size.ws_row = (u16)rows;
	t->size.ws_col = (u16)columns;
	spin_unlock_irqrestore(&t->lock, flags);
	if (changed)
		tty_signal(group, SIGWINCH);
}

/* --- Input ----------------------------------------------------------------------------------- */

size_t tty_input(struct tty *t, const char *bytes, size_t n)
{
	size_t done = 0;
	bool full = false;

	while (done < n && !full) {
		int sig = 0, group;
		u64 flags = spin_lock_irqsave(&t->lock);

		while (done < n && !full && !sig) {
			full = !ldisc_receive(t, (u8)bytes[done], &sig);
			if (!full)
				done++;
		}
		if (full)
			t->throttled = true;
		group = t->foreground;
		spin_unlock_irqrestore(&t->lock, flags);
		if (sig)
			tty_signal(group, sig);
	}
	return done;
}

void tty_input_eof(struct tty *t)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	t->hung_up = true;
	t->canon = t->head; /* a line without an end is one now */
	waitq_wake_all(&t->readers);
	spin_unlock_irqrestore(&t->lock, flags);
}

void tty_unthrottle(struct tty *t)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	bool was = t->throttled;

	t->throttled = false;
	spin_unlock_irqrestore(&t->lock, flags);
	if (was && t->backend->input_room)
		t->backend->input_room();
}
