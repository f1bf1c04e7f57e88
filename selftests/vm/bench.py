# SPDX-License-Identifier: GPL-2.0-only
"""bindery against writes to sysfs: one guest per kernel, a table for people,
and all results in build/bench.json."""

import json
import os
import re
import statistics
from dataclasses import dataclass, replace

import guest
import machine as machines
import report
import suite
from common import BUILD, Failure, say, write_whole
from kernels import Kernel
from machine import Machine, Program

RESULTS = BUILD / "bench.json"
BASELINE = "sysfs"
OPERATIONS = ("acquire", "release", "acquire+release")

#: What the program's cases are, in the order of the table.
CASES = {
    "vfs": "7 igb VFs on igbvf and 127 nvme VFs without a driver",
    "vfs-native": "7 igb VFs on igbvf and 127 nvme VFs on nvme",
    "one-igbvf": "one igb VF on igbvf",
    "one-nvme-vf": "one nvme VF on nvme",
    "one-e1000e": "one e1000e",
}


@dataclass(frozen=True)
class Sample:
    """One round of one tool, in seconds."""
    case: str
    tool: str
    devices: int
    acquire: float
    release: float

    def seconds(self, operation: str) -> float:
        return {"acquire": self.acquire, "release": self.release,
                "acquire+release": self.acquire + self.release}[operation]


def parse(output: str) -> list[Sample]:
    """The program's lines that begin with `sample`."""
    found = []
    for line in output.splitlines():
        match line.split():
            case ["sample", case, tool, devices, acquire, release]:
                found.append(Sample(case, tool, int(devices), float(acquire),
                                    float(release)))
    return found


def spread(values: list[float]) -> float:
    """The interquartile range: half of all rounds lie within it."""
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return high - low


def evaluate(samples: list[Sample]) -> list[dict]:
    """One entry for each case, tool and operation. The ratio is the
    baseline's median divided by the tool's: larger is faster."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.case, sample.tool), []).append(sample)
    medians = {(case, tool, operation): statistics.median(
        sample.seconds(operation) for sample in group)
        for (case, tool), group in groups.items() for operation in OPERATIONS}
    return [{
        "case": case, "tool": tool, "op": operation, "n": group[0].devices,
        "rounds": len(group),
        "median_s": round(medians[case, tool, operation], 6),
        "spread": round(spread([sample.seconds(operation)
                                for sample in group]), 6),
        "ratio_to_sysfs": round(medians[case, BASELINE, operation] /
                                medians[case, tool, operation], 3),
    } for (case, tool), group in groups.items() for operation in OPERATIONS]


def show_sample(record: guest.Record) -> None:
    """Progress, a line for each round of a tool."""
    if record.kind != "out":
        return
    for sample in parse(record.text):
        say(f"  {sample.case} {sample.tool}: acquire "
            f"{sample.acquire:.3f} s, release {sample.release:.3f} s")


def measure(machine: Machine, kernel: Kernel, rounds: tuple[int, int]
            ) -> list[dict]:
    """The entries of one guest; broken results are a failure, slow ones are
    not."""
    program = Program("bench {} {}".format(*rounds), machine.timeout)
    job = suite.Job(machine, kernel, (program,))
    say(f"bench on kernel {kernel.version}:")
    run = guest.start(machine, kernel,
                      suite.contents(machine, kernel, job.programs),
                      job.limits, show_sample)
    suite.keep_logs(job, run, suite.LOGS / f"{machine.name}-{kernel.name}")
    output = run.output("out", 0)
    judge(run, output)
    where = {"kernel": kernel.version, "processors": machine.smp,
             "machine": re.split(r"\W", machines.accelerator())[0],
             "clock": "virtual" if machines.has_virtual_time(machine)
             else "real"}
    return [{**entry, **where} for entry in evaluate(parse(output))]


def judge(run: guest.Run, output: str) -> None:
    """What the program, its guest and its kernel have to say."""
    problems = [*run.texts("error"), *([run.ending] if run.ending else []),
                *report.splats(report.log_lines(run.texts("klog")))]
    exits = run.texts("exit", 0)
    if not exits or not exits[0].startswith("status=0 "):
        problems += [exits[0] if exits else "the program did not end",
                     *output.splitlines()[-20:]]
    missing = set(CASES) - {sample.case for sample in parse(output)}
    problems += [f"no results for {name}" for name in sorted(missing)]
    if problems:
        raise Failure("\n".join(["the benchmark is broken:", *problems]))


def processors(number: int) -> str:
    return f"{number} processor{'s' if number > 1 else ''}"


def table(entries: list[dict]) -> list[str]:
    """What one guest gave: medians, and how many times faster than the
    baseline."""
    first = entries[0]
    lines = [f"kernel {first['kernel']}, {first['machine'].upper()}, "
             f"{processors(first['processors'])} in the guest, "
             f"{os.cpu_count()} on the host, {first['clock']} time"]
    others = sorted({e["tool"] for e in entries} - {BASELINE})
    for name, text in CASES.items():
        rows = [e for e in entries if e["case"] == name]
        lines += ["", f"{text}, medians of {rows[0]['rounds']} rounds:",
                  row("", BASELINE, *(x for o in others for x in (o, ""))),
                  *(case_row(rows, operation, others)
                    for operation in OPERATIONS)]
    return lines


def row(*cells: str) -> str:
    return ("  {:<16}" + "{:>12}" * (len(cells) - 1)).format(*cells).rstrip()


def case_row(rows: list[dict], operation: str, others: list[str]) -> str:
    """One operation: each tool's median, and its ratio."""
    by_tool = {e["tool"]: e for e in rows if e["op"] == operation}
    cells = [f"{by_tool[BASELINE]['median_s'] * 1e3:.1f} ms"]
    for tool in others:
        cells += [f"{by_tool[tool]['median_s'] * 1e3:.1f} ms",
                  f"{by_tool[tool]['ratio_to_sysfs']:.2f} ×"]
    return row(operation, *cells)


def run_all(kernels: list[Kernel], rounds: tuple[int, int],
            real_time: bool = False) -> int:
    """Measure on these kernels, one after another."""
    machine = machines.load("bench")
    if real_time:
        machine = replace(machine, virtual_time=False)
    entries: list[dict] = []
    for kernel in kernels:
        measured = measure(machine, kernel, rounds)
        print(*table(measured), "", sep="\n")
        entries += measured
    write_whole(RESULTS, (json.dumps(entries, indent=1) + "\n").encode())
    print(f"All results: {RESULTS.relative_to(BUILD.parent)}")
    return 0
