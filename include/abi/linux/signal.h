/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending, masking and taking signals: signal(7). Delivery to the application's stack is abi/linux/sigframe.c. */
#ifndef ABI_LINUX_SIGNAL_H
#define ABI_LINUX_SIGNAL_H

#include <lib/types.h>
#include <uapi/linux/signal.h>

struct proc;
struct sigqueue;
struct task;
struct trapframe;

/* To a process (any of its threads that does not block it), or to one thread. info NULL: SI_KERNEL. 0, or -EAGAIN for a real-time
 * signal whose `info` RLIMIT_SIGPENDING leaves no room for (never for one from kill(2) or from the kernel). Any context. */
int signal_send_proc(struct proc *p, int sig, const struct siginfo *info);
int signal_send_task(struct task *t, int sig, const struct siginfo *info);
/* A timer's own signal, to thread tid of p or, 0, to p; it may be pending already. False: nobody wants it. siglock held. */
bool signal_send_timer(struct proc *p, int tid, struct sigqueue *own);
/* posix_timer.c: that signal is taken: its timer goes on, and *info learns the overrun; or it is dropped, and its timer goes on as
 * if nobody wanted it. siglock held. */
void posix_timer_taken(struct proc *p, struct siginfo *info);
void posix_timer_dropped(struct proc *p, const struct siginfo *info);
/* The alarm's SIGALRM. False: nobody wants it. siglock held. */
bool signal_send_alarm(struct proc *p);
/* sys_itimer.c: p's SIGALRM is taken, or dropped: the alarm goes on, if it rests. siglock held. */
void alarm_taken(struct proc *p);
void alarm_dropped(struct proc *p);
/* How long a periodic timer rests at least, in ns, when nobody wants its signal. */
#define UNWANTED_REST TICK_NS
/* posix_timer.c: a tick fell on t, whose process has timers that wait for CPU time. In the tick's interrupt. */
void posix_timers_tick(struct task *t);
/* To every process of a group; how many there were. proc_lock not held. */
unsigned signal_send_group(int pgid, int sig, const struct siginfo *info);
/* signal_group.c: the same from interrupts, by a kernel thread, which signal_init() starts. */
void signal_group_deferred(int pgid, int sig);
void signal_init(void);
/* To the current thread, as if it had killed itself (SIGPIPE). */
int signal_send_current(int sig);
/* To the current thread, for a fault: blocked or ignored it is fatal. */
void signal_force_current(int sig, const struct siginfo *info);

/* ppoll, pselect, sigsuspend: the mask at `mask` (size must be 8; mask 0: nothing to do) holds until the return to the
 * application, and a handler that runs sees it; afterwards the old one is back. 0, -EINVAL, -EFAULT. */
int signal_suspend_mask(uaddr_t mask, size_t size);
/* Sets the current task's mask (never SIGKILL, SIGSTOP). */
void signal_set_mask(u64 mask);

/* sigaction(2) after its checks: what is pending and to be ignored from now on is dropped. `new` NULL: only asks. */
void signal_set_action(int sig, const struct ksigaction *new, struct ksigaction *before);
/* sigtimedwait(2): the current task takes these as they come, also those that the process ignores. 0: no more. */
void signal_await(u64 set);
/*
 * Takes the next signal that is not in `blocked` off the pending sets: its number with its action as it stood, or 0. `action`
 * NULL: no handler is going to run, so SA_RESETHAND does nothing.
 */
int signal_take(u64 blocked, struct siginfo *info, struct ksigaction *action);

/* Takes pending, unblocked signals; acts on it (frame, stop, death). From app_return() with interrupts on. */
void signal_deliver(struct trapframe *tf);

/* sigframe.c: pushes a frame for `sig`; -EFAULT when the stack is bad. */
int sigframe_push(struct trapframe *tf, int sig, const struct siginfo *info, const struct ksigaction *action, u64 oldmask);

#endif
