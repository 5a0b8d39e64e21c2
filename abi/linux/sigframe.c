/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame on the application's stack that a handler runs on, and rt_sigreturn(2), which takes it off: registers, vector
 * state as an XSAVE image, mask, siginfo, laid out as Linux x86-64 does (struct rt_sigframe), since handlers and unwinders
 * read it. Frames go below the red zone.
 */
#include <abi/linux/signal.h>

#include <arch/layout.h>
#include <arch/pkru.h>
#include <arch/thread.h>
#include <generated/syscall_proto.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/key.h>
#include <mm/vmspace.h>

#define RED_ZONE 128
#define SW_BYTES_OFFSET 464 /* in the FXSAVE image: left to software by the architecture */
#define MAGIC2_SIZE 4
#define XSAVE_HEADER_OFFSET 512 /* its first word: which components the image has (SDM vol. 1, 13.4.2) */

struct rt_sigframe {
	uaddr_t restorer;
	struct ucontext64 uc;
	struct siginfo info;
};

static bool on_altstack(const struct task *t, uaddr_t sp)
{
	return !(t->altstack.flags & SS_DISABLE) && sp - t->altstack.sp < t->altstack.size;
}

/* The places of the vector state below sp, and of the frame below that: aligned as after a call. */
static uaddr_t fpu_place(uaddr_t sp)
{
	return ALIGN_DOWN(sp - fpu_frame_size() - MAGIC2_SIZE, 64);
}

static uaddr_t frame_place(uaddr_t sp)
{
	return ALIGN_DOWN(sp - sizeof(struct rt_sigframe), 16) - 8;
}

/*
 * The image that was copied out gets PKRU. Behind it, where the processor would put it; between lies room for
 * what we do not save, which nobody reads.
 */
static int push_pkru(uaddr_t image)
{
	u64 header, pkru = pkru_read();

	memcpy(&header, (const u8 *)current()->arch.fpu + XSAVE_HEADER_OFFSET, sizeof(header));
	header |= XFEATURE_PKRU;
	return copyout(image + XSAVE_HEADER_OFFSET, &header, sizeof(header)) ?: copyout(image + pkru_offset, &pkru, sizeof(pkru));
}

/* Writes the vector state below sp; the address goes to *fpstate, the answer is the new stack pointer or 0. */
static uaddr_t push_fpu(uaddr_t sp, uaddr_t *fpstate)
{
	struct arch_thread *arch = &current()->arch;
	u32 magic2 = FP_XSTATE_MAGIC2;
	bool extended = fpu_size > 512;
	u32 size = fpu_frame_size();
	struct fpx_sw_bytes sw = {0};

	if (extended) {
		sw.magic1 = FP_XSTATE_MAGIC1;
		sw.extended_size = size + MAGIC2_SIZE;
		sw.xfeatures = fpu_features | (pkru_works() ? XFEATURE_PKRU : 0);
		sw.xstate_size = size;
	}
	fpu_save(arch);
	sp = fpu_place(sp);
	if (copyout(sp, arch->fpu, fpu_size) || copyout(sp + SW_BYTES_OFFSET, &sw, sizeof(sw)))
		return 0;
	if (pkru_works() && push_pkru(sp))
		return 0;
	if (extended && copyout(sp + size, &magic2, sizeof(magic2)))
		return 0;
	*fpstate = sp;
	return sp;
}

static void save_registers(struct sigcontext64 *sc, const struct trapframe *tf, const struct siginfo *info)
{
	sc->r8 = tf->r8;
	sc->r9 = tf->r9;
	sc->r10 = tf->r10;
	sc->r11 = tf->r11;
	sc->r12 = tf->r12;
	sc->r13 = tf->r13;
	sc->r14 = tf->r14;
	sc->r15 = tf->r15;
	sc->rdi = tf->rdi;
	sc->rsi = tf->rsi;
	sc->rbp = tf->rbp;
	sc->rbx = tf->rbx;
	sc->rdx = tf->rdx;
	sc->rax = tf->rax;
	sc->rcx = tf->rcx;
	sc->rsp = tf->rsp;
	sc->rip = tf->rip;
	sc->eflags = tf->rflags;
	sc->cs = (u16)tf->cs;
	sc->ss = (u16)tf->ss;
	if (tf->vector < 32) {
		sc->err = tf->error;
		sc->trapno = tf->vector;
		sc->cr2 = info->fault.addr;
	}
}

static void load_registers(struct trapframe *tf, const struct sigcontext64 *sc)
{
	tf->r8 = sc->r8;
	tf->r9 = sc->r9;
	tf->r10 = sc->r10;
	tf->r11 = sc->r11;
	tf->r12 = sc->r12;
	tf->r13 = sc->r13;
	tf->r14 = sc->r14;
	tf->r15 = sc->r15;
	tf->rdi = sc->rdi;
	tf->rsi = sc->rsi;
	tf->rbp = sc->rbp;
	tf->rbx = sc->rbx;
	tf->rdx = sc->rdx;
	tf->rax = sc->rax;
	tf->rcx = sc->rcx;
	tf->rsp = sc->rsp;
	tf->rip = sc->rip;
	tf->rflags = sc->eflags;
	gate_sanitise_frame(tf);
}

