# SPDX-License-Identifier: GPL-2.0-only
"""Root file systems of other Debian releases: the compilers each kernel's
headers ask for, and a QEMU recent enough to have every device. They let the
host's own apt sources and packages stay as they are."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import apt
from common import (HERE, Failure, appearing, cache, call, digest, locked,
                    stage, used)

KERNEL_BUILD = ("bc", "bison", "cpio", "flex", "gcc", "kmod", "libelf-dev",
                "libssl-dev", "make", "perl-base", "python3-minimal",
                "xz-utils")
PACKAGES = {
    "bookworm": ("gcc", "make", "libelf1", "sparse"),
    "trixie": ("gcc", "make", "libelf1t64", "pahole",
               "qemu-system-x86", "busybox-static"),
    "forky": ("gcc", "make", "libelf1t64", "pahole"),
    "bookworm-coverage": ("gcc", "gcovr"),
    "bookworm-dkms": ("dkms", "gcc", "make", "libelf1", "pahole"),
    "bookworm-kernel": KERNEL_BUILD,
    "trixie-kernel": KERNEL_BUILD,
}
QEMU_RELEASE = "trixie"
LEFT_OUT = ("doc", "man", "locale", "info")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib")


@dataclass(frozen=True)
class Root:
    """One unpacked root file system."""
    path: Path

    def run(self, command: list[str], directory: str,
            binds: dict[Path, str]) -> subprocess.CompletedProcess:
        """Run a command inside, with host directories bound into it."""
        pairs = [f"{source}:{target}" for source, target in binds.items()]
        return subprocess.run(
            [*namespace(), sys.executable, str(HERE / "enter.py"),
             str(self.path), directory, *pairs, "--", *command],
            text=True, errors="replace", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def program(self, path: str) -> list[str]:
        """The command that runs one of its programs on the host's files."""
        libraries = ":".join(str(self.path / name) for name in LIBRARIES)
        return [str(self.path / "usr/lib64/ld-linux-x86-64.so.2"),
                "--library-path", libraries, str(self.path / path)]


def namespace() -> list[str]:
    """The way to mounts of one's own, as root or as an ordinary user."""
    def works(command):
        return not subprocess.run([*command, "true"],
                                  capture_output=True).returncode

    command = ["unshare", "--mount"]
    if os.geteuid() == 0:
        # In a chroot the root is no mount point whose mounts could be made
        # private.
        return command if works(command) else [*command, "--propagation",
                                               "unchanged"]
    command.append("--map-root-user")
    if not works(command):
        raise Failure("building needs root, or user namespaces for ordinary "
                      "users (sysctl kernel.unprivileged_userns_clone, "
                      "user.max_user_namespaces)")
    return command


def get(name: str) -> Root:
    """The root of a release, or of one for a purpose (RELEASE-PURPOSE), made
    on first use."""
    packages = PACKAGES[name]
    path = cache() / "roots" / f"{name}-{digest(*packages)}"
    with locked(f"root-{name}"):
        if not used(path):
            with stage(f"root file system of {name}", path), \
                    appearing(path) as temporary:
                make(name.partition("-")[0], packages, temporary)
    return Root(path)


def make(release: str, packages: tuple[str, ...], target: Path) -> None:
    """A tar archive in between makes every file the caller's own, also where
    mmdebstrap had to use a range of subordinate users, and none set-uid."""
    mode = "root" if os.geteuid() == 0 else "unshare"
    archive = target / "root.tar"
    excludes = [f"--dpkgopt=path-exclude=/usr/share/{name}/*"
                for name in LEFT_OUT]
    call(["mmdebstrap", f"--mode={mode}", "--variant=apt", "--format=tar",
          "--aptopt=Acquire::Check-Valid-Until \"false\"",
          "--aptopt=Acquire::Retries \"3\"",
          "--include=" + ",".join(packages), *excludes,
          release, archive, *apt.source_lines(release)])
    call(["tar", "-C", target, "--no-same-owner", "--no-same-permissions",
          "--exclude=./dev/*", "-xf", archive])
    archive.unlink()
