#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Put one small fault after another into the module, and see whether the tests
notice. See README.md here."""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vm"))

import modules
import mutants
import trial
from common import BUILD, Failure, say

WORK = BUILD / "mutants"
#: Before a machine: its part of what has to pass without any mutant.
SILENCE = "NONE:"
#: Guests wait half of their time, and one builds while others run.
SIDES = max(1, os.cpu_count() * 3 // 2)


@dataclass(frozen=True)
class Outcome:
    """What noticed a mutant, if anything did; or why there was no trial."""
    name: str
    noticed: str
    seconds: float
    error: str = ""

    @property
    def line(self) -> str:
        what = f"error: {self.error}" if self.error else \
            self.noticed or "SURVIVED"
        return f"{self.name}: {what}, {self.seconds:.0f} s"


@dataclass
class Side:
    """A place to build in; as many as guests run at once."""
    number: int

    def trial(self, name: str) -> Outcome:
        folder = WORK / f"side-{self.number}"
        folder.mkdir(parents=True, exist_ok=True)
        record = folder / "noticed"
        record.unlink(missing_ok=True)
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, str(HERE / "run.py"), "--trial", name,
             str(record)],
            env={**os.environ, "BINDERY_WORK": str(folder)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        seconds = time.monotonic() - begin
        if done.returncode or not record.exists():
            return Outcome(name, "", seconds, done.stdout.strip())
        return Outcome(name, json.loads(record.read_text()), seconds)


def all_tests(chosen: list[mutants.Mutant]) -> list[tuple[str, list[str]]]:
    """Every program that one of them names, once."""
    union: dict[str, dict[str, None]] = {}
    for mutant in chosen:
        for place, names in mutant.tests:
            union.setdefault(place, {}).update(dict.fromkeys(names))
    return [(place, list(names)) for place, names in union.items()]


def try_one(name: str, record: Path) -> None:
    inputs = modules.read_sources()
    if name.startswith(SILENCE):
        place = name.removeprefix(SILENCE)
        tests = [test for test in all_tests(mutants.load()) if test[0] == place]
    else:
        mutant = next(m for m in mutants.load() if m.name == name)
        tests, inputs = mutant.tests, mutant.apply(inputs)
    trial.try_here(tests, inputs, record)


def run_all(names: list[str], sides: int):
    """Outcomes, as they come. Who stops asking for more ends what has not
    begun."""
    free = [Side(number) for number in range(sides)]
    lock = threading.Lock()

    def one(name: str):
        with lock:
            side = free.pop()
        try:
            return side.trial(name)
        finally:
            with lock:
                free.append(side)

    pool = ThreadPoolExecutor(sides)
    try:
        for future in as_completed([pool.submit(one, name) for name in names]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def expect_silence(outcome: Outcome) -> None:
    """A test that always fails notices nothing."""
    if outcome.noticed or outcome.error:
        raise Failure(f"without any mutant: {outcome.line}")
    say(f"{outcome.name.removeprefix(SILENCE)}: passes without any mutant, "
        f"{outcome.seconds:.0f} s")


def run_mutants(chosen: list[mutants.Mutant], silences: list[str],
                sides: int) -> int:
    """An error, or a survivor that nobody has explained, is a failure."""
    explained = {mutant.name: mutant.survives for mutant in chosen}
    outcomes = []
    for outcome in run_all([*silences, *explained], sides):
        if outcome.name in silences:
            expect_silence(outcome)
            continue
        say(outcome.line)
        outcomes.append(outcome)
    bad = [outcome for outcome in outcomes if not outcome.noticed]
    for outcome in bad:
        why = outcome.error and "no trial" or explained[outcome.name]
        print(f"survived: {outcome.name}" + (f" ({why})" if why else ""))
    print(f"killed {len(outcomes) - len(bad)} of {len(outcomes)}")
    return 1 if any(outcome.error or not explained[outcome.name]
                    for outcome in bad) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, default=SIDES, metavar="N",
                        help="so many at once")
    parser.add_argument("--no-silence", action="store_true",
                        help="do not run the tests without a mutant first")
    parser.add_argument("--trial", nargs=2, metavar=("NAME", "FILE"),
                        help=argparse.SUPPRESS)
    parser.add_argument("name", nargs="*", help="all by default")
    args = parser.parse_args()
    try:
        if args.trial:
            try_one(args.trial[0], Path(args.trial[1]))
            return 0
        every = mutants.load()
        chosen = [m for m in every if not args.name or m.name in args.name]
        if not chosen:
            raise Failure("there is no such mutant")
        mutants.check(every, modules.read_sources())
        silences = [] if args.no_silence else [
            f"{SILENCE}{place}" for place, _ in all_tests(chosen)]
        return run_mutants(chosen, silences, args.sides)
    except Failure as failure:
        say(f"error: {failure}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
