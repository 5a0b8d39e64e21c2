/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdt.h - reads a flattened device tree (Devicetree Specification 0.4, chapter 5).
 *
 * The blob may lie: nothing outside of it is read, whatever its fields say. No state but the caller's.
 */
#ifndef LIB_FDT_H
#define LIB_FDT_H

#include <lib/types.h>

struct fdt {
	const u8 *structs;   /* the structure block */
	u32 structs_size;
	const u8 *strings;   /* names of properties */
	u32 strings_size;
};

/* A place in the tree. All zero is before the root. */
struct fdt_node {
	const char *name;    /* NUL-terminated, "" for the root */
	u32 properties;      /* offset of the first one's token */
};

/* -EINVAL: it is none, or its parts lie outside. */
int fdt_init(struct fdt *fdt, const void *blob, size_t size);
/* The next node of the whole tree, parents before children. False: there is none, or the blob is broken here. */
bool fdt_next(const struct fdt *fdt, struct fdt_node *node);
/* A property's bytes and their number; NULL: it has none of that name. */
const u8 *fdt_property(const struct fdt *fdt, const struct fdt_node *node, const char *name, u32 *size);
/* Does the list of strings in property `name` hold `text`? */
bool fdt_has_string(const struct fdt *fdt, const struct fdt_node *node, const char *name, const char *text);
/* A property that is one or more 32-bit cells: cell number `index`. False: it is not there. */
bool fdt_cell(const struct fdt *fdt, const struct fdt_node *node, const char *name, unsigned index, u32 *value);

#endif
