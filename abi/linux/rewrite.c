/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and the rewritten gate (docs/rewritten-gate.md): which of a file's `syscall` instructions become `call *%rax`, as
 * the sidecar says that the host's tool made; that exec writes them; and what the calls are that arrive in no ordinary way.
 * Upcalls of isolation/rewrite.h, and called by init, exec and /proc/orchard.
 */
#include "rewrite.h"

#include <abi/linux/signal.h>
#include <arch/cpu.h>
#include <core/panic.h>
#include <core/printk.h>
#include <fs/file.h>
#include <fs/path.h>
#include <fs/seq.h>
#include <fs/vnode.h>
#include <generated/syscall_nr.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <isolation/rewrite.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/sites.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/stat.h>

#define SITE_SIZE 2u /* bytes of either instruction */
#define VECTOR_INVALID_OPCODE 6
#define VECTOR_GENERAL_PROTECTION 13

static_assert(SYSCALL_MAX <= SLED_LENGTH, "every number has its place in the sled");
static_assert(REWRITE_CACHE_MASK == (REWRITE_CACHE - 1) << 3, "entry code");

/* ---- what the sidecar says ---- */

struct known {
	u8 sha256[SHA256_SIZE];
	u64 size;
	u32 count, kept;
	u64 *offset;                /* ascending */
	/* The file that had this digest when it was last asked, and as what: another look is needed only when that changed. */
	u64 ino, mtime, ctime;      /* known_lock */
	bool looked, sound;         /* a: did somebody look at its sites, and are they `syscall`? */
};

static struct known *known; /* I after rewrite_read_sidecar() */
static u32 nknown;
static struct mutex known_lock = MUTEX_INIT("rewrite", known_lock);

static int count_files(const char *text, size_t size, u32 *count, const char **reason)
{
	struct sites_iter iter;
	struct sites_record record;
	int more;

	sites_init(&iter, text, size);
	for (*count = 0; (more = sites_next(&iter, &record)) > 0;)
		*count += record.kind == SITES_FILE;
	*reason = iter.reason;
	return more;
}

static void take_files(const char *text, size_t size)
{
	struct sites_iter iter;
	struct sites_record record;
	struct known *k = known - 1;
	u32 n = 0;

	for (sites_init(&iter, text, size); sites_next(&iter, &record) > 0;) {
		if (record.kind == SITES_OFFSET) {
			k->offset[n++] = record.offset;
			continue;
		}
		*++k = (struct known){.size = record.size, .count = record.count, .kept = record.kept};
		memcpy(k->sha256, record.sha256, SHA256_SIZE);
		k->offset = kmalloc(MAX(record.count, 1u) * sizeof(u64));
		if (!k->offset)
			memory_give_up("the sites of rewritten system calls");
		n = 0;
	}
	nknown = (u32)(k + 1 - known);
}

void rewrite_read_sidecar(const char *path)
{
	struct file *file = vfs_open(path, O_RDONLY, 0);
	struct stat64 st;
	const char *reason;
	char *text;
	u32 count;

	if (IS_ERR(file)) {
		pr_warn("rewrite: no %s: no system call is rewritten", path);
		return;
	}
	if (file_stat(file, &st) || (u64)st.size > SITES_SIZE_MAX)
		give_up("rewrite: %s is larger than %u bytes", path, SITES_SIZE_MAX);
	text = kmalloc((size_t)st.size + 1);
	if (!text)
		memory_give_up("the sites of rewritten system calls");
	if (file_pread(file, text, (u64)st.size, 0) != st.size)
		give_up("rewrite: %s cannot be read", path);
	file_put(file);
	vfs_unlink(NULL, path, false);
	if (count_files(text, (size_t)st.size, &count, &reason) < 0) {
		pr_warn("rewrite: %s: no system call is rewritten", reason);
	} else {
		known = kmalloc(MAX(count, 1u) * sizeof(*known));
		if (!known)
			memory_give_up("the sites of rewritten system calls");
		take_files(text, (size_t)st.size);
	}
	kfree(text);
}

void rewrite_forget(void)
{
	for (u32 i = 0; i < nknown; i++)
		kfree(known[i].offset);
	kfree(known);
	known = NULL;
	nknown = 0;
}

/* ---- which file is it? ---- */

/* The digest of a whole file. 0, -ENOMEM, or what reading says. */
static int digest_of(struct file *file, u64 size, u8 digest[SHA256_SIZE])
{
	struct sha256 *sum = kmalloc(sizeof(*sum) + PAGE_SIZE);
	u8 *buffer = (u8 *)(sum + 1);
	u64 at = 0;
	long n = 1;

	if (!sum)
		return -ENOMEM;
	for (sha256_init(sum); at < size && n > 0; at += n > 0 ? (u64)n : 0) {
		n = file_pread(file, buffer, PAGE_SIZE, at);
		if (n > 0)
			sha256_update(sum, buffer, (size_t)n);
	}
	sha256_final(sum, digest);
	kfree(sum);
	return n < 0 ? (int)n : 0;
}

