/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_elf.c - good images are read right; every broken one is refused with a reason, and whatever
 * is accepted keeps the promises of <lib/elf.h>, which check_promises spells out.
 */
#include "test.h"

#include <lib/elf.h>

#define NPHDRS 6
#define FILE_SIZE 0x3000

/* The start of a small static PIE, as a linker would write it. */
struct image {
	struct elf64_ehdr eh;
	struct elf64_phdr ph[NPHDRS];
	char interp[16];
};

static struct image good_image(void)
{
	struct image image = {
	    .eh = {.e_ident = ELFMAG,
		   .e_type = ET_DYN,
		   .e_machine = EM_X86_64,
		   .e_version = EV_CURRENT,
		   .e_entry = 0x1010,
		   .e_phoff = offsetof(struct image, ph),
		   .e_ehsize = sizeof(struct elf64_ehdr),
		   .e_phentsize = sizeof(struct elf64_phdr),
		   .e_phnum = NPHDRS},
	    .ph = {{PT_INTERP, PF_R, offsetof(struct image, interp), 0, 0, 8, 8, 1},
		   {PT_LOAD, PF_R, 0, 0, 0, 0x600, 0x600, 0x1000},
		   {PT_LOAD, PF_R | PF_X, 0x1000, 0x1000, 0, 0x234, 0x234, 0x1000},
		   {PT_LOAD, PF_R | PF_W, 0x2ff0, 0x3ff0, 0, 0x10, 0x9000, 0x200000},
		   {PT_TLS, PF_R, 0x2ff0, 0x3ff0, 0, 8, 16, 8},
		   {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16}},
	    .interp = "/lib/ld",
	};

	image.eh.e_ident[EI_CLASS] = ELFCLASS64;
	image.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	image.eh.e_ident[EI_VERSION] = EV_CURRENT;
	return image;
}

static void check_promises(const struct elf_image *image, u64 filesize)
{
	bool entry_found = false;

	assert_null(image->reason);
	assert_true(image->type == ET_EXEC || image->type == ET_DYN);
	assert_in_range(image->nloads, 1, ELF_LOADS_MAX);
	assert_true(IS_ALIGNED(image->vaddr_min, PAGE_SIZE));
	assert_true(IS_ALIGNED(image->vaddr_max, PAGE_SIZE));
	assert_true(image->vaddr_max <= ELF_ADDR_END);
	assert_true(image->align >= PAGE_SIZE && !(image->align & (image->align - 1)));
	for (unsigned i = 0; i < image->nloads; i++) {
		const struct elf_load *load = &image->loads[i];

		assert_true(load->memsz > 0 && load->filesz <= load->memsz);
		assert_true(load->offset <= filesize && load->filesz <= filesize - load->offset);
		assert_true(load->vaddr >= image->vaddr_min);
		assert_true(load->vaddr + load->memsz > load->vaddr);
		assert_true(load->vaddr + load->memsz <= image->vaddr_max);
		assert_true(!load->filesz || (load->vaddr - load->offset) % PAGE_SIZE == 0);
		assert_true(image->type == ET_DYN || load->vaddr >= ELF_ADDR_MIN);
		assert_int_equal(load->flags & ~(PF_R | PF_W | PF_X), 0);
		if (i)
			assert_true(load[-1].vaddr + load[-1].memsz <= load->vaddr);
		if ((load->flags & PF_X) && image->entry >= load->vaddr &&
		    image->entry < load->vaddr + load->memsz)
			entry_found = true;
	}
	assert_true(entry_found);
	assert_in_range(image->phnum, 1, ELF_PHNUM_MAX);
	assert_true(image->phoff + image->phnum * image->phent <= filesize);
	if (image->interp_len)
		assert_in_range(image->interp_len, 2, ELF_INTERP_MAX);
}

