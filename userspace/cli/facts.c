// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of a picture. */
#include <stdlib.h>
#include <string.h>

#include "picture.h"

static const struct class_row {
	uint32_t class_code;
	uint32_t mask;
	const char *word;
} class_rows[] = {
	{ 0x010601, 0xffffff, "SATA" },
	{ 0x010802, 0xffffff, "NVMe" },
	{ 0x010000, 0xff0000, "storage" },
	{ 0x020000, 0xffff00, "Ethernet" },
	{ 0x020000, 0xff0000, "network" },
	{ 0x030000, 0xffff00, "VGA" },
	{ 0x030000, 0xff0000, "display" },
	{ 0x040300, 0xffff00, "audio" },
	{ 0x040000, 0xff0000, "multimedia" },
	{ 0x050000, 0xff0000, "memory" },
	{ 0x060000, 0xffff00, "host bridge" },
	{ 0x060100, 0xffff00, "ISA bridge" },
	{ 0x060400, 0xffff00, "PCI bridge" },
	{ 0x060000, 0xff0000, "bridge" },
	{ 0x070000, 0xff0000, "serial" },
	{ 0x080600, 0xffff00, "IOMMU" },
	{ 0x080000, 0xff0000, "system" },
	{ 0x090000, 0xff0000, "input" },
	{ 0x0b0000, 0xff0000, "processor" },
	{ 0x0c0300, 0xffff00, "USB" },
	{ 0x0c0500, 0xffff00, "SMBus" },
	{ 0x0c0000, 0xff0000, "serial bus" },
	{ 0x0d0000, 0xff0000, "wireless" },
	{ 0x100000, 0xff0000, "encryption" },
	{ 0x110000, 0xff0000, "signals" },
	{ 0x120000, 0xff0000, "accelerator" },
};

const char *class_word(uint32_t class_code)
{
	for (size_t i = 0; i < ARRAY_SIZE(class_rows); i++)
		if ((class_code & class_rows[i].mask) == class_rows[i].class_code)
			return class_rows[i].word;
	return "device";
}

static FILE *open_words(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		abort();
	return out;
}

/* Nothing is drawn that is not printable ASCII. */
static void write_escaped(FILE *out, const char *text)
{
	struct json_object *escaped = escaped_string(text);

	fputs(json_object_get_string(escaped), out);
	json_object_put(escaped);
}

/* "Intel Corporation 82574L Gigabit Network Connection", as pci.ids has it */
void device_name(struct bindery_names *names,
		 const struct bindery_device *device,
		 char text[DEVICE_NAME_SIZE])
{
	uint16_t vendor = bindery_device_get_vendor(device);
	char vendor_name[BINDERY_PCI_NAME_SIZE] = "";
	char name[BINDERY_PCI_NAME_SIZE] = "";

	bindery_names_get_vendor(names, vendor, vendor_name);
	bindery_names_get_device(names, vendor,
				 bindery_device_get_device_id(device), name);
	snprintf(text, DEVICE_NAME_SIZE, "%s%s%s", vendor_name,
		 *vendor_name && *name ? " " : "", name);
}

char *name_words(struct bindery_names *names,
		 const struct bindery_device *device)
{
	char name[DEVICE_NAME_SIZE], *text;
	size_t size;
	FILE *out = open_words(&text, &size);

	device_name(names, device, name);
	write_escaped(out, name);
	fclose(out);
	return text;
}

char *driver_words(const struct bindery_device *device,
		   const struct bindery_member *member)
{
	const char *driver = bindery_device_get_driver(device);
	const char *native = member ? bindery_member_get_native_driver(member) : "";
	size_t size;
	char *text;
	FILE *out = open_words(&text, &size);

	if (*driver)
		write_escaped(out, driver);
	else if (bindery_device_get_class(device) >> 16 != 0x06)
		fputs("no driver", out);
	if (*native && strcmp(native, driver)) {
		fputs(" (was ", out);
		write_escaped(out, native);
		fputc(')', out);
	}
	fclose(out);
	return text;
}

/* What is wrong with a member is told as loudly as its role. */
char *role_words(const struct bindery_member *member)
{
	static const struct {
		uint32_t flags;
		const char *words;
	} alarms[] = {
		{ BINDERY_MEMBER_STUCK, "stuck" },
		{ BINDERY_MEMBER_TAMPERED_DRIVER |
		  BINDERY_MEMBER_TAMPERED_OVERRIDE, "tampered" },
		{ BINDERY_MEMBER_USERS_LOST, "users lost" },
	};
	size_t size;
	char *text;
	FILE *out = open_words(&text, &size);
	const char *separator = "";

	if (member && bindery_member_get_role(member) != BINDERY_ROLE_NONE) {
		fputs(bindery_role_symbol(bindery_member_get_role(member)), out);
		separator = ", ";
	}
	if (member && bindery_member_get_assignment(member) ==
		      BINDERY_ASSIGNMENT_READY) {
		fprintf(out, "%sin a guest", separator);
		separator = ", ";
	}
	for (size_t i = 0; member && i < ARRAY_SIZE(alarms); i++) {
		if (!(bindery_member_get_flags(member) & alarms[i].flags))
			continue;
		fprintf(out, "%s%s", separator, alarms[i].words);
		separator = ", ";
	}
	fclose(out);
	return text;
}

static void write_holder(FILE *out, const struct bindery_group *group)
{
	const char *label = bindery_group_get_holder_label(group);

	fputs(" by ", out);
	if (*label) {
		write_escaped(out, label);
		fputs(" (", out);
	}
	write_escaped(out, bindery_group_get_holder_comm(group));
	fprintf(out, ", pid %d", (int)bindery_group_get_holder_pid(group));
	if (*label)
		fputc(')', out);
}

/* group 5: held by vm1 (qemu, pid 99), 2 claims */
char *group_title(uint32_t number, const struct bindery_group *group,
		  bool is_stray)
{
	size_t size;
	char *text;
	FILE *out = open_words(&text, &size);
	uint32_t claims = group ? bindery_group_get_num_claims(group) : 0;

	fprintf(out, "group %u", number);
	if (group && bindery_group_get_state(group) != BINDERY_GROUP_FREE)
		fprintf(out, ": %s", bindery_group_state_symbol(
				bindery_group_get_state(group)));
	else if (is_stray)
		fputs(": stray, on VFIO without a claim", out);
	if (claims)
		write_holder(out, group);
	if (claims > 1)
		fprintf(out, ", %u claims", claims);
	fclose(out);
	return text;
}
