/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals as Linux x86-64 lays them out: sigaction(2), sigreturn(2), signal(7). */
#ifndef UAPI_LINUX_SIGNAL_H
#define UAPI_LINUX_SIGNAL_H

#include <lib/types.h>

#define NSIG 64
#define SIGMASK(sig) (1ul << ((sig) - 1)) /* its bit in a signal set */
#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPWR 30
#define SIGSYS 31

#define SIG_DFL 0ul
#define SIG_IGN 1ul

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 1ul
#define SA_NOCLDWAIT 2ul
#define SA_SIGINFO 4ul
#define SA_RESTORER 0x04000000ul
#define SA_ONSTACK 0x08000000ul
#define SA_RESTART 0x10000000ul
#define SA_NODEFER 0x40000000ul
#define SA_RESETHAND 0x80000000ul

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define ILL_ILLOPN 2
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define SEGV_PKUERR 4
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

struct ksigaction {
	u64 handler, flags, restorer, mask;
};

struct siginfo {
	i32 signo, error, code, pad0;
	union {
		struct {
			i32 pid;
			u32 uid;
			i32 status;
			i32 pad1;
			i64 utime, stime;
		} child; /* and kill: pid, uid */
		struct {
			i32 pid;
			u32 uid;
			u64 value;
		} queue;
		struct {
			i32 id, overrun;
			u64 value;
		} timer;
		struct {
			u64 addr, pad2;
			u32 key; /* SEGV_PKUERR */
		} fault;
		u8 bytes[112];
	};
};

struct sigaltstack64 {
	uaddr_t sp;
	i32 flags, pad;
	u64 size;
};

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM (1u << 31)
#define MINSIGSTKSZ 2048

/* The machine context in a signal frame: struct sigcontext of x86-64. */
struct sigcontext64 {
	u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	uaddr_t fpstate;
	u64 reserved[8];
};

struct ucontext64 {
	u64 flags;
	uaddr_t link;
	struct sigaltstack64 stack;
	struct sigcontext64 mcontext;
	u64 sigmask;
};

#define UC_FP_XSTATE 1ul
#define UC_SIGCONTEXT_SS 2ul
#define UC_STRICT_RESTORE_SS 4ul

/* The software bytes at offset 464 of the FXSAVE image that tell an XSAVE image is there. */
struct fpx_sw_bytes {
	u32 magic1, extended_size;
	u64 xfeatures;
	u32 xstate_size, padding[7];
};
#define FP_XSTATE_MAGIC1 0x46505853u
#define FP_XSTATE_MAGIC2 0x46505845u

#endif
