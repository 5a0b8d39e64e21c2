/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.c - printf into a buffer.
 *
 * Pure; called by printk, procfs and whoever makes text. Characters past the buffer are counted,
 * not written, so that a caller can learn the length first.
 */
#include <lib/format.h>

#include <lib/string.h>

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text so far, beyond the buffer too */
};

struct spec {
	bool left, zero, plus, space, alt;
	int width;
	int precision; /* -1: none */
	char length;   /* 0, 'h', 'H' for hh, 'l' for everything of 64 bits */
};

static void emit(struct out *out, const char *s, size_t n)
{
	if (out->len < out->size)
		memcpy(out->buf + out->len, s, MIN(n, out->size - out->len));
	out->len += n;
}

static void emit_repeated(struct out *out, char c, size_t n)
{
	if (out->len < out->size)
		memset(out->buf + out->len, c, MIN(n, out->size - out->len));
	out->len += n;
}

static void emit_padded(struct out *out, const struct spec *spec, const char *s, size_t n)
{
	size_t pad = (size_t)spec->width > n ? (size_t)spec->width - n : 0;

	if (!spec->left)
		emit_repeated(out, ' ', pad);
	emit(out, s, n);
	if (spec->left)
		emit_repeated(out, ' ', pad);
}

/* `prefix` is the sign, or 0x. */
static void emit_number(struct out *out, const struct spec *spec, u64 value, unsigned base,
			const char *prefix, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[22]; /* 64 bits in octal */
	size_t at = sizeof(text);
	size_t prefix_len = strlen(prefix);
	size_t ndigits, zeros = 0, pad = 0;

	for (; value; value /= base)
		text[--at] = digits[value % base];
	ndigits = sizeof(text) - at;

	if (spec->precision < 0)
		zeros = ndigits ? 0 : 1;
	else if ((size_t)spec->precision > ndigits)
		zeros = (size_t)spec->precision - ndigits;
	if (base == 8 && spec->alt && !zeros)
		zeros = 1;

	if ((size_t)spec->width > prefix_len + zeros + ndigits)
		pad = (size_t)spec->width - prefix_len - zeros - ndigits;
	if (spec->zero && !spec->left && spec->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	if (!spec->left)
		emit_repeated(out, ' ', pad);
	emit(out, prefix, prefix_len);
	emit_repeated(out, '0', zeros);
	emit(out, text + at, ndigits);
	if (spec->left)
		emit_repeated(out, ' ', pad);
}

static void emit_signed(struct out *out, const struct spec *spec, i64 value)
{
	const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
	u64 magnitude = value < 0 ? -(u64)value : (u64)value;

	emit_number(out, spec, magnitude, 10, sign, false);
}

static void emit_string(struct out *out, const struct spec *spec, const char *s)
{
	if (!s)
		s = spec->precision < 0 || spec->precision >= 6 ? "(null)" : "";
	emit_padded(out, spec, s,
		    spec->precision < 0 ? strlen(s) : strnlen(s, (size_t)spec->precision));
}

static void emit_pointer(struct out *out, const struct spec *spec, const void *ptr)
{
	if (!ptr)
		emit_padded(out, spec, "(nil)", 5);
	else
		emit_number(out, spec, (uintptr_t)ptr, 16, "0x", false);
}

/* Reads a decimal number, at most INT32_MAX. */
static int parse_int(const char **format)
{
	i64 value = 0;

	for (; **format >= '0' && **format <= '9'; (*format)++)
		value = MIN(value * 10 + (**format - '0'), INT32_MAX);
	return (int)value;
}

static void parse_flags(struct spec *spec, const char **format)
{
	for (;; (*format)++) {
		switch (**format) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '#':
			spec->alt = true;
			break;
		default:
			return;
		}
	}
}