/* As the loader does; a table that is not in the head is read as zeroes. */
static int parse_both(const u8 *head, size_t headlen, u64 filesize, struct elf_image *out)
{
	int error = elf_parse_header(head, headlen, filesize, out);
	size_t size = out->phnum * out->phent;
	u8 *table;

	if (error)
		return error;
	table = calloc(1, size);
	if (out->phoff <= headlen && size <= headlen - out->phoff)
		memcpy(table, head + out->phoff, size);
	error = elf_parse_table(table, filesize, out);
	free(table);
	return error;
}

/* Parses from an exact block; either promise or reason. */
static int parse(const void *bytes, size_t headlen, u64 filesize, struct elf_image *out)
{
	u8 *head = exact_copy(bytes, headlen);
	int error = parse_both(head, headlen, filesize, out);

	if (error) {
		assert_int_equal(error, -ENOEXEC);
		assert_non_null(out->reason);
	} else {
		check_promises(out, filesize);
	}
	exact_free(head, headlen);
	return error;
}

static void expect_refusal(const struct image *image, const char *reason)
{
	struct elf_image out;

	assert_int_equal(parse(image, sizeof(*image), FILE_SIZE, &out), -ENOEXEC);
	assert_string_equal(out.reason, reason);
}

static void test_good(void **state __maybe_unused)
{
	struct image image = good_image();
	struct elf_image out;

	assert_int_equal(parse(&image, sizeof(image), FILE_SIZE, &out), 0);
	assert_int_equal(out.type, ET_DYN);
	assert_int_equal(out.entry, 0x1010);
	assert_int_equal(out.phoff, 64);
	assert_int_equal(out.phnum, NPHDRS);
	assert_int_equal(out.phent, 56);
	assert_int_equal(out.phdr_vaddr, 64);
	assert_int_equal(out.nloads, 3);
	assert_int_equal(out.loads[2].vaddr, 0x3ff0);
	assert_int_equal(out.loads[2].memsz, 0x9000);
	assert_int_equal(out.loads[2].offset, 0x2ff0);
	assert_int_equal(out.loads[2].filesz, 0x10);
	assert_int_equal(out.loads[2].flags, PF_R | PF_W);
	assert_int_equal(out.vaddr_min, 0);
	assert_int_equal(out.vaddr_max, 0xd000);
	assert_int_equal(out.align, 0x200000);
	assert_int_equal(out.interp_len, 8);
	assert_int_equal(out.interp_offset, offsetof(struct image, interp));
	assert_false(out.exec_stack);
	assert_true(out.has_tls);

	image.ph[5].p_flags |= PF_X;
	image.ph[4].p_type = PT_NULL;
	image.ph[0].p_type = PT_NULL;
	image.ph[1].p_offset = 0x1000;
	assert_int_equal(parse(&image, sizeof(image), FILE_SIZE, &out), 0);
	assert_true(out.exec_stack);
	assert_false(out.has_tls);
	assert_int_equal(out.interp_len, 0);
	assert_int_equal(out.phdr_vaddr, 0);
}

/* Makes a good image, changes one thing, and expects that reason. */
#define REFUSED(change, why)                                                                       \
	do {                                                                                       \
		struct image image = good_image();                                                 \
		image.change;                                                                      \
		expect_refusal(&image, why);                                                       \
	} while (0)

static void test_refused_header(void **state __maybe_unused)
{
	REFUSED(eh.e_ident[0] = 'E', "not an ELF file");
	REFUSED(eh.e_ident[EI_CLASS] = 1, "not a 64-bit ELF file");
	REFUSED(eh.e_ident[EI_DATA] = 2, "not a little-endian ELF file");
	REFUSED(eh.e_ident[EI_VERSION] = 0, "unknown ELF version");
	REFUSED(eh.e_version = 2, "unknown ELF version");
	REFUSED(eh.e_machine = 183, "built for another machine, not x86-64");
	REFUSED(eh.e_type = 1, "not an executable ELF file (an object file or a core dump)");
	REFUSED(eh.e_type = 4, "not an executable ELF file (an object file or a core dump)");
	REFUSED(eh.e_phentsize = 32, "program headers of a wrong size");
	REFUSED(eh.e_phnum = 0, "no program headers");
	REFUSED(eh.e_phnum = 74, "too many program headers (at most 73)");
	REFUSED(eh.e_phoff = ~0UL, "truncated: program headers past the end of the file");
	REFUSED(eh.e_phoff = FILE_SIZE - 56, "truncated: program headers past the end of the file");
	REFUSED(eh.e_entry = 0x600, "the entry point is in no executable segment");
	REFUSED(eh.e_entry = 0x1234, "the entry point is in no executable segment");
}

