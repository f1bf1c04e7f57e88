#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Have spin search the model in all its configurations, and see that it finds
each fault that is put into the model on purpose."""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from configurations import Job, JOBS

HERE = Path(__file__).parent
#: Of one search; two run side by side.
MEMORY_MB = 1900
DEPTH = 100000
#: Of a processor, so that a busy host fails no search.
SECONDS = 540
CFLAGS = ["-w", "-DNOBOUNDCHECK", "-DVECTORSZ=2048", f"-DMEMLIM={MEMORY_MB}"]
FOR_SAFETY = ["-O1", "-DSAFETY", "-DNOFAIR", "-DCOLLAPSE"]
#: These are so small that compiling takes longer.
FOR_FAULTS = ["-O0", "-DSAFETY", "-DNOFAIR"]
FOR_LIVENESS = ["-O1", "-DNFAIR=4"]
#: What makes a search incomplete, without counting as an error.
INCOMPLETE = ("max search depth too small", "Search not completed", "out of memory",
              "vector size", "not enough")


@dataclass(frozen=True)
class Result:
    """What spin made of a job."""
    job: Job
    found: str              # the first error, or nothing
    complete: bool
    states: float
    memory_mb: float
    seconds: float

    @property
    def as_expected(self) -> bool:
        """No error in a whole search; or the error that was put there."""
        if self.job.has_fault:
            return bool(self.found) and "aborting" not in self.found
        return self.complete and not self.found

    def line(self, number: int) -> str:
        """For TAP."""
        verdict = "ok" if self.as_expected else "not ok"
        what = f"found: {self.found}" if self.found else "nothing found"
        if not self.found and not self.complete:
            what = "the search did not end"
        return (f"{verdict} {number} - {self.job.name}: {what} "
                f"({self.states:,.0f} states, {self.memory_mb:.0f} MB, {self.seconds:.0f} s)")


def execute(command: list[str], where: Path, log: str, may_fail: bool = False) -> str:
    """What a command printed, which is kept too. It ends with this program."""
    with open(where / log, "w", encoding="utf-8") as file:
        done = subprocess.run(["setpriv", "--pdeathsig", "KILL", *command], cwd=where,
                              stdout=file, stderr=subprocess.STDOUT, check=False)
    text = (where / log).read_text(encoding="utf-8")
    if done.returncode and not may_fail:
        sys.exit(f"{' '.join(command)} failed with {done.returncode}:\n{text[-2000:]}")
    return text


def number_in(text: str, pattern: str) -> float:
    """The first number before or after some words of pan's."""
    match = re.search(pattern, text)
    return float(match.group(1)) if match else 0


def first_error(text: str) -> str:
    """In the model's words if it printed some, else in pan's."""
    match = re.search(r"^pan:\d+: (.*)$", text, re.MULTILINE)
    if not match or not number_in(text, r"errors: (\d+)"):
        return ""
    return re.sub(r" \(at depth.*", "", match.group(1)).strip()


def search(job: Job, build: Path) -> Result:
    """Generate, compile and run the search of one job."""
    where = build / job.name
    where.mkdir(parents=True, exist_ok=True)
    for trail in where.glob("*.trail"):
        trail.unlink()
    execute(["spin", "-a", *job.macros, str(HERE / "model.pml")], where, "spin.log")
    kind = (FOR_LIVENESS if job.formula else
            FOR_FAULTS if job.has_fault else FOR_SAFETY)
    execute(["gcc", *CFLAGS, *kind, "-o", "pan", "pan.c"], where, "gcc.log")
    flags = ["-a", "-f", "-N", job.formula] if job.formula else []
    begun = time.monotonic()
    # how it ended is in what it prints at the end
    text = execute(["prlimit", f"--cpu={SECONDS}", "./pan", f"-m{DEPTH}", "-w22", *flags],
                   where, "pan.log", may_fail=True)
    return Result(
        job, first_error(text),
        "State-vector" in text and not any(word in text for word in INCOMPLETE),
        number_in(text, r"([0-9.e+]+) states, stored"),
        number_in(text, r"([0-9.]+)\s+total actual memory"),
        time.monotonic() - begun)


def main() -> int:
    """Ends with TAP's totals; 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="where to work")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1),
                        help="searches side by side")
    parser.add_argument("names", nargs="*", help="only these, by part of their names")
    options = parser.parse_args()
    jobs = [job for job in JOBS
            if not options.names or any(name in job.name for name in options.names)]
    if not jobs:
        parser.error(f"no search has any of these in its name: {' '.join(options.names)}")
    print(f"TAP version 13\n1..{len(jobs)}", flush=True)
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda job: search(job, options.build.absolute()), jobs)
        for number, result in enumerate(results, 1):
            print(result.line(number), flush=True)
            failed += not result.as_expected
    faults = sum(job.has_fault for job in jobs)
    print(f"# {len(jobs) - faults} searches, {faults} faults put in on purpose\n"
          f"# Totals: pass:{len(jobs) - failed} fail:{failed}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
