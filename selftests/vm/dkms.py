# SPDX-License-Identifier: GPL-2.0-only
"""Install the module with Debian 12's own dkms in a clean root that has the
headers of two kernels, boot both with what came out, and remove it again:
nothing may be left."""

import lzma
import shutil
from pathlib import Path

import guest
import kernels
import machine as machines
import report
import roots
import suite
from common import PROJECT, WORK, call, locked, remove_tree, say, stage
from kernels import Kernel

KERNELS = ("6.1", "6.12")
ROOT = "bookworm-dkms"
SOURCES = ("Makefile", "Kbuild", "dkms.conf", "module", "uapi")
PLACES = ("usr/src", "var/lib/dkms", "lib/modules", "etc")
MACHINE = "slot"
#: Kernels that must not be in the way of the others: one that the module is not
#: for, and one whose headers are gone.
OTHERS = {"5.4.0-0-amd64": "/usr/src", "5.10.0-0-amd64": "/usr/src/gone"}
MODULES = ("bindery", "bindery_vfio")


def run() -> list[report.Result]:
    """One result for the host's side and one for each guest."""
    found = [kernels.get(name) for name in KERNELS]
    with locked("dkms"), stage("the module by dkms"):
        root = clean_root(found)
        before = listing(root)
        problems, modules = install(root, found)
        for _ in range(2):
            problems += make(root, found, "dkms-uninstall")
        problems += [f"left behind or gone: {name}"
                     for name in sorted(before ^ listing(root))]
    for problem in problems:
        say(problem)
    program = report.parse_tap("dkms", tap(
        not problems, "installs_and_removes_for_two_kernels"))
    return [report.Result("dkms", "host", [program]),
            *(boot(kernel, modules[kernel.name]) for kernel in found
              if kernel.name in modules)]


def tap(good: bool, name: str) -> str:
    return (f"TAP version 13\n1..1\n{'ok' if good else 'not ok'} 1 "
            f"Q1_dkms_{name}\n")


def clean_root(found: list[Kernel]) -> roots.Root:
    """A copy of the root, with what the header packages would put there
    bound or linked into it when something runs."""
    path = WORK / "dkms"
    remove_tree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    call(["cp", "-a", "--reflink=auto", roots.get(ROOT).path, path])
    for kernel in found:
        modules = path / "usr/lib/modules" / kernel.version
        modules.mkdir(parents=True)
        (modules / "build").symlink_to(kernel.headers)
        for name in ("modules.order", "modules.builtin"):
            shutil.copy(kernel.modules / name, modules)
        for target in headers(kernel).values():
            (path / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for name, leads_to in OTHERS.items():
        modules = path / "usr/lib/modules" / name
        modules.mkdir()
        (modules / "build").symlink_to(leads_to)
    for name in SOURCES:
        source, target = PROJECT / name, path / "root/bindery" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return roots.Root(path)


def headers(kernel: Kernel) -> dict[Path, str]:
    folders = [*(kernel.tree / "usr/src").iterdir(),
               *(kernel.tree / "usr/lib").glob("linux-kbuild-*")]
    return {path: f"/{path.relative_to(kernel.tree)}" for path in folders}


def make(root: roots.Root, found: list[Kernel], target: str) -> list[str]:
    """Run a target of the front door in there; what it said if it failed."""
    binds = {}
    for kernel in found:
        binds.update(headers(kernel))
    done = root.run(["make", target], "/root/bindery", binds)
    return [f"make {target}:\n{done.stdout}"] if done.returncode else []


def install(root: roots.Root, found: list[Kernel]):
    """Problems, and the modules of each kernel, unpacked."""
    problems = make(root, found, "dkms-install")
    modules = {}
    for kernel in found:
        folder = root.path / "usr/lib/modules" / kernel.version
        for name in MODULES:
            for path in folder.glob(f"updates/dkms/{name}.ko*"):
                modules.setdefault(kernel.name, []).append(
                    keep(path, kernel, name))
        if len(modules.get(kernel.name, [])) != len(MODULES):
            problems.append(f"not all modules for {kernel.version}")
    return problems, modules


def keep(path: Path, kernel: Kernel, name: str) -> Path:
    """A guest's modprobe may know no compression."""
    data = path.read_bytes()
    target = WORK / kernel.name / "dkms" / f"{name}.ko"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lzma.decompress(data) if path.suffix == ".xz"
                       else data)
    return target


def listing(root: roots.Root) -> set[str]:
    """All names in the places that dkms writes to. The index of depmod and
    the keys that dkms makes once for a host are theirs, not ours."""
    found = set()
    for place in PLACES:
        top = (root.path / place).resolve()
        found |= {str(path.relative_to(root.path)) for path in top.rglob("*")
                  if not path.name.startswith(("modules.", "mok."))}
    return found


def boot(kernel: Kernel, modules: list[Path]) -> report.Result:
    """modprobe takes the modules that dkms built, and the tool can talk to
    it. The test drivers are not there, nor needed."""
    machine = machines.load(MACHINE)
    job = suite.Job(machine, kernel,
                    (machines.Program("demo", machine.timeout),))
    files = suite.contents(machine, kernel, job.programs)
    files.modules = modules
    run = guest.start(machine, kernel, files, job.limits)
    good = run.output("exit", 0).startswith("status=0 ")
    if not good:
        say(run.output("out", 0) + run.console)
    program = report.parse_tap("dkms", tap(good, "module_works_in_a_guest"))
    result = report.Result(f"dkms/{kernel.name}", kernel.name, [program],
                           seconds=run.seconds)
    log = report.log_lines(run.texts("klog"))
    result.problems += report.splats(log) + ([run.ending] if run.ending
                                             else [])
    return result
