/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps an ELF program, and the loader it names, into a fresh vmspace. What lib/elf.c accepted needs no more checks here.
 * File pages are mapped, not read: the first touch brings them. Source: System V gABI chapter 5, elf(5).
 */
#include <abi/linux/exec.h>

#include <core/printk.h>
#include <fs/file.h>
#include <fs/vnode.h>
#include <isolation/aspace.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <uapi/linux/stat.h>

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

/* Opens and checks the loader; its image goes above the program. */
static int load_loader(struct vmspace *vs, struct file *program, const struct elf_image *app, struct exec_image *image)
{
	struct elf_image elf;
	struct file *file;
	struct stat64 st;
	char *buffer;
	long n;
	int error;

	buffer = kmalloc(ELF_HEAD_MAX);
	if (!buffer)
		return -ENOMEM;
	n = file_pread(program, buffer, app->interp_len, app->interp_offset);
	if (n != (long)app->interp_len || !elf_interp_valid(buffer, app->interp_len)) {
		kfree(buffer);
		return -ENOEXEC;
	}
	file = exec_open(buffer);
	if (IS_ERR(file)) {
		error = (int)PTR_ERR(file);
		if (error == -ENOENT)
			pr_warn("exec: this program needs the loader %s, which is not there", buffer);
		kfree(buffer);
		return error;
	}
	error = file_stat(file, &st);
	n = error ? error : file_pread(file, buffer, ELF_HEAD_MAX, 0);
	error = n < 0 ? (int)n : elf_parse(buffer, (size_t)n, (u64)st.size, &elf);
	if (!error && elf.type != ET_DYN)
		error = -ENOEXEC;
	if (!error) {
		u64 size = elf.vaddr_max - elf.vaddr_min;
		long base = vmspace_map(vs, 0, size, 0, REGION_MAYWRITE, NULL, 0, "");

		error = base < 0 ? (int)base : map_image(vs, file, &elf, (u64)base - elf.vaddr_min);
		image->loader_base = (u64)base - elf.vaddr_min;
		image->entry = elf.entry + image->loader_base;
	}
	file_put(file);
	kfree(buffer);
	return error;
}

int exec_load(struct vmspace *vs, struct file *file, const void *head, size_t head_size, u64 stack_room,
	      struct exec_image *image)
{
	struct elf_image elf;
	struct stat64 st;
	uaddr_t bias;
	int error = file_stat(file, &st);

	if (error)
		return error;
	error = elf_parse(head, head_size, (u64)st.size, &elf);
	if (error) {
		pr_info("exec: %s", elf.reason);
		return error;
	}
	error = aspace_place(vs, elf.vaddr_min, elf.vaddr_max, elf.type == ET_EXEC, &bias);
	if (error)
		return error;
	bias = ALIGN_UP(bias, elf.align);
	vs->mmap_top = ALIGN_DOWN(vs->end - PAGE_SIZE - MIN(stack_room, (vs->end - vs->start) / 2), PAGE_SIZE);
	error = map_image(vs, file, &elf, bias);
	if (error)
		return error;
	*image = (struct exec_image){
		.entry = elf.entry + bias,
		.app_entry = elf.entry + bias,
		.phdr = elf.phdr_vaddr ? elf.phdr_vaddr + bias : 0,
		.phnum = elf.phnum,
		.end = ALIGN_UP(elf.vaddr_max + bias, PAGE_SIZE),
		.exec_stack = elf.exec_stack,
	};
	vs->code_start = elf.vaddr_min + bias;
	vs->code_end = image->end;
	return elf.interp_len ? load_loader(vs, file, &elf, image) : 0;
}
