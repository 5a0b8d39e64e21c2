/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading a program: execve(2), and init's first one. */
#ifndef ABI_LINUX_EXEC_H
#define ABI_LINUX_EXEC_H

#include <lib/types.h>

#define EXEC_STRING_MAX (128ul << 10) /* one argument, as Linux's MAX_ARG_STRLEN */
#define EXEC_STRINGS_MAX (2ul << 20)  /* all of them and their pointers: a quarter of the default stack */

struct page;

/* The strings of the new stack: arguments, then environment, each with its NUL, one behind the other in pages. All zero: none. */
struct exec_strings {
	struct page **page;
	unsigned npages;
	size_t used; /* bytes */
	unsigned argc, envc;
};

/* exec_strings.c. -E2BIG, -ENOMEM; copyin: -EFAULT too. After an error a part may be there. */
int exec_strings_add(struct exec_strings *s, const char *string);
int exec_strings_copyin(struct exec_strings *s, uaddr_t string);
/* Those of `more` from `offset` on, behind those of s. */
int exec_strings_join(struct exec_strings *s, const struct exec_strings *more, size_t offset);
/* The bytes from `offset` on, as many as lie together; *size 0 at the end. */
const char *exec_strings_at(const struct exec_strings *s, size_t offset, size_t *size);
/* Where the string behind the one at `offset` begins. */
size_t exec_strings_next(const struct exec_strings *s, size_t offset);
void exec_strings_free(struct exec_strings *s);

/*
 * Replaces the current process's program. On 0 the frame at the top of the kernel stack is the new program's; on an error
 * the old program is untouched, unless the point of no return had passed: then the process is killed.
 */
int exec_program(const char *path, struct exec_strings *strings);

/* load.c: an ELF image into a fresh vmspace. */
struct cred;
struct file;
struct vmspace;
struct exec_image {
	uaddr_t entry;       /* where to go: the program's or its loader's */
	uaddr_t app_entry;   /* AT_ENTRY */
	uaddr_t phdr;        /* AT_PHDR */
	unsigned phnum;
	uaddr_t loader_base; /* AT_BASE; 0 without PT_INTERP */
	uaddr_t vdso;        /* AT_SYSINFO_EHDR */
	uaddr_t end;         /* where brk begins */
	bool exec_stack;
	const struct cred *cred; /* who the program will be */
};
/*
 * Mappings, the loader's first, will go below `stack_room` bytes at the top. 0; -ENOEXEC (one line says why at info level),
 * of a loader -ENOENT and what else open says, -EIO, -ELIBBAD; -ENOMEM, -EAGAIN.
 */
int exec_load(struct vmspace *vs, struct file *file, const void *head, size_t head_size, u64 stack_room,
	      struct exec_image *image);

/* A regular file that may be executed, opened for reading. ERR_PTR. */
struct file *exec_open(const char *path);

/* stack.c: arguments, environment and auxiliary vector below `top`. The stack pointer, or 0. */
uaddr_t exec_build_stack(struct vmspace *vs, uaddr_t top, const struct exec_strings *strings, const struct exec_image *image,
			 const char *path);

#endif
