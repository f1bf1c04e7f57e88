# SPDX-License-Identifier: GPL-2.0-only
"""Whether the checkers of debug kernels, and the judgement of what they say,
would notice: a guest for each mistake of drivers/alarm.c."""

import re

import guest
import modules
import report
import suite
from guest import Contents
from kernels import Kernel
from machine import Machine

#: What has to be a problem of the guest, by the mistake.
ALARMS = {
    "kasan": {
        "freed": "KASAN: slab-use-after-free in use_what_is_freed",
        "leak": "leaked: forget_memory",
        "order": "possible circular locking dependency",
        "queued": "ODEBUG: free active",
        "sleep": "sleeping function called|scheduling while atomic",
    },
    "kcsan": {"race": "KCSAN: data-race in count"},
}


def run_all(kernels: list[Kernel]) -> list[report.Result]:
    """A result for each kernel, a case for each mistake."""
    results = []
    for kernel in kernels:
        cases = [try_one(kernel, kind, pattern) for kind, pattern
                 in ALARMS.get(kernel.variant, {}).items()]
        if cases:
            results.append(report.Result(
                f"alarms/{kernel.name}", kernel.name,
                [report.Program("alarms", cases)]))
    return results


def machine_of(kind: str) -> Machine:
    return Machine("alarms", "A kernel that is given a mistake", [], [],
                   smp=2, modules=["vfio_pci"],
                   setup=[f"exec modprobe bindery_test_alarm kind={kind}"])


def try_one(kernel: Kernel, kind: str, pattern: str) -> report.Case:
    machine = machine_of(kind)
    plan = guest.plan(machine, [], False, kernel.needs.slowness)
    run = guest.start(machine, kernel, Contents(plan, modules.built(kernel)),
                      [])
    job = suite.Job(machine, kernel, ())
    return verdict(kind, pattern, suite.evaluate(job, run))


def verdict(kind: str, pattern: str, result: report.Result) -> report.Case:
    """The mistake has to be a problem of its own, however it is worded."""
    if any(re.search(pattern, problem) for problem in result.problems):
        return report.Case(f"a_{kind}_is_noticed", "passed")
    return report.Case(f"a_{kind}_is_noticed", "failed",
                       "; ".join(result.problems) or "nobody noticed")
