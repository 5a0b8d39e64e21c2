/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that are looked up while others come, go and change places in the same directory: one that stays is always found, one that
 * is replaced by rename(2) names the old file or the new one and is never missing, two that are exchanged name both files, and what
 * was found is whole. All threads share one directory; kernels may look without a lock. The same for descriptors.
 */
#define _GNU_SOURCE
#include "tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RENAME_EXCHANGE 2
#define FOLDER "/tmp/names"
#define CHANGES 300
#define OTHERS 24 /* names around those that are looked for: the tree that they are in turns */

static int stopped; /* a */

/* One kind of finding for each: counted, not printed, since these are not the main thread. */
static unsigned long lookups, missing, wrong;

static int stopping(void)
{
	return __atomic_load_n(&stopped, __ATOMIC_ACQUIRE);
}

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void make(const char *path, char content)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	must(fd >= 0 && write(fd, &content, 1) == 1 && close(fd) == 0);
}

/* What is in the file of that name, or 0. */
static char content_of(const char *path)
{
	int fd = open(path, O_RDONLY);
	char content = 0;

	if (fd < 0)
		return 0;
	if (read(fd, &content, 1) != 1)
		content = '?';
	close(fd);
	return content;
}

static void *look(void *unused)
{
	struct stat st;

	(void)unused;
	while (!stopping()) {
		char stays = content_of(FOLDER "/stays"), replaced = content_of(FOLDER "/replaced");
		char a = content_of(FOLDER "/below/a");

		count(&lookups);
		if (!stays || !replaced || !a || stat(FOLDER "/below/../stays", &st) != 0)
			count(&missing);
		if ((stays && stays != 's') || (replaced && replaced != 'o' && replaced != 'n') || (a && a != 'a' && a != 'b'))
			count(&wrong);
	}
	return NULL;
}

/* Names come and go, so that the directory's tree turns about those that stay; and a directory that others are in. */
static void *come_and_go(void *unused)
{
	char path[64];

	(void)unused;
	for (unsigned i = 0; !stopping(); i++) {
		snprintf(path, sizeof(path), FOLDER "/%c%u", 'n' + i % 9, i % OTHERS);
		make(path, 'x');
		if (i % 3 == 0 && rename(path, FOLDER "/other") != 0)
			count(&wrong);
		else if (i % 3 && unlink(path) != 0)
			count(&wrong);
		snprintf(path, sizeof(path), FOLDER "/dir%u", i % 5);
		if (mkdir(path, 0700) != 0 || rmdir(path) != 0)
			count(&wrong);
	}
	return NULL;
}

static void change(void)
{
	for (unsigned i = 0; i < CHANGES; i++) {
		make(FOLDER "/fresh", i % 2 ? 'n' : 'o');
		must(rename(FOLDER "/fresh", FOLDER "/replaced") == 0);
		must(syscall(SYS_renameat2, AT_FDCWD, FOLDER "/below/a", AT_FDCWD, FOLDER "/below/b", RENAME_EXCHANGE) == 0);
	}
}

static void test_names_that_stay_are_found(void)
{
	pthread_t threads[3];

	for (unsigned i = 0; i < 3; i++)
		must(pthread_create(&threads[i], NULL, i ? look : come_and_go, NULL) == 0);
	change();
	while (__atomic_load_n(&lookups, __ATOMIC_RELAXED) < 50)
		sched_yield();
	__atomic_store_n(&stopped, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	is_int(missing, 0, "what is always there is always found");
	is_int(wrong, 0, "and is what it should be");
}

/* What a thread has changed, it sees; and whoever it told. */
static void test_changes_are_seen(void)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < CHANGES; i++) {
		make(FOLDER "/one", '1');
		bad += content_of(FOLDER "/one") != '1';
		bad += rename(FOLDER "/one", FOLDER "/two") != 0;
		bad += content_of(FOLDER "/one") != 0 || content_of(FOLDER "/two") != '1';
		bad += unlink(FOLDER "/two") != 0 || content_of(FOLDER "/two") != 0;
	}
	is_int(bad, 0, "a name that was taken away is gone, one that was made is there");
}

