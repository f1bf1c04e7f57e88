// SPDX-License-Identifier: GPL-2.0-or-later
/* The layout that all pictures draw. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

struct node {
	const struct bindery_device *device;
	struct bindery_bdf bdf;
	struct bindery_path path;
	bool has_path;
	int parent;		/* node, or -1 */
	int group;		/* index, or NO_GROUP */
	int row;
	bool is_shown;
	bool was_asked, is_on_vfio;	/* see is_on_vfio() */
};

struct layout {
	struct picture *picture;
	struct bindery_host *host;
	struct bindery_devices *devices;
	struct bindery_names *names;
	struct node *nodes;
	int num;
	struct bindery_group **groups;	/* of the picture's; NULL: unknown */
	bool has_domains;		/* other than 0000 */
};

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (!memory)
		abort();
	return memory;
}

static char *copy(const char *text)
{
	char *new = strdup(text);

	if (!new)
		abort();
	return new;
}

static int find_bdf(const struct layout *layout, const struct bindery_bdf *bdf)
{
	for (int i = 0; i < layout->num; i++)
		if (!bindery_bdf_compare(&layout->nodes[i].bdf, bdf))
			return i;
	return -1;
}

static int find_path(const struct layout *layout,
		     const struct bindery_path *path)
{
	for (int i = 0; i < layout->num; i++)
		if (layout->nodes[i].has_path &&
		    !bindery_path_compare(&layout->nodes[i].path, path))
			return i;
	return -1;
}

/* A VF hangs below its PF, whatever bus it is on. */
static int find_parent(const struct layout *layout, const struct node *node)
{
	struct bindery_path path = node->path;
	struct bindery_bdf pf;

	if (bindery_device_get_pf(node->device, &pf))
		return find_bdf(layout, &pf);
	if (!node->has_path || path.num_steps < 2)
		return -1;
	path.num_steps--;
	return find_path(layout, &path);
}

static int add_group(struct layout *layout, uint32_t number)
{
	struct picture *picture = layout->picture;

	for (int i = 0; i < picture->num_groups; i++)
		if (picture->groups[i].number == number)
			return i;
	picture->groups[picture->num_groups].number = number;
	return picture->num_groups++;
}

static void add_nodes(struct layout *layout)
{
	for (int i = 0; i < layout->num; i++) {
		struct node *node = &layout->nodes[i];
		uint32_t number;

		node->device = bindery_devices_get(layout->devices, (size_t)i);
		node->bdf = bindery_device_get_bdf(node->device);
		node->has_path = bindery_device_get_path(node->device,
							 &node->path);
		node->is_shown = true;
		node->group = NO_GROUP;
		if (bindery_device_get_group(node->device, &number))
			node->group = add_group(layout, number);
		if (node->bdf.domain)
			layout->has_domains = true;
	}
	for (int i = 0; i < layout->num; i++)
		layout->nodes[i].parent = find_parent(layout, &layout->nodes[i]);
}

/* Of @device are shown its group, what is below, and the way to them. */
static void limit(struct layout *layout, int device)
{
	int group = layout->nodes[device].group;
	bool *wanted = allocate((size_t)layout->num, sizeof(*wanted));

	for (int i = 0; i < layout->num; i++) {
		int above = i;

		layout->nodes[i].is_shown = false;
		while (above >= 0 && above != device)
			above = layout->nodes[above].parent;
		wanted[i] = above == device ||
			    (group != NO_GROUP &&
			     layout->nodes[i].group == group);
	}
	for (int i = 0; i < layout->num; i++)
		for (int above = i; wanted[i] && above >= 0;
		     above = layout->nodes[above].parent)
			layout->nodes[above].is_shown = true;
	free(wanted);
}

static void ask_states(struct layout *layout, struct bindery_context *context)
{
	for (int i = 0; i < layout->num; i++) {
		struct node *node = &layout->nodes[i];
		struct bindery_reference device = { .bdf = node->bdf };

		if (node->group == NO_GROUP || layout->groups[node->group])
			continue;
		if (bindery_group_show(context, &device,
				       &layout->groups[node->group]))
			layout->groups[node->group] = NULL;
	}
}

/* To find out may be to read much: each driver is asked about once. */
static bool is_on_vfio(const struct layout *layout, struct node *node)
{
	const char *driver = bindery_device_get_driver(node->device);

	for (int i = 0; i < layout->num && !node->was_asked; i++) {
		const struct node *other = &layout->nodes[i];

		if (!other->was_asked ||
		    strcmp(bindery_device_get_driver(other->device), driver))
			continue;
		node->was_asked = true;
		node->is_on_vfio = other->is_on_vfio;
	}
	if (!node->was_asked)
		node->is_on_vfio = bindery_host_is_vfio_driver(layout->host,
							       driver);
	node->was_asked = true;
	return node->is_on_vfio;
}

