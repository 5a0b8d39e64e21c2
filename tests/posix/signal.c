/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals: sigaction's flags one by one, siginfo by source, masks and queues. Faults and frames are fault.c's, which calls
 * restart is restart.c's, children are process.c's. Sources: POSIX.1-2017 XSH 2.4, signal(7), sigaction(2).
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "handler.h"

/* ---- sigaction ---- */

/* Linux's struct: what libc hides. */
struct raw_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

static void test_action(void)
{
	static const int flags[] = {SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND};
	struct sigaction action = {.sa_handler = counter}, old;
	struct raw_action raw;
	int bad = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		action.sa_flags = flags[i];
		must(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR1, NULL, &old) == 0);
		is_int(old.sa_flags & ~0x04000000, flags[i], "flag %#x is kept and told", (unsigned)flags[i]);
	}
	action.sa_flags = 0;
	sigfillset(&action.sa_mask);
	must(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR1, NULL, &old) == 0);
	ok(sigismember(&old.sa_mask, SIGUSR2) && !sigismember(&old.sa_mask, SIGKILL) && !sigismember(&old.sa_mask, SIGSTOP),
	   "sa_mask is kept, without SIGKILL and SIGSTOP");
	sigemptyset(&action.sa_mask);
	on(SIGUSR2, SIG_DFL, 0);
	must(sigaction(SIGUSR2, &action, &old) == 0);
	ok(old.sa_handler == SIG_DFL, "sigaction tells what was before");
	for (int sig = 1; sig <= 64; sig++) {
		bool allowed = sig != SIGKILL && sig != SIGSTOP;
		long result = syscall(SYS_rt_sigaction, sig, NULL, &raw, 8L);

		bad += result != 0;
		raw = (struct raw_action){.handler = SIG_DFL};
		if (sig < 32 || sig > 34) /* libc's own */
			bad += (syscall(SYS_rt_sigaction, sig, &raw, NULL, 8L) == 0) != allowed;
	}
	is_int(bad, 0, "signals 1 to 64 have actions, all but two can be set");
	fails(syscall(SYS_rt_sigaction, 0, NULL, &raw, 8L), EINVAL, "signal 0 has none");
	fails(syscall(SYS_rt_sigaction, 65, NULL, &raw, 8L), EINVAL, "nor has 65");
	fails(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &raw, 4L), EINVAL, "a set of another size is EINVAL");
	fails(syscall(SYS_rt_sigaction, SIGUSR1, 8L, NULL, 8L), EFAULT, "a bad new action is EFAULT");
	fails(syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8L, 8L), EFAULT, "a bad old action too");
	raw.handler = SIG_IGN;
	fails(syscall(SYS_rt_sigaction, SIGKILL, &raw, NULL, 8L), EINVAL, "SIGKILL cannot be ignored");
}

static int depth, deepest;

static void nester(int sig)
{
	if (++depth > deepest)
		deepest = depth;
	if (count++ == 0)
		raise(sig);
	depth--;
}

static void test_flags(void)
{
	struct sigaction now;

	on(SIGUSR1, nester, 0);
	deepest = 0;
	raise(SIGUSR1);
	ok(count == 2 && deepest == 1, "a handler's own signal waits for its end");
	on(SIGUSR1, nester, SA_NODEFER);
	deepest = 0;
	raise(SIGUSR1);
	ok(count == 2 && deepest == 2, "with SA_NODEFER it does not");
	on_info(SIGUSR1, informed, SA_RESETHAND);
	raise(SIGUSR1);
	must(sigaction(SIGUSR1, NULL, &now) == 0);
	ok(count == 1 && now.sa_handler == SIG_DFL, "SA_RESETHAND: once, then the default");
	ok(sigismember(&mask_seen, SIGUSR1), "SA_RESETHAND does not imply SA_NODEFER");
	ok(!is_blocked(SIGUSR1), "after the handler the mask is the old one");

	struct sigaction masks = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO, .sa_mask = set_of(SIGUSR2)};

	must(sigaction(SIGUSR1, &masks, NULL) == 0);
	raise(SIGUSR1);
	ok(sigismember(&mask_seen, SIGUSR1) && sigismember(&mask_seen, SIGUSR2) && !sigismember(&mask_seen, SIGTERM),
	   "a handler runs with its signal and sa_mask blocked");
	on(SIGUSR1, SIG_IGN, 0);
	raise(SIGUSR1);
	is_int(count, 0, "SIG_IGN ignores");
	block(SIGUSR1);
	on(SIGUSR1, counter, 0);
	raise(SIGUSR1);
	on(SIGUSR1, SIG_IGN, 0);
	on(SIGUSR1, counter, 0);
	unblock(SIGUSR1);
	is_int(count, 0, "setting SIG_IGN drops what is pending");
	block(SIGCHLD);
	on(SIGCHLD, counter, 0);
	raise(SIGCHLD);
	on(SIGCHLD, SIG_DFL, 0);
	ok(!is_pending(SIGCHLD), "and so does SIG_DFL where the default is to ignore");
	unblock(SIGCHLD);
}

