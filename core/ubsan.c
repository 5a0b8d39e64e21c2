/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ubsan.c - what code compiled with -fsanitize=undefined calls where C says nothing of what it does next.
 *
 * Names, arguments and tables are those that gcc and clang agree on: LLVM's compiler-rt, lib/ubsan/ubsan_handlers.h, and gcc's
 * manual on -fsanitize. This file is not compiled so itself. Called from everywhere, in any context, before there is any
 * memory too.
 */
#include <core/sanitizer.h>

#include <core/panic.h>
#include <lib/format.h>

struct place {
	const char *file;
	u32 line, column;
};

enum { KIND_INTEGER };

struct type {
	u16 kind;
	u16 info;    /* of an integer: bit 0: signed; above: log2 of its bits */
	char name[]; /* in quotes */
};

struct of_type { /* overflow, load_invalid_value, vla_bound */
	struct place at;
	const struct type *type;
};

struct of_two_types { /* shift: both sides; out_of_bounds: the array and its index */
	struct place at;
	const struct type *first, *second;
};

struct of_access {
	struct place at;
	const struct type *type;
	u8 log_alignment;
	u8 kind;
};

struct of_argument {
	struct place at, declared;
	int argument; /* from 1 */
};

struct of_alignment {
	struct place at, assumed;
	const struct type *type;
};

/* In the compilers' order. */
static const char *const access_kinds[] = {
	"read of", "write to", "reference to", "access to a member of", "call of a member of", "constructor of", "downcast of",
	"downcast of", "upcast of", "cast to a base of", "requirement for", "dynamic operation on",
};

void __ubsan_handle_add_overflow(const struct of_type *what, u64 left, u64 right);
void __ubsan_handle_sub_overflow(const struct of_type *what, u64 left, u64 right);
void __ubsan_handle_mul_overflow(const struct of_type *what, u64 left, u64 right);
void __ubsan_handle_divrem_overflow(const struct of_type *what, u64 left, u64 right);
void __ubsan_handle_negate_overflow(const struct of_type *what, u64 value);
void __ubsan_handle_shift_out_of_bounds(const struct of_two_types *what, u64 left, u64 right);
void __ubsan_handle_out_of_bounds(const struct of_two_types *what, u64 index);
void __ubsan_handle_type_mismatch_v1(const struct of_access *what, u64 pointer);
void __ubsan_handle_pointer_overflow(const struct place *at, u64 base, u64 result);
void __ubsan_handle_load_invalid_value(const struct of_type *what, u64 value);
void __ubsan_handle_nonnull_arg(const struct of_argument *what);
void __ubsan_handle_nonnull_return_v1(const struct place *declared, const struct place *at);
void __ubsan_handle_vla_bound_not_positive(const struct of_type *what, u64 bound);
void __ubsan_handle_invalid_builtin(const struct place *at);
void __ubsan_handle_alignment_assumption(const struct of_alignment *what, u64 pointer, u64 alignment, u64 offset);
void __ubsan_handle_builtin_unreachable(const struct place *at) __noreturn;

#define AT "at %s:%u"
#define WHERE(place) (place).file, (place).line

#define VALUE_TEXT 24

/* What does not fit into a register comes by its address: the value of an __int128 is not shown. */
static const char *value_text(const struct type *type, u64 value, char text[VALUE_TEXT])
{
	unsigned bits = 1u << (type->info >> 1);

	if (type->kind != KIND_INTEGER || bits > 64)
		snprintf(text, VALUE_TEXT, "(a value)");
	else if (type->info & 1)
		snprintf(text, VALUE_TEXT, "%ld", (i64)(value << (64 - bits)) >> (64 - bits));
	else
		snprintf(text, VALUE_TEXT, "%lu", value << (64 - bits) >> (64 - bits));
	return text;
}

static void report_overflow(const struct of_type *what, u64 left, u64 right, const char *operator)
{
	char a[VALUE_TEXT], b[VALUE_TEXT];

	sanitizer_report("ubsan: %s %s %s does not fit into %s, " AT, value_text(what->type, left, a), operator,
			 value_text(what->type, right, b), what->type->name, WHERE(what->at));
}

void __ubsan_handle_add_overflow(const struct of_type *what, u64 left, u64 right)
{
	report_overflow(what, left, right, "+");
}

