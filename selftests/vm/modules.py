# SPDX-License-Identifier: GPL-2.0-only
"""Build the project's modules and the test drivers for a kernel, in
the root file system of the Debian release that made the kernel."""

import os
import shutil
from pathlib import Path

import roots
from common import (PROJECT, WORK, Failure, appearing, cache, digest, locked, say,
                    stage, used)
from kernels import Kernel

SOURCES = ("Kbuild", "dkms.conf", "module", "uapi", "selftests/drivers")
DRIVERS = "selftests/drivers"
#: Of an object that counts how often its lines run.
NOTES = "**/*.gcno"
PRODUCTS = (".gcno", ".o", ".ko", ".mod", ".mod.c", ".cmd", ".order", ".symvers")


def folder(kernel: Kernel) -> Path:
    return WORK / kernel.name / "modules"


def built(kernel: Kernel) -> list[Path]:
    """The modules of the last build."""
    return sorted(folder(kernel).glob("**/*.ko"))


def drivers_stamp(kernel: Kernel) -> Path:
    """What the drivers were built for."""
    return folder(kernel) / DRIVERS / ".built"


def products(kernel: Kernel) -> list[Path]:
    """What has to be kept of a build."""
    return built(kernel) + sorted(folder(kernel).glob(NOTES))


def build(kernel: Kernel, variables: list[str]) -> list[Path]:
    """Bring the modules up to date with the sources and the variables."""
    variables = [*kernel.needs.variables, *variables]
    if not (PROJECT / "Kbuild").exists():
        raise Failure("no Kbuild at the top of the project")
    target = folder(kernel)
    with locked("build-" + digest(target)):
        inputs = read_sources()
        stamp = target / ".built"
        key = digest(kernel.tree.name, variables, *sorted(inputs.items()))
        if stamp.exists() and stamp.read_text() == key:
            return built(kernel)
        stamp.unlink(missing_ok=True)
        other_kernel(target, kernel)
        for stale in (*built(kernel), drivers_stamp(kernel)):
            stale.unlink(missing_ok=True)
        kept = cache() / "modules" / key
        if used(kept):
            shutil.copytree(kept, target, dirs_exist_ok=True)
        else:
            compile_all(kernel, inputs, variables)
            keep(kernel, kept)
        stamp.write_text(key)
    return built(kernel)


def build_from(kernel: Kernel, inputs: dict[str, bytes]) -> list[Path]:
    """From these sources instead, of which no copy is kept."""
    target = folder(kernel)
    with locked("build-" + digest(target)):
        (target / ".built").unlink(missing_ok=True)
        other_kernel(target, kernel)
        compile_all(kernel, inputs, [])
    return built(kernel)


def compile_all(kernel: Kernel, inputs: dict[str, bytes],
                variables: list[str]) -> None:
    """The module, then the drivers that use its symbols."""
    target = folder(kernel)
    with stage(f"modules for kernel {kernel.name}"):
        copy_sources(inputs, target)
        make(kernel, "/build", variables)
        if (target / DRIVERS / "Kbuild").exists():
            compile_drivers(kernel, inputs, variables)


def compile_drivers(kernel: Kernel, inputs: dict[str, bytes],
                    variables: list[str]) -> None:
    """Of the module they know its symbols and headers only."""
    target = folder(kernel)
    symbols = target / "Module.symvers"
    stamp = drivers_stamp(kernel)
    key = digest(symbols.read_bytes(), variables, *(
        (name, data) for name, data in sorted(inputs.items())
        if name.startswith(DRIVERS) or name.endswith((".h", ".mk"))))
    if stamp.exists() and stamp.read_text() == key:
        return
    stamp.unlink(missing_ok=True)
    make(kernel, f"/build/{DRIVERS}", [
        f"KBUILD_EXTRA_SYMBOLS=/build/{symbols.name}", *variables])
    stamp.write_text(key)


def keep(kernel: Kernel, kept: Path) -> None:
    """For another checkout of the same sources."""
    with locked("modules-" + kept.name):
        if kept.exists():
            return
        with appearing(kept) as temporary:
            for path in products(kernel):
                copy = temporary / path.relative_to(folder(kernel))
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)


def read_sources() -> dict[str, bytes]:
    """All source files by their path in the project; what a build in the
    work tree left there is none."""
    found = {}
    for name in SOURCES:
        top = PROJECT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not path.name.endswith(PRODUCTS):
                found[str(path.relative_to(PROJECT))] = path.read_bytes()
    return found


def other_kernel(target: Path, kernel: Kernel) -> None:
    """Start afresh when the name has come to mean another version."""
    marker = target / ".kernel"
    if not marker.exists() or marker.read_text() != kernel.tree.name:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        marker.write_text(kernel.tree.name)


def copy_sources(inputs: dict[str, bytes], target: Path) -> None:
    """Write only what differs, so that make rebuilds only that."""
    for name, data in inputs.items():
        path = target / name
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for path in list(target.rglob("*")):
        name = str(path.relative_to(target))
        if path.is_file() and name not in inputs and \
                not path.name.startswith(".") and \
                not path.name.endswith(PRODUCTS):
            path.unlink()


def make(kernel: Kernel, directory: str, variables: list[str]) -> None:
    """Warnings of a build that works are shown too. Type information for
    BPF would need a file that the headers of most kernels lack."""
    root = roots.get(kernel.release)
    binds = {kernel.tree / "usr/src": "/usr/src",
             folder(kernel): "/build"}
    for path in (kernel.tree / "usr/lib").glob("linux-kbuild-*"):
        binds[path] = f"/usr/lib/{path.name}"
    command = ["make", "-s", f"-j{os.cpu_count()}", "-C", kernel.headers,
               f"M={directory}", "W=1", "CONFIG_DEBUG_INFO_BTF_MODULES=",
               *variables, "modules"]
    done = root.run(command, directory, binds)
    text = done.stdout.replace("/build/", "")
    if done.returncode:
        raise Failure(f"kernel {kernel.name}: make failed\n{text}")
    if text.strip():
        say(text.rstrip())
