# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the harness's judgement: python3 -m unittest discover here."""

import io
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from unittest import mock

import alarms
import bench
import coverage
import debug
import guest
import machine
import races
import report
import run
import suite
import torture
from kernels import Kernel

KERNEL = Kernel("6.1", "6.1.0-1-amd64", "bookworm", Path("."))
CLEAN_EXIT = "status=0 taint_before=0 taint_after=12288 ms=1500"


def tap(*lines):
    return report.parse_tap("prog", "\n".join(lines))


class Tap(unittest.TestCase):
    def test_names_statuses_and_reasons(self):
        program = tap("TAP version 13", "1..4", "ok 1 slot.T1_a",
                      "#  RUN           slot.T2_b ...",
                      "ok 2 # SKIP no device", "ok 3 T3_c # SKIP",
                      "not ok 4 slot.v.T4_d")
        self.assertEqual(
            [(c.name, c.status, c.reason) for c in program.cases],
            [("slot.T1_a", "passed", ""), ("slot.T2_b", "skipped",
                                           "no device"),
             ("T3_c", "skipped", "no reason"),
             ("slot.v.T4_d", "failed", "")])
        self.assertEqual(program.problems, [])

    def test_every_incomplete_stream_is_a_problem(self):
        for lines in ((), ("ok 1 a",), ("1..0",), ("1..2", "ok 1 a"),
                      ("1..1", "ok 1 a", "ok 2 b"),
                      ("1..1", "ok 1 a", "Bail out! no")):
            self.assertTrue(tap(*lines).problems, lines)

    def test_a_whole_program_can_be_skipped(self):
        program = tap("1..0 # SKIP no vfio")
        self.assertEqual(program.count("skipped"), 1)
        self.assertEqual(program.problems, [])


class Judgement(unittest.TestCase):
    def problems(self, exit_text=CLEAN_EXIT, log=(), taints=""):
        program = tap("1..1", "ok 1 T1_a")
        report.judge(program, exit_text, list(log), taints)
        return program.problems

    def test_a_clean_run_has_no_problem(self):
        self.assertEqual(self.problems(log=["[ 1.0] e1000e: link up"]), [])

    def test_ends_that_fail(self):
        for status in (-1, 11, 256, 1024):
            text = CLEAN_EXIT.replace("status=0", f"status={status}")
            self.assertEqual(len(self.problems(text)), 1, status)

    def test_skip_status_needs_a_skip(self):
        program = tap("1..0 # SKIP no vfio")
        report.judge(program, CLEAN_EXIT.replace("status=0", "status=1024"),
                     [])
        self.assertEqual(program.problems, [])

    def test_new_taint_fails_and_old_taint_does_not(self):
        text = "status=0 taint_before=%d taint_after=%d ms=1"
        self.assertTrue(self.problems(text % (0, 512)))
        self.assertFalse(self.problems(text % (512, 512)))
        self.assertTrue(self.problems(text % (0, 512), taints="U"))
        self.assertFalse(self.problems(text % (0, 512), taints="W"))

    def test_kernel_complaints(self):
        for line in (
                "WARNING: CPU: 0 PID: 1 at x.c:1", "BUG: unable to handle",
                "Oops: 0002 [#1]", "BUG: KASAN: use-after-free in f",
                "UBSAN: shift-out-of-bounds", "refcount_t: underflow",
                "WARNING: possible circular locking dependency detected",
                "DMAR: [DMA Read] Request device [01:00.0] fault addr 0",
                "INFO: task x:1 blocked for more than 120 seconds.",
                "rcu: INFO: rcu_preempt self-detected stall on CPU",
                "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"):
            self.assertTrue(self.problems(log=[line]), line)

    def test_only_suspected_hangs_and_known_crashes_are_tried_again(self):
        self.assertTrue(report.first_starved(
            ["RIP: 0010:pci_slot_reset+0x2c/0x90"]))
        self.assertTrue(report.first_starved(
            ["watchdog: BUG: soft lockup - CPU#0 stuck for 130s!"]))
        self.assertFalse(report.first_starved(["WARNING: CPU: 0"]))
        attach = "[   59.112003] RIP: 0010:intel_iommu_attach_device+0x21a/0x8c0"
        caller = "[   59.132835]  {}vfio_group_detach_container+0x135/0x160 [vfio]"
        self.assertTrue(report.first_starved([attach, caller.format("")]))
        self.assertFalse(report.first_starved([attach, caller.format("? ")]))
        self.assertFalse(report.first_starved([attach]))
        fault = ["BUG: kernel NULL pointer dereference, "
                 "address: 000000000000001c",
                 "RIP: 0010:_raw_spin_lock_irqsave+0x23/0x50"]
        removal = ["[   96.736598]  dmar_remove_one_dev_info.isra.0+0x71/0x140",
                   "[   96.739574]  intel_iommu_release_device+0x1f/0x60"]
        self.assertTrue(report.first_starved(fault + removal))
        self.assertFalse(report.first_starved(fault + removal[:1]))
        self.assertFalse(report.first_starved(fault[1:] + removal))

    def test_what_no_wait_explains_is_not_tried_again(self):
        stall = "watchdog: BUG: soft lockup - CPU#0 stuck for 130s!"
        for found in ("BUG: KASAN: slab-use-after-free in f [bindery]",
                      "WARNING: possible circular locking dependency detected",
                      "WARNING: possible irq lock inversion dependency detected",
                      "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
                      "WARNING: bad unlock balance detected!",
                      "WARNING: CPU: 0 PID: 7 at x/a.c:1 f+0x1/0x2 [bindery]",
                      "WARNING: x/a.c:1 at f+0x1/0x2 [bindery], CPU#1: a/7",
                      "[ BUG: Invalid wait context ]",
                      "BUG: KFENCE: use-after-free read in f",
                      "INFO: trying to register non-static key.",
                      "UBSAN: shift-out-of-bounds in a.c:1:2"):
            self.assertFalse(report.first_starved([found, stall]), found)
            self.assertFalse(report.first_starved([found], "died"), found)
        self.assertTrue(report.first_starved(
            [stall, "WARNING: CPU: 0 PID: 7 at x/a.c:1 f+0x1/0x2"]))
        self.assertEqual(report.first_starved([], "died"), "died")
        self.assertTrue(report.first_starved(
            [stall, "Oops: KASAN: null-ptr-deref in range"]))

    def test_a_task_that_hangs_in_ours_is_not_tried_again(self):
        hung = ["[ 200.1] INFO: task x:1 blocked for more than 120 seconds.",
                "[ 200.2]  <TASK>", "[ 200.3]  mutex_lock+0x1/0x2",
                "[ 200.4]  {}+0x1/0x2", "[ 200.5]  </TASK>",
                "[ 200.6]  bindery_a+0x1/0x2 [bindery]"]
        other = [line.format("vfio_b") for line in hung]
        self.assertTrue(report.first_starved(other))
        self.assertFalse(report.first_starved(
            [line.replace("{}+0x1/0x2", "bindery_a+0x1/0x2 [bindery]")
             for line in hung]))

    def test_boot_parameters_are_no_complaint(self):
        self.assertFalse(report.splats([f"Command line: {machine.APPEND}"]))


