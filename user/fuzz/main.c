/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz --seed N [--calls M] [--from BATCH] [--threads T] [--batch C] [--only CALL]: a million system calls, or so many, made
 * up from the seed. TAP on standard output.
 *
 * Where there are many processes each batch is one, a child by fork or, in a shared space, this program again: it may end as
 * it likes. Where there is one, all batches are made in it, what would end it is left out, and it is put in order between
 * them. A finding is the number of its batch: --from that, with the same seed, finds it again (with one thread, and as far as
 * time plays no part in it).
 *
 * It sets clocks and host names and kills whom it reaches, so it runs only where it is the first program of a machine.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "user/kernel.h"
#include "user/memory.h"

#define SHARED FOLDER ".shared"
#define CHILD "--one-batch"
#define PATIENCE_NS 30000000000ul /* without a call; then it is killed, and has as long to end */
#define ROOT_FD 900               /* none that a call is given */
#define LOST_KIB 512
#define PROGRESS 100              /* batches */

struct options options = {.seed = 1, .calls = 1000000, .batch = 1000, .threads = 1};
struct shared *shared;

static uint64_t killed, exited; /* batches: by a signal, by themselves */

/* ---- order ---- */

static void set_limits(void)
{
	const struct rlimit none = {0, RLIM_INFINITY}, size = {1 << 20, RLIM_INFINITY}, files = {1024, 1024},
			    signals = {1024, RLIM_INFINITY};

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &size);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_SIGPENDING, &signals);
}

/* Ids are given one after the other: a new one says up to where. */
static void delete_timers(void)
{
	static int first;
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	int last = first + 64;
	bool known = !syscall(SYS_timer_create, CLOCK_MONOTONIC, &none, &last);

	for (int timer = first; timer <= last; timer++)
		syscall(SYS_timer_delete, timer);
	if (known)
		first = last + 1;
}

/* Everything that a batch may have changed in the only process. */
static void put_process_in_order(void)
{
	const struct itimerval off = {0};

	for (int which = 0; which < 3; which++)
		setitimer(which, &off, NULL);
	syscall(SYS_close_range, 3, ROOT_FD - 1, 0);
	must(syscall(SYS_setresuid, 0, 0, 0) == 0 && fchdir(ROOT_FD) == 0 && chroot(".") == 0);
	umask(0);
	set_limits();
	delete_timers();
	munlockall();
	setpriority(PRIO_PROCESS, 0, 0);
}

/* All below the directory `at`. Without the C library's streams, whose memory a batch may have moved. */
static void empty(int at)
{
	char records[2048] __attribute__((aligned(8)));
	bool again = true;
	long n;

	while (again) {
		again = false;
		lseek(at, 0, SEEK_SET);
		while ((n = syscall(SYS_getdents64, at, records, sizeof(records))) > 0) {
			for (long i = 0; i < n; i += ((struct dirent *)(records + i))->d_reclen) {
				const char *name = ((struct dirent *)(records + i))->d_name;
				int below;

				if (!strcmp(name, ".") || !strcmp(name, ".."))
					continue;
				if (unlinkat(at, name, 0) == 0) {
					again = true;
					continue;
				}
				below = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
				if (below < 0)
					continue;
				empty(below);
				close(below);
				again |= unlinkat(at, name, AT_REMOVEDIR) == 0;
			}
		}
	}
}

static void empty_folder(void)
{
	int at;

	if (options.careful)
		put_process_in_order();
	mkdir(FOLDER, 0777);
	chmod(FOLDER, 0777);
	at = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(at >= 0);
	empty(at);
	close(at);
}

static void map_shared(void)
{
	int fd = open(SHARED, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	must(fd >= 0 && ftruncate(fd, sizeof(*shared)) == 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(shared != MAP_FAILED);
	close(fd);
}

/* ---- a batch ---- */

/* In a process of its own. */
static void child(uint64_t number)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	set_limits();
	umask(0);
	if (chdir(FOLDER))
		_exit(94);
	batch_init();
	batch_run(number);
	_exit(0);
}

static pid_t start(uint64_t number)
{
	char words[6][24];
	char *argv[] = {"fuzz", CHILD, words[0], words[1], words[2], words[3], (char *)options.only, NULL};
	pid_t pid;

	if (!options.shared) {
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			child(number);
		return pid;
	}
	snprintf(words[0], sizeof(words[0]), "%lu", number);
	snprintf(words[1], sizeof(words[1]), "%lu", options.seed);
	snprintf(words[2], sizeof(words[2]), "%u", options.batch);
	snprintf(words[3], sizeof(words[3]), "%u", options.threads);
	return posix_spawn(&pid, SELF, NULL, NULL, argv, environ) ? -1 : pid;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ul + t.tv_nsec;
}

/* Until the process ends; it is continued when it stops, and killed when it makes no call any more. */
static void await(pid_t pid)
{
	struct timespec t = {.tv_nsec = 300000};
	uint64_t since = now_ns(), made = shared->made;
	bool told = false;
	int status;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG | WUNTRACED)) != pid || WIFSTOPPED(status)) {
		if (got == pid) {
			kill(-pid, SIGCONT);
			kill(pid, SIGCONT);
		}
		nanosleep(&t, NULL);
		if (shared->made != made) {
			made = shared->made;
			since = now_ns();
		}
		if (now_ns() - since < PATIENCE_NS)
			continue;
		if (told) {
			shared->found = NO_END;
			return;
		}
		kill(pid, SIGKILL);
		told = true;
		since = now_ns();
	}
	killed += WIFSIGNALED(status);
	exited += WIFEXITED(status);
	kill(-pid, SIGKILL); /* what it left behind */
	while (waitpid(-1, &status, WNOHANG) > 0)
		continue;
}

