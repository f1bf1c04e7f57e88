# SPDX-License-Identifier: GPL-2.0-only
"""Data races that KCSAN reports: whose are they? A kernel has many of its own,
which fail no guest, but are listed."""

import re
from dataclasses import dataclass

TITLE = re.compile(r"BUG: KCSAN: (.*)")
END = re.compile(r"={20,}$")
ACCESS = re.compile(r"\b(?:read|write|read-write)\b.* on cpu \d+:$")
BLANK = re.compile(r"^\[ *[\d.]+\] *$")
FRAME = re.compile(r"\]\s+([\w.]+)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(\w+)\])?$")
#: What was interrupted has nothing to do with what the interrupt does.
INTERRUPT = re.compile(r"asm_(?:sysvec|exc|common_interrupt)")
#: The project's modules, of the tests too.
OURS = re.compile(r"bindery")

#: Pairs of the kernel's functions, though one of them was called by what a
#: module of ours asked of the kernel; README.md here has the proofs.
KNOWN: frozenset[frozenset[str]] = frozenset(map(frozenset, (
    ("ktime_get_mono_fast_ns", "timekeeping_update"),
)))


@dataclass(frozen=True)
class Race:
    """One report: where its lines are, and the stacks of both accesses, which
    end where an interrupt came."""
    title: str
    first: int
    last: int
    stacks: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def is_ours(self) -> bool:
        """What cannot be read is."""
        if len(self.stacks) != 2 or not all(self.stacks):
            return True
        if frozenset(stack[0][0] for stack in self.stacks) in KNOWN:
            return False
        return any(OURS.match(module) for stack in self.stacks
                   for _, module in stack)


def stacks_of(lines: list[str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Functions and their modules, the innermost first."""
    stacks: list[list[tuple[str, str]]] = []
    open_stack = False
    for line in lines:
        frame = FRAME.search(line)
        if ACCESS.search(line):
            stacks.append([])
            open_stack = True
        elif BLANK.match(line) or frame and INTERRUPT.match(frame[1]):
            open_stack = False
        elif frame and open_stack:
            stacks[-1].append((frame[1], frame[2] or ""))
    return tuple(map(tuple, stacks))


def reports(log: list[str]) -> list[Race]:
    """All there are. One whose end is missing ends with the log."""
    found = []
    for first, line in enumerate(log):
        if title := TITLE.search(line):
            last = next((number for number in range(first + 1, len(log))
                         if END.search(log[number])), len(log) - 1)
            found.append(Race(title[1], first, last,
                              stacks_of(log[first + 1:last])))
    return found


def others(log: list[str]) -> list[str]:
    """What the kernel's own races are called."""
    return [race.title for race in reports(log) if not race.is_ours]


def without_others(log: list[str]) -> list[str]:
    """The log without the reports of the kernel's own."""
    gone = {number for race in reports(log) if not race.is_ours
            for number in range(race.first, race.last + 1)}
    return [line for number, line in enumerate(log) if number not in gone]