int sigframe_push(struct trapframe *tf, int sig, const struct siginfo *info, const struct ksigaction *action, u64 oldmask)
{
	struct task *t = task_current();
	const struct sigaltstack64 alt = t->altstack;
	bool alternate = on_altstack(t, tf->rsp);
	uaddr_t sp = tf->rsp - RED_ZONE;

	if (action->handler >= USER_MAX)
		return -EFAULT; /* no code of the application's is there, and the way back must not fault */

	struct rt_sigframe frame = {.restorer = action->restorer, .info = *info};

	frame.uc.stack = alt;
	if ((action->flags & SA_ONSTACK) && !alternate && !(alt.flags & SS_DISABLE)) {
		alternate = true;
		sp = alt.sp + alt.size;
		if ((u32)alt.flags & SS_AUTODISARM)
			t->altstack = (struct sigaltstack64){.flags = SS_DISABLE};
	} else if (alternate) {
		frame.uc.stack.flags |= SS_ONSTACK;
	}
	if (alternate && frame_place(fpu_place(sp)) - alt.sp >= alt.size)
		return -EFAULT; /* what lies below the alternate stack is somebody else's */
	sp = push_fpu(sp, &frame.uc.mcontext.fpstate);
	if (!sp)
		return -EFAULT;
	sp = frame_place(sp);
	frame.uc.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_size > 512 ? UC_FP_XSTATE : 0);
	frame.uc.sigmask = oldmask;
	save_registers(&frame.uc.mcontext, tf, info);
	if (copyout(sp, &frame, sizeof(frame)))
		return -EFAULT;

	/* A handler starts with the vector state of a fresh process. */
	fpu_discard(&t->thread.arch);
	fpu_init_state(t->thread.arch.fpu);
	thread_post(&t->thread, WORK_FPU);
	pkru_set(vmspace_pkru(t->thread.vmspace)); /* and as a fresh process may use its memory */

	tf->rip = action->handler;
	tf->rsp = sp;
	tf->rdi = (u64)sig;
	tf->rsi = sp + offsetof(struct rt_sigframe, info);
	tf->rdx = sp + offsetof(struct rt_sigframe, uc);
	tf->rax = 0;
	tf->rflags &= ~(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
	return 0;
}

/* As XRSTOR does it: an image that does not have PKRU means 0. The last read of the frame: the keys may close it. */
static int pop_pkru(uaddr_t fpstate, u64 features, u32 size)
{
	u32 pkru = 0;

	if ((features & XFEATURE_PKRU) && size >= pkru_offset + sizeof(pkru) && copyin(&pkru, fpstate + pkru_offset, sizeof(pkru)))
		return -EFAULT;
	pkru_write(pkru);
	return 0;
}

/* From here on the registers of the CPU are not this thread's: app_return() loads the image. */
static int pop_fpu(uaddr_t fpstate)
{
	struct arch_thread *arch = &current()->arch;
	struct fpx_sw_bytes sw;
	u64 features = 0;
	u32 size = 512;
	int error;

	fpu_discard(arch);
	thread_post(current(), WORK_FPU);
	if (!fpstate) {
		fpu_init_state(arch->fpu);
		pkru_set(vmspace_pkru(current()->vmspace));
		return 0;
	}
	if (copyin(&sw, fpstate + SW_BYTES_OFFSET, sizeof(sw)))
		return -EFAULT;
	if (sw.magic1 == FP_XSTATE_MAGIC1 && sw.xstate_size >= fpu_size)
		size = fpu_size;
	error = copyin(arch->fpu, fpstate, size);
	if (!error && size < fpu_size) {
		u64 legacy = 3; /* a bare FXSAVE image: x87 and SSE are there, all else is initial */

		memset((u8 *)arch->fpu + 512, 0, fpu_size - 512);
		memcpy((u8 *)arch->fpu + 512, &legacy, sizeof(legacy));
	}
	if (pkru_works() && !error) {
		if (size > 512)
			memcpy(&features, (const u8 *)arch->fpu + XSAVE_HEADER_OFFSET, sizeof(features));
		error = pop_pkru(fpstate, features, sw.xstate_size);
	}
	if (!error)
		error = fpu_sanitise(arch->fpu, fpu_size);
	if (error)
		fpu_init_state(arch->fpu);
	return error;
}

long sys_rt_sigreturn(void)
{
	struct task *t = task_current();
	struct trapframe *tf = arch_trapframe(&t->thread.arch);
	uaddr_t frame = tf->rsp - sizeof(uaddr_t); /* the handler's RET took the restorer off */
	struct ucontext64 uc;

	if (copyin(&uc, frame + offsetof(struct rt_sigframe, uc), sizeof(uc)) || uc.mcontext.rip >= USER_MAX ||
	    pop_fpu(uc.mcontext.fpstate)) {
		struct siginfo info = {.code = SI_KERNEL};

		signal_force_current(SIGSEGV, &info);
		return 0;
	}
	load_registers(tf, &uc.mcontext);
	tf->vector = 0; /* every register counts, and nothing is to be restarted */
	signal_set_mask(uc.sigmask);
	t->altstack = uc.stack;
	t->altstack.flags &= (i32)(SS_DISABLE | SS_AUTODISARM);
	return (long)tf->rax;
}
