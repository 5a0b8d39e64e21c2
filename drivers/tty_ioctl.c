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
	int error = tty_check_background(t, SIGTTOU);

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
		tty_set_size(t, copy.ws_row, copy.ws_col);
	return error;
}

static int flush(struct tty *t, uaddr_t queue)
{
	int error = tty_check_background(t, SIGTTOU);
	u64 flags;

	if (error)
		return error;
	if (queue > TCIOFLUSH)
		return -EINVAL;
	if (queue != TCOFLUSH) {
		flags = spin_lock_irqsave(&t->lock);
		ldisc_flush_input(t);
		spin_unlock_irqrestore(&t->lock, flags);
		tty_unthrottle(t);
	}
	return 0;
}

static int suspend_output(struct tty *t, uaddr_t action)
{
	int error = tty_check_background(t, SIGTTOU);
	u64 flags;

	if (error)
		return error;
	if (action > TCION)
		return -EINVAL;
	if (action == TCOOFF || action == TCOON) {
		flags = spin_lock_irqsave(&t->lock);
		ldisc_stop(t, action == TCOOFF);
		spin_unlock_irqrestore(&t->lock, flags);
	}
	return 0;
}

static int put_int(uaddr_t arg, int value)
{
	return copyout(arg, &value, sizeof(value));
}

/* --- Jobs ------------------------------------------------------------------------------------ */

static bool is_mine(const struct tty *t)
{
	return tty_hooks->controlling() == t;
}

static int get_id(const struct tty *t, uaddr_t arg, int id)
{
	return is_mine(t) ? put_int(arg, id) : -ENOTTY;
}

static int set_foreground(struct tty *t, uaddr_t arg)
{
	int group;
	int error = is_mine(t) ? tty_check_background(t, SIGTTOU) : -ENOTTY;

	if (!error)
		error = copyin(&group, arg, sizeof(group));
	if (error)
		return error;
	if (group < 0)
		return -EINVAL;
	if (!tty_hooks->group_in_session(group))
		return -EPERM;
	WRITE_ONCE(t->foreground, group);
	return 0;
}

/* A session leader without a terminal takes this one, if it is free. */
static int make_controlling(struct tty *t)
{
	int session = tty_hooks->current_sid();
	bool free;
	u64 flags;

	if (is_mine(t))
		return 0;
	if (!tty_hooks->is_session_leader() || tty_hooks->controlling())
		return -EPERM;
	flags = spin_lock_irqsave(&t->lock);
	free = !t->session || t->session == session;
	if (free) {
		t->session = session;
		t->foreground = tty_hooks->current_pgid();
	}
	spin_unlock_irqrestore(&t->lock, flags);
	if (!free)
		return -EPERM;
	tty_hooks->set_controlling(t);
	return 0;
}

static int give_up(struct tty *t)
{
	int group = tty_foreground(t);

	if (!is_mine(t))
		return -ENOTTY;
	if (tty_hooks->is_session_leader()) {
		tty_leave_session(t, tty_hooks->current_sid());
		tty_signal(group, SIGHUP);
		tty_signal(group, SIGCONT);
	}
	tty_hooks->set_controlling(NULL);
	return 0;
}

long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct tty *t = f->data;

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
		return suspend_output(t, arg);
	case TCSBRK:
	case TCSBRKP:
		return 0;
	case FIONREAD:
		return put_int(arg, (int)tty_readable(t));
	case TIOCOUTQ:
		return put_int(arg, 0);
	case TIOCGPGRP:
		return get_id(t, arg, tty_foreground(t));
	case TIOCSPGRP:
		return set_foreground(t, arg);
	case TIOCGSID:
		return get_id(t, arg, READ_ONCE(t->session));
	case TIOCSCTTY:
		return make_controlling(t);
	case TIOCNOTTY:
		return give_up(t);
	default:
		return -ENOTTY;
	}
}
