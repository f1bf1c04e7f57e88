# SPDX-License-Identifier: GPL-2.0-only
"""Run a command inside a root file system. Executed under unshare(1):

    enter.py ROOT DIRECTORY [SOURCE:TARGET]... -- COMMAND...

Normally the mounts made here vanish with the process. Where they cannot be
kept from the host's own (see roots.namespace), they are taken back at the
end; that is why they are private, and not recursive where that is allowed."""

import os
import subprocess
import sys


def mount(source: str, target: str, made: list[str]) -> None:
    """An ordinary user must bind all that is below, too."""
    os.makedirs(target, exist_ok=True)
    if subprocess.run(["mount", "--bind", source, target],
                      stderr=subprocess.DEVNULL).returncode:
        subprocess.run(["mount", "--rbind", source, target], check=True)
    made.append(target)
    subprocess.run(["mount", "--make-rprivate", target], check=True)


def enter(root: str, directory: str, command: list[str]) -> int:
    def inside():
        os.chroot(root)
        os.chdir(directory)

    return subprocess.run(command, preexec_fn=inside, env={
        "PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL": "C.UTF-8",
        "HOME": "/root"}).returncode


def main(root: str, directory: str, *rest: str) -> int:
    split = rest.index("--")
    pairs = [("/proc", "/proc"), ("/dev", "/dev"),
             *(pair.split(":") for pair in rest[:split])]
    made: list[str] = []
    try:
        for source, target in pairs:
            mount(source, root + target, made)
        return enter(root, directory, list(rest[split + 1:]))
    finally:
        for target in reversed(made):
            subprocess.run(["umount", "--lazy", target], check=False)


sys.exit(main(*sys.argv[1:]))