static void parse_length(struct spec *spec, const char **format)
{
	switch (**format) {
	case 'h':
		(*format)++;
		spec->length = 'h';
		if (**format == 'h') {
			(*format)++;
			spec->length = 'H';
		}
		break;
	case 'l':
		(*format)++;
		spec->length = 'l';
		if (**format == 'l')
			(*format)++;
		break;
	case 'z':
	case 'j':
	case 't':
		(*format)++;
		spec->length = 'l';
		break;
	}
}

/* va_list is an array type, so a function that takes arguments off gets a pointer to a structure.
 */
struct args {
	va_list list;
};

static i64 take_signed(const struct spec *spec, struct args *args)
{
	switch (spec->length) {
	case 'l':
		return va_arg(args->list, long);
	case 'h':
		return (i16)va_arg(args->list, int);
	case 'H':
		return (i8)va_arg(args->list, int);
	default:
		return va_arg(args->list, int);
	}
}

static u64 take_unsigned(const struct spec *spec, struct args *args)
{
	switch (spec->length) {
	case 'l':
		return va_arg(args->list, unsigned long);
	case 'h':
		return (u16)va_arg(args->list, unsigned int);
	case 'H':
		return (u8)va_arg(args->list, unsigned int);
	default:
		return va_arg(args->list, unsigned int);
	}
}

/* Reads flags, width, precision and length; returns what stands behind them. */
static const char *parse_spec(struct spec *spec, const char *format, struct args *args)
{
	*spec = (struct spec){.precision = -1};
	parse_flags(spec, &format);
	if (*format == '*') {
		int width = va_arg(args->list, int);

		format++;
		spec->left |= width < 0;
		spec->width = width == INT32_MIN ? INT32_MAX : width < 0 ? -width : width;
	} else {
		spec->width = parse_int(&format);
	}
	if (*format == '.') {
		format++;
		if (*format == '*') {
			int precision = va_arg(args->list, int);

			format++;
			spec->precision = MAX(precision, -1);
		} else {
			spec->precision = parse_int(&format);
		}
	}
	parse_length(spec, &format);
	return format;
}

/* False when the conversion is none that we know. */
static bool convert(struct out *out, const struct spec *spec, char conversion, struct args *args)
{
	u64 value;
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		emit_signed(out, spec, take_signed(spec, args));
		return true;
	case 'u':
		emit_number(out, spec, take_unsigned(spec, args), 10, "", false);
		return true;
	case 'o':
		emit_number(out, spec, take_unsigned(spec, args), 8, "", false);
		return true;
	case 'x':
		value = take_unsigned(spec, args);
		emit_number(out, spec, value, 16, spec->alt && value ? "0x" : "", false);
		return true;
	case 'X':
		value = take_unsigned(spec, args);
		emit_number(out, spec, value, 16, spec->alt && value ? "0X" : "", true);
		return true;
	case 'c':
		c = (char)va_arg(args->list, int);
		emit_padded(out, spec, &c, 1);
		return true;
	case 's':
		emit_string(out, spec, va_arg(args->list, const char *));
		return true;
	case 'p':
		emit_pointer(out, spec, va_arg(args->list, const void *));
		return true;
	case '%':
		emit(out, "%", 1);
		return true;
	default:
		return false;
	}
}

int vsnprintf(char *buf, size_t size, const char *format, va_list list)
{
	struct out out = {.buf = buf, .size = size};
	struct args args;

	va_copy(args.list, list);
	while (*format) {
		const char *percent = format;
		struct spec spec;

		while (*percent && *percent != '%')
			percent++;
		emit(&out, format, (size_t)(percent - format));
		if (!*percent)
			break;
		format = parse_spec(&spec, percent + 1, &args);
		if (convert(&out, &spec, *format, &args)) {
			format++;
			continue;
		}
		if (*format)
			format++;
		emit(&out, percent, (size_t)(format - percent));
	}
	va_end(args.list);
	if (size)
		buf[MIN(out.len, size - 1)] = '\0';
	return (int)MIN(out.len, (size_t)INT32_MAX);
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf, size, format, args);
	va_end(args);
	return len;
}
