# SPDX-License-Identifier: GPL-2.0-only
"""What every part of the harness shares: where things live, how they are
reported, and how a cache directory is filled without ever being half full."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
BUILD = PROJECT / "build"
#: Where modules are built, and what guests said is left.
WORK = Path(os.environ.get("BINDERY_WORK") or BUILD / "vm")

#: Debian packages of the host that the harness calls.
NEEDS = (
    "apt", "debian-archive-keyring", "dpkg", "e2fsprogs", "gcc", "kmod",
    "libc-bin", "libc6-dev", "mmdebstrap", "mount", "python3", "python3-yaml", "tar",
    "uidmap", "util-linux", "zstd",
)


# An ordinary user's PATH lacks what the system's tools are in.
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

UNUSED_FOR = 14 * 86400


class Failure(Exception):
    """An error whose text is all a user needs; printed without a traceback."""


def cache() -> Path:
    """Downloads and unpacked trees: large, shared by all checkouts."""
    chosen = os.environ.get("BINDERY_CACHE")
    if chosen:
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "bindery"


def say(text: str) -> None:
    """Progress goes to stderr, so that stdout holds results only."""
    print(text, file=sys.stderr, flush=True)


def digest(*parts) -> str:
    """A short name for a set of inputs."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()[:16]


def call(argv, **options) -> subprocess.CompletedProcess:
    """Run a command to its end; its output is shown only if it fails."""
    argv = [str(arg) for arg in argv]
    try:
        done = subprocess.run(argv, text=True, errors="replace",
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              **options)
    except FileNotFoundError as error:
        raise Failure(f"{argv[0]}: not found; 'run.py needs' lists the "
                      "packages") from error
    if done.returncode:
        raise Failure(f"{' '.join(argv[:6])} … failed "
                      f"({done.returncode}):\n{done.stdout}{done.stderr}")
    return done


def size(path: Path) -> str:
    """The disk space of a file or tree, for progress lines."""
    if path.is_file():
        total = path.stat().st_blocks
    else:
        total = sum(entry.lstat().st_blocks for entry in path.rglob("*"))
    return f"{total * 512 / 1e6:.0f} MB"


@contextlib.contextmanager
def stage(what: str, result: Path | None = None):
    """Announce a slow step, then tell its time and the size it left."""
    say(f"{what} …")
    start = time.monotonic()
    yield
    text = f"{what}: {time.monotonic() - start:.1f} s"
    say(text + (f", {size(result)}" if result else ""))


@contextlib.contextmanager
def locked(name: str):
    """One process at a time fills the cache entry called name."""
    folder = cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def appearing(target: Path):
    """A directory that shows under its name only once it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}."
    for stale in target.parent.glob(prefix + "*"):
        shutil.rmtree(stale, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    temporary.chmod(0o755)
    try:
        yield temporary
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def used(path: Path) -> bool:
    """Whether a cache entry exists; its time then tells its last use."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def remove_tree(path: Path) -> None:
    """A root file system that somebody still has the host's /dev mounted in
    must not be removed."""
    mounts = [line.split()[4] for line in
              Path("/proc/self/mountinfo").read_text().splitlines()]
    inside = [name for name in mounts if name.startswith(f"{path}/")]
    if inside:
        raise Failure(f"not removing {path}: unmount {', '.join(inside)}")
    shutil.rmtree(path, ignore_errors=True)


def forget_unused() -> None:
    """Remove what superseded kernels and roots left in the cache."""
    for kind in ("base", "debug", "kernels", "modules", "roots"):
        for path in (cache() / kind).glob("*"):
            if time.time() - path.stat().st_mtime > UNUSED_FOR:
                say(f"cache: removing {kind}/{path.name}")
                remove_tree(path)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.rename(path)