/* ---- siginfo ---- */

static void *sleeper(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void test_info(void)
{
	union sigval value = {.sival_ptr = (void *)0x1234567890};
	siginfo_t own = {.si_code = -60, .si_value = {.sival_int = 77}};
	struct itimerval soon = {.it_value = {.tv_usec = 1000}};
	pid_t me = getpid(), tid = (pid_t)syscall(SYS_gettid);
	int ends[2];

	on_info(SIGUSR1, informed, 0);
	must(kill(me, SIGUSR1) == 0);
	ok(info_seen.si_signo == SIGUSR1 && info_seen.si_errno == 0, "si_signo and si_errno");
	ok(info_seen.si_code == SI_USER && info_seen.si_pid == me && info_seen.si_uid == getuid(), "kill: SI_USER, pid, uid");
	must(syscall(SYS_tkill, tid, SIGUSR1) == 0);
	ok(info_seen.si_code == SI_TKILL && info_seen.si_pid == me, "tkill: SI_TKILL, pid");
	must(syscall(SYS_tgkill, me, tid, SIGUSR1) == 0);
	ok(info_seen.si_code == SI_TKILL && info_seen.si_uid == getuid(), "tgkill: SI_TKILL, uid");
	is_int(sigqueue(me, SIGUSR1, value), 0, "sigqueue");
	ok(info_seen.si_code == SI_QUEUE && info_seen.si_value.sival_ptr == value.sival_ptr && info_seen.si_pid == me,
	   "tells SI_QUEUE, the value, and the pid");
	is_int(syscall(SYS_rt_sigqueueinfo, me, SIGUSR1, &own), 0, "rt_sigqueueinfo to oneself with any code");
	ok(info_seen.si_code == -60 && info_seen.si_value.sival_int == 77, "which arrives as it was sent");
	own.si_code = SI_QUEUE;
	is_int(syscall(SYS_rt_tgsigqueueinfo, me, tid, SIGUSR1, &own), 0, "rt_tgsigqueueinfo");
	ok(info_seen.si_code == SI_QUEUE && info_seen.si_value.sival_int == 77, "arrives as it was sent");
	own.si_code = SI_USER;
	is_int(syscall(SYS_rt_sigqueueinfo, me, SIGUSR1, &own), 0, "to oneself one may say SI_USER");
	fails(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &own), EPERM, "to another process not");
	own.si_code = SI_TKILL;
	fails(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &own), EPERM, "nor SI_TKILL");
	own.si_code = SI_QUEUE;
	fails(syscall(SYS_rt_sigqueueinfo, 0x3ffffff, SIGUSR1, &own), ESRCH, "rt_sigqueueinfo: no such process");
	fails(syscall(SYS_rt_sigqueueinfo, me, 65, &own), EINVAL, "no such signal");
	fails(syscall(SYS_rt_sigqueueinfo, me, SIGUSR1, 8L), EFAULT, "a bad siginfo");
	fails(syscall(SYS_rt_tgsigqueueinfo, me, 0x3ffffff, SIGUSR1, &own), ESRCH, "rt_tgsigqueueinfo: no such thread");
	fails(syscall(SYS_rt_tgsigqueueinfo, 0, tid, SIGUSR1, &own), EINVAL, "and no group 0");

	on_info(SIGALRM, informed, 0);
	block(SIGALRM);
	must(setitimer(ITIMER_REAL, &soon, NULL) == 0);

	sigset_t alarm_set = set_of(SIGALRM), empty;

	sigemptyset(&empty);
	sigsuspend(&empty);
	ok(last == SIGALRM && info_seen.si_code == SI_KERNEL, "an interval timer: SI_KERNEL");
	sigprocmask(SIG_UNBLOCK, &alarm_set, NULL);
	on_info(SIGPIPE, informed, 0);
	must(pipe(ends) == 0);
	close(ends[0]);
	fails(write(ends[1], "x", 1), EPIPE, "a pipe without reader is EPIPE");
	ok(last == SIGPIPE && info_seen.si_code == SI_USER && info_seen.si_pid == me, "and SIGPIPE as if from oneself");
	close(ends[1]);
}

