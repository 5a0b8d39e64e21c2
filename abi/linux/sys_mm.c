/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory calls: mmap(2), munmap(2), mprotect(2), brk(2), mremap(2), madvise(2), msync(2), mincore(2), mlock(2). Here stand the checks
 * that concern flags, files and limits; what is done to regions and pages is mm/'s business. Called by the dispatcher only.
 */
#include <generated/syscall_proto.h>

#include <arch/pkey.h>
#include <core/printk.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/vnode.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/vmspace.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/mman.h>

#include "cred.h"
#include "sys_mm.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
/* MAP_SHARED_VALIDATE promises to refuse what is not in here. */
#define MAP_KNOWN                                                                                  \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE |  \
	 MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_FIXED_NOREPLACE)

/* What a mapping is of: made from the descriptor or from nothing, then given to vmspace_map(). */
struct backing {
	struct vm_object *object; /* a reference, or NULL: private anonymous */
	u64 offset;
	unsigned flags;           /* REGION_SHARED, REGION_MAYWRITE */
	char name[16];
};

static struct vmspace *own_space(void)
{
	return proc_current()->vmspace;
}

/* RLIMIT_AS. Another thread may be mapping too: the limit is against accidents, not an account. */
static bool limit_allows(const struct vmspace *vs, u64 more)
{
	u64 limit = READ_ONCE(proc_current()->rlimit[RLIMIT_AS].cur), mapped = READ_ONCE(vs->mapped);

	return limit == RLIM_INFINITY || (more <= limit && mapped <= limit - more);
}

/* RLIMIT_DATA, in the same spirit. The sum is taken only where there is a limit. */
static bool limit_allows_data(struct vmspace *vs, u64 more)
{
	u64 limit = READ_ONCE(proc_current()->rlimit[RLIMIT_DATA].cur), data;

	if (likely(limit == RLIM_INFINITY) || !more)
		return true;
	data = vmspace_data(vs);
	return more <= limit && data <= limit - more;
}

/* How much may be locked. RLIMIT_MEMLOCK is not for user 0. */
static u64 lock_limit(void)
{
	return cred_privileged() ? RLIM_INFINITY : READ_ONCE(proc_current()->rlimit[RLIMIT_MEMLOCK].cur);
}

/* May `more` bytes be mapped locked? 0, -EAGAIN. */
static int limit_allows_locked(struct vmspace *vs, u64 more)
{
	u64 limit = lock_limit();

	return limit == RLIM_INFINITY || (more <= limit && vmspace_locked(vs, vs->start, vs->end - vs->start) <= limit - more)
		       ? 0 : -EAGAIN;
}

static int back_anonymously(struct backing *b, u64 size, bool shared)
{
	b->flags = REGION_MAYWRITE;
	if (!shared)
		return 0;
	b->flags |= REGION_SHARED;
	b->object = object_create_anonymous(size);
	return b->object ? 0 : -ENOMEM;
}

/* The last part of the file's path, for /proc/self/maps. A deleted file has none. */
static void name_backing(struct backing *b, struct file *f)
{
	char path[256];

	if (!f->vnode || vfs_path(f->vnode, path, sizeof(path)) <= 0)
		return;

	const char *slash = strrchr(path, '/');

	strlcpy(b->name, slash ? slash + 1 : path, sizeof(b->name));
}

static int back_by_file(struct backing *b, struct file *f, unsigned prot, bool shared)
{
	unsigned mode = READ_ONCE(f->flags) & O_ACCMODE;

	if (mode == O_WRONLY || (shared && (prot & PROT_WRITE) && mode != O_RDWR))
		return -EACCES;
	b->object = f->ops->object ? f->ops->object(f) : NULL;
	if (!b->object)
		return -ENODEV;
	b->flags = (shared ? REGION_SHARED : 0) | (!shared || mode == O_RDWR ? REGION_MAYWRITE : 0);
	if (b->flags == (REGION_SHARED | REGION_MAYWRITE)) {
		unsigned seals = READ_ONCE(b->object->seals);

		if ((seals & F_SEAL_WRITE) || ((seals & F_SEAL_FUTURE_WRITE) && (prot & PROT_WRITE)))
			return -EPERM;
		if (seals & F_SEAL_FUTURE_WRITE)
			b->flags = REGION_SHARED;
	}
	object_get(b->object);
	name_backing(b, f);
	return 0;
}

