/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * types.h - the words every file speaks: integer names, address types, and small macros.
 *
 * Assumes nothing; included by every header of the tree. paddr_t is a physical address; uaddr_t is
 * an address in the application's half, an integer so that dereferencing one does not compile.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;

typedef u64 paddr_t;
typedef u64 uaddr_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1UL << (n))

/* Each argument is evaluated once; inside functions only. __COUNTER__ keeps nested uses apart. */
#define MIN(a, b) PICK_(a, <, b, __COUNTER__)
#define MAX(a, b) PICK_(a, >, b, __COUNTER__)
#define PICK_(a, op, b, n) PICK_NAMED_(a, op, b, n)
#define PICK_NAMED_(a, op, b, n)                                                                   \
	({                                                                                         \
		__typeof__(1 ? (a) : (b)) pick_a_##n = (a);                                        \
		__typeof__(1 ? (a) : (b)) pick_b_##n = (b);                                        \
		pick_a_##n op pick_b_##n ? pick_a_##n : pick_b_##n;                                \
	})

/* `a` is a power of two in the next three. */
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

/* The structure of `type` whose `member` is at `ptr`. The `?:` makes a pointer of another type an
 * error. */
#define container_of(ptr, type, member)                                                            \
	((type *)((uintptr_t)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __noreturn __attribute__((noreturn))
#define __printf(fmt, first) __attribute__((__format__(__printf__, fmt, first)))
#define __cold __attribute__((cold))
#define __section(name) __attribute__((section(name)))
#define __used __attribute__((used))
#define __maybe_unused __attribute__((unused))

/* One access, neither torn, repeated nor removed by the compiler; no ordering for the CPU. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

#ifndef static_assert
#define static_assert _Static_assert
#endif

static_assert(sizeof(void *) == 8 && sizeof(long) == 8, "Orchard is LP64");

#endif
