/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vmspace: what one process can address. Regions in a red-black tree ordered by address and augmented with the largest
 * free gap below (so that finding room is O(log n)); the pages themselves are in the pmap. Common to shared and private
 * spaces; where a vmspace lives and what it shares is decided in isolation/aspace_*.c.
 */
#ifndef MM_VMSPACE_H
#define MM_VMSPACE_H

#include <arch/pmap.h>
#include <core/mutex.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <mm/object.h>

/* Region flags. */
#define REGION_SHARED BIT(0)    /* MAP_SHARED: stores reach the object */
#define REGION_STACK BIT(1)     /* grows down into its gap, up to stack_limit, 1 MiB always free below */
#define REGION_HEAP BIT(2)      /* brk */
#define REGION_FIXED BIT(3)     /* vmspace_map(): exactly here, replacing what is there */
#define REGION_NOREPLACE BIT(4) /* with FIXED: -EEXIST instead of replacing */
#define REGION_MAYWRITE BIT(5)  /* mprotect may add PROT_WRITE (not for a shared mapping of a file opened for reading, nor [vvar]) */
#define REGION_DONTFORK BIT(6)  /* the child of a fork does not get it */
#define REGION_WIPEONFORK BIT(7) /* the child gets it empty */

#define REGION_LOCKED BIT(8)    /* mlock(2): counted, and filled at once */
#define REGION_ONFAULT BIT(9)   /* with LOCKED: filled as it is touched */
#define REGION_WRITTEN BIT(11)  /* it could be written once, and cannot now: with the rung W^X it is never executed */
#define REGION_LOCKS (REGION_LOCKED | REGION_ONFAULT)

#define REGIONS_MAX 65530 /* of a vmspace, give or take one: Linux's vm.max_map_count */

struct rewrite_sites; /* isolation/rewrite.h */

struct region {
	struct rb_node node;     /* vmspace lock, as all below */
	uaddr_t start, end;      /* page-aligned, end exclusive */
	u64 gap;                 /* free bytes between the previous region's end (or vs->start) and start */
	u64 max_gap;             /* largest gap in this subtree */
	unsigned prot;           /* PROT_*, PROT_KEY() */
	unsigned flags;          /* REGION_* */
	struct vm_object *object; /* NULL: anonymous private */
	struct vmspace *vs;      /* I: whose it is */
	struct list mapping;     /* object's lock: in its list of regions */
	u64 swept;               /* object's lock: the last sweep of the object's mappings that saw it */
	u64 offset;              /* bytes into the object of `start` */
	char name[16];           /* for maps: "[heap]", "[stack]", file name's tail */
};

/* May stores through it reach its object, now or after mprotect(2)? */
static inline bool region_stores(const struct region *r)
{
	return (r->flags & REGION_SHARED) && (r->flags & REGION_MAYWRITE);
}

struct vmspace {
	u32 refs;                /* a */
	struct mutex lock;       /* (S) "vmspace" */
	struct rb_root regions;  /* lock */
	u32 nregions;            /* lock */
	struct region *last;     /* lock: cache of the last region found, or NULL */
	uaddr_t start, end;      /* I after aspace_place() */
	struct pmap *pmap;       /* I: own root, or &kernel_pmap in a shared space */
	struct pmap own_pmap;    /* private spaces only */
	uaddr_t brk_start, brk;  /* lock */
	u64 stack_limit;         /* bytes, lock */
	uaddr_t mmap_top;        /* lock: mappings without a hint are placed top-down below this */
	u64 rss;                 /* a: pages */
	u64 peak_rss;            /* lock */
	u64 mapped;              /* lock: bytes in regions */
	unsigned lock_new;       /* lock, read without: REGION_LOCKS of what will be mapped: mlockall(MCL_FUTURE) */
	bool aslr;               /* I after exec: its addresses are random */
	u8 domain;               /* I after aspace_place(): with DOMAINS the key of all its pages, or 0 */
	u16 keys;                /* lock: bit by bit, the protection keys that are taken (pkey_alloc(2)); 0 is at first */
	struct rewrite_sites *sites; /* I after exec, with the rung `rewrite`: a reference, or NULL */
	/* What /proc/self shows of the program: set by exec, I afterwards. */
	uaddr_t code_start, code_end, stack_start, arg_start, arg_end, env_start, env_end;
};

void vmspace_init_caches(void);
/* For aspace_create() only: common fields, one reference. */
struct vmspace *vmspace_alloc(void);
/* For aspace_create() only: undoes vmspace_alloc() before it has a pmap. */
void vmspace_free(struct vmspace *vs);
void vmspace_get(struct vmspace *vs);
/* As vmspace_get(), but false for one whose last reference is already gone. */
bool vmspace_get_live(struct vmspace *vs);
/* Last reference: removes all regions, then aspace_release(), then frees it. May sleep. */
void vmspace_put(struct vmspace *vs);

/*
 * mmap(2). `addr`: hint or, with REGION_FIXED, the place; 0: anywhere. The object reference is the callee's own (it takes one).
 * The address, or -ENOMEM (no room; outside [start, end): refused loudly in shared spaces), -EINVAL, -EEXIST.
 */