/* Of this size, and of this content: asked anew when the file's times have changed. exec keeps writers out meanwhile. */
static bool is_known(struct known *k, struct file *file, const struct stat64 *st)
{
	struct vnode *v = file->vnode;
	u8 digest[SHA256_SIZE];
	u64 mtime, ctime;
	bool same;

	if (k->size != (u64)st->size || !v)
		return false;
	mutex_lock(&v->lock);
	mtime = v->mtime;
	ctime = v->ctime;
	mutex_unlock(&v->lock);
	mutex_lock(&known_lock);
	same = k->ino == v->ino && k->mtime == mtime && k->ctime == ctime;
	mutex_unlock(&known_lock);
	if (same)
		return true;
	if (digest_of(file, k->size, digest) || memcmp(digest, k->sha256, SHA256_SIZE) != 0)
		return false;
	mutex_lock(&known_lock);
	k->ino = v->ino;
	k->mtime = mtime;
	k->ctime = ctime;
	mutex_unlock(&known_lock);
	return true;
}

static struct known *find_known(struct file *file)
{
	struct stat64 st;

	if (file_stat(file, &st))
		return NULL;
	for (u32 i = 0; i < nknown; i++)
		if (is_known(&known[i], file, &st))
			return &known[i];
	return NULL;
}

/* ---- exec ---- */

/* Where the file's bytes at `offset` are executed, or 0: nowhere, or where they can be written. */
static uaddr_t address_of(const struct elf_image *elf, u64 offset)
{
	for (unsigned i = 0; i < elf->nloads; i++) {
		const struct elf_load *load = &elf->loads[i];

		if ((load->flags & (PF_X | PF_W)) == PF_X && offset >= load->offset &&
		    offset + SITE_SIZE <= load->offset + load->filesz)
			return load->vaddr + (offset - load->offset);
	}
	return 0;
}

/*
 * Are all sites what they must be? The digest says that the file is the one the tool saw; this, that the tool saw right.
 * 1, 0, or what reading says, which is no answer.
 */
static int are_syscalls(const struct known *k, struct file *file, const struct elf_image *elf)
{
	for (u32 i = 0; i < k->count; i++) {
		uaddr_t va = address_of(elf, k->offset[i]);
		u8 bytes[SITE_SIZE] = {0};
		long n = file_pread(file, bytes, SITE_SIZE, k->offset[i]);

		if (n < 0)
			return (int)n;
		if (!va || (va & ~PAGE_MASK) == PAGE_SIZE - 1 || bytes[0] != 0x0f || bytes[1] != 0x05) {
			pr_warn("rewrite: no `syscall` of the program's at %lx of the file: none of its is rewritten",
				k->offset[i]);
			return 0;
		}
	}
	return 1;
}

/* An answer is kept. A file that could not be read keeps its instructions this once, as one whose digest is not to be had. */
static bool is_sound(struct known *k, struct file *file, const struct elf_image *elf)
{
	if (!__atomic_load_n(&k->looked, __ATOMIC_ACQUIRE)) {
		int sound = are_syscalls(k, file, elf);

		if (sound < 0)
			return false;
		WRITE_ONCE(k->sound, sound);
		__atomic_store_n(&k->looked, true, __ATOMIC_RELEASE);
	}
	return READ_ONCE(k->sound);
}

/* The record of vs with room for `more`: what it has (of a program, when the loader comes), and then those. NULL: no memory. */
static struct rewrite_sites *sites_make(const struct rewrite_sites *old, u32 more)
{
	u32 had = old ? old->count : 0;
	struct rewrite_sites *sites = kmalloc(sizeof(*sites) + (had + more) * sizeof(uaddr_t));

	if (!sites)
		return NULL;
	sites->refs = 1;
	sites->count = had;
	rewrite_cache_clear(sites->cache);
	if (old)
		memcpy(sites->after, old->after, had * sizeof(uaddr_t));
	return sites;
}

/* They mostly ascend already: offsets do, and exec maps a loader above its program. */
static void sites_sort(struct rewrite_sites *sites)
{
	for (u32 i = 1; i < sites->count; i++) {
		uaddr_t after = sites->after[i];
		u32 at = i;

		for (; at > 0 && sites->after[at - 1] > after; at--)
			sites->after[at] = sites->after[at - 1];
		sites->after[at] = after;
	}
}

int rewrite_image(struct vmspace *vs, struct file *file, const struct elf_image *elf, uaddr_t bias)
{
	static const u8 call_rax[SITE_SIZE] = {0xff, 0xd0};
	struct known *k = find_known(file);
	struct rewrite_sites *sites;
	uaddr_t *fresh;
	int error;

	if (!k || !k->count || !is_sound(k, file, elf))
		return 0;
	sites = sites_make(vs->sites, k->count);
	if (!sites)
		return -ENOMEM;
	fresh = sites->after + sites->count;
	for (u32 i = 0; i < k->count; i++)
		fresh[i] = address_of(elf, k->offset[i]) + bias + SITE_SIZE;
	error = vmspace_patch(vs, fresh, k->count, call_rax, SITE_SIZE);
	sites->count += k->count;
	sites_sort(sites);
	sites_put(vs->sites);
	vs->sites = sites;
	return error;
}

