/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's vector registers, x87 stack and control words are its own: other threads, signals and
 * system calls leave them alone. A signal frame carries them, and sigreturn takes them from there.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "kernel.h"

#define REGISTERS "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define CLOBBERS                                                                                   \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",   \
	    "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

struct vectors {
	uint64_t word[16][4];
};

/* Loads all registers, does `nr` (or nothing when it is -1) `rounds` times, stores them again. */
#define HOLD(name, load, store, width, after)                                                      \
	static void name(const struct vectors *in, struct vectors *out, long rounds, long nr,      \
			 long a, long b, long c)                                                   \
	{                                                                                          \
		register long arg3 asm("rdx") = c;                                                 \
		asm volatile(                                                                      \
		    ".irp n, " REGISTERS "\n" load " 32*\\n(%[in]), %%" width "\\n\n.endr\n"       \
		    "1: cmp $-1, %[nr]\n je 2f\n mov %[nr], %%rax\n syscall\n"                     \
		    "2: mov $100, %%ecx\n"                                                         \
		    "3: dec %%ecx\n jnz 3b\n dec %[rounds]\n jnz 1b\n"                             \
		    ".irp n, " REGISTERS "\n" store " %%" width                                    \
		    "\\n, 32*\\n(%[out])\n.endr\n" after                                           \
		    : [rounds] "+r"(rounds)                                                        \
		    : [in] "r"(in), [out] "r"(out), [nr] "r"(nr), "D"(a), "S"(b), "r"(arg3)        \
		    : "rax", "rcx", "r11", "memory", "cc", CLOBBERS);                              \
	}
HOLD(hold_sse, "movdqu", "movdqu", "xmm", "")
HOLD(hold_avx, "vmovdqu", "vmovdqu", "ymm", "vzeroupper")

static bool has_avx(void)
{
	unsigned a, b, c, d, low, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
		return false;
	asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

static uint32_t mxcsr_get(void)
{
	uint32_t value;

	asm volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static void mxcsr_set(uint32_t value)
{
	asm volatile("ldmxcsr %0" : : "m"(value));
}

static uint16_t cw_get(void)
{
	uint16_t value;

	asm volatile("fnstcw %0" : "=m"(value));
	return value;
}

static void cw_set(uint16_t value)
{
	asm volatile("fldcw %0" : : "m"(value));
}

static void pattern_make(struct vectors *vectors, uint64_t seed)
{
	for (int i = 0; i < 16; i++)
		for (int j = 0; j < 4; j++)
			vectors->word[i][j] = seed =
			    seed * 6364136223846793005 + 1442695040888963407;
}

/* How many of the registers differ; words: how many of each count. */
static int differences(const struct vectors *a, const struct vectors *b, int words)
{
	int different = 0;

	for (int i = 0; i < 16; i++)
		different += memcmp(a->word[i], b->word[i], words * 8) != 0;
	return different;
}

/* The x87 stack: eight values stay across `rounds` waits. */
static int hold_x87(long seed, long rounds)
{
	long in[8], out[8];

	for (int i = 0; i < 8; i++)
		in[i] = seed * 1000003 + i;
	asm volatile(".irp n, 0,1,2,3,4,5,6,7\n fildll 8*\\n(%[in])\n.endr\n"
		     "1: mov $100, %%ecx\n2: dec %%ecx\n jnz 2b\n dec %[rounds]\n jnz 1b\n"
		     ".irp n, 7,6,5,4,3,2,1,0\n fistpll 8*\\n(%[out])\n.endr\n"
		     : [rounds] "+r"(rounds)
		     : [in] "r"(in), [out] "r"(out)
		     : "rcx", "memory", "cc");
	return memcmp(in, out, sizeof(in)) != 0;
}

#define THREADS 6
#define ROUNDS 40

static bool avx;

/* Every thread has its own pattern, rounding mode and precision; returns how often one was lost. */
static void *thread_main(void *argument)
{
	long number = (long)argument, lost = 0;
	uint32_t mxcsr = 0x1f80 | (number & 3) << 13;
	uint16_t cw = 0x037f | (number & 3) << 10;
	struct vectors in, out;

	mxcsr_set(mxcsr);
	cw_set(cw);
	for (int i = 0; i < ROUNDS; i++) {
		pattern_make(&in, number * 1000 + i);
		hold_sse(&in, &out, 200, -1, 0, 0, 0);
		lost += differences(&in, &out, 2);
		if (avx) {
			hold_avx(&in, &out, 20, SYS_sched_yield, 0, 0, 0);
			lost += differences(&in, &out, 4);
		}
		lost += hold_x87(number * 1000 + i, 200);
		lost += mxcsr_get() != mxcsr || cw_get() != cw;
	}
	return (void *)lost;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];

	for (long i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, thread_main, (void *)(i + 1)) == 0);
	for (int i = 0; i < THREADS; i++) {
		void *lost;

		pthread_join(threads[i], &lost);
		is_int((long)lost, 0, "thread %d keeps its registers and control words", i);
	}
}

