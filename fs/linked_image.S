/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program file as it is, on pages of its own: what memory maps of it are these pages. Nothing else is on the last one, since
 * applications see it whole. The Makefile names the file.
 */
	.section .rodata.linked_image, "a"
	.balign 4096
	.globl linked_image, linked_image_end
linked_image:
	.incbin LINKED_FILE
linked_image_end:
	.balign 4096

	.section .rodata.linked_path, "a"
	.globl linked_path
linked_path:
	.asciz LINKED_PATH