static bool is_stray(const struct layout *layout, int group)
{
	const struct bindery_group *state = layout->groups[group];

	if (!state || bindery_group_get_state(state) != BINDERY_GROUP_FREE)
		return false;
	for (int i = 0; i < layout->num; i++)
		if (layout->nodes[i].group == group &&
		    is_on_vfio(layout, &layout->nodes[i]))
			return true;
	return false;
}

static void name_groups(struct layout *layout)
{
	for (int i = 0; i < layout->picture->num_groups; i++) {
		struct picture_group *group = &layout->picture->groups[i];
		const struct bindery_group *state = layout->groups[i];

		group->state = state ? bindery_group_state_symbol(
				bindery_group_get_state(state)) : "";
		group->is_stray = is_stray(layout, i);
		group->title = group_title(group->number, state,
					   group->is_stray);
	}
}

static const struct bindery_member *find_member(const struct layout *layout,
						const struct node *node)
{
	const struct bindery_members *members;

	if (node->group == NO_GROUP || !layout->groups[node->group])
		return NULL;
	members = bindery_group_get_members(layout->groups[node->group]);
	for (size_t i = 0; i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member = bindery_members_get(members, i);
		struct bindery_bdf bdf = bindery_member_get_bdf(member);

		if (bindery_member_get_flags(member) & BINDERY_MEMBER_PCI &&
		    !bindery_bdf_compare(&bdf, &node->bdf))
			return member;
	}
	return NULL;
}

static struct picture_row *add_row(struct layout *layout, int parent)
{
	struct picture *picture = layout->picture;
	struct picture_row *row = &picture->rows[picture->num_rows++];

	row->parent = parent;
	row->group = NO_GROUP;
	if (parent >= 0) {
		const struct picture_row *above = &picture->rows[parent];

		row->depth = above->depth < DEPTH_MAX ? above->depth + 1 :
							DEPTH_MAX;
		row->lines = above->lines;
	}
	return row;
}

static void write_row(const struct layout *layout, const struct node *node,
		      struct picture_row *row)
{
	const struct bindery_member *member = find_member(layout, node);
	char address[BINDERY_BDF_SIZE], kind[32];
	struct bindery_bdf pf;

	bindery_bdf_format(&node->bdf, address);
	snprintf(kind, sizeof(kind), "%s%s",
		 class_word(bindery_device_get_class(node->device)),
		 bindery_device_get_pf(node->device, &pf) ? " VF" : "");
	row->group = node->group;
	row->text[COLUMN_ADDRESS] = copy(layout->has_domains ? address :
							       address + 5);
	row->text[COLUMN_KIND] = copy(kind);
	row->text[COLUMN_NAME] = name_words(layout->names, node->device);
	row->text[COLUMN_DRIVER] = driver_words(node->device, member);
	row->text[COLUMN_ROLE] = role_words(member);
}

static bool is_child(const struct layout *layout, int node, int parent)
{
	return layout->nodes[node].is_shown &&
	       layout->nodes[node].parent == parent;
}

static void add_children(struct layout *layout, int parent, int parent_row);

static void add_device(struct layout *layout, int node, int parent_row,
		       bool is_last)
{
	struct picture_row *row = add_row(layout, parent_row);

	layout->nodes[node].row = layout->picture->num_rows - 1;
	row->is_last = is_last;
	if (!is_last)
		row->lines |= (uint64_t)1 << row->depth;
	else
		row->lines &= ~((uint64_t)1 << row->depth);
	write_row(layout, &layout->nodes[node], row);
	add_children(layout, node, layout->nodes[node].row);
}

static void add_children(struct layout *layout, int parent, int parent_row)
{
	int last = -1;

	for (int i = 0; i < layout->num; i++)
		if (is_child(layout, i, parent))
			last = i;
	for (int i = 0; i <= last; i++)
		if (is_child(layout, i, parent))
			add_device(layout, i, parent_row, i == last);
}

/* Where a device without a parent begins. */
static struct bindery_path root_of(const struct node *node)
{
	struct bindery_path root = { .has_root = true };

	root.domain = node->has_path ? node->path.domain : node->bdf.domain;
	root.bus = node->has_path ? node->path.bus : node->bdf.bus;
	return root;
}

static bool is_below(const struct layout *layout, int node,
		     const struct bindery_path *root)
{
	struct bindery_path other;

	if (!is_child(layout, node, -1))
		return false;
	other = root_of(&layout->nodes[node]);
	return !bindery_path_compare(&other, root);
}

static void add_root(struct layout *layout, const struct bindery_path *root)
{
	struct picture_row *row = add_row(layout, -1);
	int number = layout->picture->num_rows - 1, last = -1;
	char text[BINDERY_PATH_SIZE];

	bindery_path_format(root, text);
	row->text[COLUMN_ADDRESS] = copy(text);
	row->text[COLUMN_KIND] = copy("root bus");
	row->text[COLUMN_NAME] = copy("");
	row->text[COLUMN_DRIVER] = copy("");
	row->text[COLUMN_ROLE] = copy("");
	for (int i = 0; i < layout->num; i++)
		if (is_below(layout, i, root))
			last = i;
	for (int i = 0; i <= last; i++)
		if (is_below(layout, i, root))
			add_device(layout, i, number, i == last);
}

