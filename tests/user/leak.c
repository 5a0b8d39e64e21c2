/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing is lost: each thing a program can take and give back is taken and given back many times, and then as much memory
 * is free as before. The first rounds fill caches (free stacks, slabs, stocks of pages) and do not count.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "kernel.h"
#include "memory.h"

#define WARM_UP 40
#define TOLERANCE_KIB 64
#define BLOCKS 4 /* caches of other CPUs may still fill in one of them; what is lost is lost in each */
#define FOLDER "/tmp/leak"

static int bad; /* rounds in which the thing itself failed */

/* KiB lost in so many rounds. Linux shares its memory with others: there only the calls themselves count. */
static long lost(void (*round)(void), int rounds)
{
	long before = free_kib();

	for (int i = 0; i < rounds; i++)
		round();
	return kernel_is_orchard() ? before - free_kib_at_least(before - TOLERANCE_KIB) : 0;
}

static void check(const char *name, void (*round)(void), int rounds)
{
	long kib = 0;

	bad = 0;
	lost(round, WARM_UP);
	for (int i = 0; i < BLOCKS; i++) {
		kib = lost(round, rounds);
		if (bad || kib <= TOLERANCE_KIB)
			break;
	}
	if (!ok(!bad && kib <= TOLERANCE_KIB, "%d times %s: nothing is lost", rounds, name))
		printf("#   %ld KiB lost; %d rounds failed\n", kib, bad);
}

/* ---- processes ---- */

static void round_spawn(void)
{
	bad += run_self("exit", "") != 0;
}

static void round_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	bad += waitpid(pid, NULL, 0) != pid;
}

static void round_failed_exec(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/etc/passwd", "passwd", NULL);
		execl("/no/such/program", "program", NULL);
		_exit(0);
	}
	bad += waitpid(pid, NULL, 0) != pid;
}

static void round_fork(void)
{
	static char data[16 * PAGE];
	pid_t pid = fork();

	memset(data, 1, sizeof(data));
	if (pid == 0)
		_exit(0);
	bad += waitpid(pid, NULL, 0) != pid;
}

static void round_fork_exec(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(SELF, "self", "exit", NULL);
		_exit(1);
	}
	int status;

	bad += waitpid(pid, &status, 0) != pid || status;
}

static void round_killed(void)
{
	pid_t pid = spawn_self("pause", "");

	kill(pid, SIGKILL);
	bad += waitpid(pid, NULL, 0) != pid;
}

/* ---- threads ---- */

static void *nothing(void *arg)
{
	return arg;
}

static void round_threads(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		bad += pthread_create(&threads[i], NULL, nothing, NULL) != 0;
	for (int i = 0; i < 4; i++)
		bad += pthread_join(threads[i], NULL) != 0;
}

/* ---- memory ---- */

static void round_mmap(void)
{
	char *at = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 64; i += 3)
		at[i * PAGE] = 1;
	bad += mprotect(at + 8 * PAGE, 4 * PAGE, PROT_NONE) != 0;
	bad += munmap(at + 20 * PAGE, 5 * PAGE) != 0;
	bad += munmap(at, 64 * PAGE) != 0;
}

static void round_shared(void)
{
	char *at = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 16; i++)
		at[i * PAGE] = 1;
	bad += munmap(at, 16 * PAGE) != 0;
}

static void round_mremap(void)
{
	char *at = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	at[0] = at[7 * PAGE] = 1;
	at = mremap(at, 8 * PAGE, 4096 * PAGE, MREMAP_MAYMOVE);
	bad += at == MAP_FAILED || at[7 * PAGE] != 1;
	bad += munmap(at, 4096 * PAGE) != 0;
}

static void round_map_file(void)
{
	int fd = open(SELF, O_RDONLY);
	char *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	close(fd);
	at[PAGE] = 1;
	bad += munmap(at, 4 * PAGE) != 0;
}

/* ---- files ---- */

static void round_open(void)
{
	int fd = open("/dev/null", O_RDWR), other = dup(fd);

	bad += close(fd) != 0 || close(other) != 0;
	fd = open("/proc/self/status", O_RDONLY);
	bad += read(fd, &other, 4) != 4;
	close(fd);
	bad += open("/no/such/file", O_RDONLY) >= 0;
}

static void round_pipe(void)
{
	static char data[3 * PAGE];
	int ends[2];

	bad += pipe(ends) != 0 || write(ends[1], data, sizeof(data)) != sizeof(data);
	close(ends[0]);
	close(ends[1]);
}

static void round_file(void)
{
	static char data[5 * PAGE + 1];
	int fd = open(FOLDER "/file", O_RDWR | O_CREAT, 0600);

	bad += write(fd, data, sizeof(data)) != sizeof(data);
	bad += ftruncate(fd, PAGE + 1) != 0;
	bad += unlink(FOLDER "/file") != 0; /* while it is open */
	bad += close(fd) != 0;
}

static void round_names(void)
{
	bad += mkdir(FOLDER "/a", 0700) != 0;
	bad += symlink("a/long/target/that/leads/nowhere/at/all", FOLDER "/link") != 0;
	bad += mkdir(FOLDER "/a/b", 0700) != 0;
	bad += rename(FOLDER "/link", FOLDER "/a/b/link") != 0;
	bad += unlink(FOLDER "/a/b/link") != 0;
	bad += rmdir(FOLDER "/a/b") != 0;
	bad += rmdir(FOLDER "/a") != 0;
}

static void round_lock(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
	int fd = open(FOLDER "/locked", O_RDWR | O_CREAT, 0600);

	bad += fcntl(fd, F_SETLK, &lock) != 0;
	close(fd);
}

static void round_signal(void)
{
	sigset_t set;
	struct timespec none = {0};

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 8; i++)
		bad += kill(getpid(), SIGRTMIN) != 0;
	for (int i = 0; i < 8; i++)
		bad += sigtimedwait(&set, NULL, &none) != SIGRTMIN;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "exit"))
		return 0;
	while (argc > 1 && !strcmp(argv[1], "pause"))
		pause();

	must(mkdir(FOLDER, 0700) == 0 || errno == EEXIST);
	check("mmap, mprotect and munmap", round_mmap, 200);
	check("a shared mapping", round_shared, 200);
	check("mremap", round_mremap, 200);
	check("a mapped file", round_map_file, 200);
	check("open and close", round_open, 200);
	check("a pipe with data in it", round_pipe, 200);
	check("a file", round_file, 200);
	check("names", round_names, 200);
	check("a lock", round_lock, 200);
	check("queued signals", round_signal, 200);
	check("four threads", round_threads, 100);
	if (can_spawn("spawning")) {
		check("vfork", round_vfork, 100);
		check("spawn", round_spawn, 100);
		check("an exec that fails", round_failed_exec, 100);
		check("kill", round_killed, 100);
	}
	if (can_fork("forking")) {
		check("fork", round_fork, 100);
		check("fork and exec", round_fork_exec, 100);
	}
	unlink(FOLDER "/locked");
	rmdir(FOLDER);
	return done();
}
