// SPDX-License-Identifier: GPL-2.0-only
/* What a monitor learns of a sealed device, and what it learns on vfio-pci. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "kselftest_harness.h"
#include "sealed.h"

#define OPEN_ROUNDS	1000

COMMON_FIXTURE(parity, NULL)

/* What a machine monitor learns of a device. */
struct facts {
	struct vfio_device_info device;
	struct { struct vfio_region_info info; char rest[512]; } regions[16];
	int mapped[16];
	struct vfio_irq_info irqs[8];
	int irq_set[8], irq_sent[8], irq_came[8];
	int features[32];
	unsigned char config[4096];
	ssize_t config_size;
	int reset, hot_reset, hot_count;
};

static void learn_hot_reset(int device, struct facts *facts)
{
	char buffer[4096] = { 0 };
	struct vfio_pci_hot_reset_info *info = (void *)buffer;

	info->argsz = sizeof(buffer);
	facts->hot_reset = ioctl(device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
				 info) ? -errno : 0;
	facts->hot_count = info->count;
}

/* An interrupt's eventfd, and whether one that is asked for comes there. */
static int set_irq(int device, unsigned int index, uint32_t data, int eventfd)
{
	char buffer[sizeof(struct vfio_irq_set) + sizeof(eventfd)] = { 0 };
	struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;

	set->argsz = sizeof(buffer);
	set->flags = data | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = index;
	set->count = eventfd < 0 ? 0 : 1;
	memcpy(set->data, &eventfd, sizeof(eventfd));
	return ioctl(device, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
}

static void learn_irq(int device, unsigned int index, struct facts *facts)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t count = 0;

	facts->irq_set[index] = set_irq(device, index,
					VFIO_IRQ_SET_DATA_EVENTFD, event);
	facts->irq_sent[index] = set_irq(device, index, VFIO_IRQ_SET_DATA_NONE,
					 event);
	facts->irq_came[index] = !eventfd_read(event, &count) && count == 1;
	set_irq(device, index, VFIO_IRQ_SET_DATA_NONE, -1);
	close(event);
}

static void learn_feature(int device, unsigned int number, struct facts *facts)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_PROBE | number,
	};

	facts->features[number] =
		ioctl(device, VFIO_DEVICE_FEATURE, &feature) ? -errno : 1;
}

static void learn_mapping(int device, const struct vfio_region_info *region,
			  struct facts *facts)
{
	void *map = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 device, region->offset);

	facts->mapped[region->index] = map == MAP_FAILED ? -errno : 1;
	if (map != MAP_FAILED)
		munmap(map, region->size);
}

static int learn(int device, struct facts *facts)
{
	const struct vfio_region_info *config;

	memset(facts, 0, sizeof(*facts));
	facts->device.argsz = sizeof(facts->device);
	if (ioctl(device, VFIO_DEVICE_GET_INFO, &facts->device))
		return -errno;
	for (unsigned int i = 0; i < facts->device.num_regions && i < 16; i++) {
		facts->regions[i].info.argsz = sizeof(facts->regions[i]);
		facts->regions[i].info.index = i;
		ioctl(device, VFIO_DEVICE_GET_REGION_INFO,
		      &facts->regions[i].info);
		learn_mapping(device, &facts->regions[i].info, facts);
	}
	for (unsigned int i = 0; i < facts->device.num_irqs && i < 8; i++) {
		facts->irqs[i].argsz = sizeof(facts->irqs[i]);
		facts->irqs[i].index = i;
		ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &facts->irqs[i]);
		if (facts->irqs[i].count)
			learn_irq(device, i, facts);
	}
	for (unsigned int i = 0; i < 32; i++)
		learn_feature(device, i, facts);
	facts->reset = ioctl(device, VFIO_DEVICE_RESET) ? -errno : 0;
	learn_hot_reset(device, facts);
	config = &facts->regions[VFIO_PCI_CONFIG_REGION_INDEX].info;
	if (config->size > sizeof(facts->config))
		return -E2BIG;
	facts->config_size = pread(device, facts->config, config->size,
				   config->offset);
	return facts->config_size > 0 ? 0 : -EIO;
}

static int learn_of_all(struct common *self, struct facts *facts)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < self->group.num; i++) {
		ret = vfio_open(&self->user, self->group.bdf[i]);
		if (!ret)
			ret = learn(self->user.device, &facts[i]);
		vfio_close(&self->user);
	}
	return ret;
}

/* How many of them there are, so that nothing is compared with nothing. */
static unsigned int num_works(const int *facts, unsigned int num)
{
	unsigned int works = 0;

	for (unsigned int i = 0; i < num; i++)
		works += facts[i] > 0;
	return works;
}

