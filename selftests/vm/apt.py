# SPDX-License-Identifier: GPL-2.0-only
"""Packages of any Debian suite, by a private apt that shares the mirror and
the keys of the host's apt but none of its sources, lists or state."""

import functools
import subprocess
import time
from pathlib import Path

from common import Failure, cache, call, locked, stage

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

#: What belongs to a release besides its main suite. A security archive is a
#: mirror of its own; forky and later have nothing of the kind yet.
PARTS = {
    "bookworm": ("bookworm-updates", "bookworm-backports"),
    "trixie": ("trixie-updates", "trixie-backports"),
    "forky": (),
}
WITH_SECURITY = ("bookworm", "trixie")
LISTS_FRESH_FOR = 3600


@functools.cache
def mirrors() -> tuple[str, str | None]:
    """The addresses of the Debian and the security archive the host uses."""
    lines = call(["apt-get", "indextargets", "--format",
                  "$(ORIGIN)|$(LABEL)|$(SITE)", "Created-By: Packages"])
    sites = {}
    for line in lines.stdout.splitlines():
        origin, label, site = line.split("|", 2)
        if origin == "Debian":
            sites.setdefault(label, site)
    if "Debian" not in sites:
        raise Failure("apt knows no Debian mirror (or has no lists yet: "
                      "apt-get update)")
    return sites["Debian"], sites.get("Debian-Security")


def source_lines(release: str) -> list[str]:
    """The sources.list of one release."""
    main, security = mirrors()
    line = f"deb [signed-by={KEYRING}] %s %s main"
    lines = [line % (main, suite) for suite in (release, *PARTS[release])]
    if security and release in WITH_SECURITY:
        lines.append(line % (security, f"{release}-security"))
    return lines


def compare(left: str, right: str) -> int:
    """Order two package versions as dpkg does."""
    def holds(relation):
        return subprocess.run(["dpkg", "--compare-versions", left, relation,
                               right]).returncode == 0
    return holds("gt") - holds("lt")


newest_first = functools.cmp_to_key(lambda a, b: compare(b, a))


class View:
    """What one release offers."""

    def __init__(self, release: str):
        self.release = release
        self.folder = cache() / "apt" / release
        self.options = [
            f"Dir::State={self.folder}",
            f"Dir::State::status={self.folder}/status",
            f"Dir::Cache={self.folder}",
            f"Dir::Etc::sourcelist={self.folder}/sources.list",
            "Dir::Etc::sourceparts=/dev/null",
            "Dir::Etc::preferencesparts=/dev/null",
            "Acquire::Check-Valid-Until=false",
            "Acquire::Languages=none",
            "Acquire::Retries=3",
            "APT::Sandbox::User=root",
            "APT::Update::Error-Mode=any",
        ]

    def run(self, tool: str, *args, cwd: Path | None = None) -> str:
        options = [arg for option in self.options for arg in ("-o", option)]
        return call([tool, *options, *args], cwd=cwd).stdout

    def update(self) -> None:
        """Fetch the lists, unless that was done within the hour."""
        sources = "\n".join(source_lines(self.release)) + "\n"
        listing = self.folder / "sources.list"
        stamp = self.folder / "updated"
        with locked(f"apt-{self.release}"):
            if stamp.exists() and listing.read_text() == sources \
                    and 0 <= time.time() - stamp.stat().st_mtime \
                    < LISTS_FRESH_FOR:
                return
            (self.folder / "lists/partial").mkdir(parents=True, exist_ok=True)
            (self.folder / "archives/partial").mkdir(parents=True,
                                                     exist_ok=True)
            (self.folder / "status").touch()
            listing.write_text(sources)
            stamp.unlink(missing_ok=True)
            with stage(f"package lists of {self.release}"):
                self.run("apt-get", "update")
            stamp.touch()

    def show(self, package: str) -> list[dict[str, str]]:
        """All versions of a package, the newest first; none if unknown."""
        try:
            text = self.run("apt-cache", "show", package)
        except Failure:
            return []
        found = []
        for paragraph in text.split("\n\n"):
            fields = dict(line.split(": ", 1)
                          for line in paragraph.splitlines()
                          if ": " in line and not line.startswith(" "))
            if fields.get("Package") == package:
                found.append(fields)
        return sorted(found, key=lambda f: newest_first(f["Version"]))

    def unpack(self, packages: list[str], target: Path) -> None:
        """Download name=version packages (apt verifies them) into target."""
        downloads = target / "downloads"
        downloads.mkdir()
        self.run("apt-get", "download", *packages, cwd=downloads)
        for package in downloads.iterdir():
            call(["dpkg-deb", "-x", package, target])
            package.unlink()
        downloads.rmdir()
