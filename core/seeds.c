/* SPDX-License-Identifier: BSD-2-Clause */
/* seeds.c - preempt= and race= on the command line, and in a report. Called by param_init(), and by reports in any context. */
#include <core/seeds.h>

#include <core/printk.h>
#include <lib/cmdline.h>
#include <lib/format.h>
#include <lib/rand.h>
#include <lib/string.h>

#define DENSITY_MAX 1000000000u
#define TEXT 64

struct seed preempt_seed = {.density = 8}, race_seed = {.density = 256, .seed = 1};

u64 seeds_state(u64 seed, unsigned cpu)
{
	u64 state = seed, of_cpu = splitmix64(&state) + cpu;

	return splitmix64(&of_cpu);
}

/* The next of the parts that commas divide, or false. */
static bool next_part(const char **at, const char *end, const char **part, size_t *size)
{
	const char *comma;

	if (*at >= end)
		return false;
	comma = memchr(*at, ',', (size_t)(end - *at));
	*part = *at;
	*size = (size_t)((comma ? comma : end) - *at);
	*at = comma ? comma + 1 : end;
	return true;
}

static bool parse(struct seed *to, const struct cmdline_item *item, bool may_panic)
{
	struct seed s = {.given = true, .density = to->density};
	const char *at = item->value, *end = at + item->valuelen, *part;
	size_t size;
	u64 density;

	if (!at || !next_part(&at, end, &part, &size) || !cmdline_number(part, size, &s.seed))
		return false;
	while (next_part(&at, end, &part, &size)) {
		if (may_panic && size == 5 && !memcmp(part, "panic", 5)) {
			s.panics = true;
			continue;
		}
		if (size < 3 || memcmp(part, "1/", 2) || !cmdline_number(part + 2, size - 2, &density) || !density ||
		    density > DENSITY_MAX)
			return false;
		s.density = (unsigned)density;
	}
	*to = s;
	return true;
}

static bool key_is(const struct cmdline_item *item, const char *key)
{
	return item->keylen == strlen(key) && !memcmp(item->key, key, item->keylen);
}

bool seeds_take(const struct cmdline_item *item)
{
	bool is_preempt = PREEMPT_POINTS && key_is(item, "preempt"), is_race = RACE && key_is(item, "race");

	if (!is_preempt && !is_race)
		return false;
	if (!parse(is_preempt ? &preempt_seed : &race_seed, item, is_race))
		pr_warn("command line: %s: bad value '%.*s', not SEED[,1/N]%s", is_preempt ? "preempt" : "race",
			(int)item->valuelen, item->value ? item->value : "", is_race ? "[,panic]" : "");
	return true;
}

static const char *seed_text(const char *key, const struct seed *s, char text[TEXT])
{
	snprintf(text, TEXT, " %s=%lu,1/%u", key, s->seed, s->density);
	return text;
}

void seeds_print(void)
{
	char preempt[TEXT] = "", race[TEXT] = "";

	if (PREEMPT_POINTS && preempt_seed.given)
		seed_text("preempt", &preempt_seed, preempt);
	if (RACE)
		seed_text("race", &race_seed, race);
	if (preempt[0] || race[0])
		console_print("  seeds:%s%s (the same run again under --icount: docs/races.md)\n", preempt, race);
}
