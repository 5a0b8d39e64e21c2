/* SPDX-License-Identifier: BSD-2-Clause */
/* The protection keys of a vmspace, with PKU only: pkey_alloc(2) and its like; the owner of a domain has no others. mm/key.c. */
#ifndef MM_KEY_H
#define MM_KEY_H

#include <arch/pkey.h>
#include <mm/vmspace.h>

/* A key that was free, or -ENOSPC. */
int vmspace_key_alloc(struct vmspace *vs);
/* Gives one back; -EINVAL if it is not taken. */
int vmspace_key_free(struct vmspace *vs, int key);
/* That of the mapping at va, whoever owns it, or 0. */
unsigned vmspace_key_at(struct vmspace *current, uaddr_t va);

static inline bool vmspace_has_key(const struct vmspace *vs, int key)
{
	return !DOMAINS && key >= 0 && key < PKEYS && (vs->keys & BIT(key));
}

/* The PKRU of a program, or of a handler, that begins in it. */
static inline u32 vmspace_pkru(const struct vmspace *vs)
{
	return DOMAINS ? PKRU_FRESH & ~(3u << (2 * vs->domain)) : PKRU_FRESH;
}

/* The rights of a new mapping. */
static inline unsigned own_rights(const struct vmspace *vs, unsigned prot)
{
	return DOMAINS ? prot | PROT_KEY(vs->domain) : prot;
}

/* Without the key. */
static inline unsigned prot_rights(unsigned prot)
{
	return PKU ? prot & ~PROT_KEYS : prot;
}

#endif
