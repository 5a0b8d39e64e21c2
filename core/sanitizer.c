/* SPDX-License-Identifier: BSD-2-Clause */
/* sanitizer.c - a finding of the compiler's checks is a panic, or what a self-test has planted. Called by KASAN and UBSan. */
#include <core/sanitizer.h>

#include <arch/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <lib/format.h>
#include <lib/string.h>

static const char *expected;   /* a: by a self-test, once at a time */
static unsigned expected_seen; /* a */
static int reporting = -1;     /* a: the CPU that makes a report: what it breaks thereby is not another */

unsigned sanitizer_expect(const char *text)
{
	WRITE_ONCE(expected, text);
	return __atomic_exchange_n(&expected_seen, 0, __ATOMIC_RELAXED);
}

/* False: this CPU is at it already. */
static bool begin(void)
{
	int nobody = -1, me = (int)this_cpu_id();

	while (!__atomic_compare_exchange_n(&reporting, &nobody, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		if (nobody == me)
			return false;
		nobody = -1;
		cpu_pause();
	}
	return true;
}

void sanitizer_report(const char *format, ...)
{
	char cause[256];
	const char *text;
	va_list args;
	u64 flags;

	if (READ_ONCE(panic_cpu) >= 0)
		return;
	flags = irq_save();
	if (begin()) {
		va_start(args, format);
		vsnprintf(cause, sizeof(cause), format, args);
		va_end(args);
		text = READ_ONCE(expected);
		if (!text || !strstr(cause, text))
			panic("%s", cause);
		__atomic_fetch_add(&expected_seen, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&reporting, -1, __ATOMIC_RELEASE);
	}
	irq_restore(flags);
}
