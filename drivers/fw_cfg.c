/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's firmware configuration device at its ports on a PC, by DMA alone: a byte read by port is an exit to the host.
 * Source: QEMU docs/specs/fw_cfg. Called at boot by whoever looks for devices that no bus lists.
 */
#include <drivers/fw_cfg.h>

#include <arch/cpu.h>
#include <arch/pmap.h>
#include <lib/string.h>
#include <mm/slab.h>

enum { PORT_SELECTOR = 0x510, PORT_DATA = 0x511, PORT_DMA_HIGH = 0x514, PORT_DMA_LOW = 0x518 };
enum { KEY_SIGNATURE = 0x00, KEY_FEATURES = 0x01, KEY_DIRECTORY = 0x19 };

#define FEATURE_DMA BIT(1)
#define DMA_ERROR BIT(0)
#define DMA_READ BIT(1)
#define DMA_SELECT BIT(3)

#define FILE_MAX (1u << 20)
#define FILES_MAX 1024u

/* All three are big-endian. */
struct dma_access {
	u32 control;
	u32 size;
	u64 address;
};

struct directory_entry {
	u32 size;          /* big-endian */
	u16 key;           /* big-endian */
	u16 reserved;
	char name[56];
};

static bool present(void)
{
	char signature[4];

	outw(PORT_SELECTOR, KEY_SIGNATURE);
	for (unsigned i = 0; i < sizeof(signature); i++)
		signature[i] = (char)inb(PORT_DATA);
	if (memcmp(signature, "QEMU", sizeof(signature)))
		return false;
	outw(PORT_SELECTOR, KEY_FEATURES);
	return inb(PORT_DATA) & FEATURE_DMA;
}

/* Reads `size` bytes of `key` from its start into memory of the direct map. */
static bool dma_read(u16 key, void *to, u32 size)
{
	struct dma_access *access = kmalloc(sizeof(*access));
	bool ok;

	if (!access)
		return false;
	*access = (struct dma_access){
		.control = __builtin_bswap32((u32)key << 16 | DMA_SELECT | DMA_READ),
		.size = __builtin_bswap32(size),
		.address = __builtin_bswap64(virt_to_phys(to)),
	};
	outl(PORT_DMA_HIGH, __builtin_bswap32((u32)(virt_to_phys(access) >> 32)));
	outl(PORT_DMA_LOW, __builtin_bswap32((u32)virt_to_phys(access)));
	while (__builtin_bswap32(READ_ONCE(access->control)) & ~DMA_ERROR & 0xffff)
		cpu_pause();
	ok = !(__builtin_bswap32(access->control) & DMA_ERROR);
	kfree(access);
	return ok;
}

/* The whole of `key`. */
static void *read_key(u16 key, u32 size)
{
	void *data = kmalloc(size);

	if (data && !dma_read(key, data, size)) {
		kfree(data);
		data = NULL;
	}
	return data;
}

static bool find(const char *name, u16 *key, u32 *size)
{
	u32 *count = read_key(KEY_DIRECTORY, sizeof(*count));
	u32 files = count ? MIN(__builtin_bswap32(*count), FILES_MAX) : 0;
	struct directory_entry *entry;
	bool found = false;
	u8 *directory;

	kfree(count);
	directory = files ? read_key(KEY_DIRECTORY, (u32)(sizeof(u32) + files * sizeof(*entry))) : NULL;
	if (!directory)
		return false;
	entry = (struct directory_entry *)(directory + sizeof(u32));
	for (u32 i = 0; i < files && !found; i++)
		if (!strncmp(entry[i].name, name, sizeof(entry[i].name))) {
			*key = __builtin_bswap16(entry[i].key);
			*size = __builtin_bswap32(entry[i].size);
			found = true;
		}
	kfree(directory);
	return found;
}

void *fw_cfg_read(const char *name, size_t *size)
{
	u32 bytes = 0;
	u16 key = 0;

	if (!present() || !find(name, &key, &bytes) || !bytes || bytes > FILE_MAX)
		return NULL;
	*size = bytes;
	return read_key(key, bytes);
}
