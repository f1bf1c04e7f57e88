# SPDX-License-Identifier: GPL-2.0-only
"""Run the programs of machines on kernels, guests side by side, and turn
what each guest reported into a result."""

import json
import math
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import coverage
import guest
import modules
import netlink
import races
import report
import udev
import vmm
from common import BUILD, WORK, Failure, say, write_whole
from guest import Contents, Run
from kernels import Kernel
from machine import Machine, Program

SELFTESTS = BUILD / "selftests"
LOGS = WORK / "logs"
SPOILT = WORK / "spoilt"
TIMINGS = WORK / "timings.json"
#: What the host or the emulator did to a guest is no verdict on the project.
RERUNS = 2
#: Of its limit, what a program takes: where none was measured, the longest
#: guests still begin first.
USUAL_SHARE = 24
#: A guest that is to take longer is divided, so that on slow kernels no
#: processor is busy with one long after all others have ended.
PART_SECONDS = 1200


@dataclass(frozen=True)
class Job:
    """One guest to run."""
    machine: Machine
    kernel: Kernel
    programs: tuple[Program, ...]
    soak: bool = False
    again: bool = False     #: only what failed, beside the first try's logs
    part: int = 0           #: of the machine's programs, from 1 on; 0: all

    @property
    def name(self) -> str:
        return f"{self.machine.name}.{self.part}" if self.part else \
            self.machine.name

    @property
    def logs(self) -> Path:
        again = "-again" if self.again else ""
        return LOGS / f"{self.name}-{self.kernel.name}{again}"

    @property
    def place(self) -> str:
        return f"{self.name}/{self.kernel.name}"

    @property
    def limits(self) -> list[int]:
        return [program.timeout * self.kernel.needs.slowness
                for program in self.programs]

    @property
    def usual(self) -> float:
        """Seconds that it takes, as far as its limits tell."""
        return sum(self.limits) / USUAL_SHARE

    def parts(self) -> list["Job"]:
        """Guests that are about equally long, each run of a program's in the
        same: what it is expected to skip is known by its name."""
        number = math.ceil(self.usual / PART_SECONDS)
        if number < 2 or self.soak:
            return [self]
        part, before = {}, 0
        for program, limit in zip(self.programs, self.limits):
            part.setdefault(program.name,
                            1 + before * number // sum(self.limits))
            before += limit
        return [replace(self, part=own, programs=tuple(
            program for program in self.programs if part[program.name] == own))
            for own in sorted(set(part.values()))]


def contents(machine: Machine, kernel: Kernel,
             programs: tuple[Program, ...]) -> Contents:
    """Everything built that a guest of these programs gets."""
    files = {}
    for program in programs:
        if program.name != "bindery":
            files[f"tests/{program.name}"] = SELFTESTS / program.name
    for name in machine.files:
        files[f"tests/{Path(name).name}"] = BUILD / name
    if machine.udev:
        files[udev.INSIDE] = udev.program()
    missing = sorted(str(p.relative_to(BUILD.parent)) for p in files.values()
                     if not p.exists())
    if missing:
        raise Failure(f"not built: {', '.join(missing)}")
    if coverage.tool(kernel).exists():
        files["usr/bin/bindery"] = coverage.tool(kernel)
    return Contents(coverage.preparation(kernel) +
                    guest.plan(machine, list(programs), True,
                               kernel.needs.slowness),
                    modules.built(kernel), files,
                    vmm.files() if machine.vmm else {})


@dataclass
class Reruns:
    """What ran more than once, and why, a line each."""
    starved: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)


def run_all(jobs: list[Job], end: float = float("inf")
            ) -> tuple[list[report.Result], Reruns]:
    """The results in the order of the jobs. If there is an end, by the
    monotonic clock, no guest begins after it, and the shortest come first;
    else the longest."""
    known = json.loads(TIMINGS.read_text()) if TIMINGS.exists() else {}
    order = sorted(jobs, key=lambda job: known.get(job.place, job.usual),
                   reverse=end == float("inf"))
    with ThreadPoolExecutor(os.cpu_count() * min(
            (job.kernel.needs.per_processor for job in jobs),
            default=1)) as pool:
        running = {job.place: pool.submit(run_before, end, job)
                   for job in order}
        try:
            results = [running[job.place].result() for job in jobs]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            guest.stop_all()
            raise
    reruns = Reruns(late=[job.place for job, result in zip(jobs, results)
                          if not result])
    jobs = [job for job, result in zip(jobs, results) if result]
    results = [result for result in results if result]
    for number, job in enumerate(jobs):
        results[number] = settle(job, results[number], reruns)
    known.update((result.place, result.seconds)
                 for job, result in zip(jobs, results) if not job.soak)
    write_whole(TIMINGS, json.dumps(known, indent=1).encode())
    return results, reruns


def run_before(end: float, job: Job) -> report.Result | None:
    return run_job(job) if time.monotonic() < end else None


def settle(job: Job, result: report.Result, reruns: Reruns) -> report.Result:
    """Run again, alone, what the host or the emulator may have spoilt, and
    programs of which nothing but cases failed: if none does now, the run
    passes, and tells of an unsteady test."""
    for _ in range(RERUNS):
        if not result.starved:
            break
        reruns.starved.append(f"{job.place}: {result.starved}")
        keep_spoilt(job)
        result = run_job(job)
    names = result.unsteady
    if not names or job.soak:
        return result
    first = report.details(result)
    again = run_job(replace(job, again=True, programs=tuple(
        program for program, ran in zip(job.programs, result.programs)
        if ran.failed)))
    if not again.failed:
        reruns.unsteady += first
        report.replace_programs(result, again)
    return result


