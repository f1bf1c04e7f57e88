// SPDX-License-Identifier: GPL-2.0-or-later
/* The picture as SVG: one file that needs no other, for light and for dark. */
#include <string.h>

#include "color.h"
#include "picture.h"

#define LINE	26	/* height of a row */
#define GLYPH	7.85	/* width of a letter of a 13 pixel monospaced font */
#define BASELINE 5	/* of a text, below its middle */
#define STEP	22	/* a level of the tree */
#define MARGIN	16
#define GAP	20	/* between columns */

struct sheet {
	FILE *out;
	const struct picture *picture;
	double left[NUM_COLUMNS + 1];	/* of columns; the last is the title */
	double width;
};

/* No variables: viewers other than browsers do not know them. */
static const char style[] =
	"text{font:13px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1c2024}\n"
	".root{font-weight:bold}.soft,.t-free{fill:#667079}\n"
	".paper{fill:#fff}.tree{stroke:#9aa4ad;fill:none;shape-rendering:crispEdges}\n"
	".free{fill:#f4f6f8;stroke:#c3cad0}.good{fill:#e9f6ec;stroke:#1f7a3a}\n"
	".busy{fill:#fdf3dc;stroke:#8f6400}.bad{fill:#fdeae8;stroke:#b3261e}\n"
	".t-good{fill:#1f7a3a}.t-busy{fill:#8f6400}.t-bad{fill:#b3261e}\n"
	"@media(prefers-color-scheme:dark){\n"
	"text{fill:#e3e7ea}.soft,.t-free{fill:#97a1a9}\n"
	".paper{fill:#15181b}.tree{stroke:#5c666e}\n"
	".free{fill:#1f2428;stroke:#434c53}.good{fill:#183021;stroke:#6fcf87}\n"
	".busy{fill:#352a10;stroke:#e6b84c}.bad{fill:#3c1b19;stroke:#ff8a80}\n"
	".t-good{fill:#6fcf87}.t-busy{fill:#e6b84c}.t-bad{fill:#ff8a80}\n"
	"}\n";

static void write_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		default:
			fputc(*text, out);
		}
}

static void write_text(const struct sheet *sheet, double x, int y,
		       const char *class, const char *text)
{
	if (!*text)
		return;
	fprintf(sheet->out, "<text x=\"%.0f\" y=\"%d\"", x, y + BASELINE);
	if (*class)
		fprintf(sheet->out, " class=\"%s\"", class);
	fputc('>', sheet->out);
	write_escaped(sheet->out, text);
	fputs("</text>\n", sheet->out);
}

static double text_width(const char *text)
{
	return GLYPH * (double)strlen(text);
}

static double indent(const struct picture_row *row)
{
	return MARGIN + STEP * (double)row->depth;
}

static const char *group_class(const struct picture_group *group)
{
	switch (group->is_stray ? COLOR_BUSY : color_of_state(group->state)) {
	case COLOR_GOOD:
		return "good";
	case COLOR_BUSY:
		return "busy";
	case COLOR_BAD:
		return "bad";
	default:
		return "free";
	}
}

static double column_end(const struct sheet *sheet, enum picture_column column)
{
	double end = sheet->left[column];

	for (int i = 0; i < sheet->picture->num_rows; i++) {
		const struct picture_row *row = &sheet->picture->rows[i];
		double width = text_width(row->text[column]);

		if (column == COLUMN_ADDRESS)
			width += indent(row);
		else
			width += sheet->left[column];
		/* What is empty everywhere takes no room. */
		if (*row->text[column] && end < width + GAP)
			end = width + GAP;
	}
	return end;
}

static void measure(struct sheet *sheet)
{
	sheet->left[0] = 0;
	for (int column = 0; column < NUM_COLUMNS; column++)
		sheet->left[column + 1] = column_end(sheet, column);
	sheet->width = sheet->left[NUM_COLUMNS];
	for (int i = 0; i < sheet->picture->num_groups; i++) {
		double end = sheet->left[NUM_COLUMNS] +
			     text_width(sheet->picture->groups[i].title) +
			     text_width(" (see above)");

		if (sheet->width < end)
			sheet->width = end;
	}
	sheet->width += 2 * MARGIN;
}

