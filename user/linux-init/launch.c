/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts the program as a child with default signals, its own session, and descriptors 0, 1, 2 on
 * pipes or on one pseudo terminal, as the run file says.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Pipes and terminal seen from the child. The parent closes its copies of the pipes, for end of file, but keeps
 * the slave: a terminal without one reads as EIO, which would come and go with the program's own opens.
 */
struct ends {
	int child[3];
	int slave;
};

static void open_terminal(struct program *prog, struct ends *ends, const struct run *run)
{
	char name[64];

	if (openpty(&prog->terminal, &ends->slave, name, NULL, &run->size) < 0)
		die("openpty");
	fcntl(prog->terminal, F_SETFD, FD_CLOEXEC);
	fcntl(ends->slave, F_SETFD, FD_CLOEXEC);
	fcntl(prog->terminal, F_SETFL, O_NONBLOCK);
	prog->terminal_out = run->tty[1] ? FRAME_STDOUT : FRAME_STDERR;
}

/* One pipe; the parent's end does not block, the child's does. */
static void open_pipe(int *parent, int *child, int parent_writes)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		die("pipe");
	*parent = fds[parent_writes];
	*child = fds[!parent_writes];
	fcntl(*parent, F_SETFL, O_NONBLOCK);
}

static void open_streams(struct program *prog, struct ends *ends, const struct run *run)
{
	prog->terminal = ends->slave = prog->in = -1;
	prog->out[0] = prog->out[1] = -1;
	if (run->tty[0] || run->tty[1] || run->tty[2])
		open_terminal(prog, ends, run);
	for (int fd = 0; fd < 3; fd++)
		ends->child[fd] = ends->slave;
	if (run->tty[0])
		prog->in = prog->terminal;
	else if (run->stdin_file >= 0)
		ends->child[0] = run->stdin_file;
	else
		open_pipe(&prog->in, &ends->child[0], 1);
	for (int fd = 1; fd < 3; fd++)
		if (!run->tty[fd])
			open_pipe(&prog->out[fd - 1], &ends->child[fd], 0);
}

/* Runs in the child: only what execve keeps matters from here on. */
static void become(const struct ends *ends, const struct run *run, struct launch *launch,
		   int cgroup_procs)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (ends->slave >= 0)
		ioctl(ends->slave, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(ends->child[fd], fd);
	if (cgroup_procs >= 0 && write(cgroup_procs, "0", 1) != 1)
		launch->exec_errno = errno;
	if (chdir(run->cwd ? run->cwd : "/") < 0)
		launch->exec_errno = errno;
	if (!launch->exec_errno) {
		launch->start_ns = monotonic_ns();
		execve(run->path, run->argv, run->envp);
		launch->exec_errno = errno;
	}
	_exit(launch->exec_errno == ENOENT ? 127 : 126);
}

void program_launch(struct program *prog, const struct run *run, int cgroup_procs)
{
	struct ends ends;

	prog->launch = mmap(NULL, sizeof(*prog->launch), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (prog->launch == MAP_FAILED)
		die("mmap");
	open_streams(prog, &ends, run);
	prog->pid = fork();
	if (prog->pid < 0)
		die("fork");
	if (prog->pid == 0)
		become(&ends, run, prog->launch, cgroup_procs);
	for (int fd = 0; fd < 3; fd++)
		if (ends.child[fd] != ends.slave)
			close(ends.child[fd]);
}
