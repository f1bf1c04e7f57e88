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
INTERRUPT = r"asm_(?:sysvec|exc|common_interrupt)"
#: Nor has who called these, with nothing to hold, to do with what the kernel
#: does in them on its own: locks, sleep, what writes to sysfs do as well, and
#: how vfio-pci makes a device ready when it is opened.
ENTRIES = (r"mutex_(?:un)?lock|down_(?:read|write)|up_(?:read|write)",
           r"schedule(?:_timeout)?$|__wake_up|wait_for_completion|queue_work_on",
           r"device_(?:driver_attach|attach|release_driver)$",
           r"__pm_runtime_|pm_runtime_(?:allow|forbid)$",
           r"vfio_pci_core_enable$")
OUTSIDE = re.compile("|".join((INTERRUPT, *ENTRIES)))
#: The project's modules, of the tests too.
OURS = re.compile(r"bindery")


@dataclass(frozen=True)
class Race:
    """One report: the line of its title, and the stacks of both accesses, which
    end with what has callers that are not concerned."""
    title: str
    line: int
    stacks: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def is_ours(self) -> bool:
        """What cannot be read is."""
        if len(self.stacks) != 2 or not all(self.stacks):
            return True
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
        elif BLANK.match(line):
            open_stack = False
        elif frame and open_stack:
            stacks[-1].append((frame[1], frame[2] or ""))
            open_stack = not OUTSIDE.match(frame[1])
    return tuple(map(tuple, stacks))


def reports(log: list[str]) -> list[Race]:
    """All there are. One whose end is missing ends with the log."""
    found = []
    for first, line in enumerate(log):
        if title := TITLE.search(line):
            last = next((number for number in range(first + 1, len(log))
                         if END.search(log[number])), len(log) - 1)
            found.append(Race(title[1], first,
                              stacks_of(log[first + 1:last])))
    return found


def others(log: list[str]) -> list[str]:
    """What the kernel's own races are called."""
    return [race.title for race in reports(log) if not race.is_ours]


def without_others(log: list[str]) -> list[str]:
    """The log without the titles of the kernel's own, which are what complains
    in them: what comes in between or after a report that has no end stays."""
    gone = {race.line for race in reports(log) if not race.is_ours}
    return [line for number, line in enumerate(log) if number not in gone]
