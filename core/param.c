/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param.c - the kernel command line becomes struct param (docs/protocol.md lists the keys).
 *
 * Called once by kmain(), before anything reads `param`. What is wrong there is one warning line, and
 * the default stays.
 */
#include <core/param.h>

#include <arch/boot.h>
#include <arch/machine.h>
#include <core/printk.h>
#include <core/seeds.h>
#include <core/time.h>
#include <lib/cmdline.h>
#include <lib/config.h>
#include <lib/string.h>

#define SLICE_US_MAX 10000000ul
#define BALANCE_MS_MAX 60000
#define TRACE_SIZE_MIN 4096ul
#define TRACE_SIZE_MAX (128ul << 20)

struct param param = {
	.loglevel = CONFIG_LOG_LEVEL,
	.maxcpus = CONFIG_NR_CPUS_MAX,
	.tlb_batch = PARAM_TLB_BATCH_MAX,
	.kstacks = 32,
};

static char arg_text[BOOT_CMDLINE_MAX]; /* the words behind `--`, each with its NUL */
static size_t arg_used;

static bool word_is(const char *text, size_t size, const char *word)
{
	return text && strlen(word) == size && !memcmp(text, word, size);
}

static bool copy_word(char *to, size_t room, const struct cmdline_item *item)
{
	if (!item->value || !item->valuelen || item->valuelen >= room)
		return false;
	memcpy(to, item->value, item->valuelen);
	to[item->valuelen] = '\0';
	return true;
}

static bool number(const struct cmdline_item *item, u64 min, u64 max, u64 *value)
{
	u64 sum = 0;

	if (!item->value || !item->valuelen || item->valuelen > 18)
		return false;
	for (size_t i = 0; i < item->valuelen; i++) {
		if (item->value[i] < '0' || item->value[i] > '9')
			return false;
		sum = sum * 10 + (u64)(item->value[i] - '0');
	}
	*value = sum;
	return sum >= min && sum <= max;
}

static bool small_number(const struct cmdline_item *item, unsigned min, unsigned max, unsigned *to)
{
	u64 value;

	if (!number(item, min, max, &value))
		return false;
	*to = (unsigned)value;
	return true;
}

static bool set_streams(const struct cmdline_item *item)
{
	if (word_is(item->value, item->valuelen, "com2"))
		param.streams = STREAMS_COM2;
	else if (word_is(item->value, item->valuelen, "virtio"))
		param.streams = STREAMS_VIRTIO;
	else
		return false;
	return true;
}

/* SIZE@BASE:IRQ, as Linux has it; numbers may be hexadecimal. */
static bool set_virtio(const struct cmdline_item *item)
{
	const char *end = item->value + item->valuelen;
	const char *base = item->value ? memchr(item->value, '@', item->valuelen) : NULL;
	const char *irq = base ? memchr(base, ':', (size_t)(end - base)) : NULL;
	struct param_virtio place = { 0 };

	if (!irq || param.nvirtio == PARAM_VIRTIO_MAX)
		return false;
	if (!cmdline_number(base + 1, (size_t)(irq - base - 1), &place.base) ||
	    !cmdline_number(irq + 1, (size_t)(end - irq - 1), &place.irq))
		return false;
	param.virtio[param.nvirtio++] = place;
	return true;
}

static bool set_exit(const struct cmdline_item *item)
{
	param.exit_isa_debug = word_is(item->value, item->valuelen, "isa-debug");
	return param.exit_isa_debug;
}

static bool set_strace(const struct cmdline_item *item)
{
	param.strace = true;
	return !item->value;
}

/* A power of two in bytes, K, M or G. */
static bool trace_size(const struct cmdline_item *item)
{
	static const char units[] = {'K', 'M', 'G'};
	size_t digits = item->valuelen;
	unsigned shift = 0;
	u64 value;

	if (!digits)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(units); i++) {
		if (item->value[digits - 1] == units[i])
			shift = 10 * (i + 1);
	}
	digits -= shift != 0;
	if (!cmdline_number(item->value, digits, &value) || value > TRACE_SIZE_MAX >> shift)
		return false;
	value <<= shift;
	if (value < TRACE_SIZE_MIN || (value & (value - 1)))
		return false;
	param.trace_size = value;
	return true;
}

static bool set_trace(const struct cmdline_item *item)
{
	param.trace = true;
	return !item->value || !IS_ENABLED(CONFIG_TRACE) || trace_size(item);
}

static bool set_noaslr(const struct cmdline_item *item)
{
	param.noaslr = true;
	return !item->value;
}

/* It has been heeded, where there is KASLR, before there was memory. */
static bool set_nokaslr(const struct cmdline_item *item)
{
	return !item->value;
}

static bool set_unsafe_null(const struct cmdline_item *item)
{
	u64 value;

	if (!number(item, 0, 1, &value))
		return false;
	param.unsafe_null = value;
	return true;
}

static bool set_ktest(const struct cmdline_item *item)
{
	param.ktest = true;
	return !item->value;
}

static bool set_loglevel(const struct cmdline_item *item)
{
	u64 value;

	if (!number(item, 0, 8, &value))
		return false;
	param.loglevel = (int)value;
	return true;
}

static bool set_maxcpus(const struct cmdline_item *item)
{
	return small_number(item, 1, CONFIG_NR_CPUS_MAX, &param.maxcpus);
}

static bool set_slice(const struct cmdline_item *item)
{
	u64 value;

	if (!number(item, 1, SLICE_US_MAX, &value))
		return false;
	param.slice_ns = value * NSEC_PER_USEC;
	return true;
}