class Races(unittest.TestCase):
    WRITER = ("timekeeping_update", "update_wall_time")

    def log(self, *stacks, end=True):
        """A report of two accesses, as it stands in the log."""
        lines = ["=" * 66, "BUG: KCSAN: data-race in a / b", ""]
        for number, stack in enumerate(stacks):
            lines += [f"write to 0xffffffff820a7888 of 8 bytes by task 39 on cpu {number}:",
                      *(f" {frame}+0x1/0x20{module}" for frame, module in
                        (name.split("@") if "@" in name else (name, "")
                         for name in stack)), ""]
        lines += ["Reported by Kernel Concurrency Sanitizer on:"]
        lines += ["=" * 66] if end else []
        return [f"[   61.158654] {line}" for line in lines]

    def test_one_without_us_is_listed_and_fails_nothing(self):
        log = self.log(("kick_pool",), ("try_to_wake_up",))
        self.assertEqual(report.splats(log), [])
        self.assertEqual(races.others(log), ["data-race in a / b"])
        result = report.Result("edu/k", "k", races=races.others(log * 2))
        self.assertEqual(report.race_lines([result]),
                         ["data-race in a / b: 2 times (edu/k)"])

    def test_one_of_ours_or_of_what_we_called_fails(self):
        for reader in (("count@ [bindery]",),
                       ("set_override", "aim@ [bindery_vfio]")):
            log = self.log(self.WRITER, reader)
            self.assertTrue(report.splats(log))
            self.assertEqual(races.others(log), [])

    def test_what_a_driver_does_when_asked_is_its_own(self):
        for entry in ("device_driver_attach", "mutex_lock",
                      "vfio_pci_core_enable@ [vfio_pci_core]"):
            log = self.log(("probe@ [e1000e]", entry, "move@ [bindery]"),
                           self.WRITER)
            self.assertEqual(report.splats(log), [])
        itself = self.log(("__pm_runtime_disable", "unbind@ [bindery]"),
                          self.WRITER)
        self.assertEqual(report.splats(itself), [])
        inside = self.log(("store@ [bindery]", "probe@ [bindery_test_native]",
                           "device_driver_attach"), self.WRITER)
        self.assertTrue(report.splats(inside))

    def test_who_was_interrupted_is_not_concerned(self):
        log = self.log(("update_wall_time", "asm_sysvec_apic_timer_interrupt",
                        "unbind@ [bindery]"), ("try_to_wake_up",))
        self.assertEqual(report.splats(log), [])

    def test_what_else_is_said_in_between_stays(self):
        log = self.log(("a",), ("b",), end=False)
        warning = "[   61.2] WARNING: CPU: 0 PID: 1 at x.c:1"
        self.assertEqual(report.splats(log), [])
        self.assertTrue(report.splats(log + [warning]))
        self.assertTrue(report.splats(log[:5] + [warning] + log[5:]))

    def test_what_cannot_be_read_fails(self):
        self.assertTrue(report.splats(self.log(("try_to_wake_up",))))
        self.assertTrue(report.splats(self.log(("a",), ("b",)) + ["BUG: x"]))
        self.assertTrue(report.splats(self.log(("a",), (), end=False)))


class Checkers(unittest.TestCase):
    LEAK = """unreferenced object 0xffff888 (size 32):
  comm "modprobe", pid 70, jiffies 4294900000
  hex dump (first 32 bytes):
    00 00 00 00  ....
  backtrace (crc 0):
    __kmalloc_noprof+0x21/0x80
    hold_it+0x1f/0x40 [bindery]
    0xffffffffc0a11008
    do_init_module+0x22/0x30
"""

    def test_leaks_are_named_by_their_callers(self):
        self.assertEqual(report.leaks(""), [])
        self.assertEqual(
            report.leaks(self.LEAK),
            ["leaked: hold_it+0x1f/0x40 < 0xffffffffc0a11008 < "
             "do_init_module+0x22/0x30"])
        self.assertEqual(len(report.leaks(self.LEAK * 2)), 1)
        self.assertIn("2 times", report.leaks(self.LEAK * 2)[0])

    def test_a_checker_that_is_off_fails(self):
        on = " debug_locks:                             1\n"
        off = on.replace("1", "0")
        self.assertEqual(report.checked(True, "", on), [])
        self.assertEqual(report.checked(False, "", ""), [])
        self.assertEqual(report.checked(True, "it died", ""), [])
        self.assertEqual(len(report.checked(True, "", off)), 1)
        self.assertEqual(len(report.checked(True, "", "")), 1)


