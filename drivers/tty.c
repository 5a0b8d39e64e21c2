/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminals there are, what comes in from their lines, and who is told: the object, without its line discipline. */
#include "ldisc.h"

#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/signal.h>

static struct tty *console;      /* boot only */

const struct tty_hooks *tty_hooks;

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

void tty_init(struct tty *t, const struct tty_backend *backend, u64 rdev)
{
	t->backend = backend;
	t->rdev = rdev;
	t->refs = 1;
	spin_init(&t->lock, "tty");
	waitq_init(&t->readers);
	waitq_init(&t->writers);
	t->termios = sane;
	t->size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
}

struct tty *tty_create(const struct tty_backend *backend, u64 rdev)
{
	struct tty *t = kzalloc(sizeof(*t));

	if (t)
		tty_init(t, backend, rdev);
	return t;
}

void tty_get(struct tty *t)
{
	__atomic_fetch_add(&t->refs, 1, __ATOMIC_RELAXED);
}

void tty_put(struct tty *t)
{
	if (!__atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL))
		kfree(t);
}

struct tty *tty_console(void)
{
	return console;
}

void tty_set_console(struct tty *t)
{
	console = t;
}

u64 tty_rdev(const struct tty *t)
{
	return t->rdev;
}

int tty_foreground(const struct tty *t)
{
	return READ_ONCE(t->foreground);
}

int tty_session(const struct tty *t)
{
	return READ_ONCE(t->session);
}

bool tty_claim(struct tty *t, int session, int group)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	bool gone = t->hung_up && session;

	t->session = gone ? 0 : session;
	t->foreground = gone ? 0 : group;
	spin_unlock_irqrestore(&t->lock, flags);
	return !gone;
}

/* Without the tty's lock: whoever sends signals has locks of its own. */
void tty_signal(int group, int sig)
{
	if (group > 0)
		tty_hooks->signal_group(group, sig);
}

void tty_resize(struct tty *t, const struct winsize *size)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	bool changed = memcmp(&t->size, size, sizeof(*size));
	int group = t->foreground;

	t->size = *size;
	spin_unlock_irqrestore(&t->lock, flags);
	if (changed)
		tty_signal(group, SIGWINCH);
}

void tty_set_size(struct tty *t, unsigned rows, unsigned columns)
{
	tty_resize(t, &(struct winsize){ .ws_row = (u16)rows, .ws_col = (u16)columns });
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

	t->input_over = true;
	t->canon = t->head; /* a line without an end is one now */
	waitq_wake_all(&t->readers);
	spin_unlock_irqrestore(&t->lock, flags);
}

void tty_hang_up(struct tty *t)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	t->hung_up = true;
	waitq_wake_all(&t->readers);
	waitq_wake_all(&t->writers);
	spin_unlock_irqrestore(&t->lock, flags);
	tty_hooks->hang_up(t);
}

void tty_unthrottle(struct tty *t)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	bool was = t->throttled;

	t->throttled = false;
	spin_unlock_irqrestore(&t->lock, flags);
	if (was && t->backend->input_room)
		t->backend->input_room(t);
}
