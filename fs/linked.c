/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of a kernel that its one program is linked into: no file system, no directory but an empty root, and of files the
 * program and the console. It stands in the place of walk.c, vfs.c, open.c, mount.c and of every file system: what would make or
 * change a name is EROFS, and what looks for any other is ENOENT, as in an empty file system that nobody may write.
 *
 * The program's pages are those of the kernel's image: nothing is unpacked, and what the program does not change is not copied.
 */
#include <fs/linked.h>

#include "internal.h"

#include <arch/boot.h>
#include <core/panic.h>
#include <core/printk.h>
#include <drivers/tty.h>
#include <fs/devpts.h>
#include <fs/file.h>
#include <fs/path.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/object.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/stat.h>

#define CONSOLE_RDEV (5ul << 8 | 1)

extern const u8 linked_image[], linked_image_end[]; /* linked_image.S */

static struct vnode root, console, program;
static struct vm_object program_object;

struct vnode *vfs_root = &root;

/* ---- the program's bytes ---- */

static u64 program_size(void)
{
	return (u64)(linked_image_end - linked_image);
}

static long program_read(struct file *f, struct uio *u, u64 *pos)
{
	u64 n = *pos < program_size() ? MIN(u->left, program_size() - *pos) : 0;
	int error = n ? uio_put(u, (void *)(linked_image + *pos), n) : 0;

	(void)f;
	if (error)
		return error;
	*pos += n;
	return (long)n;
}

static i64 program_seek(struct file *f, i64 offset, int whence)
{
	return seek_in(f, offset, whence, program_size());
}

static struct vm_object *program_pages(struct file *f)
{
	(void)f;
	return &program_object;
}

static void program_getattr(struct vnode *v, struct stat64 *st)
{
	(void)v;
	st->size = (i64)program_size();
	st->blocks = (i64)ALIGN_UP(program_size(), PAGE_SIZE) / 512;
}

static long root_readdir(struct file *f, struct uio *u, u64 *pos)
{
	(void)f, (void)u, (void)pos;
	return 0;
}

static const struct file_ops program_file_ops = {.read = program_read, .seek = program_seek, .object = program_pages};
static const struct file_ops root_file_ops = {.readdir = root_readdir};
static const struct file_ops no_ops = {0};
static const struct vnode_ops program_ops = {.fs_name = "linked", .getattr = program_getattr};
static const struct vnode_ops plain_ops = {.fs_name = "linked"};

void vfs_init(void)
{
	u64 pages = ALIGN_UP(program_size(), PAGE_SIZE) / PAGE_SIZE;

	vnode_init(&root, S_IFDIR | 0555, DEV_ROOT, &plain_ops, &root_file_ops);
	vnode_init(&console, S_IFCHR | 0600, DEV_ROOT, &plain_ops, &no_ops);
	console.rdev = CONSOLE_RDEV;
	vnode_init(&program, S_IFREG | 0555, DEV_ROOT, &program_ops, &program_file_ops);
	object_init(&program_object, NULL, program_size());
	for (u64 i = 0; i < pages; i++)
		if (object_adopt(&program_object, i, page_of(virt_to_phys(linked_image + i * PAGE_SIZE))))
			memory_give_up("the linked program");
}

void initramfs_init(void)
{
	if (bootinfo.initrd)
		pr_warn("initramfs: not looked at: the program is linked into this kernel");
}

/* ---- names ---- */

static struct vnode *find(const char *path)
{
	static const struct {
		const char *path;
		struct vnode *v;
	} names[] = {{"", &root}, {".", &root}, {"..", &root}, {"dev/console", &console}, {linked_path + 1, &program}};

	if (!*path)
		return NULL;
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].path, path))
			return names[i].v;
	return NULL;
}

struct vnode *vfs_lookup(struct vnode *at, const char *path, unsigned flags)
{
	struct vnode *v = find(path);

	if (at && at != &root && path[0] != '/')
		return ERR_PTR(-ENOTDIR);
	if (!v)
		return ERR_PTR(-ENOENT);
	if ((flags & LOOKUP_DIRECTORY) && !S_ISDIR(v->mode))
		return ERR_PTR(-ENOTDIR);
	vnode_get(v);
	return v;
}

/* What making or changing the name `path` is. */
static int read_only(struct vnode *at, const char *path)
{
	struct vnode *v = vfs_lookup(at, path, 0);

	if (!IS_ERR(v))
		vnode_put(v);
	return PTR_ERR(v) == -ENOTDIR ? -ENOTDIR : -EROFS;
}

static int makes(struct vnode *at, const char *path)
{
	return find(path) ? -EEXIST : read_only(at, path);
}

static int changes(struct vnode *at, const char *path)
{
	return find(path) ? read_only(at, path) : -ENOENT;
}