long vmspace_map(struct vmspace *vs, uaddr_t addr, u64 size, unsigned prot, unsigned flags, struct vm_object *object,
		 u64 offset, const char *name);
int vmspace_unmap(struct vmspace *vs, uaddr_t addr, u64 size);
/* mprotect(2), and with PROT_KEYED pkey_mprotect(2): -EINVAL for a key that the vmspace has not. */
int vmspace_protect(struct vmspace *vs, uaddr_t addr, u64 size, unsigned prot);
/* brk(2): the new (or unchanged) break. */
uaddr_t vmspace_brk(struct vmspace *vs, uaddr_t wanted);
/* mremap(2) with its MREMAP_* flags. */
long vmspace_remap(struct vmspace *vs, uaddr_t addr, u64 old_size, u64 new_size, unsigned flags, uaddr_t new_addr);
/*
 * madvise(2): DONTNEED drops private pages, REMOVE makes a hole in the object, POPULATE_* fault pages in, *FORK say what fork
 * does; hints are accepted. -EINVAL for unknown advice, -ENOMEM for holes.
 */
int vmspace_advise(struct vmspace *vs, uaddr_t addr, u64 size, int advice);
/*
 * mlock(2), and with flags 0 munlock(2). addr is page-aligned. As there is no swap, locked means filled and counted: `limit` is
 * of all locked bytes. -ENOMEM: a hole, above the limit, or an access that the mapping forbids; -EAGAIN: no page; -EINTR.
 */
int vmspace_lock(struct vmspace *vs, uaddr_t addr, u64 size, unsigned flags, u64 limit);
/* mlockall(2), munlockall(2): lock flags of all that is mapped if `now`, and of what will be. -ENOMEM: above the limit. */
int vmspace_lock_all(struct vmspace *vs, bool now, unsigned flags, unsigned future, u64 limit);
/* Bytes of [addr, addr + size) that are locked. */
u64 vmspace_locked(struct vmspace *vs, uaddr_t addr, u64 size);
/* Fills what is mapped of [addr, addr + size) as the mappings allow, of each up to the first page that cannot be had. Errors as above. */
int vmspace_fill(struct vmspace *vs, uaddr_t addr, u64 size);
/* mincore/msync-like check: is all of [addr, addr+size) mapped? */
bool vmspace_covers(struct vmspace *vs, uaddr_t addr, u64 size);
/* Bytes of data: private mappings that may be written, but for the stack. RLIMIT_DATA. */
u64 vmspace_data(struct vmspace *vs);
/* Bytes of [addr, addr + size) that mprotect(2) to PROT_WRITE would make data. */
u64 vmspace_data_more(struct vmspace *vs, uaddr_t addr, u64 size);
/* Removes all regions (exec into the same place, last put). */
void vmspace_clear(struct vmspace *vs);
/* For aspace_fork() of private spaces: copies regions; private pages become copy-on-write in both. Flushes the parent. */
int vmspace_copy(struct vmspace *child, struct vmspace *parent);
/* In-order walk under the lock: /proc/self/maps. A region is valid only inside fn. */
void vmspace_foreach(struct vmspace *vs, void (*fn)(const struct region *r, void *arg), void *arg);

/* How a fault was resolved. */
enum fault_result {
	FAULT_OK,     /* try again */
	FAULT_SEGV,   /* no region (si_code SEGV_MAPERR) */
	FAULT_ACCESS, /* region forbids it (SEGV_ACCERR) */
	FAULT_BUS,    /* past the end of the object (BUS_ADRERR) */
	FAULT_OOM,    /* no memory: kill the guilty */
};
/*
 * A page fault at va. access: the PROT_* bit that was wanted. Looks up the owner of the address (aspace_owner), takes its
 * lock, maps a page. Interrupts on, may sleep.
 */
enum fault_result vm_fault(struct vmspace *current, uaddr_t va, unsigned access);

/*
 * Copies between the kernel and a vmspace that need not be the current one: exec builds the first stack with it, /proc reads
 * command lines. Faults pages in; rights are the region's. 0, -EFAULT, -ENOMEM. mm/access.c.
 */
int vmspace_read(struct vmspace *vs, uaddr_t va, void *buffer, u64 size);
int vmspace_write(struct vmspace *vs, uaddr_t va, const void *buffer, u64 size);
int vmspace_zero(struct vmspace *vs, uaddr_t va, u64 size);
/*
 * Writes the same bytes up to each of `ends` into private copies of pages that the mappings themselves may only read: what the
 * object and others see stays. All in private file mappings, each within a page; nobody runs in vs yet. -ENOMEM, -EFAULT.
 * patch.c, with CONFIG_REWRITE.
 */
int vmspace_patch(struct vmspace *vs, const uaddr_t *ends, u32 count, const void *bytes, u64 size);
void sites_get(struct rewrite_sites *sites); /* NULL is fine, also below */
void sites_put(struct rewrite_sites *sites);

/* Shared futexes: the object and byte offset behind va, with a reference, or NULL for a private mapping. */
struct vm_object *vmspace_object_at(struct vmspace *vs, uaddr_t va, u64 *offset);

#endif
