# SPDX-License-Identifier: GPL-2.0-only
"""Debug kernels: built from Debian's source packages with the small
configurations of debug/, into trees that look like those of stock kernels."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import apt
import roots
from common import (HERE, Failure, appearing, cache, call, digest, locked,
                    stage)

FRAGMENTS = HERE / "debug"
#: Where a configuration begins; each variant has a fragment of its own.
BASE = "base"


@dataclass(frozen=True)
class Variant:
    """What a kind of debug kernel needs to be run. Limits in seconds are
    multiplied by slowness, which is generous: a sanitizer multiplies what an
    emulated processor has to do. Variables go to make, for modules. Checks:
    it has lockdep and kmemleak, which may switch themselves off. Parameters
    are the kernel's; a guest has so many processors at least. Per processor of
    the host so many guests run: with a sanitizer it never waits for them."""
    slowness: int
    memory_mb: int
    variables: tuple[str, ...] = ()
    checks: bool = False
    parameters: str = ""
    processors: int = 1
    per_processor: int = 1


#: Guests wait for more than half of their time: for drivers that are told to
#: sleep, for resets, for each other's hot-plug.
STOCK = Variant(1, 0, per_processor=2)
VARIANTS = {
    # Newer kernels hand out memory from a processor's own list, where pointers
    # to it stay, so that kmemleak finds no leak; with checks there is no list.
    "kasan": Variant(6, 1024, ("KCOV_INSTRUMENT=y",), checks=True,
                     parameters="slab_debug=F"),
    # Who races while one processor watches an access, with interrupts off, is
    # on another. One of so many accesses is watched. Races of the kernel's own
    # must not end the guest.
    "kcsan": Variant(6, 256, processors=2,
                     parameters="kcsan.skip_watch=500 panic_on_warn=0"),
    "gcov": Variant(3, 128, ("GCOV_PROFILE=y", "KCOV_INSTRUMENT=y"),
                    per_processor=2),
}
#: All there are, by series and variant.
NAMES = ("6.12-kasan", "6.12-kcsan", "6.12-gcov", "newest-kasan")


def variant_of(name: str) -> str:
    """The variant of a kernel by its name, empty if it is a stock one."""
    return name.partition("-")[2]


def resolve(variant: str, stock: dict) -> dict:
    """The newest source package of a stock kernel's series."""
    series = re.match(r"\d+\.\d+", stock["version"])[0]
    package = f"linux-source-{series}"
    view = apt.View(stock["release"])
    view.update()
    offers = view.show(package)
    if not offers:
        raise Failure(f"{package} is not in {stock['release']}")
    version = offers[0]["Version"]
    return {"release": stock["release"],
            "version": f"{re.match(r'[0-9.]+', version)[0]}-{variant}",
            "packages": [f"{package}={version}"]}


def fragments(name: str) -> str:
    """What all have in common, what a series calls otherwise, the variant,
    and what only this one has."""
    series, _, variant = name.partition("-")
    required = (BASE, variant)
    paths = {part: FRAGMENTS / f"{part}.config"
             for part in (BASE, series, variant, name)}
    return "".join(path.read_text() for part, path in paths.items()
                   if part in required or path.exists())


