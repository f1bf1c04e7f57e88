// SPDX-License-Identifier: GPL-2.0-or-later
/* The picture for a terminal: boxes of groups are brackets at the right. */
#include <string.h>

#include "color.h"
#include "picture.h"

/* Less of a name is of no use. */
#define NAME_MIN 12

struct strokes {
	const char *branch, *last, *line, *none;
	const char *only, *first, *middle, *end;
};

static const struct strokes unicode = {
	"├─ ", "└─ ", "│  ", "   ", "─", "┐", "│", "┘",
};

static const struct strokes ascii = {
	"|- ", "`- ", "|  ", "   ", "-", "\\", "|", "/",
};

static int indent_width(const struct picture_row *row)
{
	return 3 * (int)row->depth;
}

static int column_width(const struct picture *picture,
			enum picture_column column)
{
	int width = 0;

	for (int i = 0; i < picture->num_rows; i++) {
		const struct picture_row *row = &picture->rows[i];
		int length = (int)strlen(row->text[column]);

		/* A root bus has the left side for itself. */
		if (!row->depth)
			continue;
		if (column == COLUMN_ADDRESS)
			length += indent_width(row);
		if (width < length)
			width = length;
	}
	return width;
}

static void draw_indent(FILE *out, const struct picture_row *row,
			const struct strokes *strokes)
{
	color_begin(out, COLOR_DIM);
	for (unsigned int depth = 1; depth < row->depth; depth++)
		fputs(row->lines >> depth & 1 ? strokes->line : strokes->none,
		      out);
	if (row->depth)
		fputs(row->is_last ? strokes->last : strokes->branch, out);
	color_end(out, COLOR_DIM);
}

static const char *bracket(const struct picture_row *row,
			   const struct strokes *strokes)
{
	switch (row->edges) {
	case EDGE_FIRST | EDGE_LAST:
		return strokes->only;
	case EDGE_FIRST:
		return strokes->first;
	case EDGE_LAST:
		return strokes->end;
	default:
		return strokes->middle;
	}
}

static void draw_group(FILE *out, const struct picture *picture,
		       const struct picture_row *row,
		       const struct strokes *strokes)
{
	const struct picture_group *group = &picture->groups[row->group];
	enum color color = group->is_stray ? COLOR_BUSY :
			   color_of_state(group->state);

	color_begin(out, color);
	fputs(bracket(row, strokes), out);
	if (row->edges & EDGE_FIRST)
		fprintf(out, " %s%s", group->title,
			row->is_again ? " (see above)" : "");
	color_end(out, color);
}

/* Its length; what is too long ends in dots. */
static int draw_cell(FILE *out, const char *text, int width)
{
	int length = (int)strlen(text);

	if (length <= width)
		return fprintf(out, "%s", text);
	return fprintf(out, "%.*s...", width - 3, text);
}

static void draw_row(FILE *out, const struct picture *picture,
		     const struct picture_row *row, const int *widths,
		     const struct strokes *strokes)
{
	int used = 0, blanks = 0, length;

	draw_indent(out, row, strokes);
	if (!row->depth) {
		color_begin(out, COLOR_BOLD);
		fprintf(out, "%s  %s", row->text[COLUMN_ADDRESS],
			row->text[COLUMN_KIND]);
		color_end(out, COLOR_BOLD);
		fputc('\n', out);
		return;
	}
	used = indent_width(row);
	for (int column = 0; column < NUM_COLUMNS; column++) {
		if (!widths[column])
			continue;
		/* Blanks are held back until something follows. */
		if (*row->text[column]) {
			fprintf(out, "%*s", blanks, "");
			blanks = 0;
		}
		length = draw_cell(out, row->text[column], widths[column]);
		blanks += widths[column] - used - length + 2;
		used = 0;
	}
	if (row->group != NO_GROUP) {
		fprintf(out, "%*s", blanks, "");
		draw_group(out, picture, row, strokes);
	}
	fputc('\n', out);
}

/* Of the line, without the column of names. */
static int other_width(const struct picture *picture, const int *widths)
{
	int width = 0, title = 0;

	for (int column = 0; column < NUM_COLUMNS; column++)
		if (column != COLUMN_NAME && widths[column])
			width += widths[column] + 2;
	for (int i = 0; i < picture->num_groups; i++)
		if (title < (int)strlen(picture->groups[i].title))
			title = (int)strlen(picture->groups[i].title);
	return width + title + 2;
}

/* A line that is folded is no picture: names get what room is left. */
static void fit_names(FILE *out, const struct picture *picture, int *widths)
{
	int room = terminal_width(out) - other_width(picture, widths) - 2;

	if (terminal_width(out) && widths[COLUMN_NAME] > room)
		widths[COLUMN_NAME] = room < NAME_MIN ? 0 : room;
}

void tree_draw(FILE *out, const struct picture *picture)
{
	const struct strokes *strokes = has_unicode() ? &unicode : &ascii;
	int widths[NUM_COLUMNS];

	for (int column = 0; column < NUM_COLUMNS; column++)
		widths[column] = column_width(picture, column);
	fit_names(out, picture, widths);
	for (int i = 0; i < picture->num_rows; i++)
		draw_row(out, picture, &picture->rows[i], widths, strokes);
	if (!picture->num_rows)
		fputs("There are no PCI devices.\n", out);
}
