/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reflective loader: runs an ELF file that is in memory without asking the kernel for another program. It is sent to the
 * server as data: so it is one section, without library, without constants elsewhere, and runs at any address.
 */
#include "server.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define LOADER __attribute__((section("loader"), used, optimize("no-tree-loop-distribute-patterns", "no-stack-protector")))
#define STACK_SIZE (1ul << 18)

LOADER static char *map(size_t size)
{
	register long flags asm("r10") = MAP_PRIVATE | MAP_ANONYMOUS, fd asm("r8") = -1, offset asm("r9") = 0;
	long at = SYS_mmap;

	asm volatile("syscall"
		     : "+a"(at)
		     : "D"(0), "S"(size), "d"(PROT_READ | PROT_WRITE | PROT_EXEC), "r"(flags), "r"(fd), "r"(offset)
		     : "rcx", "r11", "memory");
	return (char *)at;
}

/* What execve() would do: segments, a stack with arguments and auxiliary vector, and the jump. */
LOADER void loader_entry(const struct stage *stage)
{
	const char *file = (const char *)stage + stage->file;
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Phdr *segment = (const Elf64_Phdr *)(file + header->e_phoff);
	size_t size = 0;

	for (int i = 0; i < header->e_phnum; i++)
		if (segment[i].p_type == PT_LOAD && segment[i].p_vaddr + segment[i].p_memsz > size)
			size = segment[i].p_vaddr + segment[i].p_memsz;

	char *base = map(size + 4096);

	for (int i = 0; i < header->e_phnum; i++)
		for (size_t j = 0; segment[i].p_type == PT_LOAD && j < segment[i].p_filesz; j++)
			base[segment[i].p_vaddr + j] = file[segment[i].p_offset + j];

	uint64_t *stack = (uint64_t *)(map(STACK_SIZE) + STACK_SIZE - 512), *at = stack;

	*at++ = 3;
	*at++ = (uint64_t)stage->program;
	*at++ = (uint64_t)stage->option;
	*at++ = (uint64_t)stage->command;
	*at++ = 0;
	*at++ = 0;
	*at++ = AT_PHDR, *at++ = (uint64_t)(base + header->e_phoff);
	*at++ = AT_PHENT, *at++ = sizeof(Elf64_Phdr);
	*at++ = AT_PHNUM, *at++ = header->e_phnum;
	*at++ = AT_PAGESZ, *at++ = 4096;
	*at++ = AT_ENTRY, *at++ = (uint64_t)(base + header->e_entry);
	*at++ = AT_RANDOM, *at++ = (uint64_t)stage->program;
	*at++ = AT_NULL, *at++ = 0;
	asm volatile("mov %0, %%rsp; xor %%edx, %%edx; jmp *%1" : : "r"(stack), "r"(base + header->e_entry) : "memory");
	__builtin_unreachable();
}