static void run_batch(uint64_t number)
{
	pid_t pid;

	empty_folder();
	if (options.careful) {
		must(chdir(FOLDER) == 0);
		batch_run(number);
		return;
	}
	pid = start(number);
	must(pid > 0);
	await(pid);
}

/* ---- all of them ---- */

static void say_finding(uint64_t number)
{
	const uint64_t *a = shared->arg;

	printf("# batch %lu: %s: ", number, calls[shared->call].name);
	if (shared->found == NO_RESULT)
		printf("answered %ld to (%lx, %lx, %lx, %lx, %lx, %lx)\n", shared->result, a[0], a[1], a[2], a[3], a[4], a[5]);
	else
		printf("%s\n", shared->found == NO_END ? "or another: SIGKILL does not end the process" : "does not return");
	printf("# again: fuzz --seed %lu --from %lu --calls %u --threads %u\n", options.seed, number,
	       options.batch * options.threads, options.threads);
}

/* How far the seeds reach. */
static void say_never(void)
{
	int never = 0;

	printf("# never successful:");
	for (int i = 0; i < CALLS; i++)
		if (!shared->worked[i] && ++never)
			printf(" %s", calls[i].name);
	printf("%s\n", never ? "" : " none");
}

static void run(void)
{
	uint64_t number, last, settled = 0;
	long before = 0;

	last = options.from + (options.calls + options.batch * options.threads - 1) / (options.batch * options.threads);
	printf("# seed %lu, batches %lu to %lu of %u calls in %u threads, %s\n", options.seed, options.from, last - 1, options.batch,
	       options.threads, options.careful ? "all in one process" : "each in a process of its own");
	fflush(stdout);
	/* Batches end early, by a call or a signal, so there may be more of them. */
	for (number = options.from; shared->made < options.calls && number < 8 * last && !shared->found; number++) {
		if (number == options.from + (last - options.from) / 4) {
			empty_folder();
			before = free_kib();
			settled = shared->made;
		}
		run_batch(number);
		if ((number - options.from) % PROGRESS == PROGRESS - 1) {
			printf("# batch %lu: %lu calls\n", number, shared->made);
			fflush(stdout);
		}
	}
	if (!ok(!shared->found, "every call returned, with a result"))
		say_finding(number - 1);
	ok(shared->made >= options.calls, "%lu calls were made", options.calls);
	say_never();
	if (!options.careful)
		printf("# %lu batches ended by themselves, %lu by a signal\n", exited, killed);
	empty_folder();
	if (options.careful || !kernel_is_orchard())
		return;

	long lost = before - free_kib_at_least(before - LOST_KIB);

	if (!ok(lost <= LOST_KIB, "nothing is lost"))
		printf("#   %ld KiB in %lu calls\n", lost, shared->made - settled);
}

static bool parse(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		uint64_t value = strtoul(argv[i + 1], NULL, 0);

		if (!strcmp(argv[i], "--seed"))
			options.seed = value;
		else if (!strcmp(argv[i], "--calls"))
			options.calls = value;
		else if (!strcmp(argv[i], "--from"))
			options.from = value;
		else if (!strcmp(argv[i], "--batch"))
			options.batch = value;
		else if (!strcmp(argv[i], "--threads"))
			options.threads = value;
		else if (!strcmp(argv[i], "--only"))
			options.only = argv[i + 1];
		else
			return false;
	}
	return argc > 1 && argc % 2 && options.batch && options.threads && options.threads <= THREADS;
}

int main(int argc, char **argv)
{
	if (argc >= 6 && !strcmp(argv[1], CHILD)) {
		options.shared = true;
		options.seed = strtoul(argv[3], NULL, 10);
		options.batch = strtoul(argv[4], NULL, 10);
		options.threads = strtoul(argv[5], NULL, 10);
		options.only = argc > 6 ? argv[6] : NULL;
		map_shared();
		child(strtoul(argv[2], NULL, 10));
	}
	if (argc < 2 || strncmp(argv[1], "--", 2) || !strcmp(argv[1], "--leave")) /* a call of a batch made this */
		return 0;
	if (!parse(argc, argv)) {
		fprintf(stderr, "fuzz --seed N [--calls M] [--from BATCH] [--threads 1-%d] [--batch C] [--only CALL]\n", THREADS);
		return 2;
	}
	if (getppid() != 1) {
		fprintf(stderr, "fuzz: only as the first program of a machine that nobody else uses\n");
		return 2;
	}
	options.careful = kernel_is("proc", "one");
	options.shared = kernel_is("aspace", "shared");
	map_shared();
	if (options.careful) {
		int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		must(root >= 0 && dup3(root, ROOT_FD, O_CLOEXEC) == ROOT_FD && close(root) == 0);
		batch_init();
	}
	run();
	return done();
}
