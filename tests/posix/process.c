/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: clone's flags one by one, what a child inherits and what not, waiting with every option, orphans, groups and
 * sessions. Sources: clone(2), fork(2), wait(2), setpgid(2), setsid(2), prctl(2), POSIX.1-2017 XSH.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "handler.h"

#define NOWHERE ((void *)8)

/* clone(2) on the same stack, as fork does it. Without CLONE_VM only. */
static pid_t raw_clone(unsigned long flags, int *parent_tid, int *child_tid)
{
	fflush(stdout);
	return (pid_t)syscall(SYS_clone, flags, 0, parent_tid, child_tid, 0);
}

static char stack_of_child[65536] __attribute__((aligned(16)));
static volatile int shared_word;

/* With CLONE_VM | CLONE_VFORK: the parent sleeps, so one stack for the child is enough. */
static pid_t vm_clone(int (*fn)(void *), unsigned long flags)
{
	fflush(stdout);
	return clone(fn, stack_of_child + sizeof(stack_of_child), (int)(CLONE_VM | CLONE_VFORK | flags), NULL, NULL, NULL, NULL);
}

static int status_of(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, __WALL) == pid ? status : -1;
}

static bool exits_with(pid_t pid, int code)
{
	int status = status_of(pid);

	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

/* ---- clone, in every kernel ---- */

struct clone3 {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, more;
};

static long clone3_fails(struct clone3 args, size_t size)
{
	long result = syscall(SYS_clone3, &args, size);

	if (result == 0)
		_exit(0);
	if (result > 0)
		waitpid((pid_t)result, NULL, __WALL);
	return result;
}

static void test_clone_errors(void)
{
	fails(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), EINVAL, "CLONE_THREAD without CLONE_SIGHAND is EINVAL");
	fails(syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0), EINVAL, "and without CLONE_VM");
	fails(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL, "CLONE_SIGHAND without CLONE_VM is EINVAL");
	fails(clone3_fails((struct clone3){.flags = 1ul << 40}, 64), EINVAL, "clone3: an unknown flag is EINVAL");
	fails(clone3_fails((struct clone3){.flags = SIGCHLD}, 64), EINVAL, "so is a signal among the flags");
	fails(clone3_fails((struct clone3){.flags = CLONE_DETACHED}, 64), EINVAL, "and CLONE_DETACHED");
	fails(clone3_fails((struct clone3){.exit_signal = 65}, 64), EINVAL, "exit signal 65 is EINVAL");
	fails(clone3_fails((struct clone3){.stack = (uintptr_t)stack_of_child}, 64), EINVAL, "a stack without a size is EINVAL");
	fails(clone3_fails((struct clone3){.stack_size = 4096}, 64), EINVAL, "a size without a stack too");
	fails(clone3_fails((struct clone3){.flags = CLONE_VM | CLONE_SIGHAND | 0x100000000ul}, 64), EINVAL,
	      "CLONE_SIGHAND and CLONE_CLEAR_SIGHAND are EINVAL");
	fails(clone3_fails((struct clone3){.flags = CLONE_PARENT, .exit_signal = SIGCHLD}, 64), EINVAL,
	      "CLONE_PARENT with an exit signal is EINVAL");
	fails(clone3_fails((struct clone3){0}, 63), EINVAL, "a struct that is too short is EINVAL");
	fails(syscall(SYS_clone3, NOWHERE, 64), EFAULT, "one that is not there is EFAULT");
	fails(clone3_fails((struct clone3){0}, 8192), E2BIG, "one larger than a page is E2BIG");
}

static void *note_ids(void *arg)
{
	int *ids = arg;

	ids[0] = getpid();
	ids[1] = (int)syscall(SYS_gettid);
	ids[2] = getppid();
	return NULL;
}

