# SPDX-License-Identifier: GPL-2.0-only
"""The guest's file system: a cached archive per kernel (init, kmod, busybox,
Debian's modules) and a small one per build. The kernel unpacks archives that
follow each other, so the two are simply concatenated."""

import lzma
import os
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import roots
from common import (BUILD, HERE, Failure, appearing, cache, call, digest,
                    locked, stage, used, write_whole)
from kernels import Kernel

#: What guests may load by name or through an alias; dependencies follow.
MODULES = (
    "vfio", "vfio_pci", "vfio_iommu_type1", "pci_stub", "e1000e", "e1000",
    "igb", "igbvf", "nvme", "xhci_pci", "xhci_hcd", "usbcore",
    "snd_hda_intel", "virtio_net", "virtio_blk", "virtio_pci", "bochs",
    "ext4", "crc32c_generic", "crc32c_intel", "af_packet",
    "md_mod", "raid1", "dm_mod", "loop", "bridge", "bonding", "8021q",
)
#: Built into some kernels under a name that modules.builtin does not list.
OPTIONAL = {"crc32c_generic", "crc32c_intel", "af_packet"}
APPLETS = ("cat", "echo", "env", "false", "kill", "ls", "sh", "sleep", "true")
GUEST_LIBRARIES = "usr/lib/x86_64-linux-gnu"
UPDATES = "updates"


