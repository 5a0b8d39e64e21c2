/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race_atomic.c - with -fsanitize=thread the compilers make a call of each __atomic operation, and no instruction: so here they
 * are made, and looked at as marked accesses. On x86 all but a store are as strong as can be asked for (SDM vol. 3, 9.2): a load
 * is acquire, what is locked is sequentially consistent. Names and arguments: compiler-rt, tsan_interface_atomic.h.
 */
#include "race.h"

#define FROM ((u64)__builtin_return_address(0))
#define READS(p) race_access((u64)(p), sizeof(*(p)), RACE_MARKED, FROM)
#define WRITES(p) race_access((u64)(p), sizeof(*(p)), RACE_MARKED | RACE_WRITE, FROM)

/* Declared and defined. */
#define DEFINE(type, name, ...)                                                                                                \
	type __tsan_##name(__VA_ARGS__);                                                                                       \
	type __tsan_##name(__VA_ARGS__)

#define DEFINE_FETCH(bits, op)                                                                                                 \
	DEFINE(u##bits, atomic##bits##_fetch_##op, volatile u##bits *p, u##bits value, int order)                              \
	{                                                                                                                      \
		(void)order;                                                                                                   \
		WRITES(p);                                                                                                     \
		return __atomic_fetch_##op(p, value, __ATOMIC_SEQ_CST);                                                        \
	}

#define DEFINE_COMPARE_INTO(bits, how)                                                                                         \
	DEFINE(bool, atomic##bits##_compare_exchange_##how, volatile u##bits *p, u##bits *expected, u##bits value, int order,  \
	       int failed)                                                                                                     \
	{                                                                                                                      \
		(void)order, (void)failed;                                                                                     \
		WRITES(p);                                                                                                     \
		return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);             \
	}

/* How gcc calls it, weak or strong, and how clang. */
#define DEFINE_COMPARE(bits)                                                                                                   \
	DEFINE_COMPARE_INTO(bits, strong)                                                                                      \
	DEFINE_COMPARE_INTO(bits, weak)                                                                                        \
	DEFINE(u##bits, atomic##bits##_compare_exchange_val, volatile u##bits *p, u##bits expected, u##bits value, int order,  \
	       int failed)                                                                                                     \
	{                                                                                                                      \
		(void)order, (void)failed;                                                                                     \
		WRITES(p);                                                                                                     \
		__atomic_compare_exchange_n(p, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                   \
		return expected;                                                                                               \
	}

#define DEFINE_ATOMICS(bits)                                                                                                   \
	DEFINE(u##bits, atomic##bits##_load, const volatile u##bits *p, int order)                                             \
	{                                                                                                                      \
		(void)order;                                                                                                   \
		READS(p);                                                                                                      \
		return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                                   \
	}                                                                                                                      \
	DEFINE(void, atomic##bits##_store, volatile u##bits *p, u##bits value, int order)                                      \
	{                                                                                                                      \
		WRITES(p);                                                                                                     \
		if (order == __ATOMIC_SEQ_CST)                                                                                 \
			__atomic_store_n(p, value, __ATOMIC_SEQ_CST);                                                          \
		else                                                                                                           \
			__atomic_store_n(p, value, __ATOMIC_RELEASE);                                                          \
	}                                                                                                                      \
	DEFINE(u##bits, atomic##bits##_exchange, volatile u##bits *p, u##bits value, int order)                                \
	{                                                                                                                      \
		(void)order;                                                                                                   \
		WRITES(p);                                                                                                     \
		return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);                                                        \
	}                                                                                                                      \
	DEFINE_FETCH(bits, add)                                                                                                \
	DEFINE_FETCH(bits, sub)                                                                                                \
	DEFINE_FETCH(bits, and)                                                                                                \
	DEFINE_FETCH(bits, or)                                                                                                 \
	DEFINE_FETCH(bits, xor)                                                                                                \
	DEFINE_FETCH(bits, nand)                                                                                               \
	DEFINE_COMPARE(bits)

DEFINE_ATOMICS(8)
DEFINE_ATOMICS(16)
DEFINE_ATOMICS(32)
DEFINE_ATOMICS(64)

DEFINE(void, atomic_thread_fence, int order)
{
	if (order == __ATOMIC_SEQ_CST)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The call itself is what the compiler may move nothing across. */
DEFINE(void, atomic_signal_fence, int order)
{
	(void)order;
}
