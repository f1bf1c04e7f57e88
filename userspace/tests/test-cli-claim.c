// SPDX-License-Identifier: GPL-2.0-or-later
/* Claims that are kept, adopted, released, marked and repaired by the tool. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "cli.h"

static void start(void)
{
	mock_reset();
	mock_member(0, "vfio-pci", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	cli_use_tree(NULL);
}

/* Process 12 has group 5 open. */
static void start_with_user(void)
{
	start();
	cli_use_tree(tree_new());
	tree_link("proc/12/fd/3", "/dev/vfio/5");
	tree_file("proc/12/comm", "qemu\n");
}

static void fail(enum mock_call call, int error, enum bindery_error code)
{
	mock_fail(call, error, code, BINDERY_ERROR_CLASS_RETRY,
		  BINDERY_STEP_RESOLVE);
}

static int hold_until(const char *line, int number)
{
	pid_t child = cli_start(line);

	EXPECT(cli_wait_for("held"));
	kill(child, number);
	return cli_wait(child);
}

TEST(U2_usage_errors_of_the_verbs_for_claims_end_with_2)
{
	static const char *const lines[] = {
		"release", "release --wait --defer 01:00.0",
		"release --defer --force 01:00.0", "release --keep 01:00.0",
		"adopt", "adopt --companions 01:00.0",
		"adopt --native-override x 01:00.0",
		"adopt --native-override x 01:00.0,id=8086:10d3",
		"mark 01:00.0", "mark 01:00.0 frobnicate", "mark 01:00.0 reserve x",
		"mark --generation x 01:00.0 reserve",
		"mark --generation -1 01:00.0 reserve",
		"mark --claim 1 01:00.0 reserve",
		"repair", "repair --force 01:00.0",
	};

	start();
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (cli_run(lines[i]) != 2)
			test_fail(__FILE__, __LINE__, "'%s'", lines[i]);
	EXPECT_INT(cli_run("exec --keep 01:00.0 -- true"), 125);
	EXPECT_INT(cli_run("exec --holders-only 01:00.0 -- true"), 125);
	EXPECT_INT(cli_run("check --holders-only 01:00.0"), 2);
	EXPECT_TEXT(cli_err(), "bindery check: --holders-only needs --sealed\nTry 'bindery help check'.\n");
	EXPECT_INT(cli_run("mark 01:00.0 frobnicate"), 2);
	EXPECT_HAS(cli_err(), "'frobnicate' is no event: reserve, attach-ok");
	EXPECT_INT(mock.count[MOCK_OPEN_CLAIM] + mock.count[MOCK_ADOPT], 0);
}

TEST(U2_each_verb_has_its_own_force)
{
	start();
	EXPECT_INT(cli_run("help release"), 0);
	EXPECT_HAS(cli_out(), "-f, --force ");
	EXPECT_HAS(cli_out(), "ask VFIO users to go");
	EXPECT(!strstr(cli_out(), "that the host uses"));
	EXPECT_INT(cli_run("help acquire"), 0);
	EXPECT_HAS(cli_out(), "that the host uses");
	EXPECT(!strstr(cli_out(), "ask VFIO users"));
	EXPECT_HAS(cli_out(), "      --serial ");
}

