/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hogs beside a neighbour: a program takes all it can get of one thing, until the kernel says no with the right errno, or ends it;
 * a neighbour works on all the while (neighbour.h), and after the hog is gone everything is there again. Where there is one
 * process it is the hog itself that goes on. Run in a small machine (tests/user/hog.t).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "memory.h"
#include "neighbour.h"

#define MIB (1l << 20)
#define FOLDER "/tmp/hog"
#define TOLERANCE_KIB 6144 /* stays in caches, some of them each CPU's */
#define PATIENCE_S 60
#define MANY 70000

/* ---- what there is to take: each returns the errno that ended it, and how much it got ---- */

static int descriptor[MANY];

static void raise_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int take_descriptors(long *n)
{
	raise_descriptors();
	for (*n = 0; *n < MANY; ++*n)
		if ((descriptor[*n] = open("/dev/null", O_RDONLY)) < 0)
			return errno;
	return 0;
}

static void give_descriptors(long n)
{
	while (n--)
		close(descriptor[n]);
}

/* Pipes filled to the brim. */
static int take_pipes(long *n)
{
	static char data[65536];

	raise_descriptors();
	for (*n = 0; *n < MANY - 1; *n += 2) {
		if (pipe2(descriptor + *n, O_NONBLOCK))
			return errno;
		while (write(descriptor[*n + 1], data, sizeof(data)) > 0)
			;
		if (errno != EAGAIN) {
			*n += 2;
			return errno;
		}
	}
	return 0;
}

static int take_file(long *n)
{
	static char data[65536];
	int fd = open(FOLDER "/file", O_WRONLY | O_CREAT | O_TRUNC, 0600), error;
	long got = 0;

	must(fd >= 0);
	for (*n = 0; *n < 1l << 32 && (got = write(fd, data, sizeof(data))) > 0; *n += got)
		;
	error = got < 0 ? errno : 0;
	close(fd);
	return error;
}

static void give_file(long n)
{
	(void)n;
	unlink(FOLDER "/file");
}

/* The same by a mapping, which has no return value: SIGBUS. */
static int take_mapped_file(long *n)
{
	int fd = open(FOLDER "/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *at;

	must(fd >= 0 && ftruncate(fd, 1l << 32) == 0);
	at = mmap(NULL, 1l << 32, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(at != MAP_FAILED);
	for (*n = 0; *n < 1l << 32; *n += PAGE)
		at[*n] = 1;
	return 0;
}

static char *file_name(long i)
{
	static char name[64];

	snprintf(name, sizeof(name), FOLDER "/%ld", i);
	return name;
}

static int take_names(long *n)
{
	for (*n = 0; *n < 1000000; ++*n) {
		int fd = open(file_name(*n), O_WRONLY | O_CREAT | O_EXCL, 0600);

		if (fd < 0)
			return errno;
		close(fd);
	}
	return 0;
}

static void give_names(long n)
{
	while (n--)
		unlink(file_name(n));
}

/* Folders inside each other, as deep as it goes; in the way there, links that lead in circles. */
static int take_folders(long *n)
{
	char here[4096];
	int error = 0;

	must(chdir(FOLDER) == 0 && symlink("circle", "circle") == 0);
	if (open("circle/x", O_RDONLY) >= 0 || errno != ELOOP)
		return errno;
	for (*n = 0; *n < 20000 && !error; *n += !error) {
		error = mkdir("d", 0700) ? errno : 0;
		if (error)
			break;
		must(chdir("d") == 0);
		error = symlink("../d/d/..", "l") ? errno : 0;
		if (error)
			must(chdir("..") == 0 && rmdir("d") == 0);
	}
	if (getcwd(here, sizeof(here)))
		return -1; /* nothing that long fits */
	return errno == ERANGE && !error ? ENAMETOOLONG : error;
}

static void give_folders(long n)
{
	while (n--) {
		unlink("l");
		must(chdir("..") == 0 && rmdir("d") == 0);
	}
	unlink("circle");
	must(chdir("/") == 0);
}

static char *mapping[MANY];

static int take_mappings(long *n)
{
	/* Neighbours with different rights never become one. */
	for (*n = 0; *n < MANY; ++*n) {
		int prot = *n % 2 ? PROT_READ : PROT_READ | PROT_WRITE;

		mapping[*n] = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mapping[*n] == MAP_FAILED)
			return errno;
	}
	return 0;
}

static void give_mappings(long n)
{
	while (n--)
		munmap(mapping[n], PAGE);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_t thread[MANY];

static void *wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static int take_threads(long *n)
{
	pthread_attr_t small;
	int error = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 4 * PAGE);
	pthread_mutex_lock(&gate);
	for (*n = 0; *n < MANY && !error; *n += !error)
		error = pthread_create(&thread[*n], &small, wait_at_gate, NULL);
	return error;
}

static void give_threads(long n)
{
	pthread_mutex_unlock(&gate);
	while (n--)
		pthread_join(thread[n], NULL);
}

static sigset_t realtime(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	return set;
}

static int take_signals(long *n)
{
	sigset_t set = realtime();

	sigprocmask(SIG_BLOCK, &set, NULL);
	for (*n = 0; *n < 1000000; ++*n)
		if (syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGRTMIN))
			return errno;
	return 0;
}