TEST_F(parity, L4_a_monitor_sees_what_it_sees_on_vfio_pci)
{
	static struct facts plain[MAX_MEMBERS], sealed[MAX_MEMBERS];

	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, learn_of_all(&self->common, plain));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	ASSERT_EQ(0, seal(&self->common, 0));
	ASSERT_EQ(0, learn_of_all(&self->common, sealed));
	for (unsigned int i = 0; i < self->group.num; i++) {
		note("%s: %u regions, %u mapped, %u interrupts of %u came, %u features, reset %d, hot reset %d of %d, %zd bytes of configuration",
		     self->group.bdf[i], sealed[i].device.num_regions,
		     num_works(sealed[i].mapped, 16),
		     num_works(sealed[i].irq_came, 8),
		     sealed[i].device.num_irqs,
		     num_works(sealed[i].features, 32), sealed[i].reset,
		     sealed[i].hot_reset, sealed[i].hot_count,
		     sealed[i].config_size);
		EXPECT_LT(0, num_works(sealed[i].mapped, 16));
		EXPECT_LT(0, num_works(sealed[i].irq_came, 8));
		EXPECT_EQ(0, memcmp(&plain[i], &sealed[i], sizeof(plain[i])));
	}
}

static long unreclaimable_kb(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "SUnreclaim: %ld kB", &kb);
	if (f)
		fclose(f);
	return kb;
}

/* More than chance, and far less than a leak in each round. */
#define GROWTH_KB	512

/* Who finds leaks itself, and has much to remember for each piece of memory. */
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

TEST_F_TIMEOUT(parity, L4_nothing_grows_by_opening_and_closing, 600)
{
	int rounds = num_rounds(OPEN_ROUNDS), device;
	const struct bindery_ioc_member *member;
	long before = 0;

	ASSERT_EQ(0, seal(&self->common, 0));
	ASSERT_EQ(0, vfio_hold(&self->user, self->first, VFIO_PART_GROUP));
	states_unwatch();
	for (int i = 0; i < rounds; i++) {
		if (i == rounds / 10)
			before = unreclaimable_kb();
		device = open_again(&self->common, self->first);
		ASSERT_LE(0, device);
		self->user.device = device;
		ASSERT_EQ(0, vfio_works(&self->user, self->first));
		close(device);
		self->user.device = -1;
	}
	note("%d rounds: %ld kB more", rounds, unreclaimable_kb() - before);
	if (access(KMEMLEAK, F_OK))
		EXPECT_GT(GROWTH_KB, unreclaimable_kb() - before);
	member = member_now(&self->common, self->first);
	EXPECT_EQ(rounds + 1, member->out_vfio_opens);
	EXPECT_EQ(rounds + 1, member->out_vfio_closes);
	EXPECT_EQ(0, member->out_vfio_files);
}

static int pretend(const char *bdf, const char *vendor, const char *device,
		   const char *class_code)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s %s %s", bdf, vendor, device,
		 class_code);
	return knob(TEST_NATIVE, "pretend", text);
}

static uint32_t code_of_check(struct common *self, uint32_t flags)
{
	self->request.cmd.flags = flags;
	if (!check(self->control, &self->request))
		return BINDERY_ERROR_NONE;
	return self->request.error.out_code;
}

static int write_config(const char *bdf, off_t offset, uint32_t value)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = pwrite(fd, &value, sizeof(value), offset) == sizeof(value) ? 0 :
		-EIO;
	close(fd);
	return ret;
}

#define OPREGION	0xfc

TEST_F(parity, L4_what_it_cannot_do_is_refused_by_name)
{
	text_t vendor, device, class_code;

	if (!module_is_loaded(TEST_NATIVE))
		SKIP(return, "no " TEST_NATIVE);
	pci_read(self->first, "vendor", vendor);
	pci_read(self->first, "device", device);
	pci_read(self->first, "class", class_code);
	ASSERT_EQ(0, pretend(self->first, "8086", "0435", "0b4000"));
	EXPECT_EQ(BINDERY_ERROR_DENIED,
		  code_of_check(&self->common, BINDERY_ACQUIRE_SEALED));
	EXPECT_EQ(BINDERY_ERROR_NONE, code_of_check(&self->common, 0));
	ASSERT_EQ(0, pretend(self->first, "8086", "1234", "030000"));
	EXPECT_EQ(BINDERY_ERROR_NONE,
		  code_of_check(&self->common, BINDERY_ACQUIRE_SEALED));
	ASSERT_EQ(0, write_config(self->first, OPREGION, 0x7f000000));
	EXPECT_EQ(BINDERY_ERROR_OPREGION,
		  code_of_check(&self->common, BINDERY_ACQUIRE_SEALED));
	EXPECT_EQ(BINDERY_ERROR_NONE, code_of_check(&self->common, 0));
	EXPECT_EQ(0, write_config(self->first, OPREGION, 0));
	EXPECT_EQ(0, pretend(self->first, vendor, device, class_code));
}

TEST_HARNESS_MAIN