/* Devices are in order of BDF, and so are root buses by their first device. */
static void add_rows(struct layout *layout)
{
	for (int i = 0; i < layout->num; i++) {
		struct bindery_path root = root_of(&layout->nodes[i]);
		int first = 0;

		while (first < i && !is_below(layout, first, &root))
			first++;
		if (first == i && is_below(layout, i, &root))
			add_root(layout, &root);
	}
}

static void find_edges(struct picture *picture)
{
	bool *seen = allocate((size_t)picture->num_groups, sizeof(*seen));

	for (int i = 0; i < picture->num_rows; i++) {
		struct picture_row *row = &picture->rows[i];

		if (row->group == NO_GROUP)
			continue;
		if (!i || row[-1].group != row->group) {
			row->edges |= EDGE_FIRST;
			row->is_again = seen[row->group];
			seen[row->group] = true;
		}
		if (i == picture->num_rows - 1 || row[1].group != row->group)
			row->edges |= EDGE_LAST;
	}
	free(seen);
}

static int find_host(const struct options *options, struct layout *layout,
		     int *device)
{
	struct bindery_bdf bdf;
	int ret = bindery_host_new(NULL, &layout->host);

	*device = -1;
	if (ret)
		return report_failure(options, -ret, "sysfs");
	ret = bindery_host_get_devices(layout->host, &layout->devices);
	if (ret)
		return report_failure(options, -ret, "/sys/bus/pci/devices");
	layout->num = (int)bindery_devices_get_count(layout->devices);
	layout->nodes = allocate((size_t)layout->num, sizeof(*layout->nodes));
	layout->picture->groups = allocate((size_t)layout->num,
					   sizeof(*layout->picture->groups));
	/* No root bus is without a device. */
	layout->picture->rows = allocate(2 * (size_t)layout->num,
					 sizeof(*layout->picture->rows));
	add_nodes(layout);
	if (!options->num_arguments)
		return STATUS_DONE;
	ret = device_find(options, layout->host, options->arguments[0], &bdf);
	if (ret)
		return ret;
	*device = find_bdf(layout, &bdf);
	/* It has come since they were listed. */
	if (*device < 0)
		ret = report_code(options, options->arguments[0],
				  BINDERY_ERROR_NO_DEVICE,
				  BINDERY_STEP_RESOLVE, ENODEV);
	return ret;
}

static void free_layout(struct layout *layout)
{
	for (int i = 0; layout->groups && i < layout->picture->num_groups; i++)
		bindery_group_free(layout->groups[i]);
	free(layout->groups);
	free(layout->nodes);
	bindery_names_free(layout->names);
	bindery_devices_free(layout->devices);
	bindery_host_free(layout->host);
}

int picture_new(const struct options *options, struct picture *picture)
{
	struct layout layout = { .picture = picture };
	struct bindery_context *context;
	int device, ret;

	*picture = (struct picture){ 0 };
	ret = find_host(options, &layout, &device);
	if (ret)
		goto out;
	if (device >= 0)
		limit(&layout, device);
	ret = bindery_names_new(&layout.names);
	if (ret) {
		ret = report_failure(options, -ret, "no names");
		goto out;
	}
	layout.groups = allocate((size_t)picture->num_groups,
				 sizeof(struct bindery_group *));
	picture->error = -open_states(&context);
	if (!picture->error) {
		ask_states(&layout, context);
		bindery_context_free(context);
	}
	name_groups(&layout);
	add_rows(&layout);
	find_edges(picture);
out:
	free_layout(&layout);
	return ret;
}

void picture_free(struct picture *picture)
{
	for (int i = 0; i < picture->num_rows; i++)
		for (int column = 0; column < NUM_COLUMNS; column++)
			free(picture->rows[i].text[column]);
	for (int i = 0; i < picture->num_groups; i++)
		free(picture->groups[i].title);
	free(picture->rows);
	free(picture->groups);
}

int picture_show(const struct options *options)
{
	uint64_t which = options->given & OPTIONS_PICTURE;
	struct picture picture;
	int ret;

	if (which & (which - 1) || options_given(options, OPTION_JSON))
		return usage_error(options->verb,
				   "--tree, --dot, --svg or --json: only one");
	ret = picture_new(options, &picture);
	if (!ret && picture.error)
		warn_no_states(picture.error);
	if (!ret && which == OPTION_TREE)
		tree_draw(options->out, &picture);
	else if (!ret && which == OPTION_DOT)
		dot_draw(options->out, &picture);
	else if (!ret)
		svg_draw(options->out, &picture);
	picture_free(&picture);
	return ret;
}
