/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vdso(7): it is there, it can be read as an ELF file, and what its functions say is what the system calls say, on every CPU,
 * also when the thread moves between two questions. Called directly, not through libc, so that nothing hides a fallback.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "../user/kernel.h"

#define SEC 1000000000l

static const char *image;
static const Elf64_Dyn *dynamic;

static const void *dynamic_at(long tag)
{
	for (const Elf64_Dyn *d = dynamic; d->d_tag; d++)
		if (d->d_tag == tag)
			return image + d->d_un.d_ptr;
	return NULL;
}

/* By DT_HASH's chain count, all symbols in turn. */
static const void *symbol(const char *name)
{
	const Elf64_Sym *symbols = dynamic_at(DT_SYMTAB);
	const char *strings = dynamic_at(DT_STRTAB);
	const uint32_t *hash = dynamic_at(DT_HASH);

	for (uint32_t i = 0; hash && i < hash[1]; i++)
		if (symbols[i].st_shndx && !strcmp(strings + symbols[i].st_name, name))
			return image + symbols[i].st_value;
	return NULL;
}

static int (*vdso_gettime)(clockid_t, struct timespec *);
static int (*vdso_getres)(clockid_t, struct timespec *);
static int (*vdso_timeofday)(struct timeval *, struct timezone *);
static time_t (*vdso_time)(time_t *);
static int (*vdso_getcpu)(unsigned *, unsigned *, void *);

static long ns_of(const struct timespec *t)
{
	return t->tv_sec * SEC + t->tv_nsec;
}

static long by_vdso(clockid_t clock)
{
	struct timespec t;

	return vdso_gettime(clock, &t) ? -1 : ns_of(&t);
}

static long by_call(clockid_t clock)
{
	struct timespec t;

	return syscall(SYS_clock_gettime, clock, &t) ? -1 : ns_of(&t);
}

static bool check_image(void)
{
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segment;
	bool unwind = false, load = false;

	image = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (!ok(image != NULL, "AT_SYSINFO_EHDR"))
		return false;
	header = (const Elf64_Ehdr *)image;
	ok(!memcmp(header->e_ident, ELFMAG, SELFMAG) && header->e_type == ET_DYN && header->e_machine == EM_X86_64,
	   "a shared object for this machine");
	segment = (const Elf64_Phdr *)(image + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(image + segment->p_vaddr);
		load |= segment->p_type == PT_LOAD && segment->p_flags == (PF_R | PF_X);
		unwind |= segment->p_type == PT_GNU_EH_FRAME;
	}
	ok(load, "one segment, to be read and executed");
	ok(unwind, "it can be unwound");
	if (!ok(dynamic != NULL, "a dynamic section"))
		return false;
	vdso_gettime = symbol("__vdso_clock_gettime");
	vdso_getres = symbol("__vdso_clock_getres");
	vdso_timeofday = symbol("__vdso_gettimeofday");
	vdso_time = symbol("__vdso_time");
	vdso_getcpu = symbol("__vdso_getcpu");
	return ok(vdso_gettime && vdso_getres && vdso_timeofday && vdso_time && vdso_getcpu, "its five functions");
}

/* Between two calls stands what the vDSO says, and the other way round. */
static void check_order(clockid_t clock, const char *name)
{
	long last = 0;
	bool ordered = true, answered = true;

	for (int i = 0; i < 2000; i++) {
		long a = by_call(clock), b = by_vdso(clock), c = by_call(clock);

		answered &= a > 0 && b > 0 && c > 0;
		ordered &= last <= a && a <= b && b <= c;
		last = c;
	}
	ok(answered, "%s: answered by both", name);
	ok(ordered, "%s: never back between vDSO and call", name);
}

