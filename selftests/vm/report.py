# SPDX-License-Identifier: GPL-2.0-only
"""Judge what programs and guests reported: TAP, kernel log, skips, totals.
All of it is pure: text in, verdict out."""

import collections
import fnmatch
import os
import re
from dataclasses import dataclass, field

import races

#: A kernel suspects a hang. On an emulated processor that had to wait it may
#: be wrong, which a second run on an idle host tells.
STARVED = re.compile(
    r"rcu:? INFO:.*stall|rcu\S* .*detected .*stall|self-detected stall"
    r"|soft lockup|hard LOCKUP|blocked for more than|workqueue lockup")
SPLAT = re.compile(
    r"WARNING:|BUG:|\bOops\b|KASAN|KCSAN|UBSAN|general protection fault"
    r"|Call Trace|refcount_t:|DMAR:.*[Ff]ault|Kernel panic"
    r"|possible (?:circular|recursive) locking|suspicious RCU usage"
    r"|INFO: (?:task|trying to register)|kmemleak: \d+ new|"
    + STARVED.pattern)

#: What no wait explains.
FOUND = re.compile(
    r"BUG: K[AC]SAN|UBSAN:|refcount_t:|suspicious RCU usage|ODEBUG:"
    r"|WARNING:.*\[bindery|WARNING: (?!CPU:|\S+\.[ch]:\d)"
    r"|BUG: (?!soft lockup|workqueue lockup|unable to|kernel NULL)"
    r"|INFO: trying to register|lock order detected"
    r"|possible (?:circular|recursive) locking|inconsistent lock state"
    r"|sleeping function called|scheduling while atomic|corruption")

#: Crashes of the kernel itself, each proved in module/DESIGN.md or told there
#: as not yet proved: where it was, and who called if that matters. A guest that
#: has one says nothing else, and runs again.
KNOWN_CRASHES = (
    (r"RIP: 0010:pci_slot_reset\b",),
    (r"RIP: 0010:intel_iommu_attach_device\b",
     r"\]  vfio_group_detach_container\+"),
    (r"BUG: kernel NULL pointer dereference, address: 000000000000001c",
     r"RIP: 0010:_raw_spin_lock_irqsave\b",
     r"\]  dmar_remove_one_dev_info\S*\n.*\]  intel_iommu_release_device\+"),
)

#: The letters of Documentation/admin-guide/tainted-kernels.rst by bit, and
#: the ones that loading any module of one's own sets.
TAINTS = "PFSRMBUDAWCIOELKXTNJ"
OWN_MODULE_TAINTS = "OE"

KSFT_SKIP = 4

#: A line of kmemleak's backtraces, and the functions all of them begin with.
FRAME = re.compile(r"    (\S+\+0x\S+|0x[0-9a-f]{8,})")
ALLOCATORS = {"kmemleak_alloc", "__kmalloc", "__kmalloc_noprof",
              "__kmalloc_cache_noprof", "kmem_cache_alloc_noprof"}

PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*SKIP\b\s*(.*))?$")
CASE = re.compile(r"(ok|not ok) (\d+)\s*(?:- )?([^#]*?)\s*(?:#\s*(.*))?$")
RUN = re.compile(r"#\s+RUN\s+(\S+)")
REQUIREMENT = re.compile(r"(?:^|\.)([A-Z]\d+)_[^.]*$")


@dataclass
class Case:
    """One test case: status is passed, failed or skipped."""
    name: str
    status: str
    reason: str = ""


@dataclass
class Program:
    """One program's run: its cases, and what is wrong beyond them."""
    name: str
    cases: list[Case] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    def count(self, status: str) -> int:
        return sum(case.status == status for case in self.cases)

    @property
    def failed(self) -> int:
        return self.count("failed") + len(self.problems)


@dataclass
class Result:
    """All that ran in one place: a guest, or the host."""
    place: str
    kernel: str
    programs: list[Program] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    starved: str = ""
    #: Reports of data races that are the kernel's own.
    races: list[str] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return len(self.problems) + sum(p.failed for p in self.programs)

    @property
    def unsteady(self) -> list[str]:
        """The programs that failed, if all that is wrong is in their cases:
        what the kernel or the harness complained of stands as it is."""
        if self.problems or any(p.problems for p in self.programs):
            return []
        return [p.name for p in self.programs if p.failed]

    def count(self, status: str) -> int:
        return sum(p.count(status) for p in self.programs)


