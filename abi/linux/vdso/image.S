/* SPDX-License-Identifier: BSD-2-Clause */
/* The linked vDSO, as bytes in the kernel's image; the Makefile names the file. */
	.section .rodata
	.balign 8
	.globl vdso_image, vdso_image_end
vdso_image:
	.incbin VDSO_FILE
vdso_image_end:
