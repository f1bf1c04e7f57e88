// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "internal.h"
#include "mock.h"
#include "tap.h"

static const struct bindery_reference bdf_0 = {
	.bdf = { 0x12345678, 1, 0, 0 },
};

static const struct bindery_reference bdf_1 = {
	.bdf = { 0, 0xff, 0x1f, 7 },
};

static struct bindery_context *context;
static struct bindery_request *request;
static struct bindery_members *plan;

static void start(void)
{
	mock_reset();
	EXPECT_INT(bindery_context_new(&context), 0);
	EXPECT_INT(bindery_request_new(&request), 0);
	plan = (void *)-1;
}

static int check(void)
{
	return bindery_request_check(context, request, &plan);
}

static void finish(void)
{
	bindery_members_free(plan);
	bindery_request_free(request);
	bindery_context_free(context);
}

static bool is_zero(const void *data, size_t size)
{
	const char *bytes = data;

	while (size && !bytes[size - 1])
		size--;
	return !size;
}

TEST(T8_an_empty_request_reaches_the_kernel_as_such)
{
	start();
	mock_fail(MOCK_CHECK, EINVAL, BINDERY_ERROR_EMPTY_LIST,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(check(), -EINVAL);
	EXPECT_INT(mock.acquire.num_devices, 0);
	EXPECT_INT(bindery_error_record_get_code(
			bindery_context_get_error(context)),
		   BINDERY_ERROR_EMPTY_LIST);
	EXPECT(!plan);
	finish();
}

TEST(U1_a_request_is_encoded_field_by_field)
{
	start();
	EXPECT_INT(bindery_request_add_device(request, &bdf_0, NULL, NULL), 0);
	EXPECT_INT(bindery_request_add_device(request, &bdf_1, "mlx5_vfio_pci",
					      "mlx5-vfio-pci"), 0);
	bindery_request_set_target(request, "vfio-pci", "vfio_pci");
	bindery_request_set_label(request, "vm 1");
	bindery_request_set_flags(request, BINDERY_ACQUIRE_COMPANIONS);
	bindery_request_set_deadline_ms(request, 1234);
	EXPECT_INT(check(), 0);
	EXPECT_INT(mock.acquire.size, sizeof(mock.acquire));
	EXPECT_INT(mock.acquire.flags, BINDERY_ACQUIRE_COMPANIONS);
	EXPECT_INT(mock.acquire.num_devices, 2);
	EXPECT_INT(mock.acquire.deadline_ms, 1234);
	EXPECT_TEXT(mock.acquire.target, "vfio-pci");
	EXPECT_TEXT(mock.acquire.module, "vfio_pci");
	EXPECT_TEXT(mock.acquire.label, "vm 1");
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_BDF);
	EXPECT_INT(mock.devices[0].flags, 0);
	EXPECT_INT(mock.devices[0].bdf.domain, 0x12345678);
	EXPECT(is_zero(mock.devices[0].target, BINDERY_NAME_SIZE));
	EXPECT(is_zero(mock.devices[0].module, BINDERY_NAME_SIZE));
	EXPECT_INT(mock.devices[1].bdf.bus, 0xff);
	EXPECT_INT(mock.devices[1].bdf.slot, 0x1f);
	EXPECT_INT(mock.devices[1].bdf.function, 7);
	EXPECT_TEXT(mock.devices[1].target, "mlx5_vfio_pci");
	EXPECT_TEXT(mock.devices[1].module, "mlx5-vfio-pci");
	finish();
}

static void add(const struct bindery_reference *device)
{
	EXPECT_INT(bindery_request_add_device(request, device, NULL, NULL), 0);
}

TEST(A1_a_path_is_encoded_from_its_root_bus)
{
	struct bindery_reference device = { .address = BINDERY_ADDRESS_PATH,
					    .bdf = { 1, 2, 3, 4 }, .vf = 5 };

	start();
	EXPECT_INT(bindery_path_parse("12345678:80/02/1f.7", &device.path), 0);
	add(&device);
	EXPECT_INT(check(), 0);
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_PATH);
	EXPECT_INT(mock.devices[0].bdf.domain, 0x12345678);
	EXPECT_INT(mock.devices[0].bdf.bus, 0x80);
	EXPECT_INT(mock.devices[0].bdf.slot, 0);
	EXPECT_INT(mock.devices[0].bdf.function, 0);
	EXPECT_INT(mock.devices[0].num_steps, 2);
	EXPECT_INT(mock.devices[0].steps[0], 0x10);
	EXPECT_INT(mock.devices[0].steps[1], 0xff);
	EXPECT_INT(mock.devices[0].steps[2], 0);
	EXPECT_INT(mock.devices[0].vf, 0);
	device = bindery_request_get_device(request, 0);
	EXPECT_INT(device.path.bus, 0x80);
	EXPECT_INT(device.path.num_steps, 2);
	finish();
}

TEST(A1_a_path_without_a_root_bus_never_reaches_the_kernel)
{
	struct bindery_reference device = { .address = BINDERY_ADDRESS_PATH };
	struct bindery_group *group;

	start();
	EXPECT_INT(bindery_path_parse("02/00", &device.path), 0);
	EXPECT_INT(bindery_request_add_device(request, &device, NULL, NULL),
		   -EINVAL);
	EXPECT_INT(bindery_request_get_num_devices(request), 0);
	EXPECT_INT(bindery_group_show(context, &device, &group), -EINVAL);
	EXPECT_INT(mock.count[MOCK_SHOW], 0);
	plan = NULL;
	finish();
}

TEST(A4_a_VF_is_encoded_by_its_PF_and_index)
{
	struct bindery_reference device = { .address = BINDERY_ADDRESS_VF,
					    .bdf = { 1, 2, 3, 4 }, .vf = 260 };

	start();
	add(&device);
	EXPECT_INT(check(), 0);
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_VF);
	EXPECT_INT(mock.devices[0].bdf.domain, 1);
	EXPECT_INT(mock.devices[0].bdf.function, 4);
	EXPECT_INT(mock.devices[0].vf, 260);
	EXPECT_INT(mock.devices[0].num_steps, 0);
	EXPECT_INT(bindery_request_get_device(request, 0).vf, 260);
	finish();
}

TEST(A7_what_a_device_has_to_be_is_encoded_if_it_is_asked_for)
{
	struct bindery_reference device = {
		.bdf = { .bus = 1 }, .expect = BINDERY_EXPECT_ID,
		.vendor = 0x8086, .device_id = 0x10d3,
		.subsystem_vendor = 0x1af4, .subsystem_device = 0x1100,
		.serial = 0x001517fffe123456,
	};

	start();
	add(&device);
	device.expect = BINDERY_EXPECT_SUBSYSTEM | BINDERY_EXPECT_SERIAL;
	add(&device);
	EXPECT_INT(check(), 0);
	EXPECT_INT(mock.devices[0].flags, BINDERY_EXPECT_ID);
	EXPECT_INT(mock.devices[0].vendor, 0x8086);
	EXPECT_INT(mock.devices[0].device_id, 0x10d3);
	EXPECT_INT(mock.devices[0].subsystem_vendor, 0);
	EXPECT_INT(mock.devices[0].serial, 0);
	EXPECT_INT(mock.devices[1].flags,
		   BINDERY_EXPECT_SUBSYSTEM | BINDERY_EXPECT_SERIAL);
	EXPECT_INT(mock.devices[1].vendor, 0);
	EXPECT_INT(mock.devices[1].subsystem_vendor, 0x1af4);
	EXPECT_INT(mock.devices[1].subsystem_device, 0x1100);
	EXPECT_INT(mock.devices[1].serial, 0x001517fffe123456);
	finish();
}

TEST(U1_a_setting_that_is_taken_back_leaves_nothing)
{
	start();
	bindery_request_set_target(request, "a-long-name-of-a-driver", "m");
	bindery_request_set_label(request, "a long label");
	bindery_request_set_target(request, NULL, NULL);
	bindery_request_set_label(request, NULL);
	EXPECT_INT(check(), 0);
	EXPECT(is_zero(mock.acquire.target, BINDERY_NAME_SIZE));
	EXPECT(is_zero(mock.acquire.module, BINDERY_NAME_SIZE));
	EXPECT(is_zero(mock.acquire.label, BINDERY_LABEL_SIZE));
	finish();
}

TEST(T8_what_is_too_long_reaches_the_kernel_unterminated)
{
	char text[200];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	start();
	EXPECT_INT(bindery_request_add_device(request, &bdf_0, text, text), 0);
	bindery_request_set_label(request, text);
	bindery_request_set_target(request, text, text);
	EXPECT_INT(check(), 0);
	EXPECT(!memchr(mock.devices[0].target, 0, BINDERY_NAME_SIZE));
	EXPECT(!memchr(mock.devices[0].module, 0, BINDERY_NAME_SIZE));
	EXPECT(!memchr(mock.acquire.target, 0, BINDERY_NAME_SIZE));
	EXPECT(!memchr(mock.acquire.label, 0, BINDERY_LABEL_SIZE));
	finish();
}

TEST(T8_no_address_is_judged_before_the_kernel_does)
{
	static const struct bindery_reference bad = {
		.bdf = { 0, 1, 0x20, 8 },
	};

	start();
	EXPECT_INT(bindery_request_add_device(request, &bad, NULL, NULL), 0);
	EXPECT_INT(check(), 0);
	EXPECT_INT(mock.devices[0].bdf.slot, 0x20);
	EXPECT_INT(mock.devices[0].bdf.function, 8);
	finish();
}

TEST(U1_a_request_grows_beyond_what_the_kernel_takes)
{
	start();
	for (uint32_t i = 0; i <= BINDERY_MAX_DEVICES; i++) {
		struct bindery_reference device = { .bdf = { .domain = i } };

		EXPECT_INT(bindery_request_add_device(request, &device, NULL,
						      NULL), 0);
	}
	EXPECT_INT(bindery_request_get_num_devices(request),
		   BINDERY_MAX_DEVICES + 1);
	EXPECT_INT(bindery_request_get_device(request, 4096).bdf.domain, 4096);
	EXPECT_INT(check(), 0);
	EXPECT_INT(mock.acquire.num_devices, BINDERY_MAX_DEVICES + 1);
	finish();
}

TEST(U1_a_plan_is_decoded_field_by_field)
{
	const struct bindery_member *member;
	struct bindery_ioc_member *raw;
	struct bindery_id id;

	start();
	raw = mock_member(3, "e1000e", BINDERY_ROLE_COMPANION,
			  BINDERY_ACTION_MOVE);
	raw->out_group_state = BINDERY_GROUP_HELD;
	raw->out_blocker = BINDERY_ERROR_UNDECLARED;
	raw->out_errno = 19;
	raw->out_subsystem_vendor = 0x1af4;
	raw->out_subsystem_device = 0x1100;
	strcpy(raw->out_override, "over");
	strcpy(raw->out_native_driver, "native");
	strcpy(raw->out_native_override, "foo");
	memcpy(raw->out_assignment_id, mock_id, sizeof(mock_id));
	raw->out_assignment = BINDERY_ASSIGNMENT_READY;
	raw->out_users = 3;
	raw->out_generation = 1ULL << 40;
	raw->out_vfio_files = 4;
	raw->out_vfio_opens = 6;
	raw->out_vfio_closes = 2;
	raw->out_opener_pid = 4711;
	strcpy(raw->out_opener_comm, "qemu");
	EXPECT_INT(check(), 0);
	EXPECT_INT(bindery_members_get_count(plan), 1);
	EXPECT(bindery_members_is_complete(plan));
	EXPECT(!bindery_members_get(plan, 1));
	member = bindery_members_get(plan, 0);
	EXPECT_INT(bindery_member_get_bdf(member).function, 3);
	EXPECT_TEXT(bindery_member_get_name(member), "0000:01:00.3");
	EXPECT_INT(bindery_member_get_group(member), 5);
	EXPECT_INT(bindery_member_get_group_state(member), BINDERY_GROUP_HELD);
	EXPECT_INT(bindery_member_get_role(member), BINDERY_ROLE_COMPANION);
	EXPECT_INT(bindery_member_get_action(member), BINDERY_ACTION_MOVE);
	EXPECT_INT(bindery_member_get_flags(member), BINDERY_MEMBER_PCI);
	EXPECT_INT(bindery_member_get_blocker(member),
		   BINDERY_ERROR_UNDECLARED);
	EXPECT_INT(bindery_member_get_errno(member), 19);
	EXPECT_INT(bindery_member_get_class(member), 0x020000);
	EXPECT_INT(bindery_member_get_vendor(member), 0x8086);
	EXPECT_INT(bindery_member_get_device_id(member), 0x10d3);
	EXPECT_INT(bindery_member_get_subsystem_vendor(member), 0x1af4);
	EXPECT_INT(bindery_member_get_subsystem_device(member), 0x1100);
	EXPECT_TEXT(bindery_member_get_driver(member), "e1000e");
	EXPECT_TEXT(bindery_member_get_override(member), "over");
	EXPECT_TEXT(bindery_member_get_target(member), "vfio-pci");
	EXPECT_TEXT(bindery_member_get_native_driver(member), "native");
	EXPECT_TEXT(bindery_member_get_native_override(member), "foo");
	EXPECT_INT(bindery_member_get_assignment(member),
		   BINDERY_ASSIGNMENT_READY);
	EXPECT_INT(bindery_member_get_users(member), 3);
	EXPECT_INT(bindery_member_get_generation(member), 1LL << 40);
	EXPECT_INT(bindery_member_get_vfio_files(member), 4);
	EXPECT_INT(bindery_member_get_vfio_opens(member), 6);
	EXPECT_INT(bindery_member_get_vfio_closes(member), 2);
	EXPECT_INT(bindery_member_get_opener_pid(member), 4711);
	EXPECT_TEXT(bindery_member_get_opener_comm(member), "qemu");
	id = bindery_member_get_assignment_id(member);
	EXPECT_INT(memcmp(id.bytes, mock_id, sizeof(mock_id)), 0);
	finish();
}

TEST(U1_unterminated_names_from_the_kernel_do_no_harm)
{
	start();
	mock_member(0, "x", BINDERY_ROLE_NONE, BINDERY_ACTION_NONE);
	memset(mock.members[0].out_driver, 'x', BINDERY_NAME_SIZE);
	EXPECT_INT(check(), 0);
	EXPECT_INT(strlen(bindery_member_get_driver(
			bindery_members_get(plan, 0))), BINDERY_NAME_SIZE - 1);
	finish();
}

TEST(T3_a_plan_longer_than_the_room_is_asked_for_again)
{
	start();
	for (int i = 0; i < 1500; i++)
		mock_member(i, "e1000e", BINDERY_ROLE_REQUESTED,
			    BINDERY_ACTION_MOVE);
	EXPECT_INT(check(), 0);
	EXPECT_INT(mock.count[MOCK_CHECK], 2);
	EXPECT_INT(bindery_members_get_count(plan), 1500);
	EXPECT(bindery_members_is_complete(plan));
	EXPECT_TEXT(bindery_member_get_name(bindery_members_get(plan, 1499)),
		    "0000:01:00.1499");
	finish();
}

TEST(T3_a_plan_that_always_grows_is_cut_in_the_end)
{
	start();
	for (int i = 0; i < 300; i++)
		mock_member(i, "e1000e", BINDERY_ROLE_REQUESTED,
			    BINDERY_ACTION_MOVE);
	mock.grow = 100;
	EXPECT_INT(check(), 0);
	EXPECT(mock.count[MOCK_CHECK] < 12);
	EXPECT(!bindery_members_is_complete(plan));
	finish();
}

TEST(T8_a_failure_tells_of_members_and_their_blockers)
{
	start();
	mock_member(1, "xhci_hcd", BINDERY_ROLE_NONE, BINDERY_ACTION_NONE)
		->out_blocker = BINDERY_ERROR_UNDECLARED;
	mock_fail(MOCK_CHECK, EBUSY, BINDERY_ERROR_UNDECLARED,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_VALIDATE);
	EXPECT_INT(check(), -EBUSY);
	EXPECT(plan);
	EXPECT_INT(bindery_members_get_count(plan), 1);
	EXPECT_INT(bindery_member_get_blocker(bindery_members_get(plan, 0)),
		   BINDERY_ERROR_UNDECLARED);
	finish();
}

TEST(U1_a_failure_without_a_record_tells_of_no_members)
{
	start();
	mock_member(1, "xhci_hcd", BINDERY_ROLE_NONE, BINDERY_ACTION_NONE);
	mock.fail[MOCK_CHECK] = ENOTTY;
	mock.silent = true;
	EXPECT_INT(check(), -ENOTTY);
	EXPECT(!plan);
	EXPECT_INT(bindery_error_record_get_code(
			bindery_context_get_error(context)),
		   BINDERY_ERROR_NONE);
	EXPECT_INT(bindery_error_record_get_errno(
			bindery_context_get_error(context)), ENOTTY);
	finish();
}

TEST(U1_the_plan_may_be_left_out)
{
	start();
	mock_member(0, "x", BINDERY_ROLE_NONE, BINDERY_ACTION_NONE);
	EXPECT_INT(bindery_request_check(context, request, NULL), 0);
	plan = NULL;
	finish();
}