PRINTING = threading.Lock()


def run_job(job: Job) -> report.Result:
    """One guest, its logs kept, a line of progress, and more if it failed."""
    run = guest.start(job.machine, job.kernel,
                      contents(job.machine, job.kernel, job.programs),
                      job.limits)
    result = evaluate(job, run)
    keep_logs(job, run, job.logs)
    with PRINTING:
        say(f"{result.place}: {result.count('passed')} passed, "
            f"{result.failed} failed, {result.count('skipped')} skipped, "
            f"{result.seconds:.1f} s")
        if result.failed:
            show_failure(run, result, job.logs)
    return result


def evaluate(job: Job, run: Run) -> report.Result:
    """What a guest's records amount to."""
    result = report.Result(job.place, job.kernel.name, seconds=run.seconds)
    result.problems += run.texts("error", -1)
    leaks = report.leaks("".join(run.texts("leaks")))
    result.problems += leaks
    result.problems += wrong_groups(job.machine, run)
    log = report.log_lines(run.texts("klog", -1))
    result.problems += report.splats(log)
    result.cpu = sum(run.cpu.values())
    for index, program in enumerate(job.programs):
        result.programs.append(judge_program(index, program.name, run,
                                             job.machine.taints))
        result.programs[-1].cpu = run.cpu.get(index, 0.0)
    result.problems += report.checked(job.kernel.needs.checks, run.ending,
                                      "".join(run.texts("lockdep")))
    if run.ending:
        console = report.splats(run.console.splitlines())
        blame(result, run, [run.ending, *console])
    elif job.machine.power_off:     # it goes on after its last record
        result.problems += report.splats(run.console.splitlines())
    report.apply_skips(result, job.machine.expected_skips(job.kernel),
                       whole=not job.soak)
    log = report.log_lines(run.texts("klog"))
    result.races = races.others(log)
    if not leaks:
        result.starved = report.first_starved(
            log + run.console.splitlines(), emulator_died(run))
    return result


def emulator_died(run: Run) -> str:
    """QEMU that ends by a signal of its own making (an assertion, say), or
    that keeps even init from running, tells nothing of the project: like a
    stall, it gets another chance and a line in the summary."""
    died = "(QEMU status -" in run.ending
    return run.ending if died or run.ending == guest.HANG else ""


def judge_program(index: int, name: str, run: Run, taints: str
                  ) -> report.Program:
    """One program's output and exit record, or the lack of them."""
    output = run.output("out", index)
    program = report.parse_tap(name, output)
    program.problems += netlink.problems(output)
    exits = run.texts("exit", index)
    if exits:
        report.judge(program, exits[0],
                     report.log_lines(run.texts("klog", index)), taints)
    elif not run.texts("start", index):
        program.problems = ["did not run"]
    program.problems += run.texts("error", index)
    return program


def blame(result: report.Result, run: Run, problems: list[str]) -> None:
    """A guest that ended early did so in the program that was running."""
    for index, program in enumerate(result.programs):
        if run.texts("start", index) and not run.texts("exit", index):
            program.problems += problems
            return
    result.problems += problems


def wrong_groups(machine: Machine, run: Run) -> list[str]:
    """A machine that does not give the groups it promises tests nothing."""
    found: dict[str, set[str]] = {}
    for device in devices(run):
        found.setdefault(device.group, set()).add(device.bdf)
    problems = []
    for group in machine.members():
        wanted = {bdf for bdf, _ in group}
        if found and wanted not in found.values():
            problems.append(f"no IOMMU group of exactly {sorted(wanted)}")
    return problems


@dataclass(frozen=True)
class Device:
    """A PCI device as the guest listed it before the first program."""
    bdf: str
    group: str
    driver: str
    kind: str
    identity: str


def devices(run: Run) -> list[Device]:
    return [Device(*text.split()) for text in run.texts("device")]


def keep_logs(job: Job, run: Run, folder: Path) -> None:
    """Everything a guest said, for reading after the run."""
    shutil.rmtree(folder, ignore_errors=True)
    if not job.again:
        shutil.rmtree(replace(job, again=True).logs, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "console").write_text(run.console)
    (folder / "kernel").write_text(
        "\n".join(report.log_lines(run.texts("klog"))) + "\n")
    (folder / "setup").write_text("".join(run.texts("setup")))
    if leaks := "".join(run.texts("leaks")):
        (folder / "leaks").write_text(leaks)
    for index, program in enumerate(job.programs):
        (folder / program.name).write_text(run.output("out", index))
    coverage.keep(run, folder)


def keep_spoilt(job: Job) -> None:
    """The logs of a guest that runs again."""
    kept = SPOILT / job.logs.name
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    job.logs.rename(kept)


def show_failure(run: Run, result: report.Result, folder: Path) -> None:
    """The output of what failed, and the end of the console."""
    for line in report.details(result):
        say(f"  {line}")
    for index, program in enumerate(result.programs):
        if program.failed:
            tail(f"output of {program.name}", run.output("out", index))
    tail("setup", "".join(run.texts("setup")))
    tail("console", run.console)
    say(f"  logs: {folder.relative_to(BUILD.parent)}")


def tail(what: str, text: str, lines: int = 40) -> None:
    if text.strip():
        say(f"  --- {what} (last {lines} lines at most)")
        for line in text.rstrip().splitlines()[-lines:]:
            say(f"  {line}")
