# SPDX-License-Identifier: GPL-2.0-only
"""Which bounded worlds are searched, and which faults have to be found.

Macros and their defaults are explained in state.pml: two groups of two members
and two claimants of both, udev, and one claim each, unless it says otherwise.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One search: of the model as it is, or with a fault that it must find."""
    name: str
    settings: str
    formula: str = ""           # of properties.ltl
    has_fault: bool = False

    @property
    def macros(self) -> list[str]:
        """For spin."""
        settings = self.settings.split() + (["LIVENESS"] if self.formula else [])
        return [f"-D{setting}" for setting in settings]


SEARCHES = {
    "two-groups": "EACH=1",
    "shared": "EACH=1 SHARED=1",
    "kept": "KEEP=1",
    "killed": "DEADLINES=1",
    "vfio-users": "OPENS=1",
    "adversary": "WRITES=1",
    "hanging-callback": "HANGS=1 CHAIN=1",
    "failing-probe": "FAILS=1",
    "newcomer": "NEWCOMER=1",
    "three-members": "MEMBERS=3 CHAIN=1",
    "three-members-tampered": "MEMBERS=3 CHAIN=1 WRITES=1",
    "no-driver": "BARE=2",
    "one-group-again-and-again": "GROUPS=1 ROUNDS=0 SHARED=1",
    "one-group-tampered": "GROUPS=1 OPENS=1 WRITES=1",
    "one-member-tampered": "GROUPS=1 MEMBERS=1 OPENS=1 WRITES=1",
    "one-group-failing-used": "GROUPS=1 OPENS=1 FAILS=1",
    "one-group-hanging": "GROUPS=1 DEADLINES=1 HANGS=2 CHAIN=1",
    "one-group-hanging-used": "GROUPS=1 OPENS=1 HANGS=1 CHAIN=1",
    "one-group-hanging-tampered": "GROUPS=1 WRITES=1 HANGS=1 CHAIN=1",
    "one-group-failing": "GROUPS=1 HANGS=1 FAILS=1 CHAIN=1",
    "one-group-newcomer": "GROUPS=1 NEWCOMER=1 DEADLINES=1",
    "one-group-newcomer-used": "GROUPS=1 OPENS=1 NEWCOMER=1",
    "one-group-killed-used": "GROUPS=1 OPENS=1 DEADLINES=1",
    "three-members-killed": "GROUPS=1 MEMBERS=3 DEADLINES=1",
}

#: Under weak fairness. Nobody gives up here, so what is waited for comes.
LIVENESS = {
    "live": "GROUPS=1",
    "live-two-groups": "MEMBERS=1 EACH=1",
    "live-vfio-users": "GROUPS=1 OPENS=1",
    "live-hanging": "GROUPS=1 HANGS=1 CHAIN=1",
    "live-failing": "GROUPS=1 FAILS=1",
    "live-adversary": "GROUPS=1 WRITES=1 CLAIMANTS=1",
    "live-newcomer": "GROUPS=1 NEWCOMER=1 CLAIMANTS=1",
}

#: The world in which each MUTATE_ macro of the model makes a difference.
FAULTS = {
    "UNBIND_FIRST": "GROUPS=1",
    "ROLLBACK_KEEPS_OVERRIDE": "GROUPS=1 DEADLINES=1",
    "COMMIT_BLIND": "GROUPS=1 WRITES=1",
    "COMMIT_DEAD": "GROUPS=1 DEADLINES=1",
    "LOSE_COUNT": "GROUPS=1",
    "NO_FENCE": "GROUPS=1 OPENS=1",
    "LATE_UNBINDS": "GROUPS=1 OPENS=1 HANGS=1 CHAIN=1",
    "FENCE_STAYS": "GROUPS=1",
    "NO_SECOND_LOOK": "GROUPS=1 OPENS=1 FAILS=1",
    "NO_WAKE": "GROUPS=1 OPENS=1",
    "STUCK_SLEEPS": "GROUPS=1 HANGS=1",
    "NO_AIM": "GROUPS=1",
    "ONE_BY_ONE": "",
    "SHARE_ALL": "GROUPS=1",
    "NO_LAST_LOOK": "GROUPS=1",
    "STALE_VERDICT": "GROUPS=1 OPENS=1",
    "NOBODY_TOLD": "GROUPS=1",
    "TOUCH_BUSY": "GROUPS=1 HANGS=1",
    "LATE_COUNTS": "GROUPS=1 HANGS=1",
    "NO_CAPTURE": "GROUPS=1 NEWCOMER=1",
    "NO_DEPARTED": "GROUPS=1 NEWCOMER=1",
    "ROLL_BACK_FIRST": "DEADLINES=1",
    "OVERWRITE_FOREIGN": "GROUPS=1 WRITES=1",
    "CLOSE_ENDS_NOTHING": "GROUPS=1 DEADLINES=1",
    "FIRST_ENDS_ALL": "GROUPS=1 SHARED=1",
}

#: Places that the searches get to: an assertion there is violated.
PLACES = {
    "COMMIT": "",
    "TAKE_BACK": "",
    "LATE_RETURN": "HANGS=1",
    "DEGRADED": "FAILS=1",
    "DEFERRAL": "OPENS=1",
    "CAPTURE": "NEWCOMER=1",
}

FORMULAS = ("ends", "restored")


def word(macro: str) -> str:
    """As part of a name."""
    return macro.lower().replace("_", "-")


JOBS = (
    *(Job(name, settings) for name, settings in SEARCHES.items()),
    *(Job(f"{name}-{formula}", settings, formula)
      for name, settings in LIVENESS.items() for formula in FORMULAS),
    *(Job(f"fault-{word(macro)}", f"MUTATE_{macro} {settings}", has_fault=True)
      for macro, settings in FAULTS.items()),
    *(Job(f"reached-{word(macro)}", f"SHOW={macro}_ {settings}", has_fault=True)
      for macro, settings in PLACES.items()),
    Job("fault-no-wake-live", "MUTATE_NO_WAKE GROUPS=1 OPENS=1", "restored", True),
    Job("fault-nobody-told-live", "MUTATE_NOBODY_TOLD GROUPS=1", "ends", True),
    Job("fault-fence-stays-live", "MUTATE_FENCE_STAYS GROUPS=1", "restored", True),
)
