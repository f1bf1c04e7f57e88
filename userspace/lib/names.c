// SPDX-License-Identifier: LGPL-2.1-or-later
/* What pci.ids calls vendors, devices and classes. */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>

#include <pci/pci.h>

#include "internal.h"

struct bindery_names {
	struct pci_access *access;
};

/*
 * libpci ends the process when it has no memory, unless it is kept from coming
 * back; what it calls then gets no argument of ours.
 */
static __thread jmp_buf no_memory;

__attribute__((noreturn)) static void on_error(char *message, ...)
{
	(void)message;
	longjmp(no_memory, 1);
}

static void on_message(char *message, ...)
{
	(void)message;
}

int bindery_names_new(struct bindery_names **names)
{
	struct bindery_names *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->access = pci_alloc();
	if (!new->access) {
		free(new);
		return -ENOMEM;
	}
	new->access->error = on_error;
	new->access->warning = on_message;
	new->access->debug = on_message;
	*names = new;
	return 0;
}

void bindery_names_free(struct bindery_names *names)
{
	if (!names)
		return;
	pci_free_name_list(names->access);
	pci_cleanup(names->access);
	free(names);
}

static bool look_up(struct bindery_names *names, int what, int first,
		    int second, char text[BINDERY_PCI_NAME_SIZE])
{
	char *found;

	if (setjmp(no_memory))
		return false;
	text[0] = '\0';
	/* udev's data base says the same, and libpci never lets go of it. */
	found = pci_lookup_name(names->access, text, BINDERY_PCI_NAME_SIZE,
				what | PCI_LOOKUP_NO_NUMBERS |
				PCI_LOOKUP_NO_HWDB, first, second);
	return found == text && *text;
}

bool bindery_names_get_vendor(struct bindery_names *names, uint16_t vendor,
			      char text[BINDERY_PCI_NAME_SIZE])
{
	return look_up(names, PCI_LOOKUP_VENDOR, vendor, 0, text);
}

bool bindery_names_get_device(struct bindery_names *names, uint16_t vendor,
			      uint16_t device, char text[BINDERY_PCI_NAME_SIZE])
{
	return look_up(names, PCI_LOOKUP_DEVICE, vendor, device, text);
}

bool bindery_names_get_class(struct bindery_names *names, uint32_t class_code,
			     char text[BINDERY_PCI_NAME_SIZE])
{
	return look_up(names, PCI_LOOKUP_CLASS, (int)(class_code >> 8), 0,
		       text);
}