static void test_ids(void)
{
	pthread_t thread;
	int ids[3];

	is_int(syscall(SYS_gettid), getpid(), "the first thread has the process's id");
	must(pthread_create(&thread, NULL, note_ids, ids) == 0);
	pthread_join(thread, NULL);
	ok(ids[0] == getpid() && ids[2] == getppid(), "another thread has the same pid and parent");
	ok(ids[1] != ids[0] && ids[1] > 0, "and an id of its own");
	is_int(syscall(SYS_set_tid_address, NULL), syscall(SYS_gettid), "set_tid_address answers the thread's id");
	is_int(getpgid(0), getpgrp(), "getpgid of oneself");
	is_int(getsid(0), getsid(getpid()), "getsid of oneself");
	fails(getpgid(0x3ffffff), ESRCH, "getpgid: no such process");
	fails(getsid(0x3ffffff), ESRCH, "getsid: no such process");
	fails(setpgid(0, -1), EINVAL, "setpgid: group -1 is EINVAL");
	fails(setpgid(0x3ffffff, 0), ESRCH, "setpgid of a process that is not there");
	fails(setpgid(getppid(), 0), ESRCH, "of one that is no child");
	fails(waitpid(-1, NULL, 0), ECHILD, "without children waiting is ECHILD");
	fails(waitpid(getpid(), NULL, 0), ECHILD, "for oneself too");
	fails(waitpid(-1, NULL, 0x100), EINVAL, "an unknown option is EINVAL");
	fails(waitpid(INT_MIN, NULL, 0), ESRCH, "the number that has no opposite is no group");
	fails(waitid(P_ALL, 0, NULL, WNOHANG), EINVAL, "waitid without an event to wait for is EINVAL");
	fails(waitid(9, 1, NULL, WEXITED), EINVAL, "an unknown idtype is EINVAL");
	fails(waitid(P_PID, 0, NULL, WEXITED), EINVAL, "process 0 is EINVAL");
	fails(waitid(P_ALL, 0, NULL, WEXITED), ECHILD, "without children waitid is ECHILD");
	fails(waitid(P_PIDFD, 1, NULL, WEXITED), EBADF, "a descriptor that is no process is EBADF");
}

static void test_prctl(void)
{
	int value = -1;

	is_int(prctl(PR_SET_PDEATHSIG, SIGUSR1), 0, "PR_SET_PDEATHSIG");
	is_int(prctl(PR_GET_PDEATHSIG, &value) || value != SIGUSR1, 0, "PR_GET_PDEATHSIG tells it");
	fails(prctl(PR_SET_PDEATHSIG, 65), EINVAL, "signal 65 is EINVAL");
	prctl(PR_SET_PDEATHSIG, 0);
	is_int(prctl(PR_SET_CHILD_SUBREAPER, 1), 0, "PR_SET_CHILD_SUBREAPER");
	is_int(prctl(PR_GET_CHILD_SUBREAPER, &value) || value != 1, 0, "PR_GET_CHILD_SUBREAPER tells it");
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	fails(prctl(0x7fff), EINVAL, "an unknown operation is EINVAL");
}

/* ---- clone with CLONE_VM, where there is vfork ---- */

static int set_word(void *arg)
{
	(void)arg;
	shared_word = 7;
	return 3;
}

static int change_fs(void *arg)
{
	(void)arg;
	umask(0123);
	return chdir("/tmp");
}

static int close_42(void *arg)
{
	(void)arg;
	return close(42);
}

static int unshare_42(void *arg)
{
	(void)arg;
	return (int)syscall(SYS_close_range, 42, 42, 2 /* CLOSE_RANGE_UNSHARE */);
}

static int catch_usr2(void *arg)
{
	(void)arg;
	struct sigaction action = {.sa_handler = counter};

	return (int)syscall(SYS_rt_sigaction, SIGUSR2, &(struct { void *h; long f, r, m; }){counter, 0x04000000, 0, 0}, NULL, 8L) +
	       !action.sa_handler;
}

static int parent_is(void *arg)
{
	(void)arg;
	shared_word = getppid();
	return 0;
}