def wanted(text: str) -> dict[str, str]:
    """The options of fragments or of a .config; `n` for those that are off.
    A later line wins, as it does in make."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"(CONFIG_\w+)=(.*)", line):
            found[match[1]] = match[2]
    return found


def inputs(name: str) -> list[str]:
    """What a tree depends on besides its packages."""
    options = wanted(fragments(name)) if variant_of(name) else {}
    return [f"{option}={options[option]}" for option in sorted(options)]


def lost(fragment: str, result: str) -> list[str]:
    """The wanted options that a configuration does not have as wanted."""
    have = wanted(result)
    return [f"{option} is {have.get(option, 'n')}, not {value}"
            for option, value in wanted(fragment).items()
            if have.get(option, "n") != value]


class Build:
    """One build. Its directory stays until the tree is complete, so that one
    that was interrupted goes on where it stopped."""

    def __init__(self, name: str, known: dict, folder: Path):
        self.name, self.known = name, known
        self.root = roots.get(f"{known['release']}-kernel")
        self.source = folder / "source"
        self.objects = folder / "objects"
        self.objects.mkdir(parents=True, exist_ok=True)

    def unpack(self) -> None:
        """The package holds an archive of the sources with Debian's patches."""
        if self.source.exists():
            return
        view = apt.View(self.known["release"])
        view.update()
        with stage(f"source of kernel {self.name}", self.source), \
                appearing(self.source) as source:
            view.unpack(self.known["packages"], source)
            archive, = source.glob("usr/src/*.tar.xz")
            call(["tar", "-C", source, "--strip-components=1", "-xf",
                  archive])
            archive.unlink()

    def make(self, *arguments: str) -> None:
        command = ["nice", "make", "-s", f"-j{os.cpu_count()}", "-C", "/src",
                   "O=/build", *arguments]
        done = self.root.run(command, "/", {self.source: "/src",
                                            self.objects: "/build"})
        if done.returncode:
            raise Failure(f"kernel {self.name}: make {arguments[-1]} failed\n"
                          + done.stdout[-4000:])

    def configure(self) -> None:
        """An option whose conditions are not met vanishes without a word,
        so look."""
        chosen = fragments(self.name)
        (self.objects / "wanted").write_text(chosen)
        self.make("KCONFIG_ALLCONFIG=/build/wanted", "allnoconfig")
        gone = lost(chosen, (self.objects / ".config").read_text())
        if gone:
            raise Failure(f"kernel {self.name}: the configuration did not "
                          "become what debug/*.config say:\n  "
                          + "\n  ".join(gone))

    @property
    def boots_bare(self) -> bool:
        """Whether QEMU can start it through its PVH entry."""
        return wanted(fragments(self.name))["CONFIG_PVH"] == "y"

    def compile(self) -> None:
        self.make("vmlinux" if self.boots_bare else "bzImage", "modules")
        release = (self.objects / "include/config/kernel.release").read_text()
        if release.strip() != self.known["version"]:
            raise Failure(f"kernel {self.name}: built {release.strip()}, not "
                          f"{self.known['version']}")

    def install(self, tree: Path) -> None:
        """The bare kernel, its modules, and what modules are built with."""
        version = self.known["version"]
        made = self.objects / "tree"
        shutil.rmtree(made, ignore_errors=True)
        headers = f"/build/tree/usr/src/linux-headers-{version}"
        self.make("INSTALL_MOD_PATH=/build/tree/usr", "DEPMOD=true",
                  "modules_install")
        self.make("KBUILD_RUN_COMMAND=/src/scripts/package/"
                  f"install-extmod-build {headers}", "run-command")
        shutil.copy(self.objects / ".config",
                    made / "usr/lib/modules" / version / "config")
        for link in ("build", "source"):
            (made / "usr/lib/modules" / version / link).unlink(
                missing_ok=True)
        # To name the line of an address: scripts/faddr2line wants symbols.
        shutil.copy(self.objects / "vmlinux", made / "vmlinux")
        if not self.boots_bare:
            shutil.copy(self.objects / "arch/x86/boot/bzImage", made)
        (made / "lib").symlink_to("usr/lib")
        for path in made.iterdir():
            path.rename(tree / path.name)


def build(name: str, known: dict, tree: Path) -> None:
    """Fill tree; one build at a time, since each uses all processors."""
    work = cache() / "debug" / digest(*known["packages"], *inputs(name))
    with locked("debug"):
        task = Build(name, known, work)
        task.unpack()
        with stage(f"kernel {name}, built once", tree):
            task.configure()
            task.compile()
            task.install(tree)
        shutil.rmtree(work)