void __ubsan_handle_sub_overflow(const struct of_type *what, u64 left, u64 right)
{
	report_overflow(what, left, right, "-");
}

void __ubsan_handle_mul_overflow(const struct of_type *what, u64 left, u64 right)
{
	report_overflow(what, left, right, "*");
}

/* By zero, or the least number by -1. */
void __ubsan_handle_divrem_overflow(const struct of_type *what, u64 left, u64 right)
{
	report_overflow(what, left, right, "/");
}

void __ubsan_handle_negate_overflow(const struct of_type *what, u64 value)
{
	char text[VALUE_TEXT];

	sanitizer_report("ubsan: -(%s) does not fit into %s, " AT, value_text(what->type, value, text), what->type->name,
			 WHERE(what->at));
}

void __ubsan_handle_shift_out_of_bounds(const struct of_two_types *what, u64 left, u64 right)
{
	char a[VALUE_TEXT], b[VALUE_TEXT];

	sanitizer_report("ubsan: shift of %s, which is %s, by %s bits, " AT, value_text(what->first, left, a),
			 what->first->name, value_text(what->second, right, b), WHERE(what->at));
}

void __ubsan_handle_out_of_bounds(const struct of_two_types *what, u64 index)
{
	char text[VALUE_TEXT];

	sanitizer_report("ubsan: index %s is outside of %s, " AT, value_text(what->second, index, text), what->first->name,
			 WHERE(what->at));
}

/* Of a null pointer, of one that is not aligned, or of what has not that much room. */
void __ubsan_handle_type_mismatch_v1(const struct of_access *what, u64 pointer)
{
	const char *kind = what->kind < ARRAY_SIZE(access_kinds) ? access_kinds[what->kind] : "access to";
	u64 alignment = BIT(what->log_alignment);

	if (!pointer)
		sanitizer_report("ubsan: %s %s by a null pointer, " AT, kind, what->type->name, WHERE(what->at));
	else if (!IS_ALIGNED(pointer, alignment))
		sanitizer_report("ubsan: %s %s at %016lx, which is not aligned to %lu, " AT, kind, what->type->name, pointer,
				 alignment, WHERE(what->at));
	else
		sanitizer_report("ubsan: %s %s at %016lx, where there is no room for one, " AT, kind, what->type->name, pointer,
				 WHERE(what->at));
}

/* clang also asks about NULL + 0, which is NULL since C2y (WG14 N3322), and of which nobody made anything else. */
void __ubsan_handle_pointer_overflow(const struct place *at, u64 base, u64 result)
{
	if (!base && !result)
		return;
	sanitizer_report("ubsan: pointer %016lx becomes %016lx by addition, " AT, base, result, WHERE(*at));
}

void __ubsan_handle_load_invalid_value(const struct of_type *what, u64 value)
{
	char text[VALUE_TEXT];

	sanitizer_report("ubsan: %s was read, which is no value of %s, " AT, value_text(what->type, value, text),
			 what->type->name, WHERE(what->at));
}

void __ubsan_handle_nonnull_arg(const struct of_argument *what)
{
	sanitizer_report("ubsan: argument %d is null, though it may not be, " AT, what->argument, WHERE(what->at));
}

void __ubsan_handle_nonnull_return_v1(const struct place *declared, const struct place *at)
{
	(void)declared;
	sanitizer_report("ubsan: null is returned where it may not be, " AT, WHERE(*at));
}

void __ubsan_handle_vla_bound_not_positive(const struct of_type *what, u64 bound)
{
	char text[VALUE_TEXT];

	sanitizer_report("ubsan: an array of %s elements, " AT, value_text(what->type, bound, text), WHERE(what->at));
}

void __ubsan_handle_invalid_builtin(const struct place *at)
{
	sanitizer_report("ubsan: bits are counted in 0, " AT, WHERE(*at));
}

void __ubsan_handle_alignment_assumption(const struct of_alignment *what, u64 pointer, u64 alignment, u64 offset)
{
	sanitizer_report("ubsan: %016lx was said to be %lu behind a multiple of %lu, " AT, pointer, offset, alignment,
			 WHERE(what->at));
}

void __ubsan_handle_builtin_unreachable(const struct place *at)
{
	sanitizer_report("ubsan: what cannot be reached was reached, " AT, WHERE(*at));
	panic("nothing follows");
}