def parse_tap(name: str, text: str) -> Program:
    """The cases of a TAP stream. A stream that does not hold exactly what
    its plan announced is a failure of the program."""
    program = Program(name)
    plan, running = None, ""
    for line in text.splitlines():
        if found := RUN.match(line):
            running = found[1]
        elif found := PLAN.match(line):
            plan = int(found[1])
            if found[2] is not None:
                program.cases.append(Case(name, "skipped", found[2]))
        elif found := CASE.match(line):
            program.cases.append(case_of(found, running))
            running = ""
        elif line.startswith("Bail out!"):
            program.problems.append(line)
    ran = [case for case in program.cases if case.name != name]
    if plan is None:
        program.problems.append("no TAP plan")
    elif plan != len(ran):
        program.problems.append(f"{len(ran)} of {plan} planned cases ran")
    elif not program.cases:
        program.problems.append("no case ran")
    return program


def case_of(found: re.Match, running: str) -> Case:
    """kselftest names a skipped case only in the line before it."""
    name = found[3] or running or f"case {found[2]}"
    directive = found[4] or ""
    if found[1] == "not ok":
        return Case(name, "failed", directive)
    if directive.upper().startswith("SKIP"):
        return Case(name, "skipped", directive[4:].strip() or "no reason")
    return Case(name, "passed")


def judge(program: Program, exit_text: str, log: list[str],
          taints: str = "") -> None:
    """Add what the exit status, the taint, but for the expected ones, and the
    kernel log say."""
    values = dict(word.split("=") for word in exit_text.split())
    program.seconds = int(values["ms"]) / 1000
    status = int(values["status"])
    if status == -1:
        program.problems.append("timed out")
    elif os.WIFSIGNALED(status):
        program.problems.append(f"killed by signal {os.WTERMSIG(status)}")
    elif not program.failed and os.WEXITSTATUS(status) not in (
            0, KSFT_SKIP if program.count("skipped") else 0):
        program.problems.append(f"exit status {os.WEXITSTATUS(status)}")
    fresh = int(values["taint_after"]) & ~int(values["taint_before"])
    marks = [mark for bit, mark in enumerate(TAINTS)
             if fresh >> bit & 1 and mark not in OWN_MODULE_TAINTS + taints]
    if marks:
        program.problems.append(f"kernel tainted: {' '.join(marks)}")
    program.problems += splats(log)


def log_lines(records: list[str]) -> list[str]:
    """/dev/kmsg records as dmesg shows them."""
    lines = []
    for record in records:
        head, _, text = record.partition(";")
        stamp = int(head.split(",")[2]) / 1e6
        lines.append(f"[{stamp:12.6f}] {text.splitlines()[0]}"
                     if text.strip() else f"[{stamp:12.6f}]")
    return lines