static void check_clocks(void)
{
	struct timespec t, res, res_call;
	struct timeval tv;
	struct timezone tz = {5, 5};
	time_t now, stored = 0;

	check_order(CLOCK_REALTIME, "CLOCK_REALTIME");
	check_order(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
	check_order(CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW");
	check_order(CLOCK_BOOTTIME, "CLOCK_BOOTTIME");
	check_order(CLOCK_TAI, "CLOCK_TAI");
	check_order(CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE");
	check_order(CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE");
	check_order(CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID, which the kernel must answer");
	check_order(CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID, which the kernel must answer");
	is_int(vdso_gettime(99, &t), -EINVAL, "an unknown clock is the call's error, negative");
	ok(vdso_gettime(CLOCK_MONOTONIC, &t) == 0 && t.tv_nsec >= 0 && t.tv_nsec < SEC, "less than a second in the fraction");
	for (clockid_t clock = 0; clock < 8; clock++)
		if (vdso_getres(clock, &res) || syscall(SYS_clock_getres, clock, &res_call) ||
		    memcmp(&res, &res_call, sizeof(res)))
			ok(0, "clock_getres of clock %d as by the call", clock);
	is_int(vdso_getres(CLOCK_MONOTONIC, NULL), 0, "clock_getres: nobody wants to know");
	is_int(vdso_getres(99, &res), -EINVAL, "clock_getres: an unknown clock");

	long before = by_call(CLOCK_REALTIME) / 1000;

	is_int(vdso_timeofday(&tv, &tz), 0, "gettimeofday");
	ok(before <= tv.tv_sec * 1000000 + tv.tv_usec && tv.tv_usec < 1000000, "gettimeofday: not before the call");
	ok(tv.tv_sec * 1000000 + tv.tv_usec <= by_call(CLOCK_REALTIME) / 1000, "gettimeofday: nor after it");
	is_int(tz.tz_minuteswest, 0, "gettimeofday: no time zone");
	is_int(vdso_timeofday(NULL, NULL), 0, "gettimeofday: nobody wants to know");
	now = vdso_time(&stored);
	ok(now == stored && now - tv.tv_sec >= 0 && now - tv.tv_sec <= 1, "time");
	ok(vdso_time(NULL) >= now, "time: only returned");
}

/* One latest time for all threads: whoever reads the clock later reads no less, on whichever CPU, by either way. */
static long latest;
static int cpus;

static void *race(void *arg)
{
	unsigned seed = (unsigned)(long)arg;
	cpu_set_t set;

	for (int i = 0; i < 4000; i++) {
		long seen = __atomic_load_n(&latest, __ATOMIC_SEQ_CST);
		long now = i & 1 ? by_vdso(CLOCK_MONOTONIC) : by_call(CLOCK_MONOTONIC);

		if (now < seen)
			return (void *)1;
		while (now > seen && !__atomic_compare_exchange_n(&latest, &seen, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
		if (i % 64 == 0) {
			seed = seed * 1103515245 + 12345;
			CPU_ZERO(&set);
			CPU_SET((seed >> 16) % (unsigned)cpus, &set);
			sched_setaffinity(0, sizeof(set), &set);
		}
	}
	return NULL;
}

static void check_threads(void)
{
	pthread_t thread[4];
	bool back = false;
	void *result;

	for (long i = 0; i < 4; i++)
		must(pthread_create(&thread[i], NULL, race, (void *)i) == 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &result);
		back |= result != NULL;
	}
	ok(!back, "time never goes back between threads, CPUs, vDSO and call");
}

static void check_getcpu(void)
{
	cpu_set_t all, one;
	bool right = true;
	unsigned cpu, node = 9, by;

	sched_getaffinity(0, sizeof(all), &all);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		sched_setaffinity(0, sizeof(one), &one);
		right &= vdso_getcpu(&cpu, &node, NULL) == 0 && cpu == (unsigned)i && node == 0;
		right &= syscall(SYS_getcpu, &by, NULL, NULL) == 0 && by == cpu;
	}
	sched_setaffinity(0, sizeof(all), &all);
	ok(right, "getcpu: each CPU knows its number");
	is_int(vdso_getcpu(NULL, NULL, NULL), 0, "getcpu: nobody wants to know");
}

/* "[vdso]" in /proc/self/maps: its start, end and rights; false: not there. */
static bool mapping(const char *name, unsigned long *start, unsigned long *end, char rights[5])
{
	char line[256];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, name) && sscanf(line, "%lx-%lx %4s", start, end, rights) == 3) {
			found = true;
			break;
		}
	if (maps)
		fclose(maps);
	return found;
}

static sigjmp_buf escape;

static void on_fault(int sig)
{
	siglongjmp(escape, sig);
}

static void check_mapping(void)
{
	struct sigaction action = {.sa_handler = on_fault}, old;
	unsigned long start = 0, end = 0, data = 0, data_end = 0;
	char rights[5] = "", data_rights[5] = "";

	ok(mapping("[vdso]", &start, &end, rights), "[vdso] is in /proc/self/maps");
	is_int(start, (unsigned long)image, "where AT_SYSINFO_EHDR says");
	is_str(rights, "r-xp", "to be read and executed");
	ok(mapping("[vvar]", &data, &data_end, data_rights), "[vvar] is there");
	is_str(data_rights, "r--p", "to be read");
	if (data) {
		fails(mprotect((void *)data, 4096, PROT_READ | PROT_WRITE), EACCES, "[vvar] does not become writable");
		sigaction(SIGSEGV, &action, &old);
		if (sigsetjmp(escape, 1) == 0) {
			*(volatile int *)data = 1;
			ok(0, "a store into [vvar] is a fault");
		} else {
			ok(1, "a store into [vvar] is a fault");
		}
		sigaction(SIGSEGV, &old, NULL);
	}
}

static void check_inherited(void)
{
	int status = -1;
	pid_t pid;

	if (can_fork("a forked child has it")) {
		long before = by_vdso(CLOCK_MONOTONIC);

		pid = fork();
		if (pid == 0)
			_exit(by_vdso(CLOCK_MONOTONIC) > before ? 0 : 1);
		waitpid(pid, &status, 0);
		is_int(status, 0, "a forked child has it");
	}
	if (can_spawn("a new program has its own"))
		is_int(run_self("child", NULL), 0, "a new program has its own");
}

/* Setting the clock is seen by both at once. Only where the clock is nobody else's. */
static void check_set(void)
{
	struct timespec t = {0, SEC};

	fails(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t), EINVAL, "clock_settime: not that clock");
	fails(syscall(SYS_clock_settime, 99, &t), EINVAL, "clock_settime: no such clock");
	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, (void *)8), EFAULT, "clock_settime: a bad address");
	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, &t), EINVAL, "clock_settime: a second in the fraction");
	if (!kernel_is_orchard())
		return;
	for (int i = 0; i < 4; i++) {
		long jump = i & 1 ? -3600 * SEC : 3600 * SEC, want = by_call(CLOCK_REALTIME) + jump;
		long mono = by_vdso(CLOCK_MONOTONIC);

		t = (struct timespec){want / SEC, want % SEC};
		is_int(clock_settime(CLOCK_REALTIME, &t), 0, "clock_settime");
		ok(by_vdso(CLOCK_REALTIME) >= want && by_vdso(CLOCK_REALTIME) < want + 60 * SEC, "the vDSO knows at once");
		ok(by_vdso(CLOCK_MONOTONIC) - mono < 60 * SEC, "the monotonic clock does not care");
	}
}

