/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first stack of a program: strings at the top, below them the auxiliary vector, environment and argument pointers,
 * argc at the stack pointer, 16-byte aligned. Source: System V ABI, AMD64 supplement, 3.4.1; getauxval(3).
 */
#include <abi/linux/exec.h>

#include <arch/cpu.h>
#include <core/random.h>
#include <isolation/proc.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/aslr.h>
#include <mm/vmspace.h>

#define CLOCK_TICKS 100 /* times(2)'s unit, as on Linux */
#define RANDOM_BYTES 16

#define BATCH 64

/* Words on their way to the stack, upwards from `at`. */
struct vector {
	struct vmspace *vs; /* NULL: only counts them, from `at` 0 */
	uaddr_t at;
	u64 word[BATCH];
	unsigned n;
	bool failed;
};

static void flush(struct vector *v)
{
	v->failed |= v->vs && vmspace_write(v->vs, v->at, v->word, v->n * sizeof(u64));
	v->at += v->n * sizeof(u64);
	v->n = 0;
}

static void put(struct vector *v, u64 word)
{
	v->word[v->n++] = word;
	if (v->n == BATCH)
		flush(v);
}

static void put_auxv(struct vector *v, u64 type, u64 value)
{
	put(v, type);
	put(v, value);
}

/* Pointers to `count` strings that begin at *offset, of strings that begin at `base`; moves *offset past them. */
static void put_pointers(struct vector *v, const struct exec_strings *strings, size_t *offset, uaddr_t base, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		put(v, base + *offset);
		*offset = exec_strings_next(strings, *offset);
	}
	put(v, 0);
}

static bool write_strings(struct vmspace *vs, uaddr_t base, const struct exec_strings *strings)
{
	for (size_t offset = 0, size; offset < strings->used; offset += size) {
		const char *at = exec_strings_at(strings, offset, &size);

		if (vmspace_write(vs, base + offset, at, size))
			return false;
	}
	return true;
}

static void put_all_auxv(struct vector *v, const struct exec_image *image, uaddr_t random, uaddr_t execfn, uaddr_t platform)
{
	const struct cred *cred = image->cred;
	u32 a, b, c, d;

	cpuid(1, 0, &a, &b, &c, &d);
	put_auxv(v, AT_SYSINFO_EHDR, image->vdso);
	put_auxv(v, AT_HWCAP, d);
	put_auxv(v, AT_PAGESZ, PAGE_SIZE);
	put_auxv(v, AT_CLKTCK, CLOCK_TICKS);
	put_auxv(v, AT_PHDR, image->phdr);
	put_auxv(v, AT_PHENT, sizeof(struct elf64_phdr));
	put_auxv(v, AT_PHNUM, image->phnum);
	put_auxv(v, AT_BASE, image->loader_base);
	put_auxv(v, AT_FLAGS, 0);
	put_auxv(v, AT_ENTRY, image->app_entry);
	put_auxv(v, AT_UID, cred->uid);
	put_auxv(v, AT_EUID, cred->euid);
	put_auxv(v, AT_GID, cred->gid);
	put_auxv(v, AT_EGID, cred->egid);
	put_auxv(v, AT_SECURE, cred->euid != cred->uid || cred->egid != cred->gid);
	put_auxv(v, AT_RANDOM, random);
	put_auxv(v, AT_EXECFN, execfn);
	put_auxv(v, AT_PLATFORM, platform);
	put_auxv(v, AT_NULL, 0);
}

/* Bytes of the vectors and of argc. */
static u64 size_of_words(const struct exec_strings *strings, const struct exec_image *image)
{
	struct vector v = {0};

	put_all_auxv(&v, image, 0, 0, 0);
	flush(&v);
	return v.at + (1 + strings->argc + 1 + strings->envc + 1) * sizeof(u64);
}

uaddr_t exec_build_stack(struct vmspace *vs, uaddr_t top, const struct exec_strings *strings, const struct exec_image *image,
			 const char *path)
{
	static const char platform[] = "x86_64";
	u8 random[RANDOM_BYTES];
	uaddr_t sp = top - 16 - aslr_stack_fine(vs), execfn, platform_at, random_at, strings_at;
	size_t offset = 0;

	random_bytes(random, sizeof(random));
	execfn = sp -= strlen(path) + 1;
	platform_at = sp -= sizeof(platform);
	random_at = sp -= sizeof(random);
	strings_at = sp -= strings->used;
	sp = ALIGN_DOWN(ALIGN_DOWN(sp, 16) - size_of_words(strings, image), 16);

	struct vector v = {.vs = vs, .at = sp};

	put(&v, strings->argc);
	put_pointers(&v, strings, &offset, strings_at, strings->argc);
	vs->arg_start = strings_at;
	vs->arg_end = vs->env_start = strings_at + offset;
	put_pointers(&v, strings, &offset, strings_at, strings->envc);
	vs->env_end = strings_at + offset;
	put_all_auxv(&v, image, random_at, execfn, platform_at);
	flush(&v);

	bool failed = v.failed || vmspace_write(vs, execfn, path, strlen(path) + 1) ||
		      vmspace_write(vs, platform_at, platform, sizeof(platform)) ||
		      vmspace_write(vs, random_at, random, sizeof(random)) || !write_strings(vs, strings_at, strings);

	vs->stack_start = sp;
	return failed ? 0 : sp;
}