def splats(log: list[str]) -> list[str]:
    """Complaints of the kernel: the first line of each burst."""
    found = [line for line in races.without_others(log) if SPLAT.search(line)]
    return [f"kernel log: {found[0].strip()}"
            + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")] \
        if found else []


def leaks(text: str) -> list[str]:
    """What /sys/kernel/debug/kmemleak lists: memory nobody has a pointer to,
    named by who allocated it."""
    found = []
    for entry in re.split(r"^(?=unreferenced object)", text, flags=re.M):
        if not entry.startswith("unreferenced object"):
            continue
        callers = [match[1] for line in entry.splitlines()
                   if (match := FRAME.match(line))]
        found.append("leaked: " + " < ".join(
            [c for c in callers if c.split("+")[0] not in ALLOCATORS][:6]))
    return [f"{line} ({count} times)" if count > 1 else line
            for line, count in collections.Counter(found).items()]


def checked(checks: bool, ending: str, lockdep: str) -> list[str]:
    """A checker that ran out of memory switches itself off, and then finds
    nothing any more; kmemleak refuses the scan itself."""
    if not checks or ending or re.search(r"debug_locks:\s+1$", lockdep, re.M):
        return []
    return ["lockdep is off: what was locked after that was not checked"]


def hung_in_ours(log: list[str]) -> bool:
    """Whether a task that could not even be killed waited in our modules."""
    inside = False
    for line in log:
        frame = races.FRAME.search(line)
        if "blocked for more than" in line:
            inside = True
        elif "</TASK>" in line:
            inside = False
        elif inside and frame and races.OURS.match(frame[2] or ""):
            return True
    return False


def first_starved(log: list[str], emulator: str = "") -> str:
    """The line of a suspected hang, or of a crash that is known, or what the
    emulator did: unless a checker found something, which stands."""
    if hung_in_ours(log) or any(FOUND.search(line)
                                for line in races.without_others(log)):
        return ""
    text = "\n".join(log)
    crashes = [crash[0] for crash in KNOWN_CRASHES
               if all(re.search(part, text) for part in crash)]
    return next((line.strip() for line in log if STARVED.search(line)
                 or any(re.search(crash, line) for crash in crashes)), emulator)


def replace_programs(result: Result, other: Result) -> None:
    """Take what another run of some of its programs came to."""
    for program in other.programs:
        place = next(index for index, own in enumerate(result.programs)
                     if own.name == program.name and own.failed)
        result.programs[place] = program


def apply_skips(result: Result, patterns: list[str],
                whole: bool = True) -> None:
    """A skip has to be expected (`program:case`, wildcards allowed), and
    what is expected to be skipped has to be, if whole programs ran."""
    ran = {program.name for program in result.programs}
    used = set()
    for program in result.programs:
        for case in program.cases:
            if case.status != "skipped":
                continue
            matching = [p for p in patterns if fnmatch.fnmatchcase(
                f"{program.name}:{case.name}", p)]
            used.update(matching)
            if not matching:
                case.status = "failed"
                case.reason = f"unexpected skip: {case.reason}"
    for pattern in patterns:
        if whole and pattern not in used and any(
                fnmatch.fnmatchcase(name, pattern.split(":")[0])
                for name in ran):
            result.problems.append(f"expected skip did not happen: {pattern}")


def requirement_table(results: list[Result]) -> list[str]:
    """Requirements × kernels: how many cases passed, F if one failed or
    something else was wrong with its program."""
    kernels = list(dict.fromkeys(result.kernel for result in results))
    cells: dict[str, dict[str, list[str]]] = {}
    for result in results:
        for program in result.programs:
            for case in program.cases:
                if found := REQUIREMENT.search(case.name):
                    cells.setdefault(found[1], {}).setdefault(
                        result.kernel, []).append(
                            "failed" if program.problems else case.status)
    if not cells:
        return []
    rows = [["", *kernels]]
    for name in sorted(cells, key=lambda n: (n[0], int(n[1:]))):
        rows.append([name, *(cell(cells[name].get(kernel, []))
                             for kernel in kernels)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(text.rjust(width) if index else text.ljust(width)
                      for index, (text, width) in enumerate(zip(row, widths)))
            for row in rows]


def cell(statuses: list[str]) -> str:
    if "failed" in statuses:
        return "F"
    if "passed" in statuses:
        return str(statuses.count("passed"))
    return "skip" if statuses else "-"


def details(result: Result) -> list[str]:
    """What is wrong in one place, a line each."""
    lines = [f"{result.place}: {problem}" for problem in result.problems]
    for program in result.programs:
        where = f"{result.place} {program.name}"
        lines += [f"{where}: {problem}" for problem in program.problems]
        lines += [f"{where}: not ok {case.name} {case.reason}".rstrip()
                  for case in program.cases if case.status == "failed"]
    return lines


def skip_lines(results: list[Result]) -> list[str]:
    """Skips with their reasons, the same ones of several places together."""
    places: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for program in result.programs:
            for case in program.cases:
                if case.status == "skipped":
                    places.setdefault(
                        (f"{program.name}:{case.name}", case.reason),
                        []).append(result.place)
    return [f"{name}: {reason} ({', '.join(where)})"
            for (name, reason), where in places.items()]


def race_lines(results: list[Result]) -> list[str]:
    """Races of the kernel's own, how often each was reported, and where."""
    places: dict[str, collections.Counter] = {}
    for result in results:
        for race in result.races:
            places.setdefault(race, collections.Counter())[result.place] += 1
    return [f"{race}: {sum(where.values())} times ({', '.join(where)})"
            for race, where in sorted(places.items())]


def totals(results: list[Result]) -> tuple[int, int, int]:
    """Passed, failed and skipped over all places."""
    return (sum(result.count("passed") for result in results),
            sum(result.failed for result in results),
            sum(result.count("skipped") for result in results))
