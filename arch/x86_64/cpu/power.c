/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end: QEMU's isa-debug-exit when the command line named it, else soft-off by ACPI (6.4, 16.1.6; hardware-reduced:
 * 4.8.3.7), else reset: by ACPI, by the keyboard controller, and at last by a fault that nothing can handle.
 */
#include <arch/cpu.h>
#include <arch/machine.h>

#include "acpi.h"
#include "early_console.h"

#define DEBUG_EXIT_PORT 0xf4
#define PM1_SCI_ENABLE BIT(0)
#define PM1_SLEEP_TYPE(type) ((type) << 10)
#define PM1_SLEEP_ENABLE BIT(13)
#define SLEEP_TYPE(type) ((type) << 2)
#define SLEEP_ENABLE BIT(5)
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe

static bool by_debug_port;

void arch_end_by_debug_port(void)
{
	by_debug_port = true;
}

/* Long enough for any chipset; counted in reads of a slow port, since clocks may be what broke. */
static void wait_a_while(void)
{
	for (unsigned i = 0; i < 1000000; i++)
		inb(0x80);
}

/* False: there is no such register. */
static bool register_write(const struct acpi_register *r, u8 value)
{
	if (r->memory)
		*r->memory = value;
	else if (r->port)
		outb(r->port, value);
	else
		return false;
	wait_a_while();
	return true;
}

static void soft_off(void)
{
	u16 a = acpi_info.pm1a_control, b = acpi_info.pm1b_control;

	if (acpi_info.smi_command && acpi_info.acpi_enable && !(inw(a) & PM1_SCI_ENABLE)) {
		outb(acpi_info.smi_command, acpi_info.acpi_enable);
		for (unsigned i = 0; i < 100000 && !(inw(a) & PM1_SCI_ENABLE); i++)
			cpu_pause();
	}
	outw(a, (u16)(PM1_SLEEP_TYPE(acpi_info.s5_a) | PM1_SLEEP_ENABLE));
	if (b)
		outw(b, (u16)(PM1_SLEEP_TYPE(acpi_info.s5_b) | PM1_SLEEP_ENABLE));
	wait_a_while();
}

/* An exception without a table of handlers is a triple fault, which resets (SDM vol. 3, 6.15, "Interrupt 8"). */
static void __noreturn triple_fault(void)
{
	static const struct {
		u16 limit;
		u64 base;
	} __packed no_handlers;

	for (;;)
		asm volatile("lidt %0; int3" : : "m"(no_handlers));
}

void arch_end(enum machine_end code)
{
	irq_disable();
	early_console_drain(); /* the machine's end is at once, and takes along what the port still holds */
	if (by_debug_port)
		outb(DEBUG_EXIT_PORT, (u8)code);
	if (acpi_info.has_s5 && acpi_info.pm1a_control)
		soft_off();
	if (acpi_info.has_s5)
		register_write(&acpi_info.sleep_control, (u8)(SLEEP_TYPE(acpi_info.s5_a) | SLEEP_ENABLE));
	register_write(&acpi_info.reset, acpi_info.reset_value);
	outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
	wait_a_while();
	triple_fault();
}
