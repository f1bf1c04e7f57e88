# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of the module ran: what each guest counted, put together, and
what none reached against the reasons that selftests/README.md gives. What the
tool counted in guests is left to userspace's own report."""

import collections
import json
import re
import shutil
from pathlib import Path

import modules
import roots
from common import BUILD, PROJECT, WORK, Failure
from guest import Run
from kernels import Kernel

#: That counts.
KERNEL = "6.12-gcov"
DEBUGFS = "/sys/kernel/debug/gcov"
#: Of a guest's logs: what it counted.
COUNTS = "gcov"
REPORT = BUILD / "coverage"
#: The tool that counts, where it was built, and what it counted by guest.
TOOL = REPORT / "guest"
TOOL_COUNTS = REPORT / "guests"
#: Where it counts in a guest.
INSIDE = "/counts"
REASONS = PROJECT / "selftests/README.md"
#: What it lists below each reason: file, function, line as it is written.
ENTRY = re.compile(r"- `(module/\S+)` `(\w+)`: `` ?(.+?) ?``$")
#: Where a function begins, in the kernel's style.
FUNCTION = re.compile(r"[a-z][^;=]*?\b(\w+)\(")


def tool(kernel: Kernel) -> Path:
    """The tool that a guest gets."""
    counts = TOOL / "bindery"
    return counts if kernel.name == KERNEL and counts.exists() else \
        BUILD / "bindery"


def preparation(kernel: Kernel) -> str:
    """Lines of a plan."""
    counts = tool(kernel).parent == TOOL
    return f"env\tGCOV_PREFIX={INSIDE}\n" if counts else ""


def keep(run: Run, folder: Path) -> None:
    """By where the objects were built: the module's beside the guest's logs,
    the tool's with the notes of its build."""
    for record in run.records:
        if record.kind != "gcda":
            continue
        name, _, data = record.data.partition(b"\n")
        path = Path(name.decode())
        if path.is_relative_to(f"{DEBUGFS}/build"):
            copy = folder / COUNTS / path.relative_to(f"{DEBUGFS}/build")
        else:
            inside = path.relative_to(f"{INSIDE}{TOOL}")
            copy = TOOL_COUNTS / folder.name / inside
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
        if not path.is_relative_to(DEBUGFS):
            shutil.copy((TOOL / inside).with_suffix(".gcno"), copy.parent)


def forget(kernel: Kernel) -> None:
    """What earlier runs counted."""
    for counts in WORK.glob(f"logs/*-{kernel.name}*/{COUNTS}"):
        shutil.rmtree(counts)
    shutil.rmtree(TOOL_COUNTS, ignore_errors=True)


def gather(kernel: Kernel, target: Path) -> None:
    """Give each guest's counts the notes of the build, and all the headers
    where a build begins, as gcov wants them."""
    shutil.rmtree(target, ignore_errors=True)
    found = list(WORK.glob(f"logs/*-{kernel.name}*/{COUNTS}/**/*.gcda"))
    if not found:
        raise Failure("no guest counted anything")
    for path in found:
        guest = path.relative_to(WORK / "logs").parts[0]
        name = path.relative_to(WORK / "logs" / guest / COUNTS)
        copy = target / guest / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        notes = modules.folder(kernel) / name.with_suffix(".gcno")
        shutil.copy(notes, copy.with_suffix(".gcno"))
    for name in ("arch", "include"):
        (target / name).symlink_to(f"{kernel.headers}/{name}")


def report(kernel: Kernel) -> list[str]:
    """Write the reports. Returns the last lines of the text."""
    (REPORT / "html").mkdir(parents=True, exist_ok=True)
    gather(kernel, REPORT / "module")
    root = roots.get(f"{kernel.release}-coverage")
    done = root.run(
        ["gcovr", "--root", "/build", "--filter", "/build/module/",
         "--txt", "/coverage/module.txt", "--json", "/coverage/module.json",
         "--html-details", "/coverage/html/module.html", "--print-summary",
         "/coverage/module"], "/build",
        {kernel.tree / "usr/src": "/usr/src",
         modules.folder(kernel): "/build", REPORT: "/coverage"})
    if done.returncode:
        raise Failure(f"gcovr failed\n{done.stdout[-4000:]}")
    percent = dict(re.findall(r"^(\w+): ([\d.]+%)", done.stdout, re.M))
    return [*(REPORT / "module.txt").read_text().splitlines(),
            *unexplained(json.loads((REPORT / "module.json").read_text())),
            f"module lines {percent['lines']} branches "
            f"{percent['branches']}"]


def reasons() -> collections.Counter[tuple[str, str, str]]:
    """File, function and text of each line that is listed."""
    return collections.Counter(
        entry.groups() for line in REASONS.read_text().splitlines()
        if (entry := ENTRY.match(line)))


def function_of(source: list[str], number: int) -> str:
    """The function that a line is in."""
    return next((begin[1] for line in reversed(source[:number])
                 if (begin := FUNCTION.match(line))), "")


def places(file: str) -> list[tuple[str, str, str]]:
    """What each line of a file would be listed as."""
    source = (PROJECT / file).read_text().splitlines()
    return [(file, function_of(source, number), text.strip())
            for number, text in enumerate(source, 1)]


def unexplained(found: dict) -> list[str]:
    """Lines that nothing reached and nobody gave a reason for; who is listed
    once stands for one line."""
    known = reasons()
    lines = []
    for entry in found["files"]:
        source = places(entry["file"])
        for line in entry["lines"]:
            number = line["line_number"]
            place = source[number - 1]
            if line["count"] or line["gcovr/noncode"]:
                continue
            known[place] -= 1
            if known[place] < 0:
                lines.append(
                    f"not reached: {entry['file']}:{number}: {place[2]}")
    return lines