class Coverage(unittest.TestCase):
    SOURCE = ["/* f() */", "static int g(int a,", "\t     int b)", "{",
              "\tif (h(a))", "\t\treturn b;", "}", "", "int other = 1;"]

    def test_a_line_is_in_the_function_above(self):
        self.assertEqual(coverage.function_of(self.SOURCE, 6), "g")
        self.assertEqual(coverage.function_of(self.SOURCE, 1), "")

    def test_each_line_of_the_list_is_read(self):
        listed = [line for line in coverage.REASONS.read_text().splitlines()
                  if line.startswith("- `module/")]
        self.assertEqual(coverage.reasons().total(), len(listed))

    def test_each_line_of_the_list_is_in_the_sources(self):
        for listed, times in coverage.reasons().items():
            self.assertLessEqual(
                times, coverage.places(listed[0]).count(listed), listed)

    def test_who_is_listed_once_stands_for_one_line(self):
        listed = ("module/watch.c", "judge", "return IGNORED;")
        numbers = [number for number, place in
                   enumerate(coverage.places(listed[0]), 1) if place == listed]
        lines = [{"line_number": number, "count": 0, "gcovr/noncode": False}
                 for number in numbers]
        self.assertEqual(len(coverage.unexplained(
            {"files": [{"file": listed[0], "lines": lines}]})),
            len(numbers) - coverage.reasons()[listed])


class DebugKernels(unittest.TestCase):
    SLOW = Kernel("6.12-kasan", "6.12.1-kasan", "bookworm", Path("."))

    def test_an_option_that_vanished_is_named(self):
        chosen = "CONFIG_A=y\n# CONFIG_X=y\nCONFIG_B=n\nCONFIG_C=m\n"
        self.assertEqual(debug.lost(chosen, "CONFIG_A=y\nCONFIG_C=m\n"), [])
        self.assertEqual(
            debug.lost(chosen, "CONFIG_B=y\nCONFIG_C=y\n"),
            ["CONFIG_A is n, not y", "CONFIG_B is y, not n",
             "CONFIG_C is y, not m"])

    def test_a_later_fragment_wins(self):
        self.assertEqual(debug.wanted("CONFIG_A=y\nCONFIG_A=n\n"),
                         {"CONFIG_A": "n"})

    def test_every_kernel_has_a_variant_and_a_configuration(self):
        for name in debug.NAMES:
            variant = debug.variant_of(name)
            self.assertIn(variant, debug.VARIANTS)
            self.assertIn(f'CONFIG_LOCALVERSION="-{variant}"',
                          debug.inputs(name))
        self.assertEqual(debug.inputs("6.12"), [])

    def test_machines_name_kernels_in_several_ways(self):
        made = machine.Machine("m", "", [], [], skips={
            "all": ["a:1"], "6.12": ["a:2"], "kasan": ["a:3"],
            "6.12-kasan": ["a:4"], "stock": ["a:5"], "debug": ["a:6"]})
        self.assertEqual(sorted(made.expected_skips(self.SLOW)),
                         ["a:1", "a:2", "a:3", "a:4", "a:6"])
        self.assertEqual(sorted(made.expected_skips(KERNEL)), ["a:1", "a:5"])

    def test_a_mistake_that_nobody_noticed_fails(self):
        result = report.Result("alarms/6.12-kasan", "6.12-kasan")
        for kind, pattern in alarms.ALARMS["kasan"].items():
            self.assertEqual(alarms.verdict(kind, pattern, result).status,
                             "failed")
            result.problems = ["kernel log: something else"]
        result.problems.append("leaked: forget_memory+0x1/0x2 [a]")
        self.assertEqual(alarms.verdict(
            "leak", alarms.ALARMS["kasan"]["leak"], result).status, "passed")

    def test_data_races_have_two_processors_at_least(self):
        racy = Kernel("6.12-kcsan", "6.12.1-kcsan", "bookworm", Path("."))
        counts = [machine.processors(machine.Machine("m", "", [], [], smp=smp),
                                     kernel)
                  for kernel in (KERNEL, racy) for smp in (1, 4)]
        self.assertEqual(counts, [1, 4, 2, 4])

    def test_limits_are_multiplied(self):
        made = machine.Machine("m", "", [], [], programs=["a_test"])
        programs = tuple(made.all_programs())
        slowness = self.SLOW.needs.slowness
        self.assertGreater(slowness, 1)
        self.assertEqual(suite.Job(made, self.SLOW, programs).limits,
                         [made.timeout * slowness])
        plan = guest.plan(made, list(programs), True, slowness)
        self.assertIn(f"run\t0\t{made.timeout * slowness}\ta_test", plan)
        self.assertIn(f"KSFT_SLOWNESS={slowness}", plan)

    def test_a_long_guest_is_divided(self):
        names = [f"{name}_test" for name in "abcdef"]
        made = machine.Machine("m", "", [], [], programs=[*names, "a_test -x"])
        short = suite.Job(made, KERNEL, tuple(made.all_programs()))
        self.assertEqual(short.parts(), [short])
        made = replace(made, timeout=suite.PART_SECONDS * suite.USUAL_SHARE //
                       3)
        parts = suite.Job(made, KERNEL, tuple(made.all_programs())).parts()
        self.assertEqual([[program.line for program in part.programs]
                          for part in parts],
                         [["a_test", "b_test", "c_test", "a_test -x"],
                          ["d_test", "e_test"], ["f_test"]])
        self.assertEqual([part.place for part in parts],
                         ["m.1/6.1", "m.2/6.1", "m.3/6.1"])
        self.assertEqual(len({part.logs for part in parts}), 3)