static void test_refused_segments(void **state __maybe_unused)
{
	REFUSED(ph[2].p_filesz = 0x235, "a segment has more bytes in the file than in memory");
	REFUSED(ph[3].p_offset = 0x3ff0, "truncated: a segment lies past the end of the file");
	REFUSED(ph[3].p_offset = ~0xfUL, "truncated: a segment lies past the end of the file");
	REFUSED(ph[3].p_memsz = ~0UL, "a segment lies outside the lower half of the address space");
	REFUSED(ph[3].p_vaddr = 0xffffffff80000ff0UL,
		"a segment lies outside the lower half of the address space");
	REFUSED(ph[3].p_memsz = 0x7fffffffc000UL,
		"a segment lies outside the lower half of the address space");
	REFUSED(ph[3].p_vaddr = 0x3ff8,
		"a segment's address and file offset differ within the page");
	REFUSED(eh.e_type = ET_EXEC, "a segment lies in the page at address 0");
	REFUSED(ph[1].p_vaddr = 0x8000, "loadable segments are not in ascending order");
	REFUSED(ph[2].p_memsz = 0x2ff1, "loadable segments overlap");
	REFUSED(ph[0].p_filesz = 1, "the interpreter's path is empty or too long");
	REFUSED(ph[0].p_filesz = 4097, "the interpreter's path is empty or too long");
	REFUSED(eh.e_phnum = 1, "no loadable segment");
}

static void test_many_loads(void **state __maybe_unused)
{
	struct {
		struct elf64_ehdr eh;
		struct elf64_phdr ph[ELF_LOADS_MAX];
	} image = {.eh = good_image().eh};
	struct elf_image out;

	for (unsigned i = 0; i < ELF_LOADS_MAX; i++)
		image.ph[i] = (struct elf64_phdr){PT_LOAD, PF_R | PF_X, 0,     i * 0x1000,
						  0,	   0x100,	0x100, 0x1000};
	image.eh.e_phnum = ELF_LOADS_MAX;
	assert_int_equal(parse(&image, sizeof(image), FILE_SIZE, &out), 0);
	assert_int_equal(out.nloads, ELF_LOADS_MAX);
}

/* What Linux takes, we take. */
static void test_tolerated(void **state __maybe_unused)
{
	struct image image = good_image();
	struct elf_image out;

	image.ph[4] = image.ph[0];
	image.ph[4].p_filesz = 0; /* a second interpreter is not looked at */
	assert_int_equal(parse(&image, sizeof(image), FILE_SIZE, &out), 0);
	assert_int_equal(out.interp_offset, offsetof(struct image, interp));
	assert_int_equal(out.interp_len, 8);
	image.ph[3].p_align = 1UL << 63;
	assert_int_equal(parse(&image, sizeof(image), FILE_SIZE, &out), 0);
	assert_int_equal(out.align, 0x1000);
	image.ph[3].p_align = ELF_ALIGN_MAX;
	assert_int_equal(parse(&image, sizeof(image), FILE_SIZE, &out), 0);
	assert_int_equal(out.align, ELF_ALIGN_MAX);

	/* A bad segment does not hide the interpreter. */
	image.ph[2].p_filesz++;
	assert_int_equal(parse(&image, sizeof(image), FILE_SIZE, &out), -ENOEXEC);
	assert_int_equal(out.interp_len, 8);

	assert_true(elf_interp_valid("/lib/ld", 8));
	assert_true(elf_interp_valid("ld", 3));
	assert_true(elf_interp_valid("a\0b", 4));
	assert_false(elf_interp_valid("/lib/ld", 7));
	assert_false(elf_interp_valid("", 1));
}

