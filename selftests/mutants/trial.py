# SPDX-License-Identifier: GPL-2.0-only
"""One trial of changed sources in guests, up to the first thing that is
noticed."""

import json
import re
from dataclasses import replace
from pathlib import Path

import guest
import kernels
import machine as machines
import modules
import report
import suite
from common import Failure

KERNEL = "6.12"
#: What a host that is busy with other things may do as well, but not twice.
DOUBTFUL = re.compile(rf"timed out|QEMU status -|{re.escape(guest.HANG)}|"
                      + report.STARVED.pattern)


class Noticed(Exception):
    """A test has failed, or the kernel complained: no need to go on."""


class Watch:
    """Looks at what a guest reports, as it comes."""

    def __init__(self, names: list[str]):
        self.names = names
        self.output: dict[int, str] = {}

    def __call__(self, record: guest.Record) -> None:
        look = getattr(self, f"see_{record.kind}", None)
        if look:
            look(record)

    def name(self, record: guest.Record) -> str:
        return self.names[record.index] if record.index >= 0 else "guest"

    def see_out(self, record: guest.Record) -> None:
        text = self.output.get(record.index, "") + record.text
        self.output[record.index] = text
        lines = text.splitlines(keepends=True)
        if not any(line.startswith("not ok") and line.endswith("\n")
                   for line in lines):
            return
        program = report.parse_tap(self.name(record), text)
        case = next(c for c in program.cases if c.status == "failed")
        raise Noticed(f"{program.name}: {case.name}")

    def see_exit(self, record: guest.Record) -> None:
        program = report.parse_tap(self.name(record),
                                   self.output.get(record.index, ""))
        report.judge(program, record.text, [])
        if program.problems:
            raise Noticed(f"{program.name}: {program.problems[0]}")

    def see_klog(self, record: guest.Record) -> None:
        for problem in report.splats(report.log_lines([record.text])):
            raise Noticed(f"{self.name(record)}: {problem}")

    def see_error(self, record: guest.Record) -> None:
        raise Noticed(f"{self.name(record)}: {record.text}")


def programs_of(machine: machines.Machine, line: str) -> list[machines.Program]:
    """A program as the machine lists it; with arguments, so once instead."""
    name = line.split()[0]
    listed = [program for program in machine.all_programs()
              if program.name == name]
    if not listed:
        raise Failure(f"machine {machine.name} does not list {name}")
    return listed if line == name else [replace(listed[0], line=line)]


def job_of(place: str, lines: list[str]) -> suite.Job:
    machine = machines.load(place)
    return suite.Job(machine, kernels.get(KERNEL),
                     tuple(program for line in lines
                           for program in programs_of(machine, line)))


def run_job(job: suite.Job) -> None:
    """One guest, up to the first thing that is noticed."""
    things = suite.contents(job.machine, job.kernel, job.programs)
    run = guest.start(job.machine, job.kernel, things, job.limits,
                      Watch([program.name for program in job.programs]))
    problems = report.details(suite.evaluate(job, run))
    if problems:
        raise Noticed(problems[0])


def try_here(tests: list[tuple[str, list[str]]], inputs: dict[str, bytes],
             record: Path) -> None:
    """In a process of its own, whose BINDERY_WORK nobody else uses: leave a
    word on what noticed these sources, or none."""
    modules.build_from(kernels.get(KERNEL), inputs)
    noticed = run_tests(tests)
    if DOUBTFUL.search(noticed):
        noticed = run_tests(tests)
    record.write_text(json.dumps(noticed))


def run_tests(tests: list[tuple[str, list[str]]]) -> str:
    """What is noticed first, if anything is."""
    try:
        for place, names in tests:
            run_job(job_of(place, names))
    except Noticed as found:
        return " ".join(str(found).split())
    return ""
