/* SPDX-License-Identifier: BSD-2-Clause */
/* ioctl(2) on a terminal: its settings, its size, and whose it is. Rules and errors: ioctl_tty(2), POSIX XBD 11.1.3. */
#include "ldisc.h"

#include <fs/file.h>
#include <isolation/gate.h>
#include <uapi/linux/ioctl.h>
#include <uapi/linux/signal.h>

static int get_termios(struct tty *t, uaddr_t arg)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	struct termios copy = t->termios;

	spin_unlock_irqrestore(&t->lock, flags);
	return copyout(arg, &copy, sizeof(copy));
}

/* Output never lags behind here, so "after draining" (TCSETSW) is at once. */
static int set_termios(struct tty *t, uaddr_t arg, bool flush)
{
	struct termios copy;
	u64 flags;
	int error = tty_hooks->background(t, SIGTTOU);

	if (!error)
		error = copyin(&copy, arg, sizeof(copy));
	if (error)
		return error;
	flags = spin_lock_irqsave(&t->lock);
	if (flush)
		ldisc_flush_input(t);
	ldisc_set_termios(t, &copy);
	spin_unlock_irqrestore(&t->lock, flags);
	tty_unthrottle(t);
	return 0;
}

static int get_size(struct tty *t, uaddr_t arg)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	struct winsize copy = t->size;

	spin_unlock_irqrestore(&t->lock, flags);
	return copyout(arg, &copy, sizeof(copy));
}

static int set_size(struct tty *t, uaddr_t arg)
{
	struct winsize copy;
	int error = copyin(&copy, arg, sizeof(copy));

	if (!error)
		tty_resize(t, &copy);
	return error;
}

static int flush(struct tty *t, uaddr_t queue)
{
	int error = tty_hooks->background(t, SIGTTOU);
	u64 flags;

	if (error)
		return error;
	if (queue > TCIOFLUSH)
		return -EINVAL;
	flags = spin_lock_irqsave(&t->lock);
	if (queue != TCOFLUSH)
		ldisc_flush_input(t);
	if (queue != TCIFLUSH) /* what was written is with the line already */
		tty_changed(t, TIOCPKT_FLUSHWRITE);
	spin_unlock_irqrestore(&t->lock, flags);
	tty_unthrottle(t);
	return 0;
}

/* tcflow(3): this end's output, or the other end's by the character that asks for it. */
static int flow(struct tty *t, uaddr_t action)
{
	int error = tty_hooks->background(t, SIGTTOU);
	u64 flags;

	if (error)
		return error;
	if (action > TCION)
		return -EINVAL;
	flags = spin_lock_irqsave(&t->lock);
	if (action == TCOOFF) {
		ldisc_stop(t, STOPPED_BY_CALL);
	} else if (action == TCOON) {
		ldisc_start(t, STOPPED_BY_CALL);
	} else {
		char byte = (char)t->termios.c_cc[action == TCIOFF ? VSTOP : VSTART];

		if (byte)
			t->backend->write(t, &byte, 1);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	return 0;
}

/* Bytes that a read would deliver: marks of an end of file are none. */
static int readable_bytes(struct tty *t)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	bool canonical = t->termios.c_lflag & ICANON;
	int n = 0;

	for (u32 at = t->tail; at != t->canon; at++)
		n += !canonical || !(t->input[at % TTY_INPUT_SIZE] & ENTRY_EOF);
	spin_unlock_irqrestore(&t->lock, flags);
	return n;
}

int tty_put_int(uaddr_t arg, int value)
{
	return copyout(arg, &value, sizeof(value));
}

/* --- Jobs ------------------------------------------------------------------------------------ */

/* By the master one may ask about the slave whose it is not. */
static int get_id(struct file *f, uaddr_t arg, int id)
{
	const struct tty *t = f->data;

	return tty_hooks->controls(t) || f->ops->ioctl != tty_ioctl ? tty_put_int(arg, id) : -ENOTTY;
}

static int set_foreground(struct tty *t, uaddr_t arg)
{
	int group;
	int error = tty_hooks->controls(t) ? tty_hooks->background(t, SIGTTOU) : -ENOTTY;

	if (error == -EIO)
		error = -ENOTTY;
	if (!error)
		error = copyin(&group, arg, sizeof(group));
	if (!error)
		error = group < 0 ? -EINVAL : tty_hooks->check_group(group);
	if (!error)
		WRITE_ONCE(t->foreground, group);
	return error;
}

long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct tty *t = f->data;

	if (READ_ONCE(t->hung_up))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TCGETS:
		return get_termios(t, arg);
	case TCSETS:
	case TCSETSW:
		return set_termios(t, arg, false);
	case TCSETSF:
		return set_termios(t, arg, true);
	case TIOCGWINSZ:
		return get_size(t, arg);
	case TIOCSWINSZ:
		return set_size(t, arg);
	case TCFLSH:
		return flush(t, arg);
	case TCXONC:
		return flow(t, arg);
	case TCSBRK: /* tcdrain(3): nothing is under way, and no line here has a break */
	case TCSBRKP:
		return tty_hooks->background(t, SIGTTOU);
	case FIONREAD:
		return tty_put_int(arg, readable_bytes(t));
	case TIOCOUTQ:
		return tty_put_int(arg, 0);
	case TIOCSTI:
		return -EIO; /* typing for others: as Linux has it since 6.2, unless dev.tty.legacy_tiocsti says otherwise */
	case TIOCGPGRP:
		return get_id(f, arg, tty_foreground(t));
	case TIOCSPGRP:
		return set_foreground(t, arg);
	case TIOCGSID:
		return tty_session(t) ? get_id(f, arg, tty_session(t)) : -ENOTTY;
	case TIOCSCTTY:
		return tty_hooks->acquire(t, arg == 1);
	case TIOCNOTTY:
		return tty_hooks->give_up(t);
	default:
		return -ENOTTY;
	}
}
