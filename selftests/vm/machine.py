# SPDX-License-Identifier: GPL-2.0-only
"""Machines: what hardware a guest has, which IOMMU groups that makes, and
which programs run there. Each is described by machines/NAME.toml."""

import functools
import os
import shlex
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import roots
from common import HERE, Failure, call
from kernels import Kernel

FOLDER = HERE / "machines"
#: Of a program, in seconds: beside other load they have taken four times as long
#: as alone.
TIMEOUT = 240

#: The limits after which a kernel suspects a hang are meant for real
#: processors; an emulated one that waits for its turn passes them easily, and
#: fails the test of the timer at boot.
APPEND = (
    "console=ttyS0 loglevel=5 log_buf_len=8M "
    "panic=-1 oops=panic panic_on_warn=1 intel_iommu=on no_timer_check "
    "rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60 "
    "workqueue.watchdog_thresh=300 sysctl.kernel.hung_task_timeout_secs=600 "
    "init_on_alloc=0 cryptomgr.notests=1 initcall_blacklist=jent_mod_init "
    "mitigations=off")

#: An emulated processor moves byte by byte where the kernel is told that a
#: string instruction is the fastest way, and walks each level of the page
#: tables. Like the clearing of memory before its use and the mitigations above,
#: that is a third of what a guest costs, and shows nothing of bindery.
CPU = "max,-erms,-fsrm,-fsrs,-la57"

#: With eim the kernel programs its timers through x2APIC registers. In memory
#: they are at the mercy of QEMU's emulation (10.0), which loses writes of one
#: processor while another one moves a BAR: a timer that is never set stops
#: that processor for good.
COMMON = (
    "-M q35 -nodefaults -no-user-config -no-reboot -display none "
    "-global e1000.romfile= -global e1000e.romfile= -global igb.romfile= "
    "-global virtio-net-pci.romfile= "
    "-device intel-iommu,intremap=on,caching-mode=on,eim=on "
    "-device isa-debug-exit,iobase=0x501,iosize=1 "
    "-device isa-debugcon,iobase=0x504,chardev=report "
    "-serial chardev:console")


@dataclass(frozen=True)
class Program:
    """One program of a machine: `[NAME=VALUE…] program [argument…]`."""
    line: str
    timeout: int
    not_on: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line)

    @property
    def name(self) -> str:
        return next(word for word in self.words if "=" not in word)

    @property
    def argv(self) -> list[str]:
        words = self.words
        return words if words[0] == self.name else ["env", *words]


@dataclass(frozen=True)
class Machine:
    """machines/NAME.toml; the keys are explained in README.md."""
    name: str
    description: str
    qemu: list[str]
    groups: list[list[str]]
    memory: str = "1G"
    smp: int = 1
    virtual_time: bool = False
    append: str = ""
    leaks: bool = True
    taints: str = ""
    modules: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    qmp: bool = False
    power_off: bool = False
    disks: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    udev: bool = False
    vmm: bool = False
    programs: list = field(default_factory=list)
    soak: list = field(default_factory=list)
    timeout: int = TIMEOUT
    skips: dict[str, list[str]] = field(default_factory=dict)

    def all_programs(self, soak: bool = False) -> list[Program]:
        """A list of the file, where an entry may have its own limit."""
        made = []
        for entry in self.soak if soak else self.programs:
            table = {"run": entry} if isinstance(entry, str) else entry
            made.append(Program(table["run"],
                                table.get("timeout", self.timeout),
                                tuple(table.get("not_on", ()))))
        return made

    def expected_skips(self, kernel: Kernel) -> list[str]:
        return [skip for label in ("all", *sorted(kernel.labels))
                for skip in self.skips.get(label, [])]

    def preparation(self) -> list[str]:
        """The plan's lines before the first program."""
        lines = ["\t".join(["exec", "modprobe", "-a", *self.modules])]
        lines += ["\t".join(line.split()) for line in self.setup]
        lines += [f"driver\t{bdf}\t{driver}" for group in self.members()
                  for bdf, driver in group if driver != "-"]
        return lines

    def members(self) -> list[list[tuple[str, str]]]:
        """The groups as (BDF, driver) pairs."""
        return [[tuple(member.split()) for member in group]
                for group in self.groups]


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str) -> Machine:
    path = FOLDER / f"{name}.toml"
    try:
        return Machine(name, **tomllib.loads(path.read_text()))
    except FileNotFoundError as error:
        raise Failure(f"no machine {name}; there are: "
                      f"{', '.join(names())}") from error
    except (TypeError, tomllib.TOMLDecodeError) as error:
        raise Failure(f"{path.name}: {error}") from error


