/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLOR_H
#define COLOR_H

#include <stdbool.h>
#include <stdio.h>

enum color {
	COLOR_NONE,
	COLOR_BOLD,
	COLOR_DIM,
	COLOR_GOOD,
	COLOR_BUSY,
	COLOR_BAD,
};

/* How a state of a group looks, by its symbol. */
enum color color_of_state(const char *state);
/* Words that are written with their colour, if @out is a terminal. */
void color_begin(FILE *out, enum color color);
void color_end(FILE *out, enum color color);
/* How wide a line may be; 0: nobody knows, as if @out is no terminal. */
int terminal_width(FILE *out);
/* May lines be drawn with what ASCII has not? */
bool has_unicode(void);

#endif