static void test_clone_vm(void)
{
	struct sigaction now;
	siginfo_t info;
	char path[256];
	int status;
	pid_t pid;

	shared_word = 0;
	pid = vm_clone(set_word, SIGCHLD);
	ok(shared_word == 7, "CLONE_VM shares memory, CLONE_VFORK waits");
	ok(exits_with(pid, 3), "and the child has an exit status");

	must(chdir("/") == 0);
	umask(022);
	must(exits_with(vm_clone(change_fs, SIGCHLD), 0));
	ok(umask(022) == 022 && !strcmp(getcwd(path, sizeof(path)), "/"), "without CLONE_FS directory and umask are the child's own");
	must(exits_with(vm_clone(change_fs, CLONE_FS | SIGCHLD), 0));
	ok(umask(022) == 0123 && !strcmp(getcwd(path, sizeof(path)), "/tmp"), "with it they are shared");
	must(chdir("/") == 0 && dup2(1, 42) == 42);
	must(exits_with(vm_clone(close_42, SIGCHLD), 0));
	is_int(fcntl(42, F_GETFD), 0, "without CLONE_FILES descriptors are the child's own");
	must(exits_with(vm_clone(unshare_42, CLONE_FILES | SIGCHLD), 0));
	is_int(fcntl(42, F_GETFD), 0, "nor does CLOSE_RANGE_UNSHARE close others'");
	must(exits_with(vm_clone(close_42, CLONE_FILES | SIGCHLD), 0));
	fails(fcntl(42, F_GETFD), EBADF, "with it they are shared");
	on(SIGUSR2, SIG_DFL, 0);
	must(exits_with(vm_clone(catch_usr2, SIGCHLD), 0));
	must(sigaction(SIGUSR2, NULL, &now) == 0);
	ok(now.sa_handler == SIG_DFL, "without CLONE_SIGHAND handlers are the child's own");
	must(exits_with(vm_clone(catch_usr2, CLONE_SIGHAND | SIGCHLD), 0));
	must(sigaction(SIGUSR2, NULL, &now) == 0);
	ok(now.sa_handler == counter, "with it they are shared");
	on(SIGUSR2, SIG_DFL, 0);
	must(exits_with(vm_clone(parent_is, SIGCHLD), 0));
	is_int(shared_word, getpid(), "a child's parent is who made it");

	pid = vm_clone(parent_is, CLONE_PARENT | SIGCHLD);
	ok(pid > 0 && shared_word == getppid(), "with CLONE_PARENT it is a sibling");
	fails(waitpid(pid, NULL, 0), ECHILD, "that one does not wait for");

	/* What announces itself by another signal, or none, is another kind of child. */
	on_info(SIGUSR1, informed, 0);
	pid = vm_clone(set_word, SIGUSR1);
	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | (int)__WCLONE) == 0);
	ok(last == SIGUSR1 && info_seen.si_pid == pid && info_seen.si_code == CLD_EXITED, "the exit signal of one's choice comes");
	fails(waitpid(pid, &status, WNOHANG), ECHILD, "waitpid does not see such a child");
	is_int(waitpid(pid, &status, __WCLONE), pid, "with __WCLONE it does");
	pid = vm_clone(set_word, 0);
	is_int(waitpid(pid, &status, __WALL), pid, "with __WALL also one without any signal");
	pid = vm_clone(set_word, SIGCHLD);
	fails(waitpid(pid, &status, __WCLONE), ECHILD, "__WCLONE does not see a usual child");
	is_int(waitpid(pid, &status, __WALL), pid, "but __WALL does");
	pid = vm_clone(set_word, SIGUSR1);
	is_int(waitid(P_ALL, 0, &info, WEXITED | (int)__WCLONE), 0, "waitid has __WCLONE too");
	is_int(info.si_pid, pid, "and finds the child");
}

/* ---- waiting ---- */

static void *wait_elsewhere(void *arg)
{
	int *results = arg;

	results[0] = waitpid(results[2], NULL, (int)__WNOTHREAD | WNOHANG) == -1 ? errno : 0;
	results[1] = waitpid(results[2], NULL, 0);
	return NULL;
}

