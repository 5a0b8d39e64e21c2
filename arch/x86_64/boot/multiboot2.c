/* SPDX-License-Identifier: BSD-2-Clause */
/* The multiboot2 information: a list of tags. Source: Multiboot2 specification 2.0, section 3.6. */
#include "boot.h"

#include <arch/pmap.h>
#include <lib/string.h>

enum { TAG_END = 0, TAG_CMDLINE = 1, TAG_MODULE = 3, TAG_MEMORY_MAP = 6, TAG_FRAMEBUFFER = 8, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15 };

struct mb2_tag {
	u32 type, size;
};

struct mb2_module {
	struct mb2_tag tag;
	u32 start, end;
};

struct mb2_memory_map {
	struct mb2_tag tag;
	u32 entry_size, entry_version;
};

struct mb2_memory_entry {
	u64 base, size;
	u32 type, reserved;
};

struct mb2_framebuffer {
	struct mb2_tag tag;
	u64 address;
	u32 pitch, width, height;
	u8 bits, type;
	u16 reserved;
} __packed;

enum { FRAMEBUFFER_RGB = 1, FRAMEBUFFER_TEXT = 2 };

/* The tags vanish with low memory, so the RSDP (at most 36 bytes) is kept here. */
static u8 rsdp_copy[36] __aligned(16);

static void parse_memory_map(const struct mb2_memory_map *map)
{
	const u8 *p = (const u8 *)(map + 1), *end = (const u8 *)map + map->tag.size;

	if (map->entry_size < sizeof(struct mb2_memory_entry))
		return;
	for (; p + map->entry_size <= end; p += map->entry_size) {
		const struct mb2_memory_entry *e = (const void *)p;

		bootinfo_add_range(e->base, e->size, bootinfo_e820_type(e->type));
	}
}

static void parse_framebuffer(const struct mb2_framebuffer *f)
{
	if (f->tag.size < sizeof(*f) || (f->type != FRAMEBUFFER_RGB && f->type != FRAMEBUFFER_TEXT))
		return;
	bootinfo.screen = (struct boot_screen){
		.kind = f->type == FRAMEBUFFER_TEXT ? SCREEN_TEXT : SCREEN_PIXELS,
		.address = f->address, .pitch = f->pitch, .width = f->width, .height = f->height, .bits = f->bits,
	};
}

static void parse_rsdp(const struct mb2_tag *tag)
{
	size_t size = MIN(tag->size - sizeof(*tag), sizeof(rsdp_copy));

	if (bootinfo.rsdp && tag->type == TAG_RSDP_OLD)
		return;
	memcpy(rsdp_copy, tag + 1, size);
	bootinfo.rsdp = virt_to_phys(rsdp_copy);
}

void multiboot2_parse(paddr_t info)
{
	const u8 *base = phys_to_virt(info);
	u32 total = *(const u32 *)base;

	for (u32 at = 8; at + sizeof(struct mb2_tag) <= total;) {
		const struct mb2_tag *tag = (const void *)(base + at);

		if (tag->type == TAG_END || tag->size < sizeof(*tag))
			break;
		if (tag->type == TAG_CMDLINE) {
			bootinfo_set_cmdline((const char *)(tag + 1));
		} else if (tag->type == TAG_MODULE && !bootinfo.initrd) {
			const struct mb2_module *m = (const void *)tag;

			bootinfo.initrd = m->start;
			bootinfo.initrd_size = m->end - m->start;
		} else if (tag->type == TAG_MEMORY_MAP) {
			parse_memory_map((const void *)tag);
		} else if (tag->type == TAG_FRAMEBUFFER) {
			parse_framebuffer((const void *)tag);
		} else if (tag->type == TAG_RSDP_OLD || tag->type == TAG_RSDP_NEW) {
			parse_rsdp(tag);
		}
		at += ALIGN_UP(tag->size, 8);
	}
}