static int back_by_fd(struct backing *b, int fd, u64 offset, u64 size, unsigned prot, bool shared)
{
	struct file *f = fd_get(proc_current()->files, fd);

	if (!f)
		return -EBADF;
	b->offset = offset;

	int error;

	if (READ_ONCE(f->flags) & O_PATH)
		error = -EBADF;
	else
		error = offset + size < offset ? -EOVERFLOW : back_by_file(b, f, prot, shared);

	file_put(f);
	return error;
}

static int check_map_flags(unsigned flags)
{
	unsigned type = flags & MAP_TYPE;

	/* VALIDATE is for files: nothing else could refuse a flag. */
	if (type != MAP_PRIVATE && type != MAP_SHARED && (type != MAP_SHARED_VALIDATE || (flags & MAP_ANONYMOUS)))
		return -EINVAL;
	if (flags & MAP_HUGETLB) {
		refuse("mmap(MAP_HUGETLB)", ENOMEM, "there are no huge pages");
		return -ENOMEM;
	}
	if (flags & MAP_GROWSDOWN) {
		refuse("mmap(MAP_GROWSDOWN)", EOPNOTSUPP, "only the first stack of a program grows by itself");
		return -EOPNOTSUPP;
	}
	return type == MAP_SHARED_VALIDATE && (flags & ~MAP_KNOWN) ? -EOPNOTSUPP : 0;
}

static unsigned place_flags(unsigned flags)
{
	if (flags & MAP_FIXED_NOREPLACE)
		return REGION_FIXED | REGION_NOREPLACE;
	return flags & MAP_FIXED ? REGION_FIXED : 0;
}

long sys_mmap(uaddr_t addr, size_t size, int prot, int mapflags, int fd, int64_t offset)
{
	struct vmspace *vs = own_space();
	struct backing b = {0};
	unsigned flags = (unsigned)mapflags, rights = (unsigned)prot & PROT_ALL;
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	int error = check_map_flags(flags);

	if (error)
		return error;
	if (!size || !IS_ALIGNED((u64)offset, PAGE_SIZE))
		return -EINVAL;
	if (size > USER_MAX)
		return -ENOMEM;
	size = ALIGN_UP(size, PAGE_SIZE);
	if (!limit_allows(vs, size) || (!shared && (rights & PROT_WRITE) && !limit_allows_data(vs, size)))
		return -ENOMEM;
	if (flags & MAP_LOCKED && !lock_limit())
		return -EPERM;

	unsigned locks = READ_ONCE(vs->lock_new) | (flags & MAP_LOCKED ? REGION_LOCKED : 0);

	if (locks && limit_allows_locked(vs, size))
		return -EAGAIN;
	error = flags & MAP_ANONYMOUS ? back_anonymously(&b, size, shared)
				      : back_by_fd(&b, fd, (u64)offset, size, rights, shared);
	if (error)
		return error;

	long result = vmspace_map(vs, addr, size, rights, b.flags | locks | place_flags(flags), b.object, b.offset,
				  b.name[0] ? b.name : NULL);

	if (b.object)
		object_put(b.object);
	/* Best effort, as mmap(2) says: what cannot be had now will fault later. */
	if (result > 0 && (locks == REGION_LOCKED || (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE))
		vmspace_fill(vs, (uaddr_t)result, size);
	return result;
}

long sys_munmap(uaddr_t addr, size_t size)
{
	return vmspace_unmap(own_space(), addr, size);
}

long protect_range(uaddr_t addr, size_t size, unsigned prot)
{
	struct vmspace *vs = own_space();
	bool limited = READ_ONCE(proc_current()->rlimit[RLIMIT_DATA].cur) != RLIM_INFINITY;

	if (limited && (prot & PROT_WRITE) && size <= USER_MAX && addr <= USER_MAX - size &&
	    !limit_allows_data(vs, vmspace_data_more(vs, addr, ALIGN_UP(size, PAGE_SIZE))))
		return -ENOMEM;
	return vmspace_protect(vs, addr, size, prot);
}

long sys_mprotect(uaddr_t addr, size_t size, int prot)
{
	if (PKU && ((unsigned)prot & ~PROT_ALL))
		return -EINVAL;
	return protect_range(addr, size, (unsigned)prot);
}

long sys_brk(uaddr_t brk)
{
	struct vmspace *vs = own_space();
	uaddr_t old = READ_ONCE(vs->brk), start = READ_ONCE(vs->brk_start);
	u64 limit = READ_ONCE(proc_current()->rlimit[RLIMIT_DATA].cur);

	if (brk > old && (!limit_allows(vs, brk - old) || brk - start > limit || !limit_allows_data(vs, brk - old)))
		return (long)old;

	unsigned locks = READ_ONCE(vs->lock_new);

	if (brk > old && locks && limit_allows_locked(vs, brk - old))
		return (long)old;
	old = ALIGN_UP(old, PAGE_SIZE);
	brk = vmspace_brk(vs, brk);
	if (locks == REGION_LOCKED && brk > old)
		vmspace_fill(vs, old, brk - old);
	return (long)brk;
}

long sys_mremap(uaddr_t addr, size_t old_size, size_t new_size, int flags, uaddr_t new_addr)
{
	struct vmspace *vs = own_space();

	if (new_size > old_size && !limit_allows(vs, new_size - old_size))
		return -ENOMEM;

	bool grows = new_size > old_size && old_size <= USER_MAX;
	bool locked = grows && vmspace_locked(vs, addr, MAX(old_size, 1ul)); /* of size 0: what is there a second time */

	if (locked && limit_allows_locked(vs, new_size - old_size))
		return -EAGAIN;

	long result = vmspace_remap(vs, addr, old_size, new_size, (unsigned)flags, new_addr);

	if (result > 0 && locked)
		vmspace_fill(vs, (uaddr_t)result, new_size);
	return result;
}

long sys_madvise(uaddr_t addr, size_t size, int advice)
{
	return vmspace_advise(own_space(), addr, size, advice);
}

/* Whole pages, and a range that does not wrap. */
static int check_pages(uaddr_t addr, size_t *size, int too_long)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (*size > USER_MAX || addr > USER_MAX - *size)
		return too_long;
	*size = ALIGN_UP(*size, PAGE_SIZE);
	return 0;
}

