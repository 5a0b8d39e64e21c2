/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kaslr.c - the kernel at a virtual address that nobody knows before (rung `kaslr`, docs/rungs.md). Where it lies in memory does
 * not change: only where the boot tables, and then pmap_bootstrap(), show it.
 *
 * It is linked at KERNEL_BASE, and every place in it that holds an address of its own is in a list that the build made from the
 * linker's relocations (tools/build/relocs). The move adds the distance there, while the image can be seen at both addresses: so it
 * does not matter which of the two any instruction here still has, and nothing has to be written without using an address.
 * Whatever has been stored until then must not point into the image: `bootinfo` has only copies.
 */
#include "boot.h"

#include <arch/cpu.h>
#include <arch/kaslr.h>
#include <arch/machine.h>
#include <arch/pmap.h>
#include <lib/cmdline.h>
#include <lib/hash.h>

#define STEP (2ul << 20)
#define STEPS 512u /* in 1 GiB, what one directory shows */

extern const u8 image_relocs[];
extern char __kernel_end[];
extern pte_t boot_pdpt_high[];

u64 image_moved; /* I */

static pte_t directory[STEPS] __aligned(PAGE_SIZE);

/*
 * How many steps up: so many that the places before and after do not overlap, which leaves some 510 for an image of the usual
 * size. 0: not at all, because the command line says so, or because the image is too large to choose.
 */
static u64 choose(u64 extent)
{
	char value[2];

	if ((cmdline_get(bootinfo.cmdline, "nokaslr", value, sizeof(value)) && !value[0]) || 2 * extent >= STEPS)
		return 0;
	return extent + hash_u64(arch_entropy()) % (STEPS - 2 * extent + 1);
}

static void show_at(u64 first, u64 extent)
{
	for (u64 i = 0; i < extent; i++)
		directory[first + i] = i * STEP | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
}

/*
 * Each byte of the list says how many bytes further the next place is; 255, that there is none within the next 254; 0 ends it. A
 * place holds an address in 4 or in 8 bytes, of which the move only changes the low 4: the image stays in the topmost 2 GiB.
 */
static void relocate(u32 distance)
{
	u8 *at = phys_to_virt(KERNEL_LOAD);

	for (const u8 *step = phys_to_virt(virt_to_phys(image_relocs)); *step; step++) {
		at += *step == 255 ? 254 : *step;
		if (*step != 255)
			*(u32 __attribute__((may_alias, aligned(1))) *)at += distance;
	}
}

void boot_move_image(void)
{
	u64 extent = DIV_ROUND_UP(virt_to_phys(__kernel_end), STEP), steps = choose(extent);

	if (!steps)
		return;
	show_at(0, extent);
	show_at(steps, extent);
	boot_pdpt_high[KERNEL_BASE >> 30 & 511] = virt_to_phys(directory) | PTE_PRESENT | PTE_WRITE;
	cr3_write(cr3_read());
	image_moved = steps * STEP;
	relocate((u32)image_moved);
	cr3_write(cr3_read()); /* serialises: code was written by another address than it is fetched by (SDM vol. 3, 12.1.3) */
	/* From here on at the new address, on the same stack at its new address; of this frame nothing is needed any more. */
	asm volatile("lea kmain(%%rip), %%rax\n\t"
		     "add %0, %%rax\n\t"
		     "add %0, %%rsp\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "call *%%rax\n\t"
		     "ud2"
		     :
		     : "r"(image_moved)
		     : "rax", "memory");
	__builtin_unreachable();
}