static void test_wait(void)
{
	struct rusage usage;
	siginfo_t info;
	pthread_t thread;
	int status, results[3];
	pid_t pid;

	for (int code = 0; code < 256; code += 51) {
		char text[8];

		snprintf(text, sizeof(text), "%d", code);
		status = run_self("exit", text);
		ok(WIFEXITED(status) && WEXITSTATUS(status) == code, "exit status %d", code);
	}
	ok(WEXITSTATUS(run_self("exit", "256")) == 0 && WEXITSTATUS(run_self("exit", "-1")) == 255, "of larger ones eight bits");
	pid = spawn_self("exit", "5");
	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	ok(info.si_signo == SIGCHLD && info.si_code == CLD_EXITED && info.si_status == 5 && info.si_pid == pid &&
		   info.si_uid == getuid(), "waitid tells signal, code, status, pid, uid");
	is_int(kill(pid, 0), 0, "with WNOWAIT the zombie stays");
	memset(&info, 0, sizeof(info));
	is_int(waitid(P_PGID, 0, &info, WEXITED), 0, "group 0 is one's own");
	is_int(info.si_pid, pid, "and finds the same child");
	fails(kill(pid, 0), ESRCH, "a child that was waited for is gone");
	fails(waitpid(pid, NULL, 0), ECHILD, "and cannot be waited for again");

	pid = spawn_self("wait", "0");
	is_int(waitpid(pid, &status, WNOHANG), 0, "WNOHANG: 0 while nothing happened");
	info.si_signo = info.si_pid = 1;
	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) == 0);
	ok(!info.si_signo && !info.si_pid, "waitid: no error, and an empty siginfo");
	fails(waitpid(-pid, &status, WNOHANG), ECHILD, "a group without children of one's own is ECHILD");
	while (setpgid(pid, 0) == 0) /* posix_spawn may return a moment before exec is through */
		sched_yield();
	is_int(errno, EACCES, "a child that has exec'ed is moved to no other group");
	kill(pid, SIGSTOP);
	must(waitpid(pid, &status, WUNTRACED) == pid);
	is_int(status, SIGSTOP << 8 | 0x7f, "stopped: the signal above 0x7f");
	kill(pid, SIGCONT);
	must(waitpid(pid, &status, WCONTINUED) == pid);
	is_int(status, 0xffff, "continued: 0xffff");
	kill(pid, SIGKILL);
	must(waitid(P_PID, (id_t)pid, &info, WEXITED) == 0);
	ok(info.si_code == CLD_KILLED && info.si_status == SIGKILL, "killed: CLD_KILLED and the signal");
	fails(waitpid((pid_t)0x80000000, NULL, 0), ESRCH, "the least number is ESRCH");

	pid = spawn_self("touch", "1048576");
	must(wait4(pid, &status, 0, &usage) == pid);
	ok(usage.ru_maxrss > 0 && usage.ru_minflt > 0, "wait4 tells memory and faults");
	ok(usage.ru_utime.tv_sec == 0 && usage.ru_stime.tv_sec == 0, "and little time");
	pid = spawn_self("exit", "0");
	fails(wait4(pid, NOWHERE, 0, NULL), EFAULT, "a bad place for the status is EFAULT");
	pid = spawn_self("exit", "0");
	must(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT) == 0);
	results[2] = pid;
	must(pthread_create(&thread, NULL, wait_elsewhere, results) == 0);
	pthread_join(thread, NULL);
	is_int(results[0], ECHILD, "__WNOTHREAD: another thread's child is not one's own");
	is_int(results[1], pid, "without it every thread can wait for it");

	on(SIGCHLD, SIG_IGN, 0);
	pid = spawn_self("exit", "0");
	fails(waitpid(pid, &status, 0), ECHILD, "with SIGCHLD ignored children leave no zombies");
	on(SIGCHLD, counter, SA_NOCLDWAIT);
	pid = spawn_self("exit", "0");
	fails(waitpid(pid, &status, 0), ECHILD, "nor with SA_NOCLDWAIT");
	is_int(last, SIGCHLD, "but then the signal comes");
	on(SIGCHLD, SIG_DFL, 0);
}

/* ---- orphans ---- */

/* A grandchild reports through a pipe whose parent it has, when its own is gone. */
static void test_orphans(void)
{
	int ends[2], seen[2], status;
	pid_t middle;

	must(pipe(ends) == 0 && dup2(ends[1], 41) == 41);
	middle = spawn_self("middle", "0");
	must(middle > 0 && waitpid(middle, &status, 0) == middle);
	must(read(ends[0], seen, sizeof(seen)) == sizeof(seen));
	ok(seen[0] != middle && seen[0] != getpid(), "an orphan gets another parent");
	is_int(seen[1], SIGUSR1, "and the signal that it asked for with PR_SET_PDEATHSIG");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	middle = spawn_self("middle", "0");
	must(middle > 0 && waitpid(middle, &status, 0) == middle);
	must(read(ends[0], seen, sizeof(seen)) == sizeof(seen));
	is_int(seen[0], getpid(), "below a subreaper that is its parent");
	is_int(waitpid(-1, &status, 0) > 0 && WIFEXITED(status), 1, "which can wait for it");
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(41), close(ends[0]), close(ends[1]);
}