class Skips(unittest.TestCase):
    def result(self, patterns):
        result = report.Result("slot/6.1", "6.1", [tap(
            "1..2", "ok 1 slot.T1_a", "ok 2 slot.Q3_b # SKIP no fail-nth")])
        report.apply_skips(result, patterns)
        return result

    def test_an_expected_skip_is_a_skip(self):
        result = self.result(["prog:*.Q3_b"])
        self.assertEqual((result.failed, result.count("skipped")), (0, 1))

    def test_an_unexpected_skip_fails(self):
        self.assertEqual(self.result([]).failed, 1)

    def test_an_expected_skip_has_to_happen(self):
        self.assertEqual(self.result(["prog:*.Q3_b", "prog:*.T1_a"]).failed,
                         1)

    def test_chosen_cases_need_not_skip(self):
        result = report.Result("slot/6.1", "6.1", [tap("1..1", "ok 1 T1_a")])
        report.apply_skips(result, ["prog:T2_b"], whole=False)
        self.assertEqual(result.failed, 0)

    def test_other_programs_are_not_concerned(self):
        self.assertEqual(self.result(["prog:*.Q3_b", "else:*"]).failed, 0)


class Channel(unittest.TestCase):
    DATA = b"start 0 3\na_t\nout 0 8\nok 1\nx 1\nexit 0 0\n\n"

    def test_records_survive_any_cut(self):
        for cut in range(len(self.DATA)):
            decoder = guest.Decoder()
            records = decoder.feed(self.DATA[:cut]) + \
                decoder.feed(self.DATA[cut:])
            self.assertEqual([(r.kind, r.text) for r in records],
                             [("start", "a_t"), ("out", "ok 1\nx 1"),
                              ("exit", "")])
            self.assertFalse(decoder.broken or decoder.pending)

    def test_noise_is_noticed(self):
        decoder = guest.Decoder()
        decoder.feed(b"SeaBIOS (version 1)\n" + self.DATA)
        self.assertTrue(decoder.broken)


class Evaluation(unittest.TestCase):
    PROGRAMS = (machine.Program("a_test", 1), machine.Program("b_test", 1))
    MACHINE = machine.Machine("m", "", [], [["0000:01:00.0 e1000e"]])

    def evaluate(self, *records, ending=""):
        listed = guest.Record("device", -1,
                              b"0000:01:00.0 3 e1000e 0x020000 0x8086:0x10d3")
        made = guest.Run([listed, *(guest.Record(kind, index, text.encode())
                                    for kind, index, text in records)],
                         ending=ending)
        return suite.evaluate(suite.Job(self.MACHINE, KERNEL, self.PROGRAMS),
                              made)

    def test_a_guest_that_died_blames_the_running_program(self):
        result = self.evaluate(
            ("start", 0, "a_test"), ("out", 0, "1..1\nok 1 T1_a\n"),
            ("exit", 0, CLEAN_EXIT), ("start", 1, "b_test"),
            ("out", 1, "1..1\nok 1 T1_b\n"), ending="guest ended early")
        self.assertEqual(result.programs[0].problems, [])
        self.assertEqual(result.programs[1].problems, ["guest ended early"])

    def test_a_program_that_did_not_run_fails(self):
        result = self.evaluate(ending="guest ended early")
        self.assertEqual(result.failed, 3)

    def test_a_wrong_group_fails(self):
        result = self.evaluate(
            ("device", -1, "0000:01:00.1 3 - 0x020000 0x8086:0x10d3"))
        self.assertIn("no IOMMU group", result.problems[0])


