/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps an ELF program, and the loader it names, into a fresh vmspace. What lib/elf.c accepted needs no more checks here, but
 * for the loader's path.
 * File pages are mapped, not read: the first touch brings them. Source: System V gABI chapter 5, elf(5).
 */
#include <abi/linux/exec.h>

#include <core/printk.h>
#include <fs/file.h>
#include <fs/vnode.h>
#include <isolation/aspace.h>
#include <isolation/rungs.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/aslr.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <uapi/linux/stat.h>

#include "rewrite.h"

static unsigned segment_prot(u32 flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

static int map_segment(struct vmspace *vs, struct vm_object *object, const struct elf_load *load,
		       uaddr_t bias)
{
	uaddr_t start = ALIGN_DOWN(load->vaddr + bias, PAGE_SIZE);
	uaddr_t file_end = load->vaddr + bias + load->filesz, end = load->vaddr + bias + load->memsz;
	uaddr_t file_pages_end = load->filesz ? ALIGN_UP(file_end, PAGE_SIZE) : start;
	unsigned prot = segment_prot(load->flags);
	long at;

	if (load->filesz) {
		at = vmspace_map(vs, start, file_pages_end - start, prot, REGION_FIXED | REGION_MAYWRITE, object,
				 ALIGN_DOWN(load->offset, PAGE_SIZE), "");
		if (at < 0)
			return (int)at;
	}
	if (end > file_pages_end) {
		at = vmspace_map(vs, file_pages_end, ALIGN_UP(end, PAGE_SIZE) - file_pages_end, prot,
				 REGION_FIXED | REGION_MAYWRITE, NULL, 0, "");
		if (at < 0)
			return (int)at;
	}
	/* The rest of the last file page is bss, to its end as on Linux: glibc's loader takes its first memory from there. */
	if (load->memsz > load->filesz && load->filesz && (prot & PROT_WRITE))
		return vmspace_zero(vs, file_end, file_pages_end - file_end);
	return 0;
}

static int map_image(struct vmspace *vs, struct file *file, const struct elf_image *elf, uaddr_t bias)
{
	struct vm_object *object = file->ops->object ? file->ops->object(file) : NULL;

	if (!object)
		return -ENOEXEC;
	for (unsigned i = 0; i < elf->nloads; i++) {
		int error = map_segment(vs, object, &elf->loads[i], bias);

		if (error)
			return error;
	}
	return 0;
}

/* What a file says of itself, from its first bytes and its table of program headers, wherever that lies. */
static int read_headers(struct file *file, const char *head, size_t head_size, struct elf_image *elf)
{
	struct stat64 st;
	char *table = NULL;
	int error = file_stat(file, &st);

	if (!error)
		error = elf_parse_header(head, head_size, (u64)st.size, elf);
	if (error)
		return error;

	u64 size = (u64)elf->phnum * elf->phent;

	if (elf->phoff > head_size || size > head_size - elf->phoff) {
		table = kmalloc(size);
		if (!table)
			return -ENOMEM;
		if (file_pread(file, table, size, elf->phoff) != (long)size)
			error = -ENOEXEC; /* it was cut off since */
	}
	if (!error)
		error = elf_parse_table(table ? table : head + elf->phoff, (u64)st.size, elf);
	kfree(table);
	return error;
}

/* ---- the loader that a program names ---- */

struct loader {
	struct file *file; /* NULL: the program needs none */
	struct elf_image elf;
};

static struct file *open_loader(struct file *program, const struct elf_image *app, char *path)
{
	struct file *file;
	long n;

	if ((i64)app->interp_offset < 0)
		return ERR_PTR(-EINVAL);
	n = file_pread(program, path, app->interp_len, app->interp_offset);
	if (n != (long)app->interp_len)
		return ERR_PTR(n < 0 ? n : -EIO);
	if (!elf_interp_valid(path, app->interp_len))
		return ERR_PTR(-ENOEXEC);
	file = path[0] ? exec_open(path) : ERR_PTR(-ENOENT);
	if (PTR_ERR(file) == -ENOENT)
		pr_warn("exec: this program needs the loader %s, which is not there", path);
	return file;
}

/* Opens the loader and looks at it. The errors are Linux's: -EIO when it is too short for a header, -ELIBBAD when it is none. */
static int find_loader(struct file *program, const struct elf_image *app, struct loader *loader)
{
	char *buffer = kmalloc(ELF_HEAD_MAX);
	struct file *file;
	int error;
	long n;

	if (!buffer)
		return -ENOMEM;
	file = open_loader(program, app, buffer);
	if (IS_ERR(file)) {
		kfree(buffer);
		return (int)PTR_ERR(file);
	}
	loader->file = file;
	n = file_pread(file, buffer, ELF_HEAD_MAX, 0);
	if (n < (long)sizeof(struct elf64_ehdr))
		error = n < 0 ? (int)n : -EIO;
	else
		error = read_headers(file, buffer, (size_t)n, &loader->elf);
	if (error == -ENOEXEC || (!error && loader->elf.type != ET_DYN)) {
		pr_info("exec: the loader %s: %s", loader->elf.reason ? "is no program" : "insists on addresses",
			loader->elf.reason ? loader->elf.reason : "ET_EXEC");
		error = -ELIBBAD;
	}
	kfree(buffer);
	return error;
}

/* It goes above the program. */
static int map_loader(struct vmspace *vs, struct loader *loader, struct exec_image *image)
{
	const struct elf_image *elf = &loader->elf;
	long base = vmspace_map(vs, 0, elf->vaddr_max - elf->vaddr_min, 0, REGION_MAYWRITE, NULL, 0, "");

	if (base < 0)
		return (int)base;
	image->loader_base = (u64)base - elf->vaddr_min;
	image->entry = elf->entry + image->loader_base;

	int error = map_image(vs, loader->file, elf, image->loader_base);

	if (RUNG_REWRITE && !error)
		error = rewrite_image(vs, loader->file, elf, image->loader_base);
	return error;
}

/* ---- the program ---- */

static int map_program(struct vmspace *vs, struct file *file, const struct elf_image *elf, u64 stack_room,
		       struct exec_image *image)
{
	uaddr_t bias;
	int error = aspace_place(vs, elf->vaddr_min, elf->vaddr_max, elf->type == ET_EXEC, &bias);

	if (error)
		return error;
	bias = ALIGN_UP(bias, elf->align);
	vs->mmap_top = ALIGN_DOWN(vs->end - PAGE_SIZE - MIN(stack_room, (vs->end - vs->start) / 2), PAGE_SIZE) -
		       aslr_room(vs, ASLR_STACK_SPAN) - aslr_offset(vs, ASLR_SPAN);
	error = map_image(vs, file, elf, bias);
	if (RUNG_REWRITE && !error)
		error = rewrite_image(vs, file, elf, bias);
	if (error)
		return error;
	*image = (struct exec_image){
		.entry = elf->entry + bias,
		.app_entry = elf->entry + bias,
		.phdr = elf->phdr_vaddr ? elf->phdr_vaddr + bias : 0,
		.phnum = elf->phnum,
		.end = ALIGN_UP(elf->vaddr_max + bias, PAGE_SIZE),
		.exec_stack = elf->exec_stack,
	};
	vs->code_start = elf->vaddr_min + bias;
	vs->code_end = image->end;
	return 0;
}

/* Too large for the stack. */
struct load {
	struct elf_image elf;
	struct loader loader;
};

int exec_load(struct vmspace *vs, struct file *file, const void *head, size_t head_size, u64 stack_room,
	      struct exec_image *image)
{
	struct load *load = kzalloc(sizeof(*load));
	int error, late;

	if (!load)
		return -ENOMEM;
	error = late = read_headers(file, head, head_size, &load->elf);
	/* Of a loader and a segment that are both bad, Linux names the loader first. */
	if (load->elf.interp_len)
		error = find_loader(file, &load->elf, &load->loader);
	if (!error)
		error = late;
	if (load->elf.reason)
		pr_info("exec: %s", load->elf.reason);
	if (!error)
		error = map_program(vs, file, &load->elf, stack_room, image);
	if (!error && load->loader.file)
		error = map_loader(vs, &load->loader, image);
	if (load->loader.file)
		file_put(load->loader.file);
	kfree(load);
	return error;
}
