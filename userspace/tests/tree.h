/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TREE_H
#define TREE_H

/* A directory that looks like the root of a machine. One at a time. */
const char *tree_new(void);
void tree_free(void);

/* Where that is outside of it, until the next call. */
const char *tree_path(const char *path);

void tree_dir(const char *path);
void tree_file(const char *path, const char *text);
void tree_link(const char *path, const char *target);

/* Device @bdf, at sys/devices/@bdf; @driver and @group may be NULL. */
void tree_pci(const char *bdf, const char *driver, const char *group);
/* Something of class @subsystem at @path, with a link in sys/class. */
void tree_class(const char *path, const char *subsystem, const char *name);
/* The same of class block, with a number. */
void tree_block(const char *path, const char *name, const char *number);

/* A file that has swap on it, as mkswap(8) makes it. */
void tree_swap(const char *path);

#endif