static void test_kill(void)
{
	pthread_t thread;

	fails(kill(getpid(), -1), EINVAL, "kill: signal -1 is EINVAL");
	fails(kill(getpid(), 65), EINVAL, "signal 65 is EINVAL");
	fails(kill(0x3ffffff, 0), ESRCH, "no such process");
	fails(kill(-0x3ffffff, 0), ESRCH, "no such group");
	fails(kill(INT_MIN, 0), ESRCH, "nor of the number that has no opposite");
	is_int(kill(0, 0), 0, "one's own group exists");
	is_int(kill(-getpgrp(), 0), 0, "by its number too");
	fails(syscall(SYS_tkill, 0, 0), EINVAL, "tkill: thread 0 is EINVAL");
	fails(syscall(SYS_tkill, 0x3ffffff, 0), ESRCH, "no such thread");
	fails(syscall(SYS_tgkill, 1, syscall(SYS_gettid), 0), ESRCH, "tgkill: a thread of another group is ESRCH");
	fails(syscall(SYS_tgkill, -1, syscall(SYS_gettid), 0), EINVAL, "group -1 is EINVAL");
	must(pthread_create(&thread, NULL, sleeper, NULL) == 0);
	is_int(pthread_kill(thread, 0), 0, "a thread can be asked for");
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

/* ---- masks, pending, queues ---- */

static atomic_int reported;
static int reporter_tid;

static void report_tid(int sig)
{
	(void)sig;
	reported = (int)syscall(SYS_gettid);
}

static void *wait_unblocked(void *arg)
{
	reporter_tid = (int)syscall(SYS_gettid);
	unblock(SIGUSR1);
	atomic_store((atomic_int *)arg, 1);
	while (!reported)
		sched_yield();
	return is_blocked(SIGUSR2) ? (void *)1 : NULL;
}

static void test_masks(void)
{
	sigset_t usr1 = set_of(SIGUSR1), all, old;
	atomic_int ready = 0;
	unsigned long raw = 0;
	pthread_t thread;
	void *inherited;

	sigprocmask(SIG_SETMASK, NULL, &old);
	is_int(sigprocmask(SIG_BLOCK, &usr1, NULL) || !is_blocked(SIGUSR1), 0, "SIG_BLOCK adds");
	is_int(sigprocmask(SIG_UNBLOCK, &usr1, &all) || is_blocked(SIGUSR1), 0, "SIG_UNBLOCK takes away");
	ok(sigismember(&all, SIGUSR1), "and the mask before is told");
	sigfillset(&all);
	is_int(sigprocmask(SIG_SETMASK, &all, NULL) || !is_blocked(SIGTERM), 0, "SIG_SETMASK sets");
	ok(!is_blocked(SIGKILL) && !is_blocked(SIGSTOP), "but never SIGKILL and SIGSTOP");
	sigprocmask(SIG_SETMASK, &old, NULL);
	fails(syscall(SYS_rt_sigprocmask, 99, &raw, NULL, 8L), EINVAL, "a senseless `how` is EINVAL");
	is_int(syscall(SYS_rt_sigprocmask, 99, NULL, &raw, 8L), 0, "but not where nothing is to be set");
	fails(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &raw, NULL, 4L), EINVAL, "a set of another size is EINVAL");
	fails(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8L, NULL, 8L), EFAULT, "a bad set is EFAULT");
	fails(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, 8L, 8L), EFAULT, "a bad old set too");
	fails(syscall(SYS_rt_sigpending, &raw, 16L), EINVAL, "rt_sigpending: a larger set is EINVAL");
	fails(syscall(SYS_rt_sigpending, 8L, 8L), EFAULT, "a bad one is EFAULT");

	on(SIGUSR1, report_tid, 0);
	block(SIGUSR1), block(SIGUSR2);
	reported = 0;
	must(pthread_create(&thread, NULL, wait_unblocked, &ready) == 0);
	while (!ready)
		sched_yield();
	kill(getpid(), SIGUSR1);
	pthread_join(thread, &inherited);
	is_int(reported, reporter_tid, "a process's signal goes to the thread that does not block it");
	ok(inherited, "a thread inherits its creator's mask");
	ok(is_blocked(SIGUSR1), "and changes only its own");
	unblock(SIGUSR1), unblock(SIGUSR2);
}

