/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are no programs, a copy of this one cut off at many lengths, hostile loaders: execve() must say no with the right
 * kind of errno, or run what it was given, whatever comes of that; this process and the kernel live on. In ring 0 a damaged
 * program that runs may do anything, so there only those are tried that no kernel may accept. Fields that lie are corpus.c's.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "kernel.h"

#define COPY "/tmp/badelf"
#define GOOD 7 /* what an undamaged copy returns */

static char *image; /* this program's file */
static long size;
static bool ring0;
static int refused, ran, odd;
static int null; /* where damaged programs write */

static void write_copy(const void *bytes, long n)
{
	int fd = open(COPY, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	must(fd >= 0 && write(fd, bytes, n) == n);
	close(fd);
}

static void patch(long at, const void *bytes, long n)
{
	int fd = open(COPY, O_WRONLY);

	must(fd >= 0 && pwrite(fd, bytes, n, at) == n);
	close(fd);
}

static bool is_refusal(int error)
{
	switch (error) {
	case ENOEXEC:
	case ENOMEM:
	case EINVAL:
	case ENOENT:
	case EACCES:
	case ELIBBAD:
	case ELOOP:
	case EIO:
	case EFAULT:
	case ENOTDIR:
	case EAGAIN:
		return true;
	}
	return false;
}

/* Runs a file in a child that half a second ends: 0 and the wait status, or exec's errno. */
static int try(const char *path, int *status)
{
	static volatile int error;
	char *argv[] = {"badelf", "run", NULL};
	pid_t pid;

	error = 0;
	pid = vfork();
	if (pid == 0) {
		struct itimerval half = {.it_value.tv_usec = 500000};

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		setitimer(ITIMER_REAL, &half, NULL);
		execve(path, argv, environ);
		error = errno;
		_exit(99);
	}
	must(pid > 0 && waitpid(pid, status, 0) == pid);
	return error;
}

static void judge(const char *what, long detail)
{
	int status, error = try(COPY, &status);

	if (!error)
		ran++;
	else if (is_refusal(error))
		refused++;
	else if (odd++ < 5)
		printf("# %s %#lx: %s\n", what, detail, strerror(error));
}

static void report(const char *what)
{
	int status;

	ok(!odd, "%s: %d refused, %d ran", what, refused, ran);
	refused = ran = odd = 0;
	write_copy(image, size);
	ok(try(COPY, &status) == 0 && status == GOOD << 8, "and the undamaged program runs");
}

/* ---- files ---- */

static void test_lengths(void)
{
	const Elf64_Ehdr *e = (const void *)image;
	const Elf64_Phdr *ph = (const void *)(image + e->e_phoff);
	long past_headers = sizeof(*e) + e->e_phnum * sizeof(*ph), end = 0;

	/* What lies behind the last segment, symbols for a debugger, is nobody's loss. */
	for (int i = 0; i < e->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD)
			end = ph[i].p_offset + ph[i].p_filesz;

	for (long n = 0; n < past_headers; n += 1 + n / 16) {
		write_copy(image, n);
		judge("length", n);
	}
	for (long n = past_headers; n < end; n += end / 20) {
		write_copy(image, n);
		judge("length", n);
	}
	/* Linux finds out later: SIGBUS at the first page that is not there. */
	ok(ran == 0 || !kernel_is_orchard(), "a program without its end never runs");
	report("a program cut off");
}

static void is_refused(const char *path, int want, const char *name)
{
	int status, error = try(path, &status);

	if (!ok(error == want, "%s: %s", name, strerror(want)))
		printf("#   %s, status %x\n", strerror(error), status);
}

static void test_no_program(void)
{
	static char text[8192];

	write_copy("", 0);
	is_refused(COPY, ENOEXEC, "an empty file");
	write_copy("just a text\n", 12);
	is_refused(COPY, ENOEXEC, "a text");
	write_copy(text, sizeof(text));
	is_refused(COPY, ENOEXEC, "zeroes");
	write_copy("#!\n", 3);
	is_refused(COPY, ENOEXEC, "a script without interpreter");
	write_copy("#!/no/such/interpreter\n", 23);
	is_refused(COPY, ENOENT, "a script whose interpreter is not there");
	write_copy("#!" COPY "\n", sizeof("#!" COPY "\n") - 1);
	is_refused(COPY, ELOOP, "a script that is its own interpreter");
	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/", 3);
	write_copy(text, sizeof(text));
	is_refused(COPY, ENOEXEC, "a script with an endless first line");
	write_copy(image, size);
	chmod(COPY, 0600);
	is_refused(COPY, EACCES, "a file that is not executable");
	chmod(COPY, 0700);
	is_refused("/tmp", EACCES, "a folder");
	is_refused("/dev/null", EACCES, "a device");
	is_refused(COPY "/program", ENOTDIR, "a file as a folder");
}

/* Program header `n` becomes a loader's name, which is put where the file ends. */
static void with_loader(const char *path, long length)
{
	const Elf64_Ehdr *e = (const void *)image;
	Elf64_Phdr ph = {.p_type = PT_INTERP, .p_offset = size, .p_filesz = length, .p_memsz = length};
	long n = e->e_phnum - 1;

	write_copy(image, size);
	patch(size, path, length);
	for (; n >= 0; n--) { /* any that loads nothing */
		long at = e->e_phoff + n * sizeof(ph);

		if (((const Elf64_Phdr *)(image + at))->p_type != PT_LOAD) {
			patch(at, &ph, sizeof(ph));
			return;
		}
	}
}

static void test_loaders(void)
{
	static const char *const loaders[] = {
		"/no/such/loader", "/dev/zero", "/dev/null", "/tmp", "/proc/self/maps", "relative", "/etc/passwd",
	};
	static char endless[5000];

	for (unsigned i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
		with_loader(loaders[i], strlen(loaders[i]) + 1);
		judge(loaders[i], 0);
	}
	ok(!ran, "a loader that is none is never run");
	memset(endless, '/', sizeof(endless));
	with_loader(endless, sizeof(endless));
	judge("endless", 0);
	with_loader("/unterminated", 13);
	judge("unterminated", 0);
	with_loader("", 0);
	judge("empty", 0);
	if (!ring0) {
		with_loader(COPY, sizeof(COPY)); /* itself: what it does then is its own affair */
		judge("itself", 0);
	}
	report("hostile loaders");
}

static void read_image(void)
{
	struct stat st;
	int fd = open(SELF, O_RDONLY);

	must(fd >= 0 && fstat(fd, &st) == 0);
	size = st.st_size;
	image = malloc(size);
	must(image && read(fd, image, size) == size);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "run"))
		return GOOD;
	if (!can_spawn("damaged programs"))
		return done();
	ring0 = kernel_is("gate", "ring0");
	read_image();
	must((null = open("/dev/null", O_RDWR)) >= 0);
	write_copy(image, size);
	test_no_program();
	test_lengths();
	test_loaders();
	unlink(COPY);
	return done();
}