/* ---- calls ---- */

/*
 * Calls that take nothing, never sleep and look at no frame: all that they need is the current thread. They spend no register but
 * RAX, so that the entry code saves none; a function that they called would spend others, so what the calls answer stands here.
 */
#define QUICK(name, answer)                                                                        \
	static __attribute__((no_caller_saved_registers)) long quick_##name(void)                  \
	{                                                                                          \
		return answer;                                                                     \
	}

QUICK(getpid, proc_current()->pid)
QUICK(gettid, task_current()->tid)
QUICK(getppid, READ_ONCE(proc_current()->ppid))

rewrite_call *rewrite_calls[SLED_NUMBERS]; /* I after rewrite_open() */

void rewrite_open(bool observed)
{
	for (unsigned nr = 0; nr < SLED_NUMBERS; nr++)
		rewrite_calls[nr] = rewrite_full;
	if (observed)
		return;
	rewrite_calls[SYS_getpid] = quick_getpid;
	rewrite_calls[SYS_gettid] = quick_gettid;
	rewrite_calls[SYS_getppid] = quick_getppid;
}

static bool is_after_site(const struct rewrite_sites *sites, uaddr_t va)
{
	u32 low = 0, high = sites ? sites->count : 0;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (sites->after[middle] == va)
			return true;
		if (sites->after[middle] < va)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool rewrite_enter(struct trapframe *tf)
{
	struct siginfo info = {.signo = SIGSEGV, .code = SEGV_MAPERR};
	struct rewrite_sites *sites;

	if (tf->rsp >= USER_MAX)
		panic_trap(tf, "a null pointer was called, from %lx", tf->rip);
	sites = current()->vmspace->sites;
	if (is_after_site(sites, tf->rip)) {
		WRITE_ONCE(sites->cache[(tf->rip & REWRITE_CACHE_MASK) >> 3], tf->rip);
		tf->rsp += sizeof(u64);
		return true;
	}
	/* What a call of address 0 is where nothing is mapped there. */
	irq_enable();
	tf->rip = 0;
	tf->vector = 14;
	tf->error = 0;
	tf->rflags |= RFLAGS_IF;
	signal_force_current(SIGSEGV, &info);
	return false;
}

/* In its upper half RAX means nothing to a system call: then it is tried again without. Else there is no such call. */
static void answer(struct trapframe *tf, uaddr_t again, uaddr_t after, uaddr_t sp)
{
	if ((u32)tf->rax < SYSCALL_MAX) {
		tf->rax = (u32)tf->rax;
		tf->rip = again ? again : tf->rax;
		return;
	}
	tf->rax = (u64)-ENOSYS;
	tf->rip = after;
	tf->rsp = sp;
}

bool rewrite_stray(struct trapframe *tf)
{
	const struct rewrite_sites *sites = current()->vmspace ? current()->vmspace->sites : NULL;
	uaddr_t after;

	if (!sites)
		return false;
	/* RAX is no address: SDM vol. 2, CALL, faults before it pushes. QEMU 7.2 pushes, and faults at what is no address. */
	if (tf->vector == VECTOR_GENERAL_PROTECTION && pmap_is_canonical(tf->rip)) {
		if (pmap_is_canonical(tf->rax) || !is_after_site(sites, tf->rip + SITE_SIZE))
			return false;
		answer(tf, tf->rip, tf->rip + SITE_SIZE, tf->rsp);
		return true;
	}
	if (copyin(&after, tf->rsp, sizeof(after)) || !is_after_site(sites, after))
		return false;
	if (tf->vector == VECTOR_INVALID_OPCODE) { /* page zero behind its exit */
		if (tf->rip >= SLED_SIZE)
			return false;
		tf->rax = SYSCALL_MAX; /* the exit's middle may have changed it, but it was no number of a call */
	}
	answer(tf, 0, after, tf->rsp + sizeof(u64));
	return true;
}

/* ---- /proc/orchard ---- */

void rewrite_show(struct seq *s)
{
	seq_printf(s, "rewrite: sled %u bytes, page zero %s\n", SLED_LENGTH,
		   rewrite_is_closed() ? "execute-only" : "readable (unsafe_null)");
	for (u32 i = 0; i < nknown; i++) {
		seq_printf(s, "rewrite: sha256 ");
		for (u32 j = 0; j < SHA256_SIZE; j++)
			seq_printf(s, "%02x", known[i].sha256[j]);
		seq_printf(s, " rewritten %u kept %u\n", known[i].count, known[i].kept);
	}
}