class Archive:
    """A newc cpio archive, built in memory."""

    def __init__(self):
        self.parts: list[bytes] = []
        self.names: set[str] = set()

    def add(self, name: str, mode: int, data: bytes = b"",
            device: tuple[int, int] = (0, 0)) -> None:
        """One entry; its parent directories come first."""
        if name in self.names:
            return
        parent = os.path.dirname(name)
        if parent and parent not in self.names:
            self.add(parent, stat.S_IFDIR | 0o755)
        self.names.add(name)
        raw = name.encode() + b"\0"
        fields = (len(self.names), mode, 0, 0, 1, 0, len(data), 0, 0, *device,
                  len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields)
        for part in (head + raw, data):
            self.parts.append(part + b"\0" * (-len(part) % 4))

    def file(self, name: str, data: bytes, executable: bool = False) -> None:
        self.add(name, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def link(self, name: str, target: str) -> None:
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def program(self, name: str, path: Path) -> None:
        """A program of the host with the libraries it is linked to. What
        the project built itself goes where the guest's loader looks."""
        self.file(name, path.read_bytes(), executable=True)
        for library in libraries(path):
            inside = str(library).lstrip("/")
            if library.is_relative_to(BUILD):
                inside = f"{GUEST_LIBRARIES}/{library.name}"
            self.file(inside, library.read_bytes(), executable=True)

    def bytes(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


def libraries(path: Path) -> list[Path]:
    """The shared libraries of a program, none if it is static."""
    done = subprocess.run(
        ["ldd", str(path)], text=True, capture_output=True,
        env={**os.environ, "LD_LIBRARY_PATH": str(BUILD), "LC_ALL": "C"})
    missing = re.findall(r"(\S+) => not found", done.stdout)
    if missing:
        raise Failure(f"{path.name} needs {', '.join(missing)}")
    return [Path(name) for name in
            re.findall(r"(/\S+) \(0x", done.stdout)]


def compile_init() -> bytes:
    """pid 1, linked statically so that it needs nothing else."""
    source = (HERE / "init.c").read_bytes()
    target = cache() / "init" / digest(source)
    with locked("init"):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_suffix(".new")
            call(["gcc", "-std=gnu11", "-O2", "-Wall", "-static", "-o",
                  temporary, HERE / "init.c"])
            temporary.rename(target)
    return target.read_bytes()


class ModuleIndex:
    """Module names of an unpacked kernel and what they depend on."""

    def __init__(self, kernel: Kernel):
        self.folder = kernel.modules
        self.files: dict[str, str] = {}
        self.needs: dict[str, list[str]] = {}
        for line in (self.folder / "modules.dep").read_text().splitlines():
            file, _, needs = line.partition(":")
            self.files[name_of(file)] = file
            self.needs[name_of(file)] = [name_of(n) for n in needs.split()]
        soft = re.findall(r"^softdep (\S+) (.*)$",
                          (self.folder / "modules.softdep").read_text(), re.M)
        for name, needs in soft:
            self.needs.setdefault(name, []).extend(
                n for n in (word.replace("-", "_") for word in needs.split())
                if n in self.files)
        builtin = (self.folder / "modules.builtin").read_text()
        self.builtin = {name_of(line) for line in builtin.splitlines()}

    def closure(self, names) -> list[str]:
        """The modules' files, with those they depend on."""
        chosen, queue = set(), list(names)
        while queue:
            name = queue.pop()
            if name in chosen or name in self.builtin:
                continue
            if name in self.files:
                chosen.add(name)
                queue += self.needs[name]
            elif name not in OPTIONAL:
                raise Failure(f"{self.folder.name} has no module {name}")
        return sorted(self.files[name] for name in chosen)


def name_of(file: str) -> str:
    """The module name of a file in modules.dep or modules.builtin."""
    return os.path.basename(file).split(".ko")[0].replace("-", "_")


def base(kernel: Kernel) -> Path:
    """A directory with `cpio`, the archive common to all guests of a kernel,
    and `lib/modules`, the modules in it, for depmod to index again."""
    init = compile_init()
    busybox = roots.get(roots.QEMU_RELEASE).path / "usr/bin/busybox"
    kmod = find_kmod()
    key = digest(kernel.tree.name, init, MODULES, APPLETS,
                 (HERE / "initramfs.py").read_bytes(), kmod.read_bytes())
    target = cache() / "base" / f"{kernel.version}-{key}"
    with locked(f"base-{kernel.name}"):
        if not used(target):
            with stage(f"guest files for kernel {kernel.name}", target), \
                    appearing(target) as temporary:
                copy_modules(kernel, temporary)
                archive = Archive()
                skeleton(archive, init)
                archive.program("usr/bin/kmod", kmod)
                archive.file("usr/bin/busybox", busybox.read_bytes(), True)
                add_tree(archive, temporary)
                write_whole(temporary / "cpio", archive.bytes())
    return target


def find_kmod() -> Path:
    """The one program behind modprobe, insmod and their like."""
    path = shutil.which("kmod")
    if not path:
        raise Failure("no kmod; 'run.py needs' lists the packages")
    return Path(path).resolve()


def skeleton(archive: Archive, init: bytes) -> None:
    """Directories, users and the few commands a test may call."""
    for name in ("dev", "proc", "sys", "run", "tmp", "root", "mnt", "tests"):
        archive.add(name, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.file("init", init, executable=True)
    archive.file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"
                 b"nobody:x:65534:65534::/:/bin/false\n")
    archive.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    for applet in APPLETS:
        archive.link(f"bin/{applet}", "/usr/bin/busybox")
    for name in ("modprobe", "insmod", "rmmod", "lsmod"):
        archive.link(f"sbin/{name}", "/usr/bin/kmod")


def copy_modules(kernel: Kernel, target: Path) -> None:
    """The closure of MODULES, uncompressed: the guest's emulated processor
    would take long over xz."""
    inside = Path("lib/modules", kernel.version)
    for file in ModuleIndex(kernel).closure(MODULES):
        data = (kernel.modules / file).read_bytes()
        if file.endswith(".xz"):
            data = lzma.decompress(data)
        copy = target / inside / file.removesuffix(".xz")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    for name in ("modules.order", "modules.builtin",
                 "modules.builtin.modinfo"):
        if (kernel.modules / name).exists():
            shutil.copy(kernel.modules / name, target / inside)
    call(["depmod", "-b", target, kernel.version])


def add_tree(archive: Archive, tree: Path) -> None:
    for path in sorted(tree.rglob("*")):
        if path.is_file():
            archive.file(str(path.relative_to(tree)), path.read_bytes())


def overlay(kernel: Kernel, modules: list[Path], programs: dict[str, Path],
            copies: dict[str, Path], texts: dict[str, str]) -> bytes:
    """What a run adds: built modules (with a new index, so that modprobe
    knows them), programs and plain copies by guest path, and files such as
    the plan."""
    archive = Archive()
    if modules:
        with tempfile.TemporaryDirectory() as folder:
            index_modules(kernel, modules, Path(folder), archive)
    for name, path in programs.items():
        archive.program(name, path)
    for name, path in copies.items():
        archive.file(name, path.read_bytes(), executable=True)
    for name, text in texts.items():
        archive.file(name, text.encode())
    return archive.bytes()


def index_modules(kernel: Kernel, modules: list[Path], tree: Path,
                  archive: Archive) -> None:
    """Add built modules, and the index over them and Debian's."""
    shutil.copytree(base(kernel) / "lib", tree / "lib")
    inside = tree / "lib/modules" / kernel.version
    (inside / UPDATES).mkdir()
    for module in modules:
        shutil.copy(module, inside / UPDATES)
    call(["depmod", "-b", tree, kernel.version])
    for path in (*inside.glob("modules.*"), *(inside / UPDATES).iterdir()):
        archive.file(str(path.relative_to(tree)), path.read_bytes())
