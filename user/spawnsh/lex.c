/* SPDX-License-Identifier: BSD-2-Clause */
/* Cuts a line into words, redirections and operators. Words keep their quotes for expand.c. */
#include "spawnsh.h"

#include <ctype.h>
#include <string.h>

static struct token token_make(enum token_kind kind, const char **at, size_t length)
{
	struct token token = {kind, arena_text(*at, length), -1};

	*at += length;
	return token;
}

/* The end of the word at `at`, or NULL when its quotes do not close. */
static const char *word_end(const char *at)
{
	while (*at && !isspace((unsigned char)*at) && !strchr("|&;<>", *at)) {
		char quote = *at++;

		if (quote == '\\') {
			if (!*at || (*at == '\n' && !at[1]))
				return NULL;
			at++;
		} else if (quote == '\'') {
			if (!(at = strchr(at, '\'')))
				return NULL;
			at++;
		} else if (quote == '"') {
			for (; *at != '"'; at++)
				if (!*at || (*at == '\\' && !*++at))
					return NULL;
			at++;
		}
	}
	return at;
}

static struct token redirect_token(const char **at, int fd)
{
	size_t length = (*at)[0] == '>' && ((*at)[1] == '>' || (*at)[1] == '&') ? 2 : 1;
	struct token token = token_make(TOKEN_REDIRECT, at, length);

	token.fd = fd;
	return token;
}

struct token token_next(const char **at)
{
	const char *end;

	while (*at && (**at == ' ' || **at == '\t'))
		(*at)++;
	if (**at == '#')
		*at += strcspn(*at, "\n");
	if (!**at)
		return (struct token){TOKEN_END, "", -1};
	if (**at == '\n')
		return token_make(TOKEN_OPERATOR, at, 1);
	if (isdigit((unsigned char)**at) && ((*at)[1] == '<' || (*at)[1] == '>')) {
		int fd = *(*at)++ - '0';

		return redirect_token(at, fd);
	}
	if (**at == '<' || **at == '>')
		return redirect_token(at, -1);
	if (**at == '|' || **at == '&')
		return token_make(TOKEN_OPERATOR, at, (*at)[1] == **at ? 2 : 1);
	if (**at == ';')
		return token_make(TOKEN_OPERATOR, at, 1);
	if (!(end = word_end(*at)))
		return (struct token){TOKEN_UNFINISHED, "", -1};
	return token_make(TOKEN_WORD, at, end - *at);
}
