/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PICTURE_H
#define PICTURE_H

#include "cli.h"

/*
 * The PCI tree as rows, each with its place and its words: what all pictures
 * have in common. A picture only draws them.
 */
enum picture_column {
	COLUMN_ADDRESS,
	COLUMN_KIND,
	COLUMN_NAME,
	COLUMN_DRIVER,
	COLUMN_ROLE,
	NUM_COLUMNS,
};

#define NO_GROUP (-1)

/* A stretch of rows of one group: the box that is drawn. */
enum picture_edge {
	EDGE_FIRST = 1 << 0,
	EDGE_LAST = 1 << 1,
};

struct picture_row {
	unsigned int depth;	/* 0: a root bus */
	uint64_t lines;		/* bit N: a line at depth N goes on below */
	bool is_last;		/* of its parent's children */
	int parent;		/* its row, -1: none */
	int group;		/* index, or NO_GROUP */
	unsigned int edges;	/* bits of enum picture_edge */
	bool is_again;		/* the group had another stretch above */
	char *text[NUM_COLUMNS];
};

struct picture_group {
	uint32_t number;
	const char *state;	/* "" if it is not known */
	char *title;		/* "group 5", and what there is to say of it */
	bool is_stray;
};

struct picture {
	struct picture_row *rows;
	int num_rows;
	struct picture_group *groups;
	int num_groups;
	int error;		/* why no states are known, 0: they are */
};

/* Deeper ones are drawn as deep as this: 64 bits of lines. */
#define DEPTH_MAX 62

/* picture.c */
int picture_new(const struct options *options, struct picture *picture);
void picture_free(struct picture *picture);

/* facts.c */
#define DEVICE_NAME_SIZE (2UL * BINDERY_PCI_NAME_SIZE)

void device_name(struct bindery_names *names,
		 const struct bindery_device *device,
		 char text[DEVICE_NAME_SIZE]);
char *name_words(struct bindery_names *names,
		 const struct bindery_device *device);
const char *class_word(uint32_t class_code);
char *driver_words(const struct bindery_device *device,
		   const struct bindery_member *member);
char *role_words(const struct bindery_member *member);
char *group_title(uint32_t number, const struct bindery_group *group,
		  bool is_stray);

/* tree.c, dot.c, svg.c */
void tree_draw(FILE *out, const struct picture *picture);
void dot_draw(FILE *out, const struct picture *picture);
void svg_draw(FILE *out, const struct picture *picture);

#endif
