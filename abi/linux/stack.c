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
#include <mm/slab.h>
#include <mm/vmspace.h>

#define CLOCK_TICKS 100 /* times(2)'s unit, as on Linux */
#define RANDOM_BYTES 16

struct vector {
	u64 *word;
	unsigned n;
};

static void put(struct vector *v, u64 word)
{
	v->word[v->n++] = word;
}

static void put_auxv(struct vector *v, u64 type, u64 value)
{
	put(v, type);
	put(v, value);
}

/* Pointers to consecutive strings that begin at *address; moves it past them. */
static void put_pointers(struct vector *v, const char **text, uaddr_t *address, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		size_t size = strlen(*text) + 1;

		put(v, *address);
		*address += size;
		*text += size;
	}
	put(v, 0);
}

static void put_all_auxv(struct vector *v, const struct exec_image *image, uaddr_t random, uaddr_t execfn, uaddr_t platform)
{
	const struct cred *cred = cred_current();
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
	put_auxv(v, AT_SECURE, 0);
	put_auxv(v, AT_RANDOM, random);
	put_auxv(v, AT_EXECFN, execfn);
	put_auxv(v, AT_PLATFORM, platform);
	put_auxv(v, AT_NULL, 0);
}

uaddr_t exec_build_stack(struct vmspace *vs, uaddr_t top, const struct exec_strings *strings, const struct exec_image *image,
			 const char *path)
{
	static const char platform[] = "x86_64";
	u8 random[RANDOM_BYTES];
	struct vector v = {kmalloc((strings->argc + strings->envc + 64) * sizeof(u64)), 0};
	const char *text = strings->text;
	uaddr_t sp = top - 16, execfn, platform_at, random_at, strings_at;

	if (!v.word)
		return 0;
	random_bytes(random, sizeof(random));
	execfn = sp -= strlen(path) + 1;
	platform_at = sp -= sizeof(platform);
	random_at = sp -= sizeof(random);
	strings_at = sp -= strings->used;
	sp = ALIGN_DOWN(sp, 16);

	vs->arg_start = strings_at;
	put(&v, strings->argc);
	put_pointers(&v, &text, &strings_at, strings->argc);
	vs->arg_end = vs->env_start = strings_at;
	put_pointers(&v, &text, &strings_at, strings->envc);
	vs->env_end = strings_at;
	put_all_auxv(&v, image, random_at, execfn, platform_at);
	sp = ALIGN_DOWN(sp - v.n * sizeof(u64), 16);

	bool failed = vmspace_write(vs, execfn, path, strlen(path) + 1) ||
		      vmspace_write(vs, platform_at, platform, sizeof(platform)) ||
		      vmspace_write(vs, random_at, random, sizeof(random)) ||
		      vmspace_write(vs, vs->arg_start, strings->text, strings->used) ||
		      vmspace_write(vs, sp, v.word, v.n * sizeof(u64));

	kfree(v.word);
	vs->stack_start = sp;
	return failed ? 0 : sp;
}
