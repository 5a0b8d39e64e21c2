/* SPDX-License-Identifier: BSD-2-Clause */
/* What the attacker sends behind the first shellcode: this, the loader's code, and a program file. */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>
#include <stdint.h>

struct stage {
	uint64_t entry, file; /* offsets from here: loader_entry(), the ELF file */
	char program[16], option[8], command[64];
};

extern const char __start_loader[], __stop_loader[]; /* the linker's */
void loader_entry(const struct stage *stage);

#endif