static int orphan(pid_t old_parent)
{
	sigset_t usr1 = set_of(SIGUSR1);
	int report[2];

	sigprocmask(SIG_BLOCK, &usr1, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	must(write(42, "r", 1) == 1);
	report[1] = sigwaitinfo(&usr1, NULL);
	while ((report[0] = getppid()) == old_parent)
		sched_yield();
	return write(41, report, sizeof(report)) != sizeof(report);
}

static int middle(void)
{
	int ready[2];
	char text[16], byte;

	must(pipe(ready) == 0 && dup2(ready[1], 42) == 42);
	snprintf(text, sizeof(text), "%d", getpid());
	must(spawn_self("orphan", text) > 0);
	return read(ready[0], &byte, 1) != 1;
}

/* ---- groups and sessions ---- */

static void test_groups(void)
{
	int status = run_self("session", "0");

	ok(WIFEXITED(status), "the child that tries sessions ends");
	is_int(WEXITSTATUS(status), 0, "setsid makes leader of session and group, once, and such a leader stays in its group");
}

static int session(void)
{
	pid_t me = getpid();
	int wrong = 0;

	wrong |= (setsid() != me) << 0;
	wrong |= (getsid(0) != me || getpgrp() != me) << 1;
	wrong |= (setsid() != -1 || errno != EPERM) << 2;
	wrong |= (setpgid(0, 0) != -1 || errno != EPERM) << 3;
	wrong |= (setpgid(0, me) != -1 || errno != EPERM) << 4;
	wrong |= (getpgid(getppid()) == me) << 5;
	return wrong;
}

/* ---- fork ---- */

static pid_t forked(void)
{
	fflush(stdout);
	return fork();
}

static void test_inheritance(void)
{
	sigset_t usr1 = set_of(SIGUSR1), pending;
	struct itimerval far = {.it_value = {.tv_sec = 1000}}, now;
	struct rusage usage;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open("/tmp/posix-process", O_RDWR | O_CREAT, 0600), wrong, status;
	pid_t pid;

	must(fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && write(fd, "abcdef", 6) == 6);
	must(dup2(1, 43) == 43 && fcntl(43, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFD, 0) == 0);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	on(SIGUSR1, counter, 0);
	raise(SIGUSR1);
	setitimer(ITIMER_REAL, &far, NULL);
	setpriority(PRIO_PROCESS, 0, 3);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	prctl(PR_SET_NAME, "inheritor");
	shared_word = 1;
	pid = forked();
	if (pid == 0) {
		char name[16];
		int signal = 1;

		wrong = 0;
		sigpending(&pending);
		wrong |= sigismember(&pending, SIGUSR1) << 0;
		wrong |= !is_blocked(SIGUSR1) << 1;
		getitimer(ITIMER_REAL, &now);
		wrong |= (now.it_value.tv_sec != 0) << 2;
		wrong |= (getpriority(PRIO_PROCESS, 0) != 3) << 3;
		getrusage(RUSAGE_CHILDREN, &usage);
		wrong |= (usage.ru_maxrss != 0) << 4;
		fcntl(fd, F_GETLK, &lock);
		wrong |= (lock.l_type != F_WRLCK || lock.l_pid != getppid()) << 5;
		prctl(PR_GET_PDEATHSIG, &signal);
		wrong |= (signal != 0 || prctl(PR_GET_NAME, name) || strcmp(name, "inheritor")) << 6;
		wrong |= (lseek(fd, 2, SEEK_SET) != 2 || (shared_word = 2) != 2) << 7;
		if (!wrong && (fcntl(43, F_GETFD) != FD_CLOEXEC || fcntl(fd, F_GETFD) != 0))
			kill(getpid(), SIGKILL);
		_exit(wrong);
	}
	status = status_of(pid);
	wrong = WEXITSTATUS(status);
	ok(WIFEXITED(status), "fork: each descriptor is inherited with its FD_CLOEXEC");
	close(43);
	is_int(wrong & 1, 0, "fork: pending signals are not inherited");
	is_int(wrong & 2, 0, "the mask is");
	is_int(wrong & 4, 0, "interval timers are not");
	is_int(wrong & 8, 0, "niceness is");
	is_int(wrong & 16, 0, "the times and sizes of children begin anew");
	is_int(wrong & 32, 0, "record locks stay the parent's");
	is_int(wrong & 64, 0, "the name is inherited, PR_SET_PDEATHSIG is not");
	is_int(lseek(fd, 0, SEEK_CUR), 2, "open files share their position");
	is_int(shared_word, 1, "memory is the child's own");
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	on(SIGUSR1, SIG_IGN, 0);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	close(fd), unlink("/tmp/posix-process");
}

static void test_clone_flags(void)
{
	struct sigaction now;
	struct clone3 clear = {.flags = 0x100000000ul, .exit_signal = SIGCHLD};
	int parent_tid = 0, child_tid = 0;
	pid_t pid;

	pid = raw_clone(CLONE_PARENT_SETTID | SIGCHLD, &parent_tid, NULL);
	if (pid == 0)
		_exit(parent_tid != (int)syscall(SYS_gettid)); /* copied after the word was set, or before: Linux sets it first */
	ok(parent_tid == pid, "CLONE_PARENT_SETTID writes the child's id in the parent");
	status_of(pid);
	pid = raw_clone(CLONE_CHILD_SETTID | SIGCHLD, NULL, &child_tid);
	if (pid == 0)
		_exit(child_tid != getpid());
	ok(exits_with(pid, 0) && child_tid == 0, "CLONE_CHILD_SETTID writes it in the child's memory only");
	pid = raw_clone(CLONE_UNTRACED | CLONE_DETACHED | SIGCHLD, NULL, NULL);
	if (pid == 0)
		_exit(4);
	ok(exits_with(pid, 4), "CLONE_UNTRACED and CLONE_DETACHED mean nothing here");
	on(SIGUSR2, SIG_IGN, 0);
	pid = raw_clone(SIGUSR2, NULL, NULL);
	if (pid == 0)
		_exit(0);
	fails(waitpid(pid, NULL, WNOHANG), ECHILD, "a child with another exit signal is not seen");
	is_int(waitpid(pid, NULL, (int)__WCLONE), pid, "but by __WCLONE");
	on(SIGUSR1, counter, 0);
	fflush(stdout);
	pid = (pid_t)syscall(SYS_clone3, &clear, 64);
	if (pid == 0) {
		sigaction(SIGUSR1, NULL, &now);
		bool caught = now.sa_handler != SIG_DFL;

		sigaction(SIGUSR2, NULL, &now);
		_exit(caught << 1 | (now.sa_handler != SIG_IGN));
	}
	is_int(status_of(pid), 0, "CLONE_CLEAR_SIGHAND: caught signals get their default, ignored ones stay ignored");
	on(SIGUSR2, SIG_DFL, 0);
}

static void test_fork_groups(void)
{
	int wrong, ends[2];
	pid_t pid, other;
	char byte;

	must(pipe(ends) == 0);
	pid = forked();
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	close(ends[0]);
	is_int(setpgid(pid, 0), 0, "a child can be put into a group of its own");
	is_int(getpgid(pid), pid, "and is");
	is_int(getsid(pid), getsid(0), "in the same session");
	is_int(kill(-pid, 0), 0, "the group exists");
	other = forked();
	if (other == 0) {
		wrong = setpgid(0, pid) != 0 || getpgrp() != pid;
		wrong |= (setpgid(0, 0x3ffffff) != -1 || errno != EPERM) << 1;
		wrong |= (setsid() == -1) << 2;
		_exit(wrong);
	}
	is_int(WEXITSTATUS(status_of(other)), 0, "another process joins it, none joins one that is not there; then a session");
	other = forked();
	if (other == 0) {
		setsid();
		pid_t mine = forked();

		if (mine == 0)
			_exit(0);
		/* Its child is in another session than the group of before. */
		_exit(setpgid(mine, pid) != -1 || errno != EPERM);
	}
	is_int(WEXITSTATUS(status_of(other)), 0, "a group of another session cannot be joined");
	close(ends[1]);
	is_int(waitpid(-pid, NULL, 0), pid, "waitpid by group");
	fails(kill(-pid, 0), ESRCH, "with its last member the group is gone");
}

static int child(const char *mode, const char *argument)
{
	if (!strcmp(mode, "touch"))
		memset(malloc((size_t)atoi(argument)), 1, (size_t)atoi(argument));
	if (!strcmp(mode, "exit") || !strcmp(mode, "touch"))
		return atoi(argument) & 0xff;
	if (!strcmp(mode, "middle"))
		return middle();
	if (!strcmp(mode, "orphan"))
		return orphan(atoi(argument));
	if (!strcmp(mode, "session"))
		return session();
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return child(argv[1], argv[2]);
	test_clone_errors();
	test_ids();
	test_prctl();
	if (can_spawn("children that share memory, and waiting")) {
		test_clone_vm();
		test_wait();
		test_orphans();
		test_groups();
	}
	if (can_fork("what fork copies")) {
		test_inheritance();
		test_clone_flags();
		test_fork_groups();
	}
	return done();
}