class SecondTry(unittest.TestCase):
    PROGRAMS = tuple(machine.Program(name, 1) for name in ("a_test", "b_test"))
    JOB = suite.Job(machine.Machine("m", "", [], []), KERNEL, PROGRAMS)

    def result(self, *texts, problems=()):
        result = report.Result("m/6.1", "6.1", problems=list(problems))
        for program, text in zip(self.PROGRAMS, texts):
            result.programs.append(report.parse_tap(program.name, text))
        return result

    def settle(self, result, *texts):
        """What becomes of it when the second try prints these texts."""
        asked = []

        def run_job(job):
            asked.extend(program.name for program in job.programs)
            again = report.Result(job.place, "6.1")
            again.programs = [report.parse_tap(program.name, text) for
                              program, text in zip(job.programs, texts)]
            return again

        reruns = suite.Reruns()
        with mock.patch.object(suite, "run_job", run_job):
            result = suite.settle(self.JOB, result, reruns)
        return result, reruns, asked

    def test_a_case_that_fails_once_is_told(self):
        result, reruns, asked = self.settle(
            self.result("1..1\nok 1 T1_a", "1..1\nnot ok 1 T1_b"),
            "1..1\nok 1 T1_b")
        self.assertEqual((result.failed, asked), (0, ["b_test"]))
        self.assertEqual(reruns.unsteady, ["m/6.1 b_test: not ok T1_b"])

    def test_a_case_that_fails_twice_fails(self):
        result, reruns, _ = self.settle(
            self.result("1..1\nok 1 T1_a", "1..1\nnot ok 1 T1_b"),
            "1..1\nnot ok 1 T1_b")
        self.assertEqual((result.failed, reruns.unsteady), (1, []))

    def test_a_complaint_of_a_machine_that_goes_down_counts(self):
        run = guest.Run(console="BUG: sleeping function called from x.c:1\n"
                                "reboot: Power down\n")
        for power_off, failed in ((True, 1), (False, 0)):
            job = suite.Job(replace(self.JOB.machine, power_off=power_off),
                            KERNEL, ())
            with mock.patch.object(suite, "wrong_groups", return_value=[]):
                result = suite.evaluate(job, run)
            self.assertEqual(result.failed, failed)

    def test_a_spoilt_guest_runs_again_and_its_logs_stay(self):
        with tempfile.TemporaryDirectory() as folder, \
                mock.patch.object(suite, "LOGS", Path(folder) / "logs"), \
                mock.patch.object(suite, "SPOILT", Path(folder) / "spoilt"):
            self.JOB.logs.mkdir(parents=True)
            (self.JOB.logs / "console").write_text("stall")
            spoilt = self.result("no plan", "no plan")
            spoilt.starved = "stall"
            result, reruns, _ = self.settle(
                spoilt, "1..1\nok 1 T1_a", "1..1\nok 1 T1_b")
            self.assertEqual((result.failed, reruns.starved),
                             (0, ["m/6.1: stall"]))
            self.assertEqual((suite.SPOILT / self.JOB.logs.name / "console")
                             .read_text(), "stall")

    def test_any_other_complaint_stands(self):
        for result in (
                self.result("1..1\nnot ok 1 T1_a", "no plan"),
                self.result("1..1\nnot ok 1 T1_a", problems=["WARNING"])):
            result, _, asked = self.settle(result, "1..1\nok 1 T1_a")
            self.assertTrue(result.failed)
            self.assertEqual(asked, [])