TEST(C5_acquire_can_keep_and_tells_the_id)
{
	start();
	EXPECT_INT(cli_run("acquire --keep 01:00.0"), 0);
	EXPECT_HAS(cli_out(), "claim: id " MOCK_ID " label vm 1 groups 1 state held flags keep");
	EXPECT_HAS(cli_err(), "kept");
	EXPECT_INT(mock.keep.policy, BINDERY_KEEP_ON);
	EXPECT_INT(mock.count[MOCK_RELEASE], 0);
	EXPECT_INT(cli_run("acquire -kj 01:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "claim.id"), MOCK_ID);
	EXPECT_TEXT(json_at(cli_json(0), "claim.flags.0"), "keep");
	EXPECT(!cli_json(1));
}

TEST(C5_what_cannot_be_kept_is_given_back)
{
	start();
	fail(MOCK_KEEP, EPERM, BINDERY_ERROR_NOT_PERMITTED);
	EXPECT_INT(cli_run("acquire --keep 01:00.0"), 1);
	EXPECT_HAS(cli_err(), "not-permitted");
	EXPECT(!strstr(cli_out(), MOCK_ID));
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
}

TEST(C2_W3_T14_options_of_a_claim_reach_the_kernel)
{
	start();
	EXPECT_INT(cli_run("exec --shared --serial --repair 01:00.0 -- true"), 0);
	EXPECT_INT(mock.acquire.flags, BINDERY_ACQUIRE_SHARED |
		   BINDERY_ACQUIRE_SERIAL | BINDERY_ACQUIRE_REPAIR);
	EXPECT_INT(mock.count[MOCK_KEEP], 0);
	EXPECT_INT(cli_run("check -S 01:00.0"), 0);
	EXPECT_INT(mock.acquire.flags, BINDERY_ACQUIRE_SHARED);
	EXPECT_INT(cli_run("check --sealed --holders-only 01:00.0"), 0);
	EXPECT_INT(mock.acquire.flags, BINDERY_ACQUIRE_SEALED |
		   BINDERY_ACQUIRE_HOLDERS_ONLY);
	EXPECT_INT(cli_run("acquire -Srk 01:00.0"), 0);
	EXPECT_INT(mock.acquire.flags,
		   BINDERY_ACQUIRE_SHARED | BINDERY_ACQUIRE_REPAIR);
}

TEST(L1_vfio_pci_is_no_choice_of_a_sealed_claim)
{
	start();
	cli_use_tree(tree_new());
	tree_dir("sys/module/vfio_pci_core/holders/vfio_pci");
	tree_dir("sys/module/vfio_pci_core/holders/variant");
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	tree_pci("0000:01:00.1", "variant", "5");
	EXPECT_INT(cli_run("check 01:00.0"), 0);
	EXPECT_TEXT(mock.devices[0].target, "vfio-pci");
	EXPECT_INT(cli_run("check --sealed 01:00.0 01:00.1"), 0);
	EXPECT_TEXT(mock.devices[0].target, "");
	EXPECT_TEXT(mock.devices[1].target, "variant");
	EXPECT_INT(cli_run("exec --sealed 01:00.0 -- true"), 0);
	EXPECT_TEXT(mock.devices[0].target, "");
	EXPECT_INT(cli_run("acquire --keep --sealed 01:00.0=vfio-pci"), 0);
	EXPECT_TEXT(mock.devices[0].target, "vfio-pci");
	tree_free();
}

TEST(L1_what_a_sealed_claim_does_not_seal_is_told)
{
	struct bindery_ioc_member *left;

	start();
	strcpy(mock.members[0].out_target, "bindery-vfio");
	mock.members[0].out_flags |= BINDERY_MEMBER_SEALED;
	EXPECT_INT(cli_run("check --sealed 01:00.0"), 0);
	EXPECT_TEXT(cli_err(), "");
	strcpy(mock.members[0].out_target, "variant");
	mock.members[0].out_flags &= ~BINDERY_MEMBER_SEALED;
	left = mock_member(1, "vfio-pci", BINDERY_ROLE_EXEMPT,
			   BINDERY_ACTION_NONE);
	left->out_flags |= BINDERY_MEMBER_VFIO;
	*left->out_target = '\0';
	left = mock_member(2, "pcieport", BINDERY_ROLE_EXEMPT,
			   BINDERY_ACTION_NONE);
	*left->out_target = '\0';
	EXPECT_INT(cli_run("check --sealed 01:00.0"), 0);
	EXPECT_TEXT(cli_err(),
		    "bindery: 0000:01:00.0: warning: not sealed: its driver is variant\n"
		    "bindery: 0000:01:00.1: warning: not sealed: its driver is vfio-pci\n");
	EXPECT_INT(cli_run("acquire --json --keep --sealed 01:00.0"), 0);
	EXPECT_HAS(cli_err(), "0000:01:00.0: warning: not sealed: its driver is variant\n");
	EXPECT_INT(cli_run("check 01:00.0"), 0);
	EXPECT_TEXT(cli_err(), "");
}

TEST(C6_adopt_holds_until_a_signal_and_restores)
{
	start();
	EXPECT_INT(hold_until("adopt -l vm --native e1000e:m "
			      "--native-override over 01:00.0 01:00.1=none "
			      "01:00.2=nvme", SIGINT), 0);
	EXPECT_INT(mock.acquire.num_devices, 3);
	EXPECT_TEXT(mock.acquire.label, "vm");
	EXPECT_TEXT(mock.devices[2].target, "");
	EXPECT_TEXT(mock.natives[0].driver, "e1000e");
	EXPECT_TEXT(mock.natives[0].module, "m");
	EXPECT_TEXT(mock.natives[0].override, "over");
	EXPECT_INT(mock.natives[1].flags, BINDERY_NATIVE_RESTORE);
	EXPECT_TEXT(mock.natives[1].driver, "");
	EXPECT_TEXT(mock.natives[2].driver, "nvme");
	EXPECT_TEXT(mock.natives[2].module, "");
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
	EXPECT_INT(mock.count[MOCK_KEEP], 0);
	EXPECT_INT(mock.count[MOCK_CHECK], 0);
	EXPECT_HAS(cli_out(), "restored: yes");
}

TEST(C6_a_restore_of_what_was_adopted_may_be_incomplete)
{
	start();
	fail(MOCK_RELEASE, EIO, BINDERY_ERROR_DEGRADED);
	EXPECT_INT(hold_until("adopt 01:00.0", SIGINT), 3);
	EXPECT_HAS(cli_out(), "restored: no\n");
}

TEST(C6_adopt_without_a_native_driver_restores_nothing)
{
	start();
	EXPECT_INT(hold_until("adopt 01:00.0,id=8086:10d3", SIGTERM), 0);
	EXPECT_INT(mock.natives[0].flags, 0);
	EXPECT_INT(mock.devices[0].flags, BINDERY_EXPECT_ID);
}

TEST(C6_adopt_can_keep)
{
	start();
	EXPECT_INT(cli_run("adopt --keep 01:00.0"), 0);
	EXPECT_HAS(cli_out(), MOCK_ID);
	EXPECT_INT(mock.keep.policy, BINDERY_KEEP_ON);
	EXPECT_INT(mock.count[MOCK_RELEASE], 0);
}

TEST(C6_a_kept_claim_that_is_adopted_ends_with_its_holder)
{
	start();
	mock.claim_flags = BINDERY_CLAIM_KEEP;
	EXPECT_INT(hold_until("adopt 01:00.0", SIGINT), 0);
	EXPECT(!strstr(cli_err(), "as it is"));
	EXPECT_INT(mock.count[MOCK_KEEP], 1);
	EXPECT_INT(mock.keep.policy, BINDERY_KEEP_OFF);
	mock.claim_flags = BINDERY_CLAIM_KEEP;
	EXPECT_INT(hold_until("adopt --label vm 01:00.0", SIGINT), 0);
	EXPECT_HAS(cli_err(), "a kept claim is taken over as it is; ");
}

TEST(C6_what_cannot_be_adopted_is_named)
{
	start();
	fail(MOCK_ADOPT, EBUSY, BINDERY_ERROR_NOT_ON_VFIO);
	EXPECT_INT(cli_run("adopt 01:00.0"), 1);
	EXPECT_HAS(cli_err(), "not-on-vfio");
	EXPECT_HAS(cli_out(), "0000:01:00.0");
}

TEST(C5_release_is_by_a_device_or_by_an_id)
{
	start();
	EXPECT_INT(cli_run("release 01:00.0"), 0);
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	EXPECT_HAS(cli_out(), "claim: id " MOCK_ID);
	EXPECT_HAS(cli_out(), "released: yes\nrestored: yes\n");
	EXPECT_INT(mock.release.flags, 0);
	EXPECT_INT(mock.release.deadline_ms, 0);
	EXPECT_INT(cli_run("release -j -w -d 1.5 " MOCK_ID), 0);
	EXPECT_INT(memcmp(mock.opened.id, mock_id, sizeof(mock_id)), 0);
	EXPECT_INT(mock.release.flags, BINDERY_RELEASE_WAIT);
	EXPECT_INT(mock.release.deadline_ms, 1500);
	EXPECT_TEXT(json_at(cli_json(0), "claim.id"), MOCK_ID);
	EXPECT_TEXT(json_at(cli_json(0), "released"), "true");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.device"), "0000:01:00.0");
	EXPECT_INT(cli_run("release -f 01:00.0"), 0);
	EXPECT_INT(mock.release.flags, BINDERY_RELEASE_FORCE);
}

TEST(C8_devices_of_one_claim_release_it_once)
{
	start();
	EXPECT_INT(cli_run("release -j 01:00.0 01:00.1 " MOCK_ID " 02:00.0"), 0);
	EXPECT_INT(mock.count[MOCK_OPEN_CLAIM], 4);
	EXPECT_INT(mock.count[MOCK_RELEASE], 2);
	EXPECT(cli_json(1));
	EXPECT(!cli_json(2));
}

TEST(C8_every_claim_is_released_whatever_happens_to_the_others)
{
	start();
	fail(MOCK_OPEN_CLAIM, ENOENT, BINDERY_ERROR_NO_CLAIM);
	mock.times = 1;
	EXPECT_INT(cli_run("release -j 01:00.0 bad 02:00.0 03:00.0"), 1);
	EXPECT_INT(mock.count[MOCK_RELEASE], 2);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "no-claim");
	EXPECT_TEXT(json_at(cli_json(0), "error.device"), "01:00.0");
	EXPECT_TEXT(json_at(cli_json(1), "error.code"), "address");
	EXPECT_TEXT(json_at(cli_json(2), "released"), "true");
	EXPECT_TEXT(json_at(cli_json(3), "released"), "true");
	mock.members[0].out_errno = ENODEV;
	fail(MOCK_RELEASE, EIO, BINDERY_ERROR_DEGRADED);
	memset(mock.count, 0, sizeof(mock.count));
	mock.fail[MOCK_OPEN_CLAIM] = 0;
	EXPECT_INT(cli_run("release 02:00.0 03:00.0"), 3);
	EXPECT_INT(mock.count[MOCK_RELEASE], 2);
	EXPECT_HAS(cli_out(), "No such device");
	EXPECT_HAS(cli_out(), "released: yes\nrestored: no\n");
	EXPECT_HAS(cli_out(), "released: yes\nrestored: yes\n");
}

TEST(C9_a_release_refused_for_a_vfio_user_names_it)
{
	start_with_user();
	mock.members[0].out_group_state = BINDERY_GROUP_HELD;
	fail(MOCK_RELEASE, EBUSY, BINDERY_ERROR_IN_USE);
	EXPECT_INT(cli_run("release 01:00.0"), 1);
	EXPECT_HAS(cli_out(), "released: no\nrestored: no\n");
	EXPECT_HAS(cli_out(), "users:\n  PID  COMM\n  12   qemu\n");
	EXPECT_HAS(cli_err(), "in-use: ");
	EXPECT_HAS(cli_err(), "use --wait, --defer or --force");
	tree_free();
}

TEST(C9_where_no_group_is_told_no_user_is_looked_for)
{
	start_with_user();
	mock.num_members = 0;
	fail(MOCK_RELEASE, EBUSY, BINDERY_ERROR_IN_USE);
	EXPECT_INT(cli_run("release 01:00.0"), 1);
	EXPECT_HAS(cli_out(), "released: no\nrestored: no\n");
	EXPECT(!strstr(cli_out(), "users"));
	EXPECT_HAS(cli_err(), "in-use: ");
	tree_free();
}

TEST(C8_a_release_that_was_not_begun_leaves_the_claim)
{
	start();
	fail(MOCK_RELEASE, ENOMEM, BINDERY_ERROR_NO_MEMORY);
	EXPECT_INT(cli_run("release 01:00.0"), 1);
	EXPECT_HAS(cli_out(), "released: no\nrestored: no\n");
}

TEST(U10_where_rights_cannot_be_set_all_is_put_back_or_that_is_told)
{
	start();
	cli_use_tree(tree_new());
	EXPECT_INT(cli_run("acquire --owner 1 --deadline 0.5 01:00.0"), 1);
	EXPECT_HAS(cli_err(), "udev has not finished with the device nodes");
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
	EXPECT_INT(mock.release.deadline_ms, 500);
	fail(MOCK_RELEASE, EIO, BINDERY_ERROR_DEGRADED);
	EXPECT_INT(cli_run("acquire --owner 1 --deadline 0.01 01:00.0"), 3);
	EXPECT_INT(cli_run("exec --mode 600 -d 0.01 01:00.0 -- true"), 125);
	tree_free();
}

TEST(C9_a_deferred_release_succeeds_and_names_whom_it_waits_for)
{
	start_with_user();
	mock.members[0].out_group_state = BINDERY_GROUP_DRAINING;
	EXPECT_INT(cli_run("release --json --defer 01:00.0"), 0);
	EXPECT_INT(mock.release.flags, BINDERY_RELEASE_DEFER);
	EXPECT_TEXT(json_at(cli_json(0), "released"), "true");
	EXPECT_TEXT(json_at(cli_json(0), "restored"), "false");
	EXPECT_TEXT(json_at(cli_json(0), "users.0.pid"), "12");
	EXPECT(!json_at(cli_json(0), "error"));
	tree_free();
}

TEST(C9_a_forced_release_that_is_ignored_ends_with_3)
{
	start_with_user();
	mock.members[0].out_group_state = BINDERY_GROUP_STUCK;
	fail(MOCK_RELEASE, ETIMEDOUT, BINDERY_ERROR_DEADLINE);
	EXPECT_INT(cli_run("release --force 01:00.0"), 3);
	EXPECT_HAS(cli_out(), "released: yes\nrestored: no\n");
	EXPECT_HAS(cli_out(), "qemu");
	EXPECT_HAS(cli_err(), "the restore goes on by itself");
	tree_free();
}

TEST(C5_what_is_released_by_somebody_else_is_no_failure)
{
	start();
	fail(MOCK_RELEASE, ESTALE, BINDERY_ERROR_RELEASED);
	EXPECT_INT(hold_until("acquire --json 01:00.0", SIGINT), 0);
	EXPECT_HAS(cli_err(), "released by somebody else");
	EXPECT(!cli_json(1));
	EXPECT_INT(cli_run("exec 01:00.0 -- sh -c exit\t7"), 7);
	EXPECT_INT(cli_run("release --json 01:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "released"), "true");
	EXPECT(!json_at(cli_json(0), "restored"));
	EXPECT(!json_at(cli_json(0), "error"));
}

TEST(C7_mark_reads_the_generation_and_tells_the_assignment)
{
	start();
	mock.members[0].out_generation = 41;
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	EXPECT_INT(cli_run("mark 01:00.0 guest-ready"), 0);
	EXPECT_INT(mock.mark.event, BINDERY_EVENT_GUEST_READY);
	EXPECT_INT(mock.mark.generation, 41);
	EXPECT_HAS(cli_out(), "device: 01:00.0\nevent: guest-ready\nassignment: state ready users 2 id " MOCK_ID "\ngeneration: 42\n");
	EXPECT_INT(cli_run("mark --json --claim " MOCK_ID " 01:00.0 drop-user"),
		   0);
	EXPECT_INT(memcmp(mock.opened.id, mock_id, sizeof(mock_id)), 0);
	EXPECT(!mock.opened.device);
	EXPECT_TEXT(json_at(cli_json(0), "assignment.state"), "ready");
	EXPECT_TEXT(json_at(cli_json(0), "assignment.users"), "2");
	EXPECT_INT(mock.count[MOCK_RELEASE], 0);
	tree_free();
}

TEST(C4_a_stale_mark_is_tried_again_unless_a_generation_was_given)
{
	start();
	fail(MOCK_MARK, ESTALE, BINDERY_ERROR_STALE);
	mock.times = 2;
	EXPECT_INT(cli_run("mark 01:00.0 add-user"), 0);
	EXPECT_INT(mock.count[MOCK_MARK], 3);
	mock.count[MOCK_MARK] = 0;
	EXPECT_INT(cli_run("mark --generation 7 01:00.0 add-user"), 1);
	EXPECT_INT(mock.count[MOCK_MARK], 1);
	EXPECT_INT(mock.mark.generation, 7);
	EXPECT_HAS(cli_err(), "stale: ");
	mock.count[MOCK_MARK] = 0;
	mock.times = 0;
	EXPECT_INT(cli_run("mark 01:00.0 add-user"), 1);
	EXPECT(mock.count[MOCK_MARK] > 2 && mock.count[MOCK_MARK] < 100);
}

TEST(C7_an_event_that_the_state_does_not_allow_is_refused)
{
	start();
	fail(MOCK_MARK, EINVAL, BINDERY_ERROR_TRANSITION);
	EXPECT_INT(cli_run("mark 01:00.0 add-user"), 1);
	EXPECT_INT(mock.count[MOCK_MARK], 1);
	EXPECT_HAS(cli_err(), "transition: ");
	fail(MOCK_OPEN_CLAIM, EINVAL, BINDERY_ERROR_AMBIGUOUS);
	EXPECT_INT(cli_run("mark 01:00.0 add-user"), 1);
	EXPECT_HAS(cli_err(), "name one of them by its id");
}

TEST(W3_repair_tells_what_came_of_it)
{
	start();
	EXPECT_INT(cli_run("repair -d 2 01:00.0"), 0);
	EXPECT_INT(mock.recover.operation, BINDERY_RECOVER_REPAIR);
	EXPECT_INT(mock.recover.deadline_ms, 2000);
	EXPECT_HAS(cli_out(), "repaired: yes");
	mock.members[0].out_errno = ENODEV;
	fail(MOCK_RECOVER, EIO, BINDERY_ERROR_DEGRADED);
	EXPECT_INT(cli_run("repair --json 01:00.0 02:00.0"), 3);
	EXPECT_INT(mock.count[MOCK_RECOVER], 3);
	EXPECT_TEXT(json_at(cli_json(1), "repaired"), "false");
	EXPECT_TEXT(json_at(cli_json(1), "members.0.errno"), "19");
	EXPECT_TEXT(json_at(cli_json(1), "error.code"), "degraded");
	fail(MOCK_RECOVER, EBUSY, BINDERY_ERROR_BUSY);
	EXPECT_INT(cli_run("repair 01:00.0"), 1);
	EXPECT_INT(cli_run("repair x"), 1);
}

TEST(U2_show_tells_assignments_generations_and_what_was_tampered_with)
{
	start();
	mock.state = BINDERY_GROUP_KEPT;
	mock.num_claims = 1;
	mock.claim_flags = BINDERY_CLAIM_KEEP | BINDERY_CLAIM_CLOSED;
	mock.members[0].out_flags |= BINDERY_MEMBER_STUCK |
		BINDERY_MEMBER_TAMPERED_DRIVER |
		BINDERY_MEMBER_TAMPERED_OVERRIDE;
	mock.members[0].out_assignment = BINDERY_ASSIGNMENT_INVALID;
	memcpy(mock.members[0].out_assignment_id, mock_id, sizeof(mock_id));
	mock.members[0].out_generation = 99;
	EXPECT_INT(cli_run("show 01:00.0"), 0);
	EXPECT_HAS(cli_out(), "state: kept\n");
	EXPECT_HAS(cli_out(), "claim: id " MOCK_ID " flags keep, closed\n");
	EXPECT_HAS(cli_out(), "generation: 77\n");
	EXPECT_HAS(cli_out(), "8086:10d3  99 ");
	EXPECT_HAS(cli_out(),
		   "    assignment: state invalid users 0 id " MOCK_ID "\n");
	EXPECT_HAS(cli_out(), "stuck, tampered-driver, tampered-override");
	EXPECT_INT(cli_run("show --json 01:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "claim.flags.1"), "closed");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.assignment.state"),
		    "invalid");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.generation"), "99");
}

TEST(L3_show_tells_who_opened_a_sealed_device)
{
	start();
	mock.members[0].out_flags |= BINDERY_MEMBER_SEALED;
	EXPECT_INT(cli_run("show --json 01:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "members.0.vfio.files"), "0");
	EXPECT(!json_at(cli_json(0), "members.0.vfio.opener"));
	mock.members[0].out_vfio_files = 1;
	mock.members[0].out_opener_pid = 4711;
	strcpy(mock.members[0].out_opener_comm, "qemu");
	EXPECT_INT(cli_run("show --json 01:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "members.0.vfio.opener.pid"), "4711");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.vfio.opener.comm"), "qemu");
	EXPECT_INT(cli_run("show 01:00.0"), 0);
	EXPECT_HAS(cli_out(),
		   "    vfio: files 1 opens 0 closes 0 opener pid 4711 comm qemu\n");
}

TEST(C5_list_tells_the_id_of_what_is_kept)
{
	start();
	mock.state = BINDERY_GROUP_KEPT;
	mock.num_claims = 1;
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	EXPECT_INT(cli_run("list"), 0);
	EXPECT_HAS(cli_out(), "group 5  state kept  claims 1  holder ");
	EXPECT_HAS(cli_out(), "claim id " MOCK_ID);
	tree_free();
}

TEST(U2_a_transaction_refused_for_a_vfio_user_names_it)
{
	start_with_user();
	fail(MOCK_ADOPT, EBUSY, BINDERY_ERROR_IN_USE);
	EXPECT_INT(cli_run("adopt -j 01:00.0"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "users.0.comm"), "qemu");
	tree_free();
}
