# SPDX-License-Identifier: GPL-2.0-only
"""The list of mutants fits the sources: python3 -m unittest here."""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vm"))

import guest
import machine
import modules
import mutants
import trial
from common import Failure

SOURCES = {"module/a.c": b"one two two three"}


def mutant(old, new="other", file="module/a.c"):
    return mutants.Mutant("m", file, old, new, [])


class Mutants(unittest.TestCase):
    def test_each_applies_exactly_once(self):
        every = mutants.load()
        self.assertGreaterEqual(len(every), 44)
        self.assertEqual(mutants.problems(every, modules.read_sources()), [])

    def test_each_names_programs_that_its_machines_list(self):
        for each in mutants.load():
            self.assertTrue(each.tests, each.name)
            for place, lines in each.tests:
                self.assertTrue(lines, each.name)
                for line in lines:
                    trial.programs_of(machine.load(place), line)

    def test_each_case_that_is_tried_first_exists(self):
        cases = "".join(path.read_text()
                        for path in HERE.parent.glob("*_test.c"))
        for each in mutants.load():
            for line in (line for _, lines in each.tests for line in lines):
                _, _, case = line.partition(" -t ")
                self.assertIn(case, cases, each.name)

    def test_what_is_not_there_once_cannot_be_applied(self):
        for bad in (mutant("four"), mutant("two"), mutant("one", "one"),
                    mutant("one", file="module/b.c")):
            with self.assertRaises(Failure):
                bad.apply(SOURCES)

    def test_only_its_text_is_replaced(self):
        self.assertEqual(mutant("one").apply(SOURCES),
                         {"module/a.c": b"other two two three"})


class Watch(unittest.TestCase):
    def see(self, *records):
        watch = trial.Watch(["first", "second"])
        for kind, index, text in records:
            watch(guest.Record(kind, index, text.encode()))

    def notice(self, *records):
        with self.assertRaises(trial.Noticed) as found:
            self.see(*records)
        return str(found.exception)

    def test_a_case_that_fails_is_noticed_once_its_line_is_whole(self):
        self.see(("out", 1, "1..2\nok 1 a\nnot ok 2 b"))
        self.assertEqual(self.notice(("out", 1, "1..2\nok 1 a\nnot"),
                                     ("out", 1, " ok 2 b\n")), "second: b")

    def test_how_a_program_ends_is_noticed(self):
        good = "status=0 taint_before=0 taint_after=0 ms=1"
        self.see(("out", 0, "1..1\nok 1 a\n"), ("exit", 0, good))
        self.assertIn("timed out", self.notice(
            ("out", 0, "1..1\nok 1 a\n"),
            ("exit", 0, good.replace("status=0", "status=-1"))))
        self.assertIn("no TAP plan", self.notice(("exit", 0, good)))

    def test_a_complaint_of_the_kernel_is_noticed(self):
        self.see(("klog", 0, "6,1,1000,-;hello"))
        self.assertIn("BUG: x", self.notice(
            ("klog", 0, "4,1,1000,-;BUG: x")))


if __name__ == "__main__":
    unittest.main()