static void *walk_from_here(void *unused)
{
	struct stat st;

	(void)unused;
	while (!stopping())
		if (stat(".", &st) != 0 || (stat("stays", &st) != 0 && errno != ENOENT))
			count(&wrong);
	return NULL;
}

/* The directory that a relative path begins in is left, and removed, by another thread of the process. */
static void test_here_changes(void)
{
	pthread_t thread;

	stopped = 0;
	wrong = 0;
	must(pthread_create(&thread, NULL, walk_from_here, NULL) == 0);
	for (unsigned i = 0; i < CHANGES; i++)
		must(mkdir(FOLDER "/here", 0700) == 0 && chdir(FOLDER "/here") == 0 && chdir(FOLDER) == 0 && rmdir(FOLDER "/here") == 0);
	__atomic_store_n(&stopped, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	must(chdir("/") == 0);
	is_int(wrong, 0, "a walk begins in the directory that was left, or in the new one");
}

static int changing; /* a descriptor */

static void *use(void *unused)
{
	(void)unused;
	while (!stopping()) {
		char content = 0;
		long n = pread(changing, &content, 1, 0);

		count(&lookups);
		if (n == 1 ? content != 'a' && content != 's' : n == 0 || errno != EBADF)
			count(&wrong);
	}
	return NULL;
}

/* One number names one file, another, or none, while other threads read from it. */
static void test_descriptors_change(void)
{
	int a = open(FOLDER "/below/stays", O_RDONLY), s = open(FOLDER "/stays", O_RDONLY);
	pthread_t threads[2];

	must(a >= 0 && s >= 0 && (changing = dup(s)) >= 0);
	stopped = 0;
	wrong = lookups = 0;
	for (unsigned i = 0; i < 2; i++)
		must(pthread_create(&threads[i], NULL, use, NULL) == 0);
	for (unsigned i = 0; i < 2 * CHANGES || __atomic_load_n(&lookups, __ATOMIC_RELAXED) < 50; i++) {
		if (i % 3 == 0)
			must(close(changing) == 0);
		must(dup2(i % 2 ? a : s, changing) == changing);
		sched_yield();
	}
	__atomic_store_n(&stopped, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	close(a), close(s), close(changing);
	is_int(wrong, 0, "a descriptor that changes names one of its files, or none");
}

static void test_what_may_not_be_passed(void)
{
	char path[300];

	memset(path, 'x', sizeof(path));
	memcpy(path, FOLDER "/", sizeof(FOLDER));
	path[sizeof(path) - 1] = 0;
	fails(open(FOLDER "/stays/", O_RDONLY), ENOTDIR, "a slash behind a file");
	fails(open(FOLDER "/stays/x", O_RDONLY), ENOTDIR, "a name below a file");
	fails(open(path, O_RDONLY), ENAMETOOLONG, "a name that is too long");
	must(symlink("below", FOLDER "/link") == 0);
	is_int(content_of(FOLDER "/link/a"), content_of(FOLDER "/below/a"), "through a link");
	is_int(content_of("//tmp/./names//below/../link/a"), content_of(FOLDER "/below/a"), "dots and slashes");
	must(unlink(FOLDER "/link") == 0);
}

static const char *const made[] = {
	FOLDER "/stays", FOLDER "/replaced", FOLDER "/other", FOLDER "/below/a", FOLDER "/below/b", FOLDER "/below/stays",
};

int main(void)
{
	must(mkdir("/tmp", 01777) == 0 || errno == EEXIST);
	must(mkdir(FOLDER, 0700) == 0 && mkdir(FOLDER "/below", 0700) == 0);
	make(FOLDER "/stays", 's');
	make(FOLDER "/replaced", 'o');
	make(FOLDER "/below/a", 'a');
	make(FOLDER "/below/b", 'b');
	make(FOLDER "/below/stays", 'a');
	test_names_that_stay_are_found();
	test_changes_are_seen();
	test_here_changes();
	test_descriptors_change();
	test_what_may_not_be_passed();
	for (unsigned i = 0; i < sizeof(made) / sizeof(*made); i++)
		unlink(made[i]);
	must(rmdir(FOLDER "/below") == 0 && rmdir(FOLDER) == 0);
	return done();
}
