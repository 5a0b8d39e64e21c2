/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters ($?, $$, $!, $#, $@, $1, $NAME, ${NAME}), quotes, and field splitting. */
#include "spawnsh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct output {
	char *text;
	size_t length, room;
	char **fields;
	int count;
	bool split;   /* cut unquoted values at white space */
	bool pending; /* a field has begun: it counts even when it is empty */
};

static void put(struct output *out, char c)
{
	if (out->length + 1 >= out->room) {
		char *larger = arena_get(out->room = out->room ? 2 * out->room : 64);

		if (out->length)
			memcpy(larger, out->text, out->length);
		out->text = larger;
	}
	out->text[out->length++] = c;
	out->pending = true;
}

static void field_end(struct output *out)
{
	if (!out->pending)
		return;

	char **fields = arena_get((out->count + 2) * sizeof(*fields));

	if (out->count)
		memcpy(fields, out->fields, out->count * sizeof(*fields));
	fields[out->count++] = arena_text(out->text, out->length);
	out->fields = fields;
	out->length = 0;
	out->pending = false;
}

static const char *number(long value)
{
	char text[24];

	return arena_text(text, snprintf(text, sizeof(text), "%ld", value));
}

static const char *all_arguments(void)
{
	size_t length = 0;

	for (int i = 0; i < shell.argument_count; i++)
		length += strlen(shell.arguments[i]) + 1;

	char *text = arena_get(length + 1), *at = text;

	for (int i = 0; i < shell.argument_count; i++)
		at += sprintf(at, "%s%s", i ? " " : "", shell.arguments[i]);
	return text;
}

/* The value of the parameter that follows a '$'; moves *at behind it. "$" alone is itself. */
static const char *parameter(const char **at)
{
	bool braces = **at == '{';
	const char *name = *at + braces, *end = name, *value;

	if (isalpha((unsigned char)*end) || *end == '_')
		while (isalnum((unsigned char)*end) || *end == '_')
			end++;
	else if (*end && strchr("?$!#@", *end))
		end++;
	else if (isdigit((unsigned char)*end))
		end++;
	if (end == name || (braces && *end != '}'))
		return "$";
	*at = end + braces;
	switch (*name) {
	case '?':
		return number(shell.status);
	case '$':
		return number(getpid());
	case '!':
		return shell.last_background ? number(shell.last_background) : "";
	case '#':
		return number(shell.argument_count);
	case '@':
		return all_arguments();
	}
	if (*name == '0')
		return shell.name;
	if (isdigit((unsigned char)*name))
		return *name - '0' <= shell.argument_count ? shell.arguments[*name - '1'] : "";
	value = getenv(arena_text(name, end - name));
	return value ? value : "";
}

static void value_put(struct output *out, const char *value, bool quoted)
{
	for (; *value; value++) {
		if (!quoted && out->split && isspace((unsigned char)*value))
			field_end(out);
		else
			put(out, *value);
	}
}

static const char *double_quoted(struct output *out, const char *at)
{
	while (*at != '"') {
		if (*at == '\\' && strchr("\\\"$`\n", at[1])) {
			if (at[1] != '\n')
				put(out, at[1]);
			at += 2;
		} else if (*at == '$') {
			at++;
			value_put(out, parameter(&at), true);
		} else {
			put(out, *at++);
		}
	}
	return at + 1;
}

/* line_parse made sure that the quotes close. */
static void expand(struct output *out, const char *at)
{
	while (*at) {
		char c = *at++;

		if (c == '\'') {
			out->pending = true;
			for (; *at != '\''; at++)
				put(out, *at);
			at++;
		} else if (c == '"') {
			out->pending = true;
			at = double_quoted(out, at);
		} else if (c == '\\') {
			if (*at != '\n')
				put(out, *at);
			at++;
		} else if (c == '$') {
			value_put(out, parameter(&at), false);
		} else {
			put(out, c);
		}
	}
}

char **words_expand(char **words, int *count)
{
	struct output out = {.fields = arena_get(sizeof(char *)), .split = true};

	for (int i = 0; i < *count; i++) {
		expand(&out, words[i]);
		field_end(&out);
	}
	*count = out.count;
	return out.fields;
}

char *word_expand(const char *word)
{
	struct output out = {.split = false};

	expand(&out, word);
	return arena_text(out.length ? out.text : "", out.length);
}
