// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "color.h"

enum color color_of_state(const char *state)
{
	static const struct {
		const char *state;
		enum color color;
	} rows[] = {
		{ "held", COLOR_GOOD }, { "kept", COLOR_GOOD },
		{ "reserved", COLOR_BUSY }, { "binding", COLOR_BUSY },
		{ "draining", COLOR_BUSY }, { "restoring", COLOR_BUSY },
		{ "stuck", COLOR_BAD }, { "degraded", COLOR_BAD },
		{ "gone", COLOR_BAD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].state, state))
			return rows[i].color;
	return COLOR_NONE;
}

/* https://no-color.org; a dumb terminal would print the codes. */
static bool has_color(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fileno(out)) && !(no_color && *no_color) && term &&
	       *term && strcmp(term, "dumb");
}

void color_begin(FILE *out, enum color color)
{
	static const char *const codes[] = {
		[COLOR_BOLD] = "\033[1m",
		[COLOR_DIM] = "\033[2m",
		[COLOR_GOOD] = "\033[32m",
		[COLOR_BUSY] = "\033[33m",
		[COLOR_BAD] = "\033[1;31m",
	};

	if (color != COLOR_NONE && has_color(out))
		fputs(codes[color], out);
}

void color_end(FILE *out, enum color color)
{
	if (color != COLOR_NONE && has_color(out))
		fputs("\033[0m", out);
}

/*
 * What the user's locale says of the terminal; it need not be installed here,
 * as where one is logged in from elsewhere.
 */
bool has_unicode(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !(value && *value); i++)
		value = getenv(names[i]);
	return value && (strcasestr(value, ".UTF-8") ||
			 strcasestr(value, ".utf8"));
}

int terminal_width(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) ? 0 : size.ws_col;
}
