/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot, as one list. It is the same in all six kernels: what a configuration does not have is an empty function in the file
 * that was chosen. Nothing else calls these functions.
 */
#include <abi/linux/account.h>
#include <abi/linux/init.h>
#include <arch/boot.h>
#include <arch/machine.h>
#include <arch/pks.h>
#include <arch/pti.h>
#include <arch/pmap.h>
#include <core/biglock.h>
#include <core/ktest.h>
#include <core/main.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/random.h>
#include <core/time.h>
#include <core/trace.h>
#include <drivers/console.h>
#include <fs/vnode.h>
#include <generated/version.h>
#include <isolation/aspace.h>
#include <isolation/canary.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <isolation/rewrite.h>
#include <isolation/rungs.h>
#include <mm/kasan.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <sched/crash.h>
#include <sched/futex.h>
#include <sched/thread.h>

/* The second half, in a thread, where one may sleep. */
static void main_thread(void *arg)
{
	arch_start_cpus(param.maxcpus);   /* application processors: each ends in cpu_main() */
	vfs_init();                       /* an empty /, /dev, /proc */
	linux_init();                     /* what terminals and /proc ask of processes */
	console_init();                   /* terminals on COM1 and the stream port */
	account_objects();                /* debug builds: what is there before anything was done */
	initramfs_init();                 /* files */
	crash_main();                     /* `crash=`: break, as a test of panic */
	ktest_main();                     /* `ktest`: test, then end */
	init_main(arg);                   /* run the program, then end */
}

void kmain(void)
{
	canary_init();                    /* what guards stacks, before anything is on one */
	param_init();                     /* the command line */
	arch_cpu_init(0);                 /* GDT, TSS, IDT, FPU */
	gate_init_cpu();                  /* how one enters the kernel */
	rungs_init();                     /* what the configuration adds, and this CPU has */
	pmap_bootstrap();                 /* the kernel's half of every address space */
	percpu_init_boot();               /* this CPU's own variables */
	arch_cpu_init(0);                 /* the same tables again, now in them */
	if (KASAN)
		kasan_init();             /* which memory may be touched */
	page_init();                      /* physical memory */
	slab_init();                      /* small objects */
	arch_screen_init();               /* something to see, where there is a screen */
	arch_acpi_init();                 /* CPUs, interrupt controllers, power-off */
	arch_apic_init();                 /* interrupts */
	arch_clock_init();                /* how fast time goes */
	time_init();                      /* clocks and timers */
	random_init();
	printk(LOG_NOTICE, "Orchard %s, %s: gate %s, aspace %s, proc %s, locks %s%s, %u CPUs", ORCHARD_GIT, ORCHARD_CONFIG_NAME,
	       GATE_NAME, ASPACE_NAME, PROC_NAME, CONFIG_SPINLOCK, BIG_LOCK ? "+big" : "", cpu_count);
	percpu_init_others();
	if (PTI)
		pti_init();               /* what an application's page table shows of the kernel */
	if (PKS)
		pks_init();               /* what of it stays open while an application runs beside it */
	if (RUNG_REWRITE)
		rewrite_init();           /* page zero, which calls in place of system calls land in */
	trace_init();                     /* a ring of events for each CPU */
	vmspace_init_caches();
	aspace_init();
	task_init();
	proc_init();
	futex_init();
	sched_init();                     /* from here on this flow is the idle thread */
	kthread_run("main", main_thread, NULL);
	sched_idle();
}

/* Where every other CPU arrives, on its own stack and with its own variables. */
void cpu_main(unsigned cpu)
{
	arch_cpu_init(cpu);
	gate_init_cpu();
	rungs_init_cpu();
	arch_apic_init();
	sched_init_cpu();
	sched_idle();
}
