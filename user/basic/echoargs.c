/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what a program finds on its initial stack (System V x86-64 ABI, figure 3.9): arguments,
 * environment, auxiliary vector. Ends with 1 when the vector contradicts the program's own image.
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern char **environ;
int main(int argc, char **argv);
void _start(void);

static int wrong;

static void expect(int good, const char *what)
{
	printf("%s: %s\n", good ? "right" : "WRONG", what);
	wrong |= !good;
}

static void random_check(void)
{
	const unsigned char *bytes = (const void *)getauxval(AT_RANDOM);
	int nonzero = 0;

	for (int i = 0; bytes && i < 16; i++)
		nonzero |= bytes[i];
	expect(nonzero, "AT_RANDOM points to 16 bytes that are not all zero");
}

static void image_check(void)
{
	const Elf64_Ehdr *ehdr = &__ehdr_start;
	uintptr_t base = ehdr->e_type == ET_DYN ? (uintptr_t)ehdr : 0;

	printf("type: %s\n", ehdr->e_type == ET_DYN ? "ET_DYN" : "ET_EXEC");
	expect(getauxval(AT_PHDR) == (uintptr_t)ehdr + ehdr->e_phoff, "AT_PHDR is the image's");
	expect(getauxval(AT_PHNUM) == ehdr->e_phnum, "AT_PHNUM is the image's");
	expect(getauxval(AT_PHENT) == sizeof(Elf64_Phdr), "AT_PHENT is 56");
	expect(getauxval(AT_ENTRY) == base + ehdr->e_entry, "AT_ENTRY is the image's");
}

int main(int argc, char **argv)
{
	uintptr_t top = (uintptr_t)argv - 8; /* argc stands just below argv */

	for (int i = 0; i < argc; i++)
		printf("argv[%d]=%s\n", i, argv[i]);
	for (int i = 0; environ[i]; i++)
		printf("env %s\n", environ[i]);
	expect(argv[argc] == NULL, "argv ends with NULL");
	expect(environ == argv + argc + 1, "the environment follows argv");
	expect(top % 16 == 0, "the initial stack pointer is a multiple of 16");
	expect(getauxval(AT_PAGESZ) == 4096, "AT_PAGESZ is 4096");
	random_check();
	image_check();
	expect(getauxval(AT_SECURE) == 0, "AT_SECURE is 0");
	expect(getauxval(AT_EXECFN) && *(char *)getauxval(AT_EXECFN), "AT_EXECFN names a file");
	return wrong;
}
