/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf.h - ELF64 structures and the parser that decides whether a file is a program we can load.
 *
 * The parser trusts nothing: what it returns with 0 needs no further check by the loader, but for
 * the interpreter's path, which the loader reads. It takes the header and the table of program
 * headers from buffers of any alignment. Sources: System V gABI chapters 4 and 5; x86-64 psABI.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include <lib/types.h>

#define ELF_HEAD_MAX 4096     /* read this much of the file, or all of a smaller one: mostly it has both */
#define ELF_PHNUM_MAX 73      /* program headers accepted: a page full, as on Linux */
#define ELF_LOADS_MAX ELF_PHNUM_MAX
#define ELF_ALIGN_MAX (1UL << 30) /* a p_align above the largest page's is nobody's need: not looked at */
#define ELF_INTERP_MAX 4096   /* bytes of the interpreter's path, NUL included */
#define ELF_ADDR_MIN 0x1000UL /* an ET_EXEC may not map the page at 0 */
#define ELF_ADDR_END 0x00007ffffffff000UL /* end of the lower half, less a guard page */

/* e_ident */
#define EI_CLASS 4
#define EI_DATA 5
#define EI_VERSION 6
#define EI_NIDENT 16
#define ELFMAG "\177ELF"
#define SELFMAG 4
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define EV_CURRENT 1

/* e_type, e_machine */
#define ET_EXEC 2
#define ET_DYN 3
#define EM_X86_64 62

/* p_type, p_flags */
#define PT_NULL 0
#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_INTERP 3
#define PT_NOTE 4
#define PT_PHDR 6
#define PT_TLS 7
#define PT_GNU_STACK 0x6474e551
#define PF_X 1
#define PF_W 2
#define PF_R 4

/* Auxiliary vector types, psABI 3.4.3 and getauxval(3). */
#define AT_NULL 0
#define AT_PHDR 3
#define AT_PHENT 4
#define AT_PHNUM 5
#define AT_PAGESZ 6
#define AT_BASE 7
#define AT_FLAGS 8
#define AT_ENTRY 9
#define AT_UID 11
#define AT_EUID 12
#define AT_GID 13
#define AT_EGID 14
#define AT_PLATFORM 15
#define AT_HWCAP 16
#define AT_CLKTCK 17
#define AT_SECURE 23
#define AT_RANDOM 25
#define AT_HWCAP2 26
#define AT_EXECFN 31
#define AT_SYSINFO_EHDR 33
#define AT_MINSIGSTKSZ 51

struct elf64_ehdr {
	u8 e_ident[EI_NIDENT];
	u16 e_type;
	u16 e_machine;
	u32 e_version;
	u64 e_entry;
	u64 e_phoff;
	u64 e_shoff;
	u32 e_flags;
	u16 e_ehsize;
	u16 e_phentsize;
	u16 e_phnum;
	u16 e_shentsize;
	u16 e_shnum;
	u16 e_shstrndx;
};

struct elf64_phdr {
	u32 p_type;
	u32 p_flags;
	u64 p_offset;
	u64 p_vaddr;
	u64 p_paddr;
	u64 p_filesz;
	u64 p_memsz;
	u64 p_align;
};

static_assert(sizeof(struct elf64_ehdr) == 64, "ELF64 file header");
static_assert(sizeof(struct elf64_phdr) == 56, "ELF64 program header");

/* One PT_LOAD with memsz > 0. [vaddr, vaddr + memsz) is inside the lower half, [offset, offset +
 * filesz) inside the file; vaddr and offset agree modulo PAGE_SIZE when filesz > 0. */
struct elf_load {
	u64 vaddr;
	u64 memsz;
	u64 offset;
	u64 filesz;
	u32 flags; /* PF_R, PF_W, PF_X; no other bits */
};

/* Addresses are the file's own: for ET_DYN the loader adds its base to every one. */
struct elf_image {
	const char *reason; /* one clear line when parsing failed, else NULL */

	u16 type; /* ET_EXEC or ET_DYN */
	u64 entry;

	u64 phoff; /* in the file */
	u16 phnum;
	u16 phent;
	u64 phdr_vaddr; /* for AT_PHDR; 0 when no segment holds the headers' first byte */

	unsigned nloads;
	struct elf_load
	    loads[ELF_LOADS_MAX]; /* ascending by vaddr, bytes never overlap; two may meet
				   * inside one page: map in order, as Linux does */
	u64 vaddr_min;		  /* of all loads, rounded to pages outwards */
	u64 vaddr_max;
	u64 align; /* of an ET_DYN's base: the largest p_align, at least PAGE_SIZE */

	u64 interp_offset; /* in the file, unchecked; PT_INTERP's path, NUL included */
	u64 interp_len;	   /* 0 without PT_INTERP; known also where a segment is refused */

	bool exec_stack; /* PT_GNU_STACK asks for one. Absent means no (Linux since 5.8) */
	bool has_tls;
};

/*
 * Reads the ELF header of the file that is `filesize` long and begins with these `headlen` bytes. Returns 0 and sets type, entry
 * and where the table is, or -ENOEXEC and sets out->reason.
 */
int elf_parse_header(const void *head, size_t headlen, u64 filesize, struct elf_image *out);

/* Then reads the table, out->phnum * out->phent bytes from out->phoff. 0 with the rest of `out`, or -ENOEXEC as before. */
int elf_parse_table(const void *table, u64 filesize, struct elf_image *out);

/* Whether these interp_len bytes are a terminated path; what follows a NUL inside does not count. */
bool elf_interp_valid(const char *path, size_t len);

#endif
