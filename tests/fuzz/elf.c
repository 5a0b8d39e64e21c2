/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/elf.c: the size that the file claims to have (8 bytes), then its first bytes. */
#include "fuzz.h"

#include <lib/elf.h>

static bool inside(u64 start, u64 size, u64 end)
{
	return start <= end && size <= end - start;
}

static void check_load(const struct elf_image *image, unsigned i, u64 filesize)
{
	const struct elf_load *load = &image->loads[i];

	promise(load->memsz && load->filesz <= load->memsz);
	promise(inside(load->offset, load->filesz, filesize));
	promise(inside(load->vaddr, load->memsz, ELF_ADDR_END));
	promise(load->vaddr >= image->vaddr_min && load->vaddr + load->memsz <= image->vaddr_max);
	promise(!load->filesz || (load->vaddr - load->offset) % PAGE_SIZE == 0);
	promise(!(load->flags & ~(PF_R | PF_W | PF_X)));
	promise(!i || load[-1].vaddr + load[-1].memsz <= load->vaddr);
}

static void check(const struct elf_image *image, u64 filesize)
{
	bool entry = false;

	promise(!image->reason);
	promise(image->type == ET_EXEC || image->type == ET_DYN);
	promise(image->nloads >= 1 && image->nloads <= ELF_LOADS_MAX);
	promise(image->align >= PAGE_SIZE && image->align <= ELF_ALIGN_MAX && !(image->align & (image->align - 1)));
	promise(image->vaddr_max <= ELF_ADDR_END && image->vaddr_min < image->vaddr_max);
	promise(!image->interp_len || (image->interp_len >= 2 && image->interp_len <= ELF_INTERP_MAX));
	for (unsigned i = 0; i < image->nloads; i++) {
		const struct elf_load *load = &image->loads[i];

		check_load(image, i, filesize);
		entry |= (load->flags & PF_X) && image->entry >= load->vaddr && image->entry < load->vaddr + load->memsz;
	}
	promise(entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u64 filesize = take_u64(&data, &size);
	char *head = text_of(data, size);
	struct elf_image image;
	int error = elf_parse_header(head, size, filesize, &image);

	elf_interp_valid(head, size);
	if (!error) {
		size_t table_size = (size_t)image.phnum * image.phent;
		void *table = malloc(table_size);

		promise(table_size && inside(image.phoff, table_size, filesize));
		memset(table, 0, table_size);
		if (image.phoff < size)
			memcpy(table, head + image.phoff, MIN(table_size, size - image.phoff));
		error = elf_parse_table(table, filesize, &image);
		free(table);
	}
	promise(error == 0 || (error == -ENOEXEC && image.reason));
	if (!error)
		check(&image, filesize);
	free(head);
	return 0;
}
