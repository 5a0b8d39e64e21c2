/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uio.c - moves bytes between a file and the buffers of a read or write, wherever those are.
 *
 * The segment list is consumed in place: after a short move the caller goes on with what is left.
 */
#include <fs/file.h>

#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/string.h>

void uio_kernel(struct uio *u, struct iovec64 *one, void *buffer, u64 size)
{
	*one = (struct iovec64){.base = (u64)buffer, .len = size};
	*u = (struct uio){.iov = one, .niov = 1, .left = size, .kernel = true};
}

void uio_user(struct uio *u, struct iovec64 *one, uaddr_t buffer, u64 size)
{
	*one = (struct iovec64){.base = buffer, .len = size};
	*u = (struct uio){.iov = one, .niov = 1, .left = size, .kernel = false};
}

enum direction { PUT, GET, ZERO };

static int move_chunk(const struct uio *u, void *p, uaddr_t at, u64 n, enum direction way)
{
	if (!u->kernel) {
		switch (way) {
		case PUT:
			return copyout(at, p, n);
		case GET:
			return copyin(p, at, n);
		default:
			return user_zero(at, n);
		}
	}
	switch (way) {
	case PUT:
		memcpy((void *)at, p, n);
		break;
	case GET:
		memcpy(p, (const void *)at, n);
		break;
	default:
		memzero((void *)at, n);
	}
	return 0;
}

static int move(struct uio *u, u8 *p, u64 n, enum direction way)
{
	while (n) {
		while (!u->iov->len) {
			u->iov++;
			u->niov--;
		}

		u64 chunk = MIN(n, u->iov->len);
		int error = move_chunk(u, p, u->iov->base, chunk, way);

		if (error)
			return error;
		u->iov->base += chunk;
		u->iov->len -= chunk;
		u->left -= chunk;
		n -= chunk;
		if (way != ZERO)
			p += chunk;
	}
	return 0;
}

int uio_put(struct uio *u, const void *p, u64 n)
{
	return move(u, (u8 *)p, n, PUT);
}

int uio_get(struct uio *u, void *p, u64 n)
{
	return move(u, p, n, GET);
}

int uio_zero(struct uio *u, u64 n)
{
	return move(u, NULL, n, ZERO);
}