static void give_signals(long n)
{
	struct timespec now = {0};
	sigset_t set = realtime();

	while (n--)
		if (sigtimedwait(&set, NULL, &now) != SIGRTMIN)
			printf("# %ld signals are missing\n", n + 1);
}

/* Takes more than there is: the end. */
static int take_memory(long *n)
{
	for (*n = 0; *n < 1l << 32; *n += MIB) {
		char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (long i = 0; at != MAP_FAILED && i < MIB; i += PAGE)
			at[i] = 1;
	}
	return 0;
}

/* Each child begins again, and all try for ever. The first one to be refused says so. */
static int take_forks(long *n)
{
	pid_t first = getpid();

	for (*n = 0;; ++*n) {
		pid_t pid = fork();

		if (pid < 0 && getpid() == first)
			return errno;
		if (pid < 0)
			usleep(300000);
	}
}

static int take_processes(long *n)
{
	for (*n = 0; *n < MANY; ++*n)
		if (spawn_self("sleep", NULL) < 0)
			return errno;
	return 0;
}

enum where { ANYWHERE, WITH_PROCESSES, WITH_FORK };

static const struct hog {
	const char *name;
	int (*take)(long *n);
	void (*give)(long n);
	int error, other_error; /* what ends it; 0: one of these signals does */
	int signal;
	enum where where;
} hogs[] = {
	{"descriptors", take_descriptors, give_descriptors, EMFILE, EMFILE, 0, ANYWHERE},
	{"pipes", take_pipes, give_descriptors, ENFILE, ENOMEM, 0, ANYWHERE},
	{"file", take_file, give_file, ENOSPC, ENOSPC, 0, ANYWHERE},
	{"mapped-file", take_mapped_file, give_file, 0, 0, SIGBUS, WITH_PROCESSES},
	{"names", take_names, give_names, ENOSPC, ENOSPC, 0, ANYWHERE},
	{"folders", take_folders, give_folders, ENAMETOOLONG, ENOSPC, 0, ANYWHERE},
	{"mappings", take_mappings, give_mappings, ENOMEM, ENOMEM, 0, ANYWHERE},
	{"threads", take_threads, give_threads, EAGAIN, EAGAIN, 0, ANYWHERE},
	{"signals", take_signals, give_signals, EAGAIN, EAGAIN, 0, ANYWHERE},
	{"memory", take_memory, NULL, 0, 0, SIGKILL, WITH_PROCESSES},
	{"processes", take_processes, NULL, EAGAIN, ENOMEM, 0, WITH_PROCESSES},
	{"forks", take_forks, NULL, EAGAIN, ENOMEM, 0, WITH_FORK},
};
#define HOGS (sizeof(hogs) / sizeof(hogs[0]))

static bool is_right(const struct hog *h, int error)
{
	return error && (error == h->error || error == h->other_error);
}

/* ---- the hog as a process ---- */

/* Takes, says what came of it, and holds what it has. */
static int hog_main(const char *name)
{
	setpgid(0, 0);
	for (unsigned i = 0; i < HOGS; i++) {
		long n = 0;

		if (strcmp(hogs[i].name, name))
			continue;
		int error = hogs[i].take(&n);

		while (dprintf(STDOUT_FILENO, "%d %ld\n", error, n) < 0) /* not even a page for the pipe */
			usleep(10000);
		for (;;)
			pause();
	}
	return 98;
}

