/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar:   list     = pipeline { (";" | "&" | "&&" | "||") pipeline }
 *                pipeline = command { "|" command }
 *                command  = { word | redirection }
 * Only a pipeline can go to the background: `a && b &` would need a copy of the shell.
 */
#include "spawnsh.h"

#include <string.h>

struct parser {
	const char *at;
	struct token token;
	enum parse_result result;
};

static void advance(struct parser *parser)
{
	parser->token = token_next(&parser->at);
}

static bool at_operator(const struct parser *parser, const char *text)
{
	return parser->token.kind == TOKEN_OPERATOR && !strcmp(parser->token.text, text);
}

static void unexpected(struct parser *parser)
{
	if (parser->result != PARSE_OK)
		return;
	if (parser->token.kind == TOKEN_UNFINISHED) {
		parser->result = PARSE_UNFINISHED;
		return;
	}
	parser->result = PARSE_ERROR;
	complain("syntax error near '%s'",
		 parser->token.kind == TOKEN_END || *parser->token.text == '\n'
		     ? "end of line"
		     : parser->token.text);
}

/* After | && ||: the rest may stand in the next lines. */
static void newlines_skip(struct parser *parser)
{
	while (at_operator(parser, "\n"))
		advance(parser);
	if (parser->token.kind == TOKEN_END && parser->result == PARSE_OK)
		parser->result = PARSE_UNFINISHED;
}

static void redirect_parse(struct parser *parser, struct redirect ***tail)
{
	struct redirect *redirect = arena_get(sizeof(*redirect));
	const char *sign = parser->token.text;

	redirect->kind = !strcmp(sign, "<")    ? REDIRECT_IN
			 : !strcmp(sign, ">")  ? REDIRECT_OUT
			 : !strcmp(sign, ">>") ? REDIRECT_APPEND
					       : REDIRECT_DUP;
	redirect->fd = parser->token.fd >= 0 ? parser->token.fd : redirect->kind != REDIRECT_IN;
	advance(parser);
	if (parser->token.kind != TOKEN_WORD) {
		unexpected(parser);
		return;
	}
	redirect->word = parser->token.text;
	**tail = redirect;
	*tail = &redirect->next;
	advance(parser);
}

static void word_add(struct command *command, char *word)
{
	char **words = arena_get((command->count + 1) * sizeof(*words));

	if (command->count)
		memcpy(words, command->words, command->count * sizeof(*words));
	words[command->count++] = word;
	command->words = words;
}

static struct command *command_parse(struct parser *parser)
{
	struct command *command = arena_get(sizeof(*command));
	struct redirect **tail = &command->redirects;

	while (parser->result == PARSE_OK) {
		if (parser->token.kind == TOKEN_WORD) {
			word_add(command, parser->token.text);
			advance(parser);
		} else if (parser->token.kind == TOKEN_REDIRECT) {
			redirect_parse(parser, &tail);
		} else {
			break;
		}
	}
	if (!command->count && !command->redirects)
		unexpected(parser);
	return command;
}

static struct pipeline *pipeline_parse(struct parser *parser)
{
	struct pipeline *pipeline = arena_get(sizeof(*pipeline));
	struct command **tail = &pipeline->commands;
	const char *start = parser->at - strlen(parser->token.text);

	for (;;) {
		*tail = command_parse(parser);
		tail = &(*tail)->next;
		if (!at_operator(parser, "|"))
			break;
		advance(parser);
		newlines_skip(parser);
	}

	size_t length = parser->at - start - strlen(parser->token.text);

	while (length && strchr(" \t\n", start[length - 1]))
		length--;
	pipeline->text = arena_text(start, length);
	return pipeline;
}

/* What stands between two pipelines; returns the condition of the next one. */
static enum condition connector_parse(struct parser *parser, struct pipeline *before)
{
	enum condition condition = at_operator(parser, "&&")   ? RUN_IF_SUCCESS
				   : at_operator(parser, "||") ? RUN_IF_FAILURE
							       : RUN_ALWAYS;

	if (at_operator(parser, "&")) {
		before->background = true;
		if (before->condition != RUN_ALWAYS) {
			complain("only a single pipeline can run in the background");
			parser->result = PARSE_ERROR;
		}
	} else if (parser->token.kind == TOKEN_OPERATOR && condition == RUN_ALWAYS &&
		   !at_operator(parser, ";") && !at_operator(parser, "\n")) {
		unexpected(parser);
	}
	if (parser->token.kind != TOKEN_END)
		advance(parser);
	if (condition != RUN_ALWAYS)
		newlines_skip(parser);
	return condition;
}

enum parse_result line_parse(const char *text, struct pipeline **list)
{
	struct parser parser = {.at = text, .result = PARSE_OK};
	enum condition condition = RUN_ALWAYS;

	*list = NULL;
	advance(&parser);
	while (parser.result == PARSE_OK) {
		while (at_operator(&parser, ";") || at_operator(&parser, "\n"))
			advance(&parser);
		if (parser.token.kind == TOKEN_END)
			break;
		*list = pipeline_parse(&parser);
		(*list)->condition = condition;
		if (parser.result == PARSE_OK)
			condition = connector_parse(&parser, *list);
		list = &(*list)->next;
	}
	return parser.result;
}
