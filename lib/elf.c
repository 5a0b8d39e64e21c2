/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf.c - decides whether a file is a program we can load, and where its parts go.
 *
 * Called by exec before anything of the old program is gone: every "no" must fall here. The headers
 * are bytes from outside, so each is copied out before use, and sums are checked before they are
 * made.
 */
#include <lib/elf.h>

#include <lib/errno.h>
#include <lib/string.h>

static int refuse(struct elf_image *out, const char *reason)
{
	out->reason = reason;
	return -ENOEXEC;
}

/* Whether [start, start + len) lies inside [0, end). */
static bool fits(u64 start, u64 len, u64 end)
{
	return start <= end && len <= end - start;
}

static int check_ident(const struct elf64_ehdr *eh, struct elf_image *out)
{
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG))
		return refuse(out, "not an ELF file");
	if (eh->e_ident[EI_CLASS] != ELFCLASS64)
		return refuse(out, "not a 64-bit ELF file");
	if (eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(out, "not a little-endian ELF file");
	if (eh->e_ident[EI_VERSION] != EV_CURRENT || eh->e_version != EV_CURRENT)
		return refuse(out, "unknown ELF version");
	if (eh->e_machine != EM_X86_64)
		return refuse(out, "built for another machine, not x86-64");
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return refuse(out, "not an executable ELF file (an object file or a core dump)");
	return 0;
}

static int check_table(const struct elf64_ehdr *eh, u64 filesize, struct elf_image *out)
{
	u64 size = (u64)eh->e_phnum * sizeof(struct elf64_phdr);

	if (eh->e_phentsize != sizeof(struct elf64_phdr))
		return refuse(out, "program headers of a wrong size");
	if (eh->e_phnum == 0)
		return refuse(out, "no program headers");
	if (eh->e_phnum > ELF_PHNUM_MAX)
		return refuse(out, "too many program headers (at most 73)");
	if (!fits(eh->e_phoff, size, filesize))
		return refuse(out, "truncated: program headers past the end of the file");
	return 0;
}

static int add_load(const struct elf64_phdr *ph, u64 filesize, struct elf_image *out)
{
	struct elf_load *load = &out->loads[out->nloads];

	if (ph->p_filesz > ph->p_memsz)
		return refuse(out, "a segment has more bytes in the file than in memory");
	if (!fits(ph->p_offset, ph->p_filesz, filesize))
		return refuse(out, "truncated: a segment lies past the end of the file");
	if (!fits(ph->p_vaddr, ph->p_memsz, ELF_ADDR_END))
		return refuse(out, "a segment lies outside the lower half of the address space");
	if (ph->p_memsz == 0)
		return 0;
	if (ph->p_filesz && (ph->p_vaddr - ph->p_offset) % PAGE_SIZE)
		return refuse(out, "a segment's address and file offset differ within the page");
	if (out->type == ET_EXEC && ph->p_vaddr < ELF_ADDR_MIN)
		return refuse(out, "a segment lies in the page at address 0");
	if (out->nloads && ph->p_vaddr < load[-1].vaddr)
		return refuse(out, "loadable segments are not in ascending order");
	if (out->nloads && ph->p_vaddr < load[-1].vaddr + load[-1].memsz)
		return refuse(out, "loadable segments overlap");

	*load = (struct elf_load){
	    .vaddr = ph->p_vaddr,
	    .memsz = ph->p_memsz,
	    .offset = ph->p_offset,
	    .filesz = ph->p_filesz,
	    .flags = ph->p_flags & (PF_R | PF_W | PF_X),
	};
	if (out->nloads++ == 0)
		out->vaddr_min = ALIGN_DOWN(load->vaddr, PAGE_SIZE);
	out->vaddr_max = ALIGN_UP(load->vaddr + load->memsz, PAGE_SIZE);
	if (ph->p_align > out->align && ph->p_align <= ELF_ALIGN_MAX && !(ph->p_align & (ph->p_align - 1)))
		out->align = ph->p_align;
	return 0;
}

bool elf_interp_valid(const char *path, size_t len)
{
	return len >= 2 && len <= ELF_INTERP_MAX && !path[len - 1];
}

/* The first interpreter counts, as on Linux. */
static int set_interp(const struct elf64_phdr *ph, struct elf_image *out)
{
	if (out->interp_len)
		return 0;
	if (ph->p_filesz < 2 || ph->p_filesz > ELF_INTERP_MAX)
		return refuse(out, "the interpreter's path is empty or too long");
	out->interp_offset = ph->p_offset;
	out->interp_len = ph->p_filesz;
	return 0;
}

/* Where the program finds its own headers: in the load whose file bytes hold the table's first. */
static void set_phdr_vaddr(struct elf_image *out)
{
	for (unsigned i = 0; i < out->nloads; i++) {
		const struct elf_load *load = &out->loads[i];

		if (out->phoff >= load->offset && out->phoff - load->offset < load->filesz) {
			out->phdr_vaddr = load->vaddr + (out->phoff - load->offset);
			return;
		}
	}
}

static bool entry_is_executable(const struct elf_image *image)
{
	for (unsigned i = 0; i < image->nloads; i++) {
		const struct elf_load *load = &image->loads[i];

		if ((load->flags & PF_X) && image->entry >= load->vaddr &&
		    image->entry - load->vaddr < load->memsz)
			return true;
	}
	return false;
}

static int take_segment(const struct elf64_phdr *ph, u64 filesize, struct elf_image *out)
{
	switch (ph->p_type) {
	case PT_LOAD:
		return add_load(ph, filesize, out);
	case PT_TLS:
		out->has_tls = true;
		return 0;
	case PT_GNU_STACK:
		out->exec_stack = ph->p_flags & PF_X;
		return 0;
	default:
		return 0;
	}
}

int elf_parse_header(const void *head, size_t headlen, u64 filesize, struct elf_image *out)
{
	struct elf64_ehdr eh;
	int error;

	memzero(out, sizeof(*out));
	out->align = PAGE_SIZE;
	headlen = MIN(headlen, filesize);
	if (headlen < SELFMAG || memcmp(head, ELFMAG, SELFMAG))
		return refuse(out, "not an ELF file");
	if (headlen < sizeof(eh))
		return refuse(out, "truncated: the ELF header is cut off");
	memcpy(&eh, head, sizeof(eh));
	error = check_ident(&eh, out);
	if (!error)
		error = check_table(&eh, filesize, out);
	if (error)
		return error;
	out->type = eh.e_type;
	out->entry = eh.e_entry;
	out->phoff = eh.e_phoff;
	out->phnum = eh.e_phnum;
	out->phent = eh.e_phentsize;
	return 0;
}

static struct elf64_phdr header_at(const void *table, unsigned i)
{
	struct elf64_phdr ph;

	memcpy(&ph, (const u8 *)table + i * sizeof(ph), sizeof(ph));
	return ph;
}

int elf_parse_table(const void *table, u64 filesize, struct elf_image *out)
{
	int error = 0;

	for (unsigned i = 0; i < out->phnum && !error; i++) {
		struct elf64_phdr ph = header_at(table, i);

		if (ph.p_type == PT_INTERP)
			error = set_interp(&ph, out);
	}
	for (unsigned i = 0; i < out->phnum && !error; i++) {
		struct elf64_phdr ph = header_at(table, i);

		error = take_segment(&ph, filesize, out);
	}
	if (error)
		return error;
	if (!out->nloads)
		return refuse(out, "no loadable segment");
	if (!entry_is_executable(out))
		return refuse(out, "the entry point is in no executable segment");
	set_phdr_vaddr(out);
	return 0;
}