/* Which of the names it is; `count`: none. */
static unsigned name_of(const struct cmdline_item *item, const char *const *names, unsigned count)
{
	unsigned i = 0;

	while (i < count && !word_is(item->value, item->valuelen, names[i]))
		i++;
	return i;
}

static bool set_runqueues(const struct cmdline_item *item)
{
	static const char *const names[] = {"percpu", "one"};
	unsigned i = name_of(item, names, ARRAY_SIZE(names));

	param.one_runqueue = i == 1;
	if (i == ARRAY_SIZE(names))
		pr_warn("command line: runqueues: no '%.*s'; there are %s and %s", (int)item->valuelen, item->value ? item->value : "",
			names[0], names[1]);
	return true;
}

static bool set_balance(const struct cmdline_item *item)
{
	unsigned ms;

	if (!small_number(item, 0, BALANCE_MS_MAX, &ms))
		return false;
	param.balance_ns = ms * NSEC_PER_MSEC;
	return true;
}

static bool set_shootdown(const struct cmdline_item *item)
{
	static const char *const names[] = {[SHOOTDOWN_LAZY] = "lazy", [SHOOTDOWN_SPACE] = "space", [SHOOTDOWN_ALL] = "all"};
	unsigned i = name_of(item, names, ARRAY_SIZE(names));

	if (i < ARRAY_SIZE(names)) {
		param.shootdown = (enum shootdown)i;
		return true;
	}
	pr_warn("command line: shootdown: no '%.*s'; there are %s, %s and %s", (int)item->valuelen, item->value ? item->value : "",
		names[SHOOTDOWN_LAZY], names[SHOOTDOWN_SPACE], names[SHOOTDOWN_ALL]);
	return true;
}

static bool set_tlb_batch(const struct cmdline_item *item)
{
	return small_number(item, 1, PARAM_TLB_BATCH_MAX, &param.tlb_batch);
}

static bool set_kstacks(const struct cmdline_item *item)
{
	return small_number(item, 0, PARAM_KSTACKS_MAX, &param.kstacks);
}

static bool set_init(const struct cmdline_item *item)
{
	return copy_word(param.init, sizeof(param.init), item);
}

/* A name that is too long is none either: what there is of it says so, and sched_init() which names there are. */
static bool set_sched(const struct cmdline_item *item)
{
	struct cmdline_item part = *item;

	part.valuelen = MIN(item->valuelen, sizeof(param.sched) - 1);
	return copy_word(param.sched, sizeof(param.sched), &part);
}

static bool set_seed(const struct cmdline_item *item)
{
	return number(item, 0, ~0ul, &param.seed);
}

/* NAME or NAME,CPU */
static bool set_crash(const struct cmdline_item *item)
{
	struct cmdline_item part = *item;
	const char *comma = item->value ? memchr(item->value, ',', item->valuelen) : NULL;
	u64 cpu = 0;

	if (comma) {
		part.value = comma + 1;
		part.valuelen = item->valuelen - (size_t)(part.value - item->value);
		if (!number(&part, 0, CONFIG_NR_CPUS_MAX - 1, &cpu))
			return false;
		part.value = item->value;
		part.valuelen = (size_t)(comma - item->value);
	}
	param.crash_cpu = (unsigned)cpu;
	return copy_word(param.crash, sizeof(param.crash), &part);
}

static const struct {
	const char *key;
	bool (*set)(const struct cmdline_item *item);
} keys[] = {
	{"streams", set_streams}, {"exit", set_exit},	      {"strace", set_strace},
	{"ktest", set_ktest},	  {"loglevel", set_loglevel}, {"maxcpus", set_maxcpus},
	{"trace", set_trace},	  {"slice_us", set_slice},    {"init", set_init},
	{"sched", set_sched},	  {"crash", set_crash},	      {"virtio_mmio.device", set_virtio},
	{"seed", set_seed},
	{"noaslr", set_noaslr},	  {"nokaslr", set_nokaslr},   {"unsafe_null", set_unsafe_null},
	{"shootdown", set_shootdown}, {"runqueues", set_runqueues}, {"balance_ms", set_balance},
	{"tlb_batch", set_tlb_batch}, {"kstacks", set_kstacks},
};

static void take_key(const struct cmdline_item *item)
{
	if (SEEDS && seeds_take(item))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!word_is(item->key, item->keylen, keys[i].key))
			continue;
		if (!keys[i].set(item))
			pr_warn("command line: %s: bad value '%.*s'", keys[i].key,
				(int)item->valuelen, item->value ? item->value : "");
		return;
	}
	pr_warn("command line: unknown key '%.*s'", (int)item->keylen, item->key);
}

static void take_arg(const struct cmdline_item *item)
{
	char *text = arg_text + arg_used;

	if (param.argc == PARAM_ARGS_MAX) {
		pr_warn("command line: more than %d arguments: '%.*s' dropped", PARAM_ARGS_MAX,
			(int)item->valuelen, item->value);
		return;
	}
	/* Fits: a word and the blank before it are never shorter than the word and its NUL. */
	memcpy(text, item->value, item->valuelen);
	text[item->valuelen] = '\0';
	arg_used += item->valuelen + 1;
	param.argv[param.argc++] = text;
}

void param_init(void)
{
	struct cmdline_iter iter;
	struct cmdline_item item;

	cmdline_init(&iter, bootinfo.cmdline);
	while (cmdline_next(&iter, &item)) {
		if (item.is_arg)
			take_arg(&item);
		else
			take_key(&item);
	}
	console_set_level(param.loglevel);
	if (param.exit_isa_debug)
		arch_end_by_debug_port();
}
