/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * job: stopping and continuing, and how parents hear of it; groups at a terminal, in front and behind; orphaned groups; what a
 * session leaves behind. Sources: POSIX XBD 3.187 and 11.1, XSH 2.4.3 and _Exit(), credentials(7), setpgid(2), wait(2),
 * ioctl_tty(2), signal(7).
 *
 * Jobs are this program again: with a letter for each thing to be done, and a descriptor to report to.
 */
#include "pty.h"

#include <sys/wait.h>

static int report[2]; /* a pipe from jobs that are no children any more, or say more than a status */

/* --- The jobs -------------------------------------------------------------------------------- */

static int report_fd;
static pid_t starter; /* asked of getppid() by the job itself, it might be too late */

static void tell(char letter)
{
	must(write(report_fd, &letter, 1) == 1);
}

static void tells(int sig)
{
	tell(sig == SIGHUP ? 'H' : sig == SIGCONT ? 'C' : sig == SIGWINCH ? 'W' : '?');
}

static void ends(int sig)
{
	_exit(sig == SIGCONT ? 7 : 8);
}

/* The start of another job; `how` goes on as its mode. */
static pid_t start_job(const char *how)
{
	char origin[32];
	pid_t pid;

	snprintf(origin, sizeof(origin), "%d %d", report_fd, getpid());
	pid = spawn_self(how, origin);
	must(pid > 0);
	if (how[0] == 'g' || how[0] == 's')
		soon(getpgid(pid) == pid);
	return pid;
}

static int answer(long result)
{
	return result < 0 ? 100 + errno : (int)result;
}

static int job(const char *how)
{
	int fd = -1, status;
	struct termios t;
	char b[64];
	pid_t pid;

	for (; *how; how++) {
		switch (*how) {
		case 'g': /* a group of its own */
			must(setpgid(0, 0) == 0);
			break;
		case 's': /* a session */
			must(setsid() > 0);
			break;
		case 'i': /* ignores what stops background jobs */
			signal(SIGTTIN, SIG_IGN);
			signal(SIGTTOU, SIG_IGN);
			break;
		case 'b':
			block(SIGTTIN);
			block(SIGTTOU);
			break;
		case 'c':
			block(SIGCONT);
			break;
		case 'e': /* SIGCONT is its end */
			signal(SIGCONT, ends);
			break;
		case 'h': /* tells of signals */
			on(SIGHUP, tells, SA_RESTART);
			on(SIGCONT, tells, SA_RESTART);
			on(SIGWINCH, tells, SA_RESTART);
			break;
		case 't':
			fd = open("/dev/tty", O_RDWR);
			if (fd < 0)
				return 100 + errno;
			break;
		case '2': /* the terminal that the environment names, for the session */
			fd = open(getenv("SLAVE"), O_RDWR);
			if (fd < 0)
				return 100 + errno;
			if (tcgetsid(fd) != getsid(0))
				return 99;
			break;
		case 'y': /* wants that terminal, whoever has it */
		case 'Y': /* even by force */
			fd = open(getenv("SLAVE"), O_RDWR | O_NOCTTY);
			return answer(ioctl(fd, TIOCSCTTY, *how == 'Y'));
		case 'r':
			return answer(read(fd, b, sizeof(b)));
		case 'w':
			return answer(write(fd, "job\n", 4));
		case 'a':
			if (tcgetattr(fd, &t) < 0)
				return 98;
			return answer(tcsetattr(fd, TCSANOW, &t));
		case 'f':
			return answer(tcflush(fd, TCIFLUSH));
		case 'd':
			return answer(tcdrain(fd));
		case 'o':
			return answer(tcflow(fd, TCOON));
		case 'z': {
			struct winsize size = {1, 2, 3, 4};

			return answer(ioctl(fd, TIOCSWINSZ, &size));
		}
		case 'x':
			return answer(tcsetpgrp(fd, getpgrp()));
		case 'F': /* goes in front, and on */
			must(tcsetpgrp(fd, getpgrp()) == 0);
			break;
		case 'k': /* gives the terminal up */
			return answer(ioctl(fd, TIOCNOTTY));
		case 'T': /* tells */
			tell('T');
			break;
		case 'S':
			raise(SIGSTOP);
			break;
		case 'P': /* until it is ended, or the test has */
			while (!(events_of(report_fd, 0, -1) & POLLERR))
				;
			return 0;
		case 'O': /* waits until it is an orphan */
			while (getppid() == starter)
				usleep(2000);
			break;
		case 'E': { /* tells the error of a read, then of a change of settings */
			tell(read(fd, b, 1) < 0 ? (char)errno : 0);
			tcgetattr(fd, &t);
			tell(tcsetattr(fd, TCSANOW, &t) < 0 ? (char)errno : 0);
			break;
		}
		case 'N': /* tells whether it still has a terminal */
			tell(open("/dev/tty", O_RDWR) < 0 ? (char)errno : 0);
			break;
		case '/': /* the rest is another job's; goes when that has stopped, or a moment later */
			pid = start_job(how + 1);
			if (strchr(how, 'S'))
				must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
			else
				usleep(100000);
			return 0;
		case '+': { /* a job in front of this leader, one behind it; then on or out */
			bool stays = how[1] == 'P';

			start_job(how[1] == 'P' ? "gihTP" : "gihTON");
			pid = start_job("gihtFTP");
			soon(tcgetpgrp(fd) == pid);
			if (stays)
				break;
			return 0;
		}
		}
	}
	return 0;
}

