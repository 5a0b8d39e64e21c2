/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process 1 on Linux under tools/orchard: runs the one program the run file names, with its streams in
 * frames on COM2, and ends the machine. docs/protocol.md is the contract.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_ORDERLY 0x10
#define EXIT_PANIC 0x11
#define PRIVATE_SYS "/.orchard/sys"

void die(const char *what)
{
	int console = open("/dev/console", O_WRONLY | O_NOCTTY);

	dprintf(console, "linux-init: %s: %s\n", what, strerror(errno));
	port_end(EXIT_PANIC);
}

int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* What udev would make, and fs/devfs.c makes in our kernels. */
static const struct {
	const char *name, *target;
} descriptors[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
};

/* /sys only where the root has a place for it: the default root has none, like an Orchard kernel. */
static void mount_kernel_filesystems(void)
{
	mkdir("/dev", 0755);
	mkdir("/proc", 0555);
	if (mount("none", "/dev", "devtmpfs", 0, NULL) < 0 && errno != EBUSY)
		die("/dev");
	if (mount("none", "/proc", "proc", 0, NULL) < 0)
		die("/proc");
	mount("none", "/sys", "sysfs", 0, NULL);
	mkdir("/dev/pts", 0755);
	if (mount("none", "/dev/pts", "devpts", 0, "mode=0620,ptmxmode=0666") < 0)
		die("/dev/pts");
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
		if (symlink(descriptors[i].target, descriptors[i].name) < 0 && errno != EEXIST)
			die(descriptors[i].name);
}

/*
 * The UART interrupts at 8 of its 16 bytes by default; QEMU offers no more than that at once. 14 nearly
 * doubles the speed of stdin. Only a speed: failing is fine.
 */
static void raise_receive_trigger(void)
{
	int fd;

	mkdir(PRIVATE_SYS, 0700);
	if (mount("none", PRIVATE_SYS, "sysfs", 0, NULL) == 0) {
		fd = open(PRIVATE_SYS "/class/tty/ttyS1/rx_trig_bytes", O_WRONLY);
		if (fd >= 0 && write(fd, "14", 2) == 2)
			close(fd);
		umount2(PRIVATE_SYS, MNT_DETACH);
	}
	rmdir(PRIVATE_SYS);
}

static void remove_traces(void)
{
	unlink("/.orchard/run");
	unlink("/.orchard/init");
	if (rmdir("/.orchard") < 0)
		die("/.orchard");
}

static void report_refusal(const struct program *prog, const struct run *run)
{
	char text[512];
	int len;

	if (!prog->launch->exec_errno)
		return;
	len = snprintf(text, sizeof(text), "execve: %s: %s\n", run->path,
		       strerror(prog->launch->exec_errno));
	port_send(FRAME_REFUSAL, text, len < (int)sizeof(text) ? len : (int)sizeof(text) - 1);
}

static void report_end(const struct program *prog, int status, int64_t end_ns)
{
	char text[512];
	unsigned char wait_status[4] = { status, status >> 8, status >> 16, status >> 24 };
	size_t len = memory_report(text, sizeof(text));

	len += snprintf(text + len, sizeof(text) - len, "cpus=%ld\n",
			sysconf(_SC_NPROCESSORS_ONLN));
	if (prog->launch->start_ns)
		len += snprintf(text + len, sizeof(text) - len, "boot_least_ns=%lld\nrun_ns=%lld\n",
				(long long)prog->launch->start_ns,
				(long long)(end_ns - prog->launch->start_ns));
	port_send(FRAME_STATS, text, len);
	port_send(FRAME_EXIT, wait_status, sizeof(wait_status));
}

int main(void)
{
	struct run run = { 0 };
	struct program prog;
	sigset_t children;
	int64_t end_ns;
	int cgroup_procs, status;
	char hello[64];

	mount_kernel_filesystems();
	raise_receive_trigger();
	port_open();
	runfile_read(&run, "/.orchard/run");
	cgroup_procs = memory_watch();
	remove_traces();

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	signal(SIGPIPE, SIG_IGN);

	snprintf(hello, sizeof(hello), "orchard 1 linux window=%d\n", STDIN_WINDOW);
	port_send(FRAME_HELLO, hello, strlen(hello));
	program_launch(&prog, &run, cgroup_procs);
	status = program_relay(&prog, &end_ns);
	report_refusal(&prog, &run);
	report_end(&prog, status, end_ns);
	port_end(EXIT_ORDERLY);
}
