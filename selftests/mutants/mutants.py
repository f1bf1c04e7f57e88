# SPDX-License-Identifier: GPL-2.0-only
"""The list of mutants: what each changes, and which programs should notice."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from common import Failure

LIST = Path(__file__).resolve().parent / "mutants.toml"
KEYS = {"name", "file", "old", "new", "first", "tests", "survives"}


@dataclass(frozen=True)
class Mutant:
    """One text of one file, replaced by another."""
    name: str
    file: str
    old: str
    new: str
    tests: list[tuple[str, list[str]]]
    survives: str = ""

    def problem(self, inputs: dict[str, bytes]) -> str:
        """Why it cannot be applied; empty if it can."""
        text = inputs.get(self.file)
        if text is None:
            return f"{self.name}: there is no {self.file}"
        count = text.count(self.old.encode())
        if count != 1:
            return (f"{self.name}: its text is {count} times in {self.file}, "
                    "and not once")
        if self.old == self.new:
            return f"{self.name}: changes nothing"
        return ""

    def apply(self, inputs: dict[str, bytes]) -> dict[str, bytes]:
        """The sources with this fault."""
        if problem := self.problem(inputs):
            raise Failure(problem)
        return {**inputs, self.file: inputs[self.file].replace(
            self.old.encode(), self.new.encode())}


def made(table: dict) -> Mutant:
    if unknown := set(table) - KEYS:
        raise Failure(f"{LIST.name}: unknown {sorted(unknown)}")
    tests = [(place, names.split()) for place, _, names in
             (text.partition(":") for text in table["tests"])]
    if first := table.pop("first", ""):
        place, program, case = first.replace(":", " ").split()
        tests.insert(0, (place, [f"{program} -t {case}"]))
    return Mutant(**{**table, "tests": tests})


def load() -> list[Mutant]:
    return [made(table) for table
            in tomllib.loads(LIST.read_text())["mutant"]]


def problems(every: list[Mutant], inputs: dict[str, bytes]) -> list[str]:
    names = [mutant.name for mutant in every]
    return [f"{name}: more than one" for name in set(names)
            if names.count(name) > 1] + \
        [text for mutant in every if (text := mutant.problem(inputs))]


def check(every: list[Mutant], inputs: dict[str, bytes]) -> None:
    """A list that does not fit the sources any more is an error."""
    if found := problems(every, inputs):
        raise Failure("\n".join(found))