static int middle(const struct picture_row *row, const struct picture *picture)
{
	return MARGIN + LINE * (int)(row - picture->rows) + LINE / 2;
}

/* From its first row to its last, as far left as the one that is farthest. */
static void draw_box(const struct sheet *sheet, const struct picture_row *first)
{
	const struct picture_row *last = first;
	double left = indent(first);

	while (!(last->edges & EDGE_LAST)) {
		last++;
		if (left > indent(last))
			left = indent(last);
	}
	left -= 6;
	fprintf(sheet->out,
		"<rect x=\"%.0f\" y=\"%d\" width=\"%.0f\" height=\"%d\" rx=\"6\" class=\"%s\"/>\n",
		left, middle(first, sheet->picture) - LINE / 2 + 2,
		sheet->width - MARGIN - left,
		middle(last, sheet->picture) - middle(first, sheet->picture) +
		LINE - 4,
		group_class(&sheet->picture->groups[first->group]));
}

/* Down from its parent, then to the right. */
static void draw_branch(const struct sheet *sheet, const struct picture_row *row)
{
	const struct picture_row *parent;
	double x;

	if (row->parent < 0)
		return;
	parent = &sheet->picture->rows[row->parent];
	x = indent(parent) + 6;
	fprintf(sheet->out, "<path class=\"tree\" d=\"M%.0f %dV%dH%.0f\"/>\n", x,
		middle(parent, sheet->picture) + 9,
		middle(row, sheet->picture), indent(row) - 6);
}

static void draw_title(const struct sheet *sheet, const struct picture_row *row)
{
	const struct picture_group *group = &sheet->picture->groups[row->group];
	char class[16], text[512];

	snprintf(class, sizeof(class), "t-%s", group_class(group));
	snprintf(text, sizeof(text), "%s%s", group->title,
		 row->is_again ? " (see above)" : "");
	write_text(sheet, sheet->left[NUM_COLUMNS],
		   middle(row, sheet->picture), class, text);
}

static void draw_row(const struct sheet *sheet, const struct picture_row *row)
{
	int y = middle(row, sheet->picture);

	write_text(sheet, indent(row), y, row->depth ? "" : "root",
		   row->text[COLUMN_ADDRESS]);
	write_text(sheet, sheet->left[COLUMN_KIND], y, "soft",
		   row->text[COLUMN_KIND]);
	write_text(sheet, sheet->left[COLUMN_NAME], y, "soft",
		   row->text[COLUMN_NAME]);
	write_text(sheet, sheet->left[COLUMN_DRIVER], y, "",
		   row->text[COLUMN_DRIVER]);
	write_text(sheet, sheet->left[COLUMN_ROLE], y, "",
		   row->text[COLUMN_ROLE]);
	if (row->edges & EDGE_FIRST)
		draw_title(sheet, row);
}

void svg_draw(FILE *out, const struct picture *picture)
{
	struct sheet sheet = { .out = out, .picture = picture };
	int height = 2 * MARGIN + LINE * picture->num_rows;

	measure(&sheet);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\" viewBox=\"0 0 %.0f %d\">\n"
		"<title>PCI devices and their IOMMU groups</title>\n"
		"<style>\n%s</style>\n"
		"<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n",
		sheet.width, height, sheet.width, height, style);
	for (int i = 0; i < picture->num_rows; i++)
		if (picture->rows[i].edges & EDGE_FIRST)
			draw_box(&sheet, &picture->rows[i]);
	for (int i = 0; i < picture->num_rows; i++)
		draw_branch(&sheet, &picture->rows[i]);
	for (int i = 0; i < picture->num_rows; i++)
		draw_row(&sheet, &picture->rows[i]);
	fputs("</svg>\n", out);
}