/* A shared mapping shows the file's own pages: there is nothing to write back. */
long sys_msync(uaddr_t addr, size_t size, int flags)
{
	int error = check_pages(addr, &size, -ENOMEM);

	if (((unsigned)flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    ((unsigned)flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (error)
		return error;
	if (((unsigned)flags & MS_INVALIDATE) && vmspace_locked(own_space(), addr, size))
		return -EBUSY;
	return vmspace_covers(own_space(), addr, size) ? 0 : -ENOMEM;
}

static bool is_resident(struct vmspace *vs, uaddr_t va)
{
	pte_t *pte = pmap_pte(vs->pmap, va, false);

	return pte && pte_present(*pte);
}

/* In core is what this process has mapped; a file's page that it has not touched yet counts as absent. */
long sys_mincore(uaddr_t addr, size_t size, uaddr_t vec)
{
	struct vmspace *vs = own_space();
	int error = check_pages(addr, &size, -ENOMEM);
	u8 resident[256];

	if (error)
		return error;
	if (size && !vmspace_covers(vs, addr, size))
		return -ENOMEM;
	for (u64 page = 0, n; page < size >> PAGE_SHIFT; page += n) {
		n = MIN((size >> PAGE_SHIFT) - page, sizeof(resident));
		mutex_lock(&vs->lock);
		for (u64 i = 0; i < n; i++)
			resident[i] = is_resident(vs, addr + ((page + i) << PAGE_SHIFT));
		mutex_unlock(&vs->lock);
		if (copyout(vec + page, resident, n))
			return -EFAULT;
	}
	return 0;
}

/* ---- mlock(2) ---- */

static long lock_range(uaddr_t addr, size_t size, unsigned flags)
{
	u64 head = addr & ~PAGE_MASK, limit = lock_limit();

	if (flags && !limit)
		return -EPERM;
	addr -= head;
	size = ALIGN_UP(size + head, PAGE_SIZE); /* what wraps here is nothing, as on Linux */
	if (addr + size < addr)
		return -EINVAL;
	return size ? vmspace_lock(own_space(), addr, size, flags, limit) : 0;
}

long sys_mlock(uaddr_t addr, size_t size)
{
	return lock_range(addr, size, REGION_LOCKED);
}

long sys_mlock2(uaddr_t addr, size_t size, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return lock_range(addr, size, flags & MLOCK_ONFAULT ? REGION_LOCKS : REGION_LOCKED);
}

long sys_munlock(uaddr_t addr, size_t size)
{
	return lock_range(addr, size, 0);
}

long sys_mlockall(int flags)
{
	unsigned locks = flags & MCL_ONFAULT ? REGION_LOCKS : REGION_LOCKED;
	bool now = flags & MCL_CURRENT;
	u64 limit = lock_limit();

	if (!flags || flags == MCL_ONFAULT || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	if (!limit)
		return -EPERM;
	return vmspace_lock_all(own_space(), now, now ? locks : 0, flags & MCL_FUTURE ? locks : 0, limit);
}

long sys_munlockall(void)
{
	return vmspace_lock_all(own_space(), true, 0, 0, 0);
}