static int order[16], ordered;

static void recorder(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (ordered < 16)
		order[ordered++] = sig * 100 + info->si_value.sival_int;
}

static void test_queues(void)
{
	sigset_t wanted = set_of(SIGRTMIN + 1), empty;
	struct timespec zero = {0}, bad = {.tv_nsec = 1000000000}, little = {.tv_nsec = 2000000};
	siginfo_t info;

	sigemptyset(&empty);
	on(SIGUSR1, counter, 0);
	block(SIGUSR1);
	raise(SIGUSR1), raise(SIGUSR1);
	ok(count == 0 && is_pending(SIGUSR1), "a blocked signal is pending");
	unblock(SIGUSR1);
	ok(count == 1 && !is_pending(SIGUSR1), "a standard one once, however often it was sent");

	for (int i = 0; i < 3; i++) {
		struct sigaction action = {.sa_sigaction = recorder, .sa_flags = SA_SIGINFO};

		sigfillset(&action.sa_mask);
		must(sigaction(SIGRTMIN + i, &action, NULL) == 0);
		block(SIGRTMIN + i);
	}
	for (int i = 0; i < 3; i++)
		for (int sig = 2; sig >= 0; sig--)
			must(sigqueue(getpid(), SIGRTMIN + sig, (union sigval){.sival_int = i}) == 0);

	sigset_t three = set_of(SIGRTMIN);

	sigaddset(&three, SIGRTMIN + 1), sigaddset(&three, SIGRTMIN + 2);
	/* All frames are laid at once, so the last one laid runs first. */
	is_int(sigtimedwait(&wanted, &info, &zero), SIGRTMIN + 1, "sigtimedwait takes a real-time signal");
	ok(info.si_value.sival_int == 0 && info.si_code == SI_QUEUE, "the first of its kind, with its value");
	is_int(sigwaitinfo(&wanted, &info), SIGRTMIN + 1, "sigwaitinfo takes the next");
	is_int(info.si_value.sival_int, 1, "in order");
	sigaddset(&wanted, SIGRTMIN);
	is_int(sigwaitinfo(&wanted, &info), SIGRTMIN, "of two kinds the lower number comes first");
	ordered = 0;
	sigprocmask(SIG_UNBLOCK, &three, NULL);
	is_int(ordered, 6, "the rest are delivered, each as often as it was sent");
	is_int(order[0], SIGRTMIN * 100 + 1, "the lowest number first, of that the oldest");
	is_int(order[1], SIGRTMIN * 100 + 2, "then the next of it");
	is_int(order[2], (SIGRTMIN + 1) * 100 + 2, "then the higher number");
	is_int(order[3], (SIGRTMIN + 2) * 100, "and the highest");
	is_int(order[5], (SIGRTMIN + 2) * 100 + 2, "in order to the end");

	wanted = set_of(SIGUSR1);
	block(SIGUSR1);
	fails(sigtimedwait(&wanted, &info, &zero), EAGAIN, "sigtimedwait: none there is EAGAIN");
	fails(sigtimedwait(&wanted, &info, &little), EAGAIN, "none in time as well");
	fails(sigtimedwait(&wanted, &info, &bad), EINVAL, "10^9 ns are EINVAL");
	fails(syscall(SYS_rt_sigtimedwait, 8L, NULL, NULL, 8L), EFAULT, "a bad set is EFAULT");
	fails(syscall(SYS_rt_sigtimedwait, &wanted, NULL, NULL, 4L), EINVAL, "one of another size EINVAL");
	raise(SIGUSR1);
	fails(syscall(SYS_rt_sigsuspend, &empty, 4L), EINVAL, "sigsuspend: a set of another size is EINVAL");
	on_info(SIGUSR1, informed, 0);
	fails(sigsuspend(&empty), EINTR, "sigsuspend ends with EINTR");
	ok(count == 1 && is_blocked(SIGUSR1), "after the handler, with the old mask");
	unblock(SIGUSR1);
}

int main(void)
{
	test_action();
	test_flags();
	test_info();
	test_kill();
	test_masks();
	test_queues();
	return done();
}