/* --- The parent ------------------------------------------------------------------------------ */

static pid_t start(const char *how)
{
	report_fd = report[1];
	return start_job(how);
}

/* pid: or, negative, a group whose leader it will be. */
static int status_of(pid_t pid, int options)
{
	int status = -1;

	return waitpid(pid, &status, options) == abs(pid) ? status : -1;
}

static bool stops(pid_t pid, int sig)
{
	int status = status_of(pid, WUNTRACED);

	return status != -1 && WIFSTOPPED(status) && WSTOPSIG(status) == sig;
}

static bool exits(pid_t pid, int code)
{
	int status = status_of(pid, 0);

	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != code)
		printf("# status %x\n", status);
	return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static bool dies(pid_t pid, int sig)
{
	int status = status_of(pid, 0);

	return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == sig;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool unchanged(pid_t pid)
{
	usleep(30000);
	return waitpid(pid, NULL, WNOHANG | WUNTRACED | WCONTINUED) == 0;
}

/* The letters that jobs told, at least n; in the order of the alphabet. */
static const char *told(size_t n)
{
	static char text[64];
	size_t got = 0;

	while (got < sizeof(text) - 1 && events_of(report[0], POLLIN, got < n ? PATIENCE : 100) & POLLIN)
		got += read(report[0], text + got, 1) == 1;
	text[got] = '\0';
	for (size_t i = 0; i < got; i++)
		for (size_t j = i + 1; j < got; j++)
			if (text[j] < text[i]) {
				char c = text[i];

				text[i] = text[j];
				text[j] = c;
			}
	return text;
}

/* --- Stopping and continuing ------------------------------------------------------------------- */

static void cancelling(void)
{
	block(SIGTSTP);
	block(SIGCONT);
	kill(getpid(), SIGTSTP);
	ok(is_pending(SIGTSTP), "a stop is pending");
	kill(getpid(), SIGCONT);
	ok(is_pending(SIGCONT) && !is_pending(SIGTSTP), "SIGCONT discards it");
	kill(getpid(), SIGTTIN);
	ok(!is_pending(SIGCONT), "a stop signal discards SIGCONT, even where it stops nobody");
	unblock(SIGTSTP);
	unblock(SIGCONT);
}

static void stopping(void)
{
	static const int stop[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
	siginfo_t info = {0};
	pid_t pid = start("gP");

	for (int i = 0; i < 4; i++) {
		kill(pid, stop[i]);
		ok(stops(pid, stop[i]), "signal %d stops, and WUNTRACED tells", stop[i]);
		ok(unchanged(pid), "once");
		kill(pid, SIGCONT);
		is_int(status_of(pid, WCONTINUED), 0xffff, "SIGCONT continues, and WCONTINUED tells");
		ok(unchanged(pid), "once");
	}
	kill(pid, SIGSTOP);
	is_int(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0, "waitid: WSTOPPED, WNOWAIT");
	ok(info.si_signo == SIGCHLD && info.si_code == CLD_STOPPED && info.si_status == SIGSTOP && info.si_pid == pid &&
		   info.si_uid == getuid(), "says all of it");
	memset(&info, 0, sizeof(info));
	is_int(waitid(P_PGID, (id_t)pid, &info, WSTOPPED), 0, "waitid again, by the group");
	is_int(info.si_code, CLD_STOPPED, "it was still there");
	is_int(waitpid(pid, NULL, WNOHANG), 0, "without WUNTRACED a stop is no news");
	kill(pid, SIGTERM);
	ok(unchanged(pid), "a signal to a stopped process waits");
	kill(pid, SIGCONT);
	ok(dies(pid, SIGTERM), "until it goes on");
	pid = start("gP");
	kill(pid, SIGSTOP);
	must(stops(pid, SIGSTOP));
	kill(pid, SIGSTOP);
	ok(unchanged(pid), "stopped twice is stopped once");
	kill(pid, SIGCONT);
	memset(&info, 0, sizeof(info));
	is_int(waitid(P_ALL, 0, &info, WCONTINUED), 0, "waitid: WCONTINUED");
	ok(info.si_code == CLD_CONTINUED && info.si_status == SIGCONT && info.si_pid == pid, "says so");
	kill(pid, SIGCONT);
	ok(unchanged(pid), "continuing what runs is no news");
	kill(pid, SIGSTOP);
	must(stops(pid, SIGSTOP));
	kill(pid, SIGKILL);
	ok(dies(pid, SIGKILL), "SIGKILL ends a stopped process");
	pid = start("gcTP");
	told(1);
	kill(pid, SIGSTOP);
	must(stops(pid, SIGSTOP));
	kill(pid, SIGCONT);
	is_int(status_of(pid, WCONTINUED), 0xffff, "SIGCONT continues also where it is blocked");
	end(pid);
	pid = start("geTP");
	told(1);
	kill(pid, SIGSTOP);
	must(stops(pid, SIGSTOP));
	kill(pid, SIGCONT);
	ok(exits(pid, 7), "and its handler runs");
	pid = start("TP");
	told(1);
	kill(pid, SIGTSTP);
	ok(unchanged(pid), "SIGTSTP does not stop a member of an orphaned group");
	kill(pid, SIGSTOP);
	ok(stops(pid, SIGSTOP), "SIGSTOP does");
	end(pid);
}

static void telling(void)
{
	pid_t pid = start("gTP");

	told(1);
	on_info(SIGCHLD, informed, 0);
	kill(pid, SIGSTOP);
	ok(soon(count) && info_seen.si_code == CLD_STOPPED && info_seen.si_pid == pid && info_seen.si_status == SIGSTOP,
	   "SIGCHLD: CLD_STOPPED");
	count = 0;
	kill(pid, SIGCONT);
	ok(soon(count) && info_seen.si_code == CLD_CONTINUED && info_seen.si_status == SIGCONT, "SIGCHLD: CLD_CONTINUED");
	on_info(SIGCHLD, informed, SA_NOCLDSTOP);
	kill(pid, SIGSTOP);
	must(stops(pid, SIGSTOP));
	kill(pid, SIGCONT);
	is_int(status_of(pid, WCONTINUED), 0xffff, "SA_NOCLDSTOP: wait still tells");
	is_int(count, 0, "but no SIGCHLD");
	kill(pid, SIGKILL);
	ok(soon(count) && info_seen.si_code == CLD_KILLED, "of its end there is one");
	waitpid(pid, NULL, 0);
	signal(SIGCHLD, SIG_DFL);
}

static void groups(void)
{
	pid_t a = start("gTP"), b = start("sTP"), c = start("TP");

	told(3);
	is_int(getpgid(a), a, "a group of its own");
	is_int(getsid(a), getsid(0), "in our session");
	is_int(getsid(b), b, "a session of its own");
	is_int(getpgid(c), getpgrp(), "in our group");
	fails(setpgid(a, 0), EACCES, "setpgid of a child that has called exec");
	fails(setpgid(b, 0), EPERM, "setpgid of one in another session");
	fails(setpgid(0, a), EPERM, "a session's leader changes no group");
	fails(setpgid(a, -1), EINVAL, "a negative group");
	fails(setpgid(1, 0), ESRCH, "no child");
	fails(getpgid(32000), ESRCH, "getpgid: no such process");
	fails(getsid(32000), ESRCH, "getsid: no such process");
	fails(tcsetpgrp(slave, b), EPERM, "tcsetpgrp: a group of another session");
	is_int(tcsetpgrp(slave, a), 0, "tcsetpgrp: one of ours");
	is_int(tcgetpgrp(slave), a, "tcgetpgrp");
	signal(SIGTTOU, SIG_IGN);
	is_int(tcsetpgrp(slave, getpgrp()), 0, "back, ignoring SIGTTOU");
	signal(SIGTTOU, SIG_DFL);
	fails(kill(-32000, 0), ESRCH, "kill: no such group");
	is_int(kill(-a, SIGSTOP), 0, "kill: a group");
	ok(stops(-a, SIGSTOP), "waitpid: of a group");
	kill(a, SIGKILL);
	is_int(waitpid(0, NULL, WNOHANG), 0, "waitpid 0: our group only");
	kill(c, SIGKILL);
	is_int(waitpid(0, NULL, 0), c, "whose member is found");
	fails(waitpid(0, NULL, 0), ECHILD, "and there is no other");
	ok(dies(-a, SIGKILL), "the other group's member");
	end(b);
}

/* --- At the terminal --------------------------------------------------------------------------- */

static bool stops_or_ends(const char *how, int sig)
{
	pid_t pid = start(how);
	bool good = stops(pid, sig);

	end(pid);
	return good;
}

static void background(void)
{
	pid_t pid = start("gtr");

	ok(stops(pid, SIGTTIN), "a read from behind stops: SIGTTIN");
	must(tcsetpgrp(slave, pid) == 0);
	kill(pid, SIGCONT);
	is_int(status_of(pid, WCONTINUED), 0xffff, "put in front and continued");
	type("four\n");
	ok(exits(pid, 5), "it reads");
	signal(SIGTTOU, SIG_IGN);
	must(tcsetpgrp(slave, getpgrp()) == 0);
	signal(SIGTTOU, SIG_DFL);
	ok(exits(start("gitr"), 100 + EIO), "SIGTTIN ignored: EIO");
	ok(exits(start("gbtr"), 100 + EIO), "SIGTTIN blocked: EIO");
	ok(exits(start("gtw"), 4), "a write from behind goes on");
	set_local(ECHO, TOSTOP);
	ok(stops_or_ends("gtw", SIGTTOU), "TOSTOP: it stops, SIGTTOU");
	ok(exits(start("gitw"), 4), "TOSTOP, SIGTTOU ignored: it goes on");
	ok(exits(start("gbtw"), 4), "TOSTOP, SIGTTOU blocked: too");
	set_local(ECHO, 0);
	ok(stops_or_ends("gta", SIGTTOU), "tcsetattr from behind stops");
	ok(exits(start("gita"), 0), "SIGTTOU ignored: it goes on");
	ok(stops_or_ends("gtf", SIGTTOU), "tcflush");
	ok(stops_or_ends("gtd", SIGTTOU), "tcdrain");
	ok(stops_or_ends("gto", SIGTTOU), "tcflow");
	ok(stops_or_ends("gtx", SIGTTOU), "tcsetpgrp");
	ok(exits(start("gtz"), 0), "a new size may come from behind");
	ok(exits(start("gitx"), 0), "SIGTTOU ignored: a job puts itself in front");
	signal(SIGTTOU, SIG_IGN);
	must(tcsetpgrp(slave, getpgrp()) == 0);
	signal(SIGTTOU, SIG_DFL);
	ok(exits(start("gtk"), 0), "TIOCNOTTY of one that does not lead");
	is_int(tcgetpgrp(slave), getpgrp(), "takes nothing from the others");
	ok(exits(start("st"), 100 + ENXIO), "a new session has no terminal");
	setenv("SLAVE", slave_name, 1);
	ok(exits(start("gy"), 100 + EPERM), "TIOCSCTTY by one that does not lead");
	ok(exits(start("sy"), 100 + EPERM), "TIOCSCTTY of a terminal that another session has");
	if (geteuid())
		return;
	ok(exits(start("sY"), 0), "user 0 may take it away");
	fails(open("/dev/tty", O_RDWR), ENXIO, "then it is ours no more");
	is_int(ioctl(slave, TIOCSCTTY, 0), 0, "but free when the thief has ended");
}

static void foreground(void)
{
	static const struct {
		const char *key;
		int sig;
	} key[] = {{"\x03", SIGINT}, {"\x1c", SIGQUIT}, {"\x1a", SIGTSTP}};
	struct winsize size = {33, 44, 0, 0};

	on(SIGWINCH, counter, 0);
	for (int i = 0; i < 3; i++) {
		pid_t behind = start("gTP"), front = start("gitFTP");

		told(2);
		type(key[i].key);
		if (key[i].sig == SIGTSTP)
			ok(stops(front, SIGTSTP), "^Z stops what is in front");
		else
			ok(dies(front, key[i].sig), "key %d: signal %d for what is in front", key[i].key[0], key[i].sig);
		ok(unchanged(behind), "and not for what is behind");
		end(behind);
		if (key[i].sig == SIGTSTP)
			end(front);
	}
	pid_t front = start("ghitFTP");

	told(1);
	must(ioctl(master, TIOCSWINSZ, &size) == 0);
	is_str(told(1), "W", "SIGWINCH for what is in front");
	is_int(count, 0, "and not for us");
	end(front);
	signal(SIGWINCH, SIG_DFL);
	signal(SIGTTOU, SIG_IGN);
	must(tcsetpgrp(slave, getpgrp()) == 0);
	signal(SIGTTOU, SIG_DFL);
}

/* --- Orphans and ends -------------------------------------------------------------------------- */

static void orphans(void)
{
	pid_t middle = start("g/hSTP");
	const char *text;

	ok(exits(middle, 0), "the parent of a stopped job ends");
	is_str(told(3), "CHT", "the orphaned group gets SIGHUP and SIGCONT, and goes on");
	middle = start("g/hTO");
	ok(exits(middle, 0), "the parent of a running job ends");
	is_str(told(1), "T", "its group gets no signals");
	middle = start("g/tOE");
	must(exits(middle, 0));
	text = told(2);
	ok(text[0] == EIO && text[1] == EIO, "a read and a change of settings by an orphaned group behind: EIO");
}

static void leaders_end(void)
{
	int first = master;
	pid_t sid = -1, pid;
	const char *text;

	open_master();
	setenv("SLAVE", slave_name, 1);
	pid = start("s2+");
	ok(exits(pid, 0), "a session's leader ends");
	text = told(4);
	is_str(text, "\x06HTT", "SIGHUP for what was in front, none behind; no terminal any more");
	fails(ioctl(master, TIOCGSID, &sid), ENOTTY, "the terminal is free");
	pid = start("s2TP");
	told(1);
	is_int(ioctl(master, TIOCGSID, &sid) ? -1 : sid, pid, "and another session may have it");
	ok(exits(start("s2"), 99), "a third opens it and does not get it");
	close(master);
	ok(dies(pid, SIGHUP), "the master's end is the leader's: SIGHUP");
	open_master();
	setenv("SLAVE", slave_name, 1);
	pid = start("s2+P");
	is_str(told(2), "TT", "a leader, a job in front, a job behind");
	close(master);
	ok(dies(pid, SIGHUP), "a master closes: SIGHUP for the leader");
	is_str(told(2), "CH", "and by its end SIGHUP and SIGCONT for what was in front");
	master = first;
}

/* --- A shell ----------------------------------------------------------------------------------- */

static bool expect(const char *text)
{
	static char seen[4096];
	size_t n = 0;

	for (;;) {
		if (!(events_of(master, POLLIN, PATIENCE) & POLLIN) || n == sizeof(seen) - 1)
			break;
		ssize_t more = read(master, seen + n, sizeof(seen) - 1 - n);

		if (more <= 0)
			break;
		n += (size_t)more;
		seen[n] = '\0';
		if (strstr(seen, text))
			return true;
	}
	seen[n] = '\0';
	printf("# the shell said: %s\n", seen);
	return false;
}

static pid_t in_front(void)
{
	pid_t group = -1;

	ioctl(master, TIOCGPGRP, &group);
	return group;
}

static void shell(void)
{
	int before = master;
	pid_t pid;

	if (!can_fork("an interactive shell"))
		return;
	if (access("/bin/busybox", X_OK) < 0) {
		ok(0, "an interactive shell: there is no /bin/busybox");
		return;
	}
	open_master();
	pid = fork();
	if (pid == 0) {
		setsid();
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		if (open(slave_name, O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2)
			execl("/bin/busybox", "sh", "-i", NULL);
		_exit(99);
	}
	ok(expect("# ") || expect("$ "), "a shell prompts");
	type("echo hi$((1 + 1))\n");
	ok(expect("hi2"), "it runs what is typed");
	/* In front, and past the moment when a shell's child still ignores ^Z: it speaks, in words that were not typed so. */
	type("/bin/busybox sh -c 'echo I be''gan; exec /bin/busybox sleep 100'\n");
	ok(expect("I began") && soon(in_front() > 0 && in_front() != pid), "a job is in front");
	type("\x1a");
	ok(expect("Stopped"), "^Z: it is stopped");
	is_int(soon(in_front() == pid) ? in_front() : -1, pid, "and the shell in front");
	type("jobs\n");
	ok(expect("Stopped"), "jobs tells of it");
	type("fg\n");
	ok(soon(in_front() != pid), "fg: the job is in front");
	type("\x03");
	ok(soon(in_front() == pid), "^C: the shell again");
	type("echo status $?\n");
	ok(expect("status 130"), "the job died of it");
	type("tty\nexit 7\n");
	ok(expect(slave_name), "tty names the terminal");
	ok(exits(pid, 7), "exit");
	close(master);
	master = before;
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		must(sscanf(argv[2], "%d %d", &report_fd, &starter) == 2);
		return job(argv[1]);
	}
	become_leader();
	cancelling();
	if (can_spawn("jobs")) {
		must(pipe(report) == 0 && fcntl(report[0], F_SETFD, FD_CLOEXEC) == 0);
		open_pair();
		must(ioctl(slave, TIOCSCTTY, 0) == 0);
		stopping();
		telling();
		groups();
		set_local(ECHO, 0);
		background();
		foreground();
		orphans();
		leaders_end();
		shell();
	}
	return done();
}
