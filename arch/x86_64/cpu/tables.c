/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GDT, TSS and IDT, and the feature bits of CR0 and CR4. GDT and TSS are per CPU, the IDT is one for all. The order of
 * the GDT follows from what SYSCALL and SYSRET expect (arch/offsets.h).
 */
#include <arch/tables.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/offsets.h>
#include <arch/thread.h>
#include <core/percpu.h>
#include <lib/string.h>

#define MSR_GS_BASE 0xc0000101
#define MSR_TSC_AUX 0xc0000103 /* what RDTSCP gives beside the time */
#define IST_STACK_SIZE 8192
#define IST_SMALL_SIZE 512 /* left at once: holds what the CPU pushes */

#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR4_PGE BIT(7)
#define CR4_OSFXSR BIT(9)
#define CR4_OSXMMEXCPT BIT(10)

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, iomap;
} __packed;

struct idt_gate {
	u16 offset_low, selector;
	u8 ist, attributes;
	u16 offset_middle;
	u32 offset_high, reserved;
};

struct table_pointer {
	u16 limit;
	u64 base;
} __packed;

static struct idt_gate idt[256] __aligned(PAGE_SIZE); /* on a page of its own: arch/pti.h */
static DEFINE_PERCPU_ENTRY(u64, gdt[8]);
static DEFINE_PERCPU_ENTRY(struct tss, tss);
static DEFINE_PERCPU_STACK(u8, ist_nmi[IST_STACK_SIZE]) __aligned(16);
static DEFINE_PERCPU_STACK(u8, ist_double_fault[IST_STACK_SIZE]) __aligned(16);
static DEFINE_PERCPU_STACK(u8, ist_machine_check[IST_STACK_SIZE]) __aligned(16);
static DEFINE_PERCPU_STACK(u8, ist_debug[IST_SMALL_SIZE]) __aligned(16);
static DEFINE_PERCPU_STACK(u8, ist_ordinary[IST_SMALL_SIZE]) __aligned(16);

void idt_set(unsigned vector, const void *entry, unsigned ist, unsigned dpl)
{
	u64 offset = (u64)entry;

	idt[vector] = (struct idt_gate){
		.offset_low = (u16)offset,
		.selector = SEL_KCODE,
		.ist = (u8)ist,
		.attributes = (u8)(0x8e | dpl << 5), /* present, interrupt gate: IF is cleared */
		.offset_middle = (u16)(offset >> 16),
		.offset_high = (u32)(offset >> 32),
	};
}

const char *idt_page(void)
{
	return (const char *)idt;
}

void tss_set_rsp0(u64 rsp)
{
	this_cpu_ptr(tss)->rsp[0] = rsp;
}

static void load_gdt(void)
{
	u64 *g = *this_cpu_ptr(gdt);
	struct tss *t = this_cpu_ptr(tss);
	u64 base = (u64)t;

	g[SEL_KCODE / 8] = 0x00af9b000000ffff;
	g[SEL_KDATA / 8] = 0x00cf93000000ffff;
	g[SEL_UCODE32 / 8] = 0x00cffb000000ffff;
	g[SEL_UDATA / 8] = 0x00cff3000000ffff;
	g[SEL_UCODE / 8] = 0x00affb000000ffff;
	g[SEL_TSS / 8] = (sizeof(*t) - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
	g[SEL_TSS / 8 + 1] = base >> 32;

	t->iomap = sizeof(*t);
	t->ist[IST_NMI - 1] = (u64)this_cpu_ptr(ist_nmi) + IST_STACK_SIZE;
	t->ist[IST_DOUBLE_FAULT - 1] = (u64)this_cpu_ptr(ist_double_fault) + IST_STACK_SIZE;
	t->ist[IST_MACHINE_CHECK - 1] = (u64)this_cpu_ptr(ist_machine_check) + IST_STACK_SIZE;
	t->ist[IST_DEBUG - 1] = (u64)this_cpu_ptr(ist_debug) + IST_SMALL_SIZE;
	t->ist[IST_ORDINARY - 1] = (u64)this_cpu_ptr(ist_ordinary) + IST_SMALL_SIZE;

	struct table_pointer gp = {sizeof(gdt) - 1, (u64)g};

	asm volatile("lgdt %0\n\t"
		     "pushq %1\n\t"
		     "leaq 1f(%%rip), %%rax\n\t"
		     "pushq %%rax\n\t"
		     "lretq\n"
		     "1:\tmovl %2, %%ss\n\t"
		     "movl %2, %%ds\n\t"
		     "movl %2, %%es\n\t"
		     "ltr %w3"
		     :
		     : "m"(gp), "i"(SEL_KCODE), "r"(SEL_KDATA), "r"(SEL_TSS)
		     : "rax", "memory");
}

static bool has_rdtscp(void)
{
	u32 a, b, c, d;

	cpuid(0x80000001, 0, &a, &b, &c, &d);
	return d & BIT(27);
}

void arch_cpu_init(unsigned cpu)
{
	struct table_pointer ip = {sizeof(idt) - 1, (u64)idt};

	load_gdt();
	asm volatile("lidt %0" : : "m"(ip));
	cr0_write((cr0_read() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP);
	cr4_write(cr4_read() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT);
	if (has_rdtscp())
		msr_write(MSR_TSC_AUX, cpu); /* the vDSO's getcpu() */
	fpu_init_cpu();
}
