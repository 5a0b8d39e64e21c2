/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's side of the vDSO: one memory object that every process maps, the page of data first, then the image. The data
 * page is written here and by core/time.c through the direct map; applications can neither write it nor make it writable.
 */
#include <abi/linux/vdso.h>

#include <abi/linux/vdso_data.h>
#include <arch/cpu.h>
#include <arch/machine.h>
#include <core/panic.h>
#include <core/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/vmspace.h>

extern const u8 vdso_image[], vdso_image_end[]; /* vdso/image.S */

static struct vm_object *vdso_object; /* I after boot */

static void *page_for_boot(u64 index)
{
	int error;
	struct page *page = object_page(vdso_object, index, true, &error);

	if (!page)
		panic("vdso: no memory");
	page_put(page); /* the object has its own reference, for ever */
	return page_virt(page);
}

static bool has_rdtscp(void)
{
	u32 a, b, c, d;

	cpuid(0x80000001, 0, &a, &b, &c, &d);
	return d & BIT(27);
}

void vdso_init(void)
{
	u64 size = (u64)(vdso_image_end - vdso_image);
	struct vdso_data *data;

	vdso_object = object_create_anonymous(PAGE_SIZE + ALIGN_UP(size, PAGE_SIZE));
	if (!vdso_object)
		panic("vdso: no memory");
	data = page_for_boot(0);
	arch_clock_scale(&data->tsc_base, &data->ns_mult);
	data->cpu_by_rdtscp = has_rdtscp();
	clock_share_offset(&data->realtime_offset);
	for (u64 done = 0; done < size; done += PAGE_SIZE)
		memcpy(page_for_boot(1 + done / PAGE_SIZE), vdso_image + done, MIN(size - done, PAGE_SIZE));
}

int vdso_map(struct vmspace *vs, uaddr_t *ehdr)
{
	u64 size = vdso_object->size;
	long at = vmspace_map(vs, 0, size, PROT_READ, 0, vdso_object, 0, "[vvar]");

	if (at < 0)
		return (int)at;
	*ehdr = (uaddr_t)at + PAGE_SIZE;
	/* Debuggers may write breakpoints, as on Linux: into a copy of their own. */
	at = vmspace_map(vs, *ehdr, size - PAGE_SIZE, PROT_READ | PROT_EXEC, REGION_FIXED | REGION_MAYWRITE, vdso_object, PAGE_SIZE,
			 "[vdso]");
	return at < 0 ? (int)at : 0;
}