long vfs_path(struct vnode *v, char *buffer, size_t size)
{
	const char *path = v == &root ? "/" : v == &program ? linked_path : "/dev/console";
	size_t n = strlen(path) + 1;

	if (n > size)
		return -ERANGE;
	memcpy(buffer, path, n);
	return (long)n;
}

bool vnode_is_mount_root(const struct vnode *v)
{
	return v == &root;
}

bool vnode_is_below(struct vnode *v, const struct vnode *above)
{
	return v == above || above == &root;
}

int vfs_mknod(struct vnode *at, const char *path, unsigned mode, u64 dev)
{
	(void)mode, (void)dev;
	return makes(at, path);
}

int vfs_symlink(const char *target, struct vnode *at, const char *path)
{
	(void)target;
	return makes(at, path);
}

int vfs_link(struct vnode *v, struct vnode *at, const char *path)
{
	(void)v;
	return makes(at, path);
}

int vfs_unlink(struct vnode *at, const char *path, bool directory)
{
	(void)directory;
	return changes(at, path);
}

int vfs_rename(struct vnode *at, const char *from, struct vnode *to_at, const char *to, unsigned flags)
{
	(void)to_at, (void)to, (void)flags;
	return changes(at, from);
}

int vfs_chdir(const char *path)
{
	struct vnode *v = vfs_lookup(NULL, path, LOOKUP_DIRECTORY);

	return IS_ERR(v) ? (int)PTR_ERR(v) : vfs_chdir_vnode(v);
}

int vfs_truncate(struct vnode *v, u64 size)
{
	(void)size;
	return v == &root ? -EISDIR : v == &program ? -EROFS : -EINVAL;
}

int vfs_chmod(struct vnode *v, unsigned mode)
{
	(void)v, (void)mode;
	return -EROFS;
}

int vfs_chown(struct vnode *v, u32 uid, u32 gid)
{
	(void)v, (void)uid, (void)gid;
	return -EROFS;
}

int vfs_utimes(struct vnode *v, u64 atime, u64 mtime)
{
	(void)v, (void)atime, (void)mtime;
	return -EROFS;
}

/* ---- open files ---- */

static struct file *open_plain(struct vnode *v, unsigned flags, const struct file_ops *ops)
{
	struct file *f;

	vnode_get(v);
	f = file_create(ops, (flags & ~O_FOR_OPEN_ONLY) | O_LARGEFILE, v, NULL);
	if (IS_ERR(f))
		vnode_put(v);
	return f;
}

struct file *vfs_open_vnode(struct vnode *v, unsigned flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);

	if ((flags & O_DIRECTORY) && v != &root)
		return ERR_PTR(-ENOTDIR);
	if (flags & O_PATH)
		return open_plain(v, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), &no_ops);
	if (v == &console)
		return tty_open(tty_console(), flags, v);
	if (writes || (flags & O_CREAT))
		return ERR_PTR(v == &root ? -EISDIR : -EROFS);
	return open_plain(v, flags, v->fops);
}

struct file *vfs_open_exec(struct vnode *v)
{
	return v == &program ? open_plain(v, O_RDONLY, v->fops) : ERR_PTR(-EACCES);
}

struct file *vfs_open_at(struct vnode *at, const char *path, unsigned flags, unsigned mode, unsigned resolve)
{
	struct vnode *v = vfs_lookup(at, path, 0);
	struct file *f;

	(void)mode, (void)resolve;
	if (IS_ERR(v))
		return ERR_PTR(PTR_ERR(v) == -ENOENT && *path && (flags & O_CREAT) ? -EROFS : PTR_ERR(v));
	if ((flags & O_CREAT) && (flags & O_EXCL))
		f = ERR_PTR(-EEXIST);
	else
		f = vfs_open_vnode(v, v == &program && (flags & O_ACCMODE) == O_RDONLY ? flags & ~O_CREAT : flags);
	vnode_put(v);
	return f;
}

struct file *vfs_open(const char *path, int flags, unsigned mode)
{
	return vfs_open_at(NULL, path, (unsigned)flags, mode, 0);
}

/* ---- what needs a file system ---- */

struct file *vfs_memfd(const char *name, bool may_seal)
{
	(void)name, (void)may_seal;
	refuse("memfd_create", ENOSYS, "the program is linked in: there is no file system");
	return ERR_PTR(-ENOSYS);
}

const char *vnode_memfd_name(struct vnode *v)
{
	(void)v;
	return NULL;
}

int vfs_add_seals(struct file *f, unsigned seals)
{
	(void)f, (void)seals;
	return -EINVAL;
}

int vfs_get_seals(struct file *f)
{
	(void)f;
	return -EINVAL;
}

struct file *devpts_open_peer(struct file *master, unsigned flags)
{
	(void)master, (void)flags;
	return ERR_PTR(-ENOTTY);
}