/* Heads and files that end anywhere. */
static void test_cut(void **state __maybe_unused)
{
	struct image image = good_image();
	struct elf_image out;

	for (size_t n = 0; n < sizeof(image); n++) {
		int error = parse(&image, n, n, &out);

		assert_int_equal(error, -ENOEXEC);
		if (n >= SELFMAG)
			assert_memory_equal(out.reason, "truncated", 9);
		parse(&image, n, FILE_SIZE, &out);
		parse(&image, sizeof(image), n, &out);
	}
	for (u64 size = sizeof(image); size < FILE_SIZE; size++)
		assert_int_equal(parse(&image, sizeof(image), size, &out), -ENOEXEC);
}

/* Every field of both headers takes many values, alone and beside random other damage. */
static void mutate(const u8 *good, size_t headlen, u64 filesize, size_t table_end)
{
	static const u64 values[] = {0,
				     1,
				     2,
				     3,
				     7,
				     0x38,
				     0x40,
				     0x7f,
				     0x80,
				     0xff,
				     0xfff,
				     0x1000,
				     0x1001,
				     0x7fff,
				     0xffff,
				     1 << 20,
				     0x7fffffff,
				     0x80000000,
				     0xffffffff,
				     0x7ffffffff000,
				     0x800000000000,
				     INT64_MAX,
				     1UL << 63,
				     ~0xfffUL,
				     ~0UL};
	struct elf_image out;
	u8 *head = malloc(headlen);

	for (size_t at = 0; at < table_end; at++) {
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			for (size_t width = 1; width <= 8; width *= 2) {
				if (at % width)
					continue;
				memcpy(head, good, headlen);
				memcpy(head + at, &values[v], width);
				parse_both(head, headlen, filesize, &out) ||
				    (check_promises(&out, filesize), 0);
			}
		}
	}
	for (unsigned round = 0; round < 100000; round++) {
		memcpy(head, good, headlen);
		for (u64 n = random_below(5); n; n--) {
			size_t at = random_below(table_end / 8) * 8;

			memcpy(head + at, &values[random_below(ARRAY_SIZE(values))],
			       1UL << random_below(4));
		}
		parse_both(head, headlen, filesize, &out) ||
		    (check_promises(&out, filesize), 0);
	}
	free(head);
}

static void test_mutations(void **state __maybe_unused)
{
	struct image image = good_image();

	mutate((u8 *)&image, sizeof(image), FILE_SIZE, offsetof(struct image, interp));
}

/* Real programs of this machine, when they are there. */
static void test_real(void **state __maybe_unused)
{
	static const char *const paths[] = {"/bin/busybox", "/bin/bash-static", "/bin/sh"};
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		FILE *file = fopen(paths[i], "rb");
		u8 head[ELF_HEAD_MAX];
		struct elf_image out;
		size_t n;
		u64 size;

		if (!file)
			continue;
		n = fread(head, 1, sizeof(head), file);
		fseek(file, 0, SEEK_END);
		size = (u64)ftell(file);
		fclose(file);
		if (parse(head, n, size, &out))
			fail_msg("%s: %s", paths[i], out.reason);
		assert_true(out.phdr_vaddr);
		assert_false(out.exec_stack);
		assert_true(out.nloads >= 2);
		assert_int_equal(parse(head, n, size / 2, &out), -ENOEXEC);
		if (found++ == 0)
			mutate(head, n, size, out.phoff + out.phnum * out.phent);
	}
	if (!found)
		skip();
}

TEST_MAIN("elf", TEST(test_good), TEST(test_refused_header), TEST(test_refused_segments),
	  TEST(test_many_loads), TEST(test_tolerated),
	  TEST(test_cut), TEST(test_mutations), TEST(test_real))
