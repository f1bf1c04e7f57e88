# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernels: which version each name means today, and one tree per
version with the kernel, its modules and its headers: unpacked for the stock
kernels, built for the debug kernels of debug.py."""

import gzip
import json
import lzma
import re
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import apt
import debug
from common import (Failure, appearing, cache, call, digest, locked, say,
                    stage, used, write_whole)

#: Where each kernel may come from, the first that has it; the Debian release
#: whose kernel it is also has the compiler it was built with.
RELEASES = {
    "6.1": ("bookworm",),
    "6.12": ("bookworm", "trixie"),
    "newest": ("trixie", "forky"),
}
NEWER_THAN_STABLE = "6.13"
NAMES_FRESH_FOR = 86400
PART = re.compile(r"linux-(image|binary|modules|base|headers|kbuild)-\d")


@dataclass(frozen=True)
class Kernel:
    """One unpacked kernel."""
    name: str
    version: str
    release: str
    tree: Path

    @property
    def variant(self) -> str:
        return debug.variant_of(self.name)

    @property
    def labels(self) -> set[str]:
        """What machine files may call it: its name, its series, its variant,
        and whether it is Debian's own build."""
        series, _, variant = self.name.partition("-")
        return {self.name, series, *([variant, "debug"] if variant
                                     else ["stock"])}

    @property
    def needs(self) -> debug.Variant:
        """What a kernel of its kind needs to be run."""
        return debug.VARIANTS.get(self.variant, debug.STOCK)

    @property
    def modules(self) -> Path:
        return self.tree / "usr/lib/modules" / self.version

    @property
    def image(self) -> Path:
        """What QEMU boots: the bare ELF file, unless it cannot start so."""
        packed = self.tree / "bzImage"
        return packed if packed.exists() else self.tree / "vmlinux"

    @property
    def headers(self) -> str:
        return f"/usr/src/linux-headers-{self.version}"


def get(name: str) -> Kernel:
    """The kernel of that name, fetched or built on first use."""
    known = names(name)
    tree = tree_of(name, known)
    kernel = Kernel(name, known["version"], known["release"], tree)
    with locked(f"kernel-{name}"):
        if not used(tree):
            obtain(kernel, known)
    return kernel


def obtain(kernel: Kernel, known: dict) -> None:
    with appearing(kernel.tree) as tree:
        if kernel.variant:
            debug.build(kernel.name, known, tree)
        else:
            fetch(kernel, known["packages"], tree)
        call(["depmod", "-b", tree, kernel.version])


def tree_of(name: str, known: dict) -> Path:
    return cache() / "kernels" / digest(*known["packages"],
                                        *debug.inputs(name))


def is_cached(name: str) -> bool:
    """Whether the kernel can be had without a download or a build."""
    path = cache() / f"kernel-{name}.json"
    return path.exists() and tree_of(
        name, json.loads(path.read_text())).exists()


def names(name: str) -> dict:
    """Resolve a kernel name, at most once a day unless it has yet to be
    fetched: archives drop old versions. An unreachable mirror is no reason
    not to test with what is already here."""
    path = cache() / f"kernel-{name}.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    sources = list(apt.mirrors())
    age = time.time() - known.get("time", 0)
    if known.get("sources") == sources and 0 <= age < NAMES_FRESH_FOR \
            and tree_of(name, known).exists():
        return known
    try:
        found = resolve(name)
    except Failure as failure:
        if not known:
            raise
        reason = str(failure).strip().splitlines()[-1]
        say(f"kernel {name}: using the cached {known['version']}: {reason}")
        return known
    found.update(time=time.time(), sources=sources)
    write_whole(path, json.dumps(found, indent=1).encode())
    return found


def resolve(name: str) -> dict:
    """Ask the archive which packages make up a kernel today."""
    series, _, variant = name.partition("-")
    if variant:
        return debug.resolve(variant, names(series))
    for release in RELEASES[name]:
        view = apt.View(release)
        view.update()
        meta = metapackage(view, name)
        if meta:
            version = re.search(r"\blinux-image-(\d\S*-amd64)\b",
                                meta["Depends"])[1]
            parts = closure(view, [f"linux-image-{version}",
                                   f"linux-headers-{version}"])
            return {"release": release, "version": version,
                    "packages": parts}
    raise Failure(f"no Debian release offers a kernel {name}")


def metapackage(view: apt.View, name: str) -> dict | None:
    """The newest metapackage of a series."""
    def wanted(version):
        if name == "newest":
            return apt.compare(version, NEWER_THAN_STABLE) > 0
        return version.startswith(name + ".")
    offers = [offer for package in ("linux-image-amd64",
                                    f"linux-image-{name}-amd64")
              for offer in view.show(package) if wanted(offer["Version"])]
    offers.sort(key=lambda offer: apt.newest_first(offer["Version"]))
    return offers[0] if offers else None


def closure(view: apt.View, wanted: list[str]) -> list[str]:
    """The packages named and the other parts of the kernel they depend on,
    each as name=version. Older suites have everything in linux-image; newer
    ones leave it empty."""
    chosen = {}
    queue = list(wanted)
    while queue:
        package = queue.pop()
        if package in chosen:
            continue
        offers = view.show(package)
        if not offers:
            raise Failure(f"{package} is not in {view.release}")
        chosen[package] = offers[0]["Version"]
        for clause in offers[0].get("Depends", "").split(", "):
            dependency = clause.split(" ", 1)[0]
            if PART.match(dependency):
                queue.append(dependency)
    return sorted(f"{key}={value}" for key, value in chosen.items())


def fetch(kernel: Kernel, packages: list[str], tree: Path) -> None:
    """Download and unpack. The view may be older than the names."""
    view = apt.View(kernel.release)
    view.update()
    with stage(f"kernel {kernel.name}: {kernel.version}", tree):
        view.unpack(packages, tree)
        merge_usr(tree)
        boot = tree / "boot" / f"vmlinuz-{kernel.version}"
        if not boot.exists():
            boot = tree / "usr/lib/modules" / kernel.version / "vmlinuz"
        (tree / "vmlinux").write_bytes(bare_kernel(boot.read_bytes()))


def merge_usr(tree: Path) -> None:
    """Older packages put modules in /lib, newer ones in /usr/lib; depmod
    looks in one of them. Make both names lead to the same place."""
    modules = tree / "usr/lib/modules"
    if (tree / "lib").is_dir():
        modules.parent.mkdir(parents=True, exist_ok=True)
        (tree / "lib/modules").rename(modules)
        (tree / "lib").rmdir()
    (tree / "lib").symlink_to("usr/lib")


def bare_kernel(image: bytes) -> bytes:
    """The ELF kernel inside a bzImage: QEMU starts it through its PVH entry
    and the emulated processor need not decompress it. A payload of unknown
    kind is booted as it came."""
    setup_sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = image[start:start + length]
    unpackers = {
        b"\xfd7zXZ": lambda: lzma.LZMADecompressor().decompress(payload),
        b"\x1f\x8b": lambda: gzip.decompress(payload[:-4]),
        b"\x28\xb5\x2f\xfd": lambda: subprocess.run(
            ["zstd", "-dcq"], input=payload[:-4], check=True,
            stdout=subprocess.PIPE).stdout,
    }
    for magic, unpack in unpackers.items():
        if payload.startswith(magic):
            bare = unpack()
            return bare if bare.startswith(b"\x7fELF") else image
    return image