/* Its standard output is *from; it leads a group of its own. */
static pid_t start(const char *name, int *from)
{
	int ends[2], out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	pid_t pid;

	must(out >= 0 && pipe2(ends, O_CLOEXEC) == 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	pid = spawn_self("hog", name);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(ends[1]);
	*from = ends[0];
	must(pid > 0);
	return pid;
}

/* What it says, while the neighbour works; 0: nothing, it has ended. -1: the neighbour does not. */
static int listen_to(int from, struct neighbour *neighbour, char *line, long size)
{
	struct pollfd p = {.fd = from, .events = POLLIN};
	time_t end = time(NULL) + PATIENCE_S;
	long n;

	while (time(NULL) < end) {
		if (!neighbour_works(neighbour, 20))
			return -1;
		if (poll(&p, 1, 0) == 1) {
			n = read(from, line, size - 1);
			line[n > 0 ? n : 0] = '\0';
			return n > 0;
		}
	}
	strcpy(line, "nothing for too long");
	return 1;
}

/* A bomb's parts come and go: until none is left. The wait status of the first. */
static int kill_all(pid_t group)
{
	int status;

	kill(-group, SIGKILL);
	must(waitpid(group, &status, 0) == group);
	while (kill(-group, SIGKILL) == 0)
		usleep(1000);
	return status;
}

static long free_at_start;

static void is_back(const char *name)
{
	long now = free_kib_at_least(free_at_start - TOLERANCE_KIB);

	if (!ok(now >= free_at_start - TOLERANCE_KIB, "%s: the memory is there again", name))
		printf("#   %ld KiB free at the start, now %ld\n", free_at_start, now);
}

static void clean_up(const struct hog *h, long n)
{
	if (h->give == give_folders) {
		must(chdir(FOLDER) == 0);
		for (long i = 0; i < n; i++)
			must(chdir("d") == 0);
	}
	if (h->give == give_file || h->give == give_names || h->give == give_folders)
		h->give(n);
}

static void beside_a_neighbour(const struct hog *h)
{
	struct neighbour neighbour;
	int from, error = -1, status, said;
	char line[64] = "";
	long n = 0;
	pid_t pid;

	neighbour_start(&neighbour);
	pid = start(h->name, &from);
	said = listen_to(from, &neighbour, line, sizeof(line));
	ok(said >= 0 && neighbour_works(&neighbour, 1000), "%s: the neighbour works beside it", h->name);
	if (h->error) {
		sscanf(line, "%d %ld", &error, &n);
		if (!ok(said > 0 && is_right(h, error), "%s: %ld, then %s", h->name, n, strerror(error)))
			printf("#   it said: %s\n", line);
	}
	status = kill_all(pid);
	if (!h->error)
		ok(!said && WIFSIGNALED(status) && WTERMSIG(status) == h->signal, "%s: %s", h->name, strsignal(h->signal));
	close(from);
	clean_up(h, n);
	ok(neighbour_stop(&neighbour), "%s: and when it is gone", h->name);
	is_back(h->name);
}

static void by_itself(const struct hog *h)
{
	long n = 0;
	int error = h->take(&n);

	h->give(n);
	ok(is_right(h, error), "%s: %ld, then %s", h->name, n, strerror(error));
	is_back(h->name);
}

int main(int argc, char **argv)
{
	if (argc > 1 && neighbour_main(argv[1]))
		return 1;
	if (argc > 2 && !strcmp(argv[1], "hog"))
		return hog_main(argv[2]);
	if (argc > 1 && !strcmp(argv[1], "sleep"))
		for (;;)
			pause();
	if (!kernel_is_orchard() || free_kib() > 200 * 1024) {
		skip("would fill a machine that is not small", "hogs");
		return done();
	}
	must(mkdir(FOLDER, 0777) == 0);

	bool many = can_spawn("a neighbour"), forks = can_fork("a fork bomb");

	free_at_start = free_kib();
	for (const struct hog *h = hogs; h < hogs + HOGS; h++) {
		if (argc > 1 && strcmp(h->name, argv[1]))
			continue; /* `hog NAME`: only that one */
		if (many && (h->where != WITH_FORK || forks))
			beside_a_neighbour(h);
		else if (!many && h->where == ANYWHERE)
			by_itself(h);
	}
	return done();
}
