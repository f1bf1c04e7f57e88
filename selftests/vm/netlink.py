# SPDX-License-Identifier: GPL-2.0-only
"""Decode generic netlink messages by the family's spec, and by nothing else:
what the spec does not say, or says otherwise, is a problem."""

import re
import struct
from pathlib import Path

from common import PROJECT

SPEC = PROJECT / "uapi" / "bindery.yaml"

#: A message as a test program prints it, from its netlink header on.
MESSAGE = re.compile(r"^# netlink: ([0-9a-f]+)$", re.MULTILINE)

HEADER = struct.Struct("=IHHII")
GENERIC = struct.Struct("=BBH")
ATTRIBUTE = struct.Struct("=HH")
TYPE_MASK = 0x3fff

INTEGERS = {"u8": "=B", "u16": "=H", "u32": "=I", "u64": "=Q",
            "s32": "=i", "s64": "=q"}


class Wrong(Exception):
    """A message and the spec do not agree."""


class Spec:
    """The spec, by the numbers that messages have."""

    def __init__(self, path: Path = SPEC):
        import yaml  # here: without tests, Python alone has to do

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.tree = yaml.load(path.read_text(), loader)
        self.enums = {entry["name"]: entry
                      for entry in self.tree["definitions"]}
        self.sets: dict[str, dict[int, dict]] = {}
        for entry in self.tree["attribute-sets"]:
            self.sets[entry["name"]] = self.attributes(entry)
        self.operations = {operation["value"]: operation for operation
                           in self.tree["operations"]["list"]}

    def attributes(self, entry: dict) -> dict[int, dict]:
        """Numbers count on from the one before, as in an enum. A subset
        refines what the whole set says."""
        whole = {attribute["name"]: attribute for attribute
                 in self.sets.get(entry.get("subset-of"), {}).values()}
        found, number = {}, 0
        for attribute in entry["attributes"]:
            merged = {**whole.get(attribute["name"], {}), **attribute}
            number = merged.get("value", number + 1)
            found[number] = {**merged, "value": number}
        return found

    def decode(self, message: bytes) -> tuple[str, dict]:
        """The operation's name, and its attributes."""
        length, _, _, _, _ = HEADER.unpack_from(message)
        if length != len(message):
            raise Wrong(f"{len(message)} bytes that say they are {length}")
        command, version, _ = GENERIC.unpack_from(message, HEADER.size)
        if version != 1:
            raise Wrong(f"version {version}")
        operation = self.operations.get(command)
        if not operation:
            raise Wrong(f"no operation {command}")
        body = operation.get("event") or operation["dump"]["reply"]
        values = self.parse(message[HEADER.size + GENERIC.size:],
                            operation["attribute-set"],
                            set(body["attributes"]))
        return operation["name"], values

    def parse(self, data: bytes, name: str, allowed: set[str]) -> dict:
        """A run of attributes of that set, of those names."""
        values: dict = {}
        while data:
            length, kind = ATTRIBUTE.unpack_from(data)
            if length < ATTRIBUTE.size or length > len(data):
                raise Wrong(f"an attribute of {length} bytes")
            payload = data[ATTRIBUTE.size:length]
            data = data[(length + 3) & ~3:]
            kind &= TYPE_MASK
            attribute = self.sets[name].get(kind)
            if not attribute:
                if self.is_pad(kind, payload):
                    continue
                raise Wrong(f"set {name} has no attribute {kind}")
            if attribute["type"] == "pad":
                continue
            if attribute["name"] not in allowed:
                raise Wrong(f"{attribute['name']} is not expected here")
            self.add(values, attribute, self.value(attribute, payload))
        return values

    def is_pad(self, kind: int, payload: bytes) -> bool:
        """A subset need not repeat what only fills up."""
        whole = next(iter(self.sets.values())).get(kind, {})
        return whole.get("type") == "pad" and not payload

    @staticmethod
    def add(values: dict, attribute: dict, value) -> None:
        name = attribute["name"]
        if attribute.get("multi-attr"):
            values.setdefault(name, []).append(value)
        elif name in values:
            raise Wrong(f"{name} comes twice")
        else:
            values[name] = value

    def value(self, attribute: dict, payload: bytes):
        name, kind = attribute["name"], attribute["type"]
        if kind in INTEGERS:
            if len(payload) != struct.calcsize(INTEGERS[kind]):
                raise Wrong(f"{name}: {len(payload)} bytes for a {kind}")
            number, = struct.unpack(INTEGERS[kind], payload)
            return self.named(attribute, number)
        if kind == "string":
            if payload[-1:] != b"\0" or b"\0" in payload[:-1]:
                raise Wrong(f"{name}: no string")
            return payload[:-1].decode()
        if kind == "binary":
            exact = attribute.get("checks", {}).get("exact-len", len(payload))
            if len(payload) != exact:
                raise Wrong(f"{name}: {len(payload)} bytes, not {exact}")
            return payload
        if kind == "nest":
            inner = attribute["nested-attributes"]
            return self.parse(payload, inner, {
                entry["name"] for entry in self.sets[inner].values()})
        raise Wrong(f"{name}: nothing can be of type {kind}")

    def named(self, attribute: dict, number: int):
        """What its enum calls the number; flags: a list of names."""
        if "enum" not in attribute:
            return number
        enum = self.enums[attribute["enum"]]
        if enum["type"] == "flags":
            if number >> len(enum["entries"]):
                raise Wrong(f"{attribute['name']}: no flags {number:#x}")
            return [entry for bit, entry in enumerate(enum["entries"])
                    if number >> bit & 1]
        index = number - enum.get("value-start", 0)
        if not 0 <= index < len(enum["entries"]):
            raise Wrong(f"{attribute['name']}: no value {number}")
        return enum["entries"][index]


def problems(text: str, spec: Spec | None = None) -> list[str]:
    """What is wrong with the messages that a program has printed."""
    found = []
    for line in MESSAGE.findall(text):
        spec = spec or Spec()
        try:
            spec.decode(bytes.fromhex(line))
        except (Wrong, struct.error) as error:
            found.append(f"a message is not as {SPEC.name} says: {error}")
    return list(dict.fromkeys(found))
