# SPDX-License-Identifier: GPL-2.0-only
"""One guest from start to end: its files, QEMU, and the report channel."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import initramfs
import machine as machines
from kernels import Kernel
from machine import Machine, Program

#: Seconds in which something has to happen outside of programs, and which a
#: guest gets beyond a program's limit, after which its init has given up.
BOOT_LIMIT = 180
HANG = "guest hangs: not even its init says anything"
GRACE = 60
EXIT_DONE = 0x10 * 2 + 1
#: The second serial port of machines with qmp; the first is the console.
MONITOR_PORT = "/dev/ttyS1"
RECORD = re.compile(rb"([a-z]+) (-?\d+) (\d+)\n")


#: The emulators that run now, for stop_all().
RUNNING: set[subprocess.Popen] = set()


@dataclass
class Record:
    """One message of the guest's init about program number index, or about
    the guest itself (-1)."""
    kind: str
    index: int
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode(errors="replace")


class Decoder:
    """Records out of the bytes of the report channel, as they come."""

    def __init__(self):
        self.pending = b""
        self.broken = False

    def feed(self, data: bytes) -> list[Record]:
        self.pending += data
        found = []
        while not self.broken:
            head = RECORD.match(self.pending)
            if not head:
                self.broken = b"\n" in self.pending[:80] \
                    or len(self.pending) >= 80
                break
            end = head.end() + int(head[3])
            if len(self.pending) <= end:
                break
            if self.pending[end:end + 1] != b"\n":
                self.broken = True
                break
            found.append(Record(head[1].decode(), int(head[2]),
                                self.pending[head.end():end]))
            self.pending = self.pending[end + 1:]
        return found


@dataclass
class Run:
    """What came out of a guest."""
    records: list[Record] = field(default_factory=list)
    console: str = ""
    ending: str = ""
    seconds: float = 0.0
    #: Of a host's processor, by program; what the guest itself took is -1.
    cpu: dict[int, float] = field(default_factory=dict)

    def texts(self, kind: str, index: int | None = None) -> list[str]:
        return [r.text for r in self.records
                if r.kind == kind and index in (None, r.index)]

    def output(self, kind: str, index: int) -> str:
        return "".join(self.texts(kind, index))


def plan(machine: Machine, programs: list[Program], bindery: bool,
         slowness: int = 1) -> str:
    """What init has to do. The tests' own limits follow KSFT_SLOWNESS."""
    lines = [f"slow\t{slowness}", *machine.preparation()]
    if bindery:
        lines.append("exec\tmodprobe\tbindery")
    lines += ["list", f"env\tBINDERY_MACHINE={machine.name}",
              f"env\tKSFT_SLOWNESS={slowness}"]
    if machine.power_off:
        lines.append("shutdown")
    if machine.qmp:
        lines.append(f"env\tBINDERY_QMP={MONITOR_PORT}")
    lines += ["\t".join(["run", str(index), str(program.timeout * slowness),
                         *program.argv])
              for index, program in enumerate(programs)]
    if machine.leaks:
        lines.append("leaks")
    lines += ["lockdep", "coverage"]
    return "\n".join(lines) + "\n"


@dataclass
class Contents:
    """What is put into a guest besides the base of its kernel."""
    plan: str
    modules: list[Path] = field(default_factory=list)
    programs: dict[str, Path] = field(default_factory=dict)
    #: As they are, where programs come with their libraries.
    copies: dict[str, Path] = field(default_factory=dict)


def start(machine: Machine, kernel: Kernel, contents: Contents,
          limits: list[int] | None,
          watch: Callable[[Record], None] | None = None) -> Run:
    """Run a guest to its end, its programs within these limits in seconds.
    Without limits it is interactive: the console is the caller's terminal."""
    run = Run()
    interactive = limits is None
    with tempfile.TemporaryDirectory(prefix="bindery-vm-") as name:
        folder = Path(name)
        write_initrd(kernel, contents, folder / "initrd")
        command = machines.command(machine, kernel, folder, interactive)
        begin = time.monotonic()
        with open(folder / "qemu", "w+") as errors:
            process = subprocess.Popen(
                command, stdin=None if interactive else subprocess.DEVNULL,
                stdout=None if interactive else errors, stderr=errors)
            RUNNING.add(process)
            try:
                follow(process, folder / "report", run, limits,
                       BOOT_LIMIT * kernel.needs.slowness, watch)
            finally:
                process.kill()
                process.wait()
                RUNNING.discard(process)
            errors.seek(0)
            messages = errors.read()
        run.seconds = time.monotonic() - begin
        console = folder / "console"
        if console.exists():
            run.console = console.read_text(errors="replace")
    run.ending = run.ending or ending(process.returncode, run, messages,
                                      machine.power_off)
    return run


def stop_all() -> None:
    """End every guest of this process."""
    for process in list(RUNNING):
        process.kill()


def write_initrd(kernel: Kernel, contents: Contents, target: Path) -> None:
    base = (initramfs.base(kernel) / "cpio").read_bytes()
    target.write_bytes(base + initramfs.overlay(
        kernel, contents.modules, contents.programs, contents.copies,
        {"plan": contents.plan}))


def processor_time(process: subprocess.Popen) -> float:
    """The seconds of a processor that an emulator has taken so far."""
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
    except OSError:
        return 0.0
    ticks = stat.rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def charge(run: Run, record: Record, spent: float) -> None:
    """Whom the time since the last start or exit of a program belongs to."""
    index = record.index if record.kind == "exit" else -1
    run.cpu[index] = run.cpu.get(index, 0.0) + spent - sum(run.cpu.values())


def follow(process: subprocess.Popen, path: Path, run: Run,
           limits: list[int] | None, boot_limit: int, watch) -> None:
    """Read the report while the guest runs."""
    decoder = Decoder()
    deadline = time.monotonic() + boot_limit
    while not path.exists() and process.poll() is None:
        time.sleep(0.01)
    if not path.exists():
        return
    with open(path, "rb") as report:
        ended = False
        while True:
            records = decoder.feed(report.read())
            run.records += records
            for record in records:
                if record.kind in ("start", "exit"):
                    charge(run, record, processor_time(process))
                    deadline = time.monotonic() + (
                        boot_limit if record.kind == "exit" or not limits
                        else limits[record.index] + GRACE)
                if watch:
                    watch(record)
            if ended:
                break
            ended = process.poll() is not None
            if limits is not None and time.monotonic() > deadline:
                run.ending = HANG
                break
            if not ended:
                time.sleep(0.03)
    if decoder.broken or decoder.pending:
        run.ending = run.ending or "the report channel is corrupt"


def ending(status: int, run: Run, messages: str,
           power_off: bool = False) -> str:
    """Why the guest did not complete its plan; empty if it did. One that is
    to be powered off has to say that it was: a panic looks the same."""
    completed = status == EXIT_DONE
    if power_off:
        completed = status == 0 and "reboot: Power down" in run.console
    if completed and run.texts("done"):
        return ""
    errors = [line for line in messages.splitlines()
              if ": warning: " not in line]
    return "\n".join([f"guest ended early (QEMU status {status})", *errors])
