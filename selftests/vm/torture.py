# SPDX-License-Identifier: GPL-2.0-only
"""Torture: guests whose processes do at random what anybody may do, for as
long as is wanted. A seed decides the machines and what each process does."""

import random
import secrets
from dataclasses import replace

import machine as machines
import report
import suite
from common import say
from kernels import Kernel
from machine import Program

#: With devices on test drivers or real ones, in groups of several kinds.
MACHINES = ("hotplug", "claimants", "hotplug", "edu", "slots", "two-groups")
#: A guest runs so long, then the next machine has its turn.
GUEST_SECONDS = 240
#: Of an episode; more on a slow kernel, where less happens in that time.
EPISODE_SECONDS = 15
#: What a guest may need beside its episodes, to leave all as it was.
ENDING_SECONDS = 300


def job(machine: str, kernel: Kernel, seed: int, seconds: int,
        total: int) -> suite.Job:
    """One guest; two processors, so that things happen at once."""
    program = Program(f"KERNEL={kernel.name} torture {seed} {seconds} {total}",
                      total + seconds + ENDING_SECONDS)
    return suite.Job(replace(machines.load(machine), smp=2, skips={}), kernel,
                     (program,), soak=True)


def plan(seed: int, minutes: float, chosen: list[str] | None
         ) -> list[tuple[str, int, int]]:
    """Machine, seed and seconds of each guest. The first has the seed itself,
    so that a failed episode is repeated by its own."""
    chance = random.Random(seed)
    left, guests = round(minutes * 60), []
    while left > 0 or not guests:
        total = min(left, GUEST_SECONDS)
        guests.append((chance.choice(chosen or MACHINES),
                       chance.getrandbits(32) if guests else seed, total))
        left -= total or 1
    return guests


def notes(kernel: Kernel, machine: str) -> list[str]:
    """What the program said, but for messages that are checked elsewhere."""
    text = (suite.LOGS / f"{machine}-{kernel.name}" / "torture").read_text()
    return [line[2:] for line in text.splitlines()
            if line.startswith("# ") and not line.startswith("# netlink:")]


def episode_seconds(kernel: Kernel) -> int:
    return EPISODE_SECONDS * max(1, kernel.needs.slowness // 2)


def run_all(kernels: list[Kernel], seed: int | None, minutes: float,
            asked: int | None, chosen: list[str] | None
            ) -> tuple[list[report.Result], suite.Reruns]:
    """On each kernel, one guest after another, until one fails."""
    if seed is None:
        seed = secrets.randbits(32)
    reruns, results = suite.Reruns(), []
    for kernel in kernels:
        seconds = asked or episode_seconds(kernel)
        say(f"torture on kernel {kernel.version}: seed {seed}, {minutes:g} "
            f"minutes, episodes of {seconds} seconds")
        for machine, own, total in plan(seed, minutes, chosen):
            one = job(machine, kernel, own, seconds, total)
            result = suite.settle(one, suite.run_job(one), reruns)
            results.append(result)
            for line in notes(kernel, machine):
                say(f"  {line}")
            if result.failed:
                say(f"to repeat: python3 selftests/vm/run.py torture "
                    f"--kernel {kernel.name} --machine {machine} --seed "
                    f"{own} --seconds {seconds} --minutes {total / 60:g}")
                return results, reruns
    return results, reruns