static void *thread_words(void *argument)
{
	*(uint32_t *)argument = mxcsr_get() << 16 | cw_get();
	return NULL;
}

/* pthread_create is clone: the control words of the parent go on in the child. */
static void test_inherit(void)
{
	uint32_t words, mxcsr = mxcsr_get();
	uint16_t cw = cw_get();
	pthread_t thread;

	is_int(mxcsr & ~0x3f, 0x1f80, "MXCSR starts as 0x1f80");
	is_int(cw, 0x037f, "the x87 control word starts as 0x37f");
	mxcsr_set(0x3f80);
	cw_set(0x077f);
	must(pthread_create(&thread, NULL, thread_words, &words) == 0);
	pthread_join(thread, NULL);
	is_int(words >> 16, 0x3f80, "a new thread has its creator's MXCSR");
	is_int(words & 0xffff, 0x077f, "a new thread has its creator's x87 control word");
	mxcsr_set(mxcsr);
	cw_set(cw);
}

static int handled;
static uint64_t frame_word, replacement;
static uint32_t handler_mxcsr;

/* Overwrites everything: the interrupted code must not notice. */
static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct vectors junk, out;

	(void)sig, (void)info;
	handler_mxcsr = mxcsr_get();
	memcpy(&frame_word, &uc->uc_mcontext.fpregs->_xmm[5], 8);
	if (replacement)
		memcpy(&uc->uc_mcontext.fpregs->_xmm[5], &replacement, 8);
	pattern_make(&junk, 0xdeadbeef + handled);
	hold_sse(&junk, &out, 1, -1, 0, 0, 0);
	if (avx)
		hold_avx(&junk, &out, 1, -1, 0, 0, 0);
	hold_x87(handled, 1);
	mxcsr_set(0x7f80);
	cw_set(0x0f7f);
	handled++;
}

static void test_signals(void)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	uint32_t mxcsr = 0x5f80;
	struct vectors in, out;

	must(sigaction(SIGUSR1, &action, NULL) == 0);
	pattern_make(&in, 42);
	mxcsr_set(mxcsr);
	hold_sse(&in, &out, 100, SYS_tgkill, getpid(), getpid(), SIGUSR1);
	is_int(handled, 100, "a hundred signals were handled");
	is_int(differences(&in, &out, 2), 0, "all xmm registers survive signals");
	is_int(frame_word, in.word[5][0], "the signal frame holds xmm5");
	is_int(handler_mxcsr, 0x1f80, "a handler starts with the default MXCSR");
	is_int(mxcsr_get(), mxcsr, "MXCSR survives signals");
	is_int(cw_get(), 0x037f, "the x87 control word survives signals");
	replacement = 0x1122334455667788;
	hold_sse(&in, &out, 1, SYS_tgkill, getpid(), getpid(), SIGUSR1);
	is_int(out.word[5][0], replacement, "sigreturn takes xmm5 from the frame");
	replacement = 0;
	if (avx) {
		hold_avx(&in, &out, 100, SYS_tgkill, getpid(), getpid(), SIGUSR1);
		is_int(differences(&in, &out, 4), 0, "all ymm registers survive signals");
	} else {
		skip("no AVX on this CPU", "all ymm registers survive signals");
	}
	mxcsr_set(0x1f80);
}

static void test_syscalls(void)
{
	struct vectors in, out;

	pattern_make(&in, 7);
	hold_sse(&in, &out, 1000, SYS_getppid, 0, 0, 0);
	is_int(differences(&in, &out, 2), 0, "all xmm registers survive system calls");
	hold_sse(&in, &out, 1000, SYS_sched_yield, 0, 0, 0);
	is_int(differences(&in, &out, 2), 0, "all xmm registers survive yields");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "words"))
		return mxcsr_get() != 0x1f80 || cw_get() != 0x037f;
	(void)argv;
	avx = has_avx();
	printf("# AVX: %s\n", avx ? "yes" : "no");
	test_inherit();
	test_syscalls();
	test_signals();
	test_threads();
	if (can_spawn("exec resets the control words")) {
		mxcsr_set(0x3f80);
		cw_set(0x077f);
		is_int(run_self("words", NULL), 0, "exec resets the control words");
	}
	return done();
}
