/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel lies. The first section runs with paging off and is linked at its physical address; all else is linked
 * KERNEL_BASE higher than it is loaded. Text, read-only data and data begin on pages of their own, so that
 * pmap_bootstrap() can give each its rights.
 */
#include <arch/layout.h>
#include <lib/option.h>

/* What the application's page table maps of the kernel (arch/pti.h), or what stays open (arch/pks.h), is on pages of its own. */
#define ENTRY_ALIGN (IS_ON(CONFIG_PTI) || IS_ON(CONFIG_PKS) ? 4096 : 64)

/* WHEN(option, text): the text, or nothing. */
#define WHEN(symbol, ...) WHEN_VALUE(IS_ON(symbol), __VA_ARGS__)
#define WHEN_VALUE(value, ...) WHEN_CHOOSE(value, __VA_ARGS__)
#define WHEN_CHOOSE(value, ...) WHEN_##value(__VA_ARGS__)
#define WHEN_0(...)
#define WHEN_1(...) __VA_ARGS__

OUTPUT_FORMAT(elf64-x86-64)
ENTRY(boot_multiboot2)

PHDRS {
	boot PT_LOAD FLAGS(5);
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	WHEN(CONFIG_KASLR, relocs PT_LOAD FLAGS(4);)
	note PT_NOTE FLAGS(4);
}

SECTIONS {
	. = KERNEL_LOAD;
	.boot : { KEEP(*(.boot.header)) *(.boot.text) } :boot
	.note.Xen : { KEEP(*(.note.Xen)) } :boot :note
	. = ALIGN(4096) + KERNEL_BASE;
	__kernel_start = KERNEL_BASE + KERNEL_LOAD;
	image_base = KERNEL_BASE;

	__text_start = .;
	.text : AT(ADDR(.text) - KERNEL_BASE) {
		__entry_text_start = .;
		*(.entry.text)
		. = ALIGN(ENTRY_ALIGN);
		__entry_text_end = .;
		PROVIDE(__leaf_text_start = .); /* with leaf calls: isolation/gate_leaf.c */
		*(.text.leaf)
		PROVIDE(__leaf_text_end = .);
		*(.text .text.*)
	} :text
	. = ALIGN(4096);
	__text_end = .;

	.rodata : AT(ADDR(.rodata) - KERNEL_BASE) {
		*(.rodata .rodata.*)
		. = ALIGN(8);
		__extable_start = .;
		KEEP(*(.extable))
		__extable_end = .;
		__constructors_start = .; /* with KASAN: mm/kasan.c */
		KEEP(*(.init_array .init_array.*))
		__constructors_end = .;
		__patch_start = .;
		KEEP(*(.patch))
		__patch_end = .;
		. = ALIGN(16); /* of struct ktest: its end and the section's first byte must not lie apart */
		__ktest_start = .;
		KEEP(*(.ktest))
		__ktest_end = .;
		/* Of the first link, which has no table of names yet. */
		PROVIDE(symbol_pairs = .);
		PROVIDE(symbol_count = .);
		PROVIDE(symbol_table = .);
	} :rodata
	. = ALIGN(4096);
	__rodata_end = .;

	.data : AT(ADDR(.data) - KERNEL_BASE) {
		*(.data .data.*)
		. = ALIGN(ENTRY_ALIGN);
		__percpu_start = .;
		KEEP(*(.percpu.entry))
		. = ALIGN(ENTRY_ALIGN);
		__percpu_entry_end = .;
		KEEP(*(.percpu))
	} :data
	/* The per-CPU variables go on where the file need not hold them. */
	.bss : AT(ADDR(.bss) - KERNEL_BASE) {
		. = ALIGN(ENTRY_ALIGN);
		__percpu_stacks_start = .;
		KEEP(*(.bss.percpu.entry))
		. = ALIGN(ENTRY_ALIGN);
		__percpu_stacks_end = .;
		. = ALIGN(64);
		__percpu_end = .;
		*(.bss .bss.*) *(COMMON)
	} :data
	. = ALIGN(4096);
	__kernel_end = .;

	/* Read once, before there is an allocator: in memory that is free from then on. */
	WHEN(CONFIG_KASLR, .relocs : AT(ADDR(.relocs) - KERNEL_BASE) { PROVIDE(image_relocs = .); KEEP(*(.relocs)) } :relocs)

	/DISCARD/ : { *(.eh_frame*) *(.comment) *(.note.gnu*) *(.note.GNU*) }
}
