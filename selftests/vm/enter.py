# SPDX-License-Identifier: GPL-2.0-only
"""Run a command inside a root file system. Executed under unshare(1), so
that the mounts made here belong to this process and vanish with it:

    enter.py ROOT DIRECTORY [SOURCE:TARGET]... -- COMMAND..."""

import os
import subprocess
import sys


def mount(kind: str, source: str, target: str) -> None:
    os.makedirs(target, exist_ok=True)
    subprocess.run(["mount", kind, source, target], check=True)


def main(root: str, directory: str, *rest: str) -> None:
    split = rest.index("--")
    for name in ("/proc", "/dev"):
        mount("--rbind", name, root + name)
    for pair in rest[:split]:
        source, target = pair.split(":")
        mount("--bind", source, root + target)
    os.chroot(root)
    os.chdir(directory)
    command = rest[split + 1:]
    os.execvpe(command[0], command, {
        "PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL": "C.UTF-8",
        "HOME": "/root"})


main(*sys.argv[1:])