/* Last: a program may do without. */
static void check_unmapped(void)
{
	unsigned long start, end, data;
	char rights[5];
	struct timespec t;

	must(mapping("[vdso]", &start, &end, rights));
	is_int(syscall(SYS_munmap, start, end - start), 0, "it can be unmapped");
	ok(!mapping("[vdso]", &data, &end, rights), "and is gone");
	is_int(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t), 0, "the call still answers");
}

/* For vdso.t, which watches the calls: libc's clocks, a hundred times each. */
static int use_libc(void)
{
	struct timespec t;
	struct timeval tv;

	for (int i = 0; i < 100; i++)
		if (clock_gettime(CLOCK_MONOTONIC, &t) || clock_gettime(CLOCK_REALTIME, &t) || gettimeofday(&tv, NULL) ||
		    time(NULL) < 0)
			return 1;
	return puts("asked") < 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "libc"))
		return use_libc();
	if (argc > 1) { /* spawned by check_inherited() */
		image = (const char *)getauxval(AT_SYSINFO_EHDR);
		return image && !memcmp(image, ELFMAG, SELFMAG) && clock() >= 0 ? 0 : 1;
	}
	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (!check_image())
		return done();
	check_clocks();
	check_threads();
	check_getcpu();
	check_mapping();
	check_inherited();
	check_set();
	check_unmapped();
	return done();
}
