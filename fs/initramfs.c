/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * initramfs.c - unpacks a cpio archive into the root, at boot, as root.
 *
 * Names are taken relative to the root, whatever they begin with; one with `..` in it is refused.
 * Of a file with several names, any entry may carry the data (cpio writes it with the last).
 */
#include <fs/path.h>

#include <arch/boot.h>
#include <core/panic.h>
#include <core/time.h>
#include <fs/file.h>
#include <lib/cpio.h>
#include <lib/errname.h>
#include <lib/errno.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

/* A file that may come again under another name. */
struct linked {
	struct list link;
	u32 ino, major, minor;
	struct vnode *v; /* a reference */
};

static bool has_dotdot(const char *name)
{
	for (const char *p = name; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

static const char *relative(const char *name)
{
	for (;;) {
		if (name[0] == '/')
			name++;
		else if (name[0] == '.' && (name[1] == '/' || !name[1]))
			name++;
		else
			return name;
	}
}

static int make_parents(char *path)
{
	for (char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';

		int error = vfs_mknod(NULL, path, S_IFDIR | 0755, 0);

		*p = '/';
		if (error && error != -EEXIST)
			return error;
	}
	return 0;
}

static int write_all(struct vnode *v, const struct cpio_entry *e)
{
	struct file *f = vfs_open_vnode(v, O_WRONLY | O_TRUNC);
	struct iovec64 iov;
	struct uio u;
	u64 pos = 0;
	long n = 0;

	if (IS_ERR(f))
		return (int)PTR_ERR(f);
	uio_kernel(&u, &iov, (void *)e->data, e->filesize);
	while (u.left && n >= 0)
		n = file_write(f, &u, &pos);
	file_put(f);
	return n < 0 ? (int)n : 0;
}

static struct linked *find_linked(struct list *all, const struct cpio_entry *e)
{
	struct linked *l;

	list_for_each_entry(l, all, link)
		if (l->ino == e->ino && l->major == e->devmajor && l->minor == e->devminor)
			return l;
	return NULL;
}

static int remember(struct list *all, const struct cpio_entry *e, struct vnode *v)
{
	struct linked *l = kmalloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	*l = (struct linked){.ino = e->ino, .major = e->devmajor, .minor = e->devminor, .v = v};
	vnode_get(v);
	list_add_tail(&l->link, all);
	return 0;
}

static void forget_all(struct list *all)
{
	struct linked *l, *ahead;

	list_for_each_entry_safe(l, ahead, all, link) {
		vnode_put(l->v);
		kfree(l);
	}
}

static int make_symlink(const char *path, const struct cpio_entry *e)
{
	char *target = kmalloc((size_t)e->filesize + 1);
	int error;

	if (!target)
		return -ENOMEM;
	memcpy(target, e->data, e->filesize);
	target[e->filesize] = '\0';
	error = vfs_symlink(target, NULL, path);
	kfree(target);
	return error;
}

/* The new name itself: a link to what came before, or a new file. */
static int make_name(const char *path, const struct cpio_entry *e, struct list *links)
{
	struct linked *l = S_ISREG(e->mode) && e->nlink > 1 ? find_linked(links, e) : NULL;

	if (l)
		return vfs_link(l->v, NULL, path);
	if (S_ISLNK(e->mode))
		return make_symlink(path, e);
	return vfs_mknod(NULL, path, e->mode, (u64)e->rdevmajor << 8 | e->rdevminor);
}

/* What the archive says of it, as it says it. */
static int fill(struct vnode *v, const struct cpio_entry *e, struct list *links)
{
	int error = 0;

	if (S_ISREG(e->mode) && e->nlink > 1 && !find_linked(links, e))
		error = remember(links, e, v);
	if (!error && S_ISREG(e->mode) && e->filesize)
		error = write_all(v, e);
	if (error)
		return error;
	v->uid = e->uid;
	v->gid = e->gid;
	if (!S_ISLNK(e->mode))
		v->mode = (v->mode & S_IFMT) | (e->mode & 07777);
	v->atime = v->mtime = (u64)e->mtime * NSEC_PER_SEC;
	return 0;
}

/*
 * An entry replaces what an earlier one made, unless both are directories; device nodes that boot
 * made stay.
 */
static int make_way(const char *path, const struct cpio_entry *e, bool *there)
{
	struct vnode *old = vfs_lookup(NULL, path, 0);

	*there = false;
	if (IS_ERR(old))
		return PTR_ERR(old) == -ENOENT ? 0 : (int)PTR_ERR(old);

	unsigned type = old->mode & S_IFMT;

	vnode_put(old);
	*there = type == (e->mode & S_IFMT) && (type == S_IFDIR || type == S_IFCHR);
	return *there ? 0 : vfs_unlink(NULL, path, type == S_IFDIR);
}

static int unpack_to(char *path, const struct cpio_entry *e, struct list *links)
{
	bool there;
	int error = make_parents(path);

	if (!error)
		error = make_way(path, e, &there);
	if (!error && !there)
		error = make_name(path, e, links);
	if (error)
		return error;

	struct vnode *v = vfs_lookup(NULL, path, 0);

	if (IS_ERR(v))
		return (int)PTR_ERR(v);
	error = fill(v, e, links);
	vnode_put(v);
	return error;
}

static int unpack_entry(const struct cpio_entry *e, struct list *links)
{
	const char *name = relative(e->name);
	size_t len = strlen(name);
	char *path;
	int error;

	if (has_dotdot(name))
		return -EINVAL;
	if (!len) /* the root itself */
		return 0;
	path = kmalloc(len + 1);
	if (!path)
		return -ENOMEM;
	memcpy(path, name, len + 1);
	while (len && path[len - 1] == '/')
		path[--len] = '\0';
	error = unpack_to(path, e, links);
	kfree(path);
	return error;
}

static void unpack(const void *archive, size_t size)
{
	struct list links = LIST_INIT(links);
	struct cpio_iter it;
	struct cpio_entry e;
	size_t offset;
	int more, error = 0;

	cpio_init(&it, archive, size);
	for (;;) {
		offset = it.offset;
		more = cpio_next(&it, &e);
		if (more <= 0)
			break;
		error = unpack_entry(&e, &links);
		if (error)
			break;
	}
	forget_all(&links);
	if (more < 0)
		give_up("the initramfs is corrupt at offset %zu: %s", it.offset, it.reason);
	if (error == -EINVAL)
		give_up("the initramfs has an unsafe name at offset %zu: %s", offset, e.name);
	if (error == -ENOMEM || error == -ENOSPC)
		memory_give_up("the files of the initramfs (from offset %zu, %s)", offset, e.name);
	if (error)
		give_up("the initramfs is unusable: %s cannot be made: %s (offset %zu)", e.name, errno_name(-error), offset);
}

void initramfs_init(void)
{
	if (!bootinfo.initrd_size)
		return;
	unpack(phys_to_virt(bootinfo.initrd), bootinfo.initrd_size);
	page_free_range(bootinfo.initrd, bootinfo.initrd_size);
}
