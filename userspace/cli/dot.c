// SPDX-License-Identifier: GPL-2.0-or-later
/* The picture for graphviz: groups are clusters. */
#include "color.h"
#include "picture.h"

static void write_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void draw_node(FILE *out, const struct picture_row *row, int number)
{
	fprintf(out, "\t\tn%d [label=\"", number);
	for (int column = 0; column < NUM_COLUMNS; column++) {
		if (!*row->text[column])
			continue;
		if (column != COLUMN_ADDRESS)
			fputs("\\n", out);
		write_quoted(out, row->text[column]);
	}
	fprintf(out, "\"%s];\n", row->depth ? "" : ", shape=plaintext");
}

static const char *pen_color(const struct picture_group *group)
{
	switch (group->is_stray ? COLOR_BUSY : color_of_state(group->state)) {
	case COLOR_GOOD:
		return "#2e8540";
	case COLOR_BUSY:
		return "#b07d00";
	case COLOR_BAD:
		return "#c9302c";
	default:
		return "#888888";
	}
}

static void draw_group(FILE *out, const struct picture *picture, int number)
{
	const struct picture_group *group = &picture->groups[number];
	bool is_drawn = false;

	for (int i = 0; i < picture->num_rows; i++) {
		if (picture->rows[i].group != number)
			continue;
		if (!is_drawn) {
			fprintf(out, "\tsubgraph cluster_%u {\n\t\tlabel=\"",
				group->number);
			write_quoted(out, group->title);
			fprintf(out, "\";\n\t\tcolor=\"%s\";\n\t\tfontcolor=\"%s\";\n",
				pen_color(group), pen_color(group));
		}
		is_drawn = true;
		draw_node(out, &picture->rows[i], i);
	}
	if (is_drawn)
		fputs("\t}\n", out);
}

void dot_draw(FILE *out, const struct picture *picture)
{
	fputs("digraph pci {\n"
	      "\trankdir=LR;\n"
	      "\tgraph [style=rounded, fontname=\"sans-serif\", fontsize=11];\n"
	      "\tnode [shape=box, fontname=\"monospace\", fontsize=10];\n"
	      "\tedge [arrowhead=none];\n", out);
	for (int i = 0; i < picture->num_groups; i++)
		draw_group(out, picture, i);
	for (int i = 0; i < picture->num_rows; i++)
		if (picture->rows[i].group == NO_GROUP)
			draw_node(out, &picture->rows[i], i);
	for (int i = 0; i < picture->num_rows; i++)
		if (picture->rows[i].parent >= 0)
			fprintf(out, "\tn%d -> n%d;\n", picture->rows[i].parent, i);
	fputs("}\n", out);
}
