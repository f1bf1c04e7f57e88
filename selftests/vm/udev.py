# SPDX-License-Identifier: GPL-2.0-only
"""Debian's udev, for guests whose programs wait for what it does."""

from pathlib import Path

import apt
from common import Failure, appearing, cache, locked, stage, used

#: The oldest that is supported: its program finds its libraries on every host.
RELEASE = "bookworm"
INSIDE = "usr/lib/systemd/systemd-udevd"


def program() -> Path:
    """The one program behind udevd and udevadm, fetched on first use."""
    target = cache() / "udev" / RELEASE
    with locked("udev"):
        if not used(target):
            view = apt.View(RELEASE)
            view.update()
            offers = view.show("udev")
            if not offers:
                raise Failure(f"{RELEASE} offers no udev")
            with stage("udev", target), appearing(target) as temporary:
                view.unpack([f"udev={offers[0]['Version']}"], temporary)
    return next(path for path in (target / "bin/udevadm",
                                  target / "usr/bin/udevadm")
                if path.exists())