@functools.cache
def accelerator() -> str:
    """KVM only with a processor that has it: the device node alone may come
    from an environment that emulates it incompletely. Interrupt remapping
    wants half of the interrupt controllers outside KVM."""
    flags = Path("/proc/cpuinfo").read_text().split()
    usable = ("vmx" in flags or "svm" in flags) and \
        os.access("/dev/kvm", os.R_OK | os.W_OK)
    return "kvm,kernel-irqchip=split" if usable else "tcg,thread=multi"


def has_virtual_time(machine: Machine) -> bool:
    """Whether an emulated processor's clock counts its instructions and jumps
    over idle time, so that it does not matter what else the host runs."""
    return machine.virtual_time and accelerator().startswith("tcg")


def engine(machine: Machine) -> list[str]:
    if has_virtual_time(machine):
        return ["-accel", "tcg,thread=single", "-icount", "shift=2,sleep=off"]
    return ["-accel", accelerator()]


def common(machine: Machine) -> list[str]:
    """QEMU (10.0) has no virtual time with x2APIC: "Bad icount read"."""
    cpu = f"{CPU},-x2apic" if has_virtual_time(machine) else CPU
    return ["-cpu", cpu, *COMMON.split()]


def memory_mb(machine: Machine, kernel: Kernel) -> int:
    return int(machine.memory.removesuffix("G")) * 1024 + kernel.needs.memory_mb


def processors(machine: Machine, kernel: Kernel) -> int:
    return max(machine.smp, kernel.needs.processors)


def parameters(machine: Machine, kernel: Kernel) -> str:
    """The kernel's command line. To track each allocation takes as long as all
    the rest."""
    untracked = kernel.needs.checks and not machine.leaks
    return " ".join([APPEND.strip(), *machine.append.split(),
                     *kernel.needs.parameters.split(),
                     *(["kmemleak=off"] if untracked else [])])


def make_disks(machine: Machine, folder: Path) -> list[str]:
    """Raw sparse files with an ext4 file system each."""
    args = []
    for name, size in machine.disks.items():
        path = folder / f"{name}.raw"
        call(["mke2fs", "-q", "-t", "ext4", path, size])
        args += ["-drive", f"if=none,id={name},format=raw,cache=unsafe,"
                 f"file={path}"]
    return args


def monitor(folder: Path) -> list[str]:
    """A serial port that is wired to a QMP monitor of the same emulator, so
    that programs in the guest can ask for hot-plug. It is no PCI device."""
    path = folder / "qmp-guest"
    return ["-chardev", f"socket,id=monitor,path={path},server=on,wait=off",
            "-mon", "chardev=monitor,mode=control",
            "-chardev", f"socket,id=port,path={path}",
            "-serial", "chardev:port"]


def command(machine: Machine, kernel: Kernel, folder: Path,
            interactive: bool) -> list[str]:
    """The QEMU command of a guest whose files are in folder."""
    root = roots.get(roots.QEMU_RELEASE)
    share = root.path / "usr/share"
    console = "stdio,id=console,signal=off" if interactive else \
        f"file,id=console,path={folder}/console"
    return [
        *root.program("usr/bin/qemu-system-x86_64"),
        "-L", str(share / "qemu"), "-L", str(share / "seabios"),
        *engine(machine), "-smp", str(processors(machine, kernel)),
        "-m", f"{memory_mb(machine, kernel)}M", "-chardev", console,
        "-chardev", f"file,id=report,path={folder}/report",
        "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
        *common(machine), *make_disks(machine, folder),
        *(monitor(folder) if machine.qmp else []),
        *[word for line in machine.qemu for word in line.split()],
        "-kernel", str(kernel.image), "-initrd", str(folder / "initrd"),
        "-append", parameters(machine, kernel)]
