# SPDX-License-Identifier: GPL-2.0-only
"""QEMU, for guests whose programs run it as a client of VFIO."""

import re
import subprocess
from pathlib import Path

import roots
from common import Failure

INSIDE = "opt/vmm"
LOADER = "ld-linux-x86-64.so.2"
PROGRAM = "qemu-system-x86_64"
FIRMWARE = ("share/seabios/bios-256k.bin", "share/qemu/kvmvapic.bin")


def files() -> dict[str, Path]:
    """All it needs, by guest path: its release is not the guest's."""
    root = roots.get(roots.QEMU_RELEASE)
    program = root.path / "usr/bin" / PROGRAM
    command = root.program(f"usr/bin/{PROGRAM}")
    done = subprocess.run([*command[:-1], "--list", command[-1]], text=True,
                          capture_output=True)
    if done.returncode or "not found" in done.stdout:
        raise Failure(f"{PROGRAM}: {done.stderr or done.stdout}")
    found = {f"{INSIDE}/{PROGRAM}": program,
             f"{INSIDE}/lib/{LOADER}": root.path / "usr/lib64" / LOADER}
    for name, path in re.findall(r"(\S+) => (/\S+)", done.stdout):
        found[f"{INSIDE}/lib/{Path(name).name}"] = Path(path)
    for name in FIRMWARE:
        found[f"{INSIDE}/share/{Path(name).name}"] = root.path / "usr" / name
    return found