class Machines(unittest.TestCase):
    def test_all_machine_files_load(self):
        for name in machine.names():
            loaded = machine.load(name)
            self.assertTrue(loaded.preparation())
            loaded.all_programs()

    def test_a_soak_replaces_the_programs(self):
        made = machine.Machine("m", "", [], [], programs=["a_test"], soak=[
            {"run": "ROUNDS=9 b_test", "timeout": 7200}, "c_test"])
        self.assertEqual([p.name for p in made.all_programs()], ["a_test"])
        self.assertEqual([(p.name, p.timeout)
                          for p in made.all_programs(soak=True)],
                         [("b_test", 7200), ("c_test", made.timeout)])

    def test_only_machines_with_qmp_name_its_port(self):
        for qmp in (False, True):
            made = machine.Machine("m", "", [], [], qmp=qmp)
            self.assertEqual("BINDERY_QMP" in guest.plan(made, [], True), qmp)

    def test_the_monitor_is_no_pci_device(self):
        args = machine.monitor(Path("/f"))
        self.assertNotIn("-device", args)
        self.assertEqual(sum("path=/f/qmp-guest" in arg for arg in args), 2)

    def test_program_lines(self):
        program = machine.Program("A=1 x_test --all 'b c'", 1)
        self.assertEqual(program.name, "x_test")
        self.assertEqual(program.argv,
                         ["env", "A=1", "x_test", "--all", "b c"])


class Needs(unittest.TestCase):
    def test_are_told_by_python_without_any_package(self):
        told = subprocess.run([sys.executable, "-S", run.__file__, "needs"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertTrue(told.stdout.split())


class Bench(unittest.TestCase):
    def test_medians_spreads_and_ratios(self):
        samples = bench.parse(
            "kernel 6.12\n# a comment\n" + "".join(
                f"sample c sysfs 9 {there} {back}\n"
                f"sample c bindery 9 {there / 2} {back / 10}\n"
                for there, back in ((1, 10), (2, 20), (3, 30))))
        found = {(e["tool"], e["op"]): e for e in bench.evaluate(samples)}
        self.assertEqual(len(found), 6)
        baseline = found["sysfs", "acquire"]
        self.assertEqual((baseline["n"], baseline["rounds"],
                          baseline["median_s"], baseline["spread"],
                          baseline["ratio_to_sysfs"]), (9, 3, 2, 1, 1))
        self.assertEqual(found["bindery", "release"]["ratio_to_sysfs"], 10)
        self.assertEqual(
            found["bindery", "acquire+release"]["median_s"], 3)


class Torture(unittest.TestCase):
    def test_a_seed_decides_all_guests(self):
        guests = torture.plan(7, 10, None)
        self.assertEqual(guests, torture.plan(7, 10, None))
        self.assertNotEqual(guests, torture.plan(8, 10, None))
        self.assertEqual(sum(seconds for _, _, seconds in guests), 600)
        self.assertTrue({name for name, _, _ in guests}
                        <= set(machine.names()))

    def test_episodes_are_longer_where_less_happens(self):
        slow = Kernel("6.12-kasan", "6.12.1-kasan", "bookworm", Path("."))
        self.assertEqual(torture.episode_seconds(KERNEL),
                         torture.EPISODE_SECONDS)
        self.assertGreater(torture.episode_seconds(slow),
                           torture.EPISODE_SECONDS)

    def test_a_failed_episode_is_repeated_by_its_own_seed(self):
        self.assertEqual(torture.plan(9, 0, ["edu"]), [("edu", 9, 0)])


class Summary(unittest.TestCase):
    def test_last_line_and_status(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "host_test")
            path.write_text("1..2\nok 1 U1_a\nok 2 A10_b\n")
            output = io.StringIO()
            with redirect_stdout(output):
                status = run.summary([run.added(path)], suite.Reruns())
        lines = output.getvalue().splitlines()
        self.assertEqual(lines[-1], "2 passed, 0 failed, 0 skipped")
        self.assertEqual(status, 0)
        self.assertIn("U1", output.getvalue())

    def test_nothing_passed_is_a_failure(self):
        with redirect_stdout(io.StringIO()):
            self.assertEqual(run.summary([], suite.Reruns()), 1)


if __name__ == "__main__":
    unittest.main()
