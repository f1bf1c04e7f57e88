# SPDX-License-Identifier: GPL-2.0-only
"""The netlink family's spec against its header, and against messages that the
module has sent."""

import copy
import re
import unittest

import netlink
from common import PROJECT

HEADERS = [PROJECT / "uapi" / "linux" / name
           for name in ("bindery_netlink.h", "bindery.h")]

STEP = bytes.fromhex(
    "ec000000230000000000000000000000060100000c0002000400000000000000"
    "0c000500bc0ceb670100000008000600030000000c0021000600000000000000"
    "0c0007000100000000000000140008005dd6ead3f52449d2b04beb4832af0291"
    "080009000500000024000a800800010000000000050002000100000005000300"
    "00000000050004000000000011000b00303030303a30313a30302e3000000000"
    "08000c000600000008000e00000000001800140062696e646572795f74657374"
    "5f6e6174697665001800130062696e646572795f746573745f74617267657400"
    "0c00200019ef050000000000")

CLAIM = bytes.fromhex(
    "8c000000230002002e86076bcb00805e0301000014000800916c08c3a1e04952"
    "91f0fc9382445bd808000f0003000000080016000000000008001d00cb000000"
    "11001e006e65746c696e6b5f746573740000000010001f00746865206d616368"
    "696e65000c0021002b0500000000000008002400010000000800090005000000"
    "0c0004002306000000000000")

#: Enums whose constants have a shorter name than they.
SHORTER = {"group": "bindery_group_state", "claim": "bindery_claim_flags",
           "member": "bindery_member_flags", "stray": "bindery_stray_reason"}


def constants(enum: str) -> dict[str, int]:
    """The constants of an enum in the headers."""
    text = "".join(path.read_text() for path in HEADERS)
    body = re.search(rf"^enum {enum} {{\n(.*?)^}};", text, re.M | re.S)
    assert body, enum
    return {name: int(value) << int(shift or 0) for name, value, shift
            in re.findall(r"(\w+) = (\d+)(?: << (\d+))?,", body[1])}


def documented_types() -> dict[str, str]:
    """What kernel-doc says that an attribute is."""
    text = HEADERS[0].read_text()
    words = {"fills": "pad", "nested": "nest"}
    return {name: words.get(word, word) for name, word in re.findall(
        r"^ \* @(BINDERY_A_\w+): (\w+)", text, re.M)}


def upper(*parts: str) -> str:
    return "_".join(parts).upper().replace("-", "_")


class Spec(unittest.TestCase):
    def setUp(self):
        self.spec = netlink.Spec()

    def test_enums_are_the_headers(self):
        for name, enum in self.spec.enums.items():
            if enum["type"] == "const":
                continue
            start = enum.get("value-start", 0)
            values = {upper("bindery", name, entry):
                      1 << number if enum["type"] == "flags"
                      else start + number
                      for number, entry in enumerate(enum["entries"])}
            header = constants(SHORTER.get(name, upper("bindery", name)
                                           .lower()))
            self.assertEqual(values, header, name)

    def test_attributes_are_the_headers(self):
        types = documented_types()
        for name, enum, prefix in (
                ("bindery", "bindery_attr", "BINDERY_A"),
                ("device", "bindery_attr_device", "BINDERY_A_DEVICE")):
            header = constants(enum)
            del header[f"{prefix}_UNSPEC"]
            found = {upper(prefix, entry["name"]): number for number, entry
                     in self.spec.sets[name].items()}
            self.assertEqual(found, header)
            for entry in self.spec.sets[name].values():
                self.assertEqual(entry["type"],
                                 types[upper(prefix, entry["name"])])

    def test_operations_are_the_headers(self):
        header = constants("bindery_cmd")
        del header["BINDERY_CMD_UNSPEC"]
        self.assertEqual({upper("bindery-cmd", operation["name"]): number
                          for number, operation
                          in self.spec.operations.items()}, header)

    def test_operations_name_attributes_that_there_are(self):
        for operation in self.spec.operations.values():
            known = {entry["name"] for entry in
                     self.spec.sets[operation["attribute-set"]].values()}
            bodies = [operation.get("event"),
                      *operation.get("dump", {}).values()]
            for body in filter(None, bodies):
                self.assertLessEqual(set(body["attributes"]), known)

    def test_a_test_hears_each_type_of_event(self):
        programs = "".join(path.read_text() for path in
                           (PROJECT / "selftests").glob("*_test.c"))
        heard = set(re.findall(r"\bHEAR(?:_OF)?\((\w+)[,)]", programs))
        # The first of all, before anybody can listen: in the journal.
        heard.add("LOADED")
        prefix = "BINDERY_EVENT_TYPE_"
        self.assertEqual({name.removeprefix(prefix) for name
                          in constants("bindery_event_type")}, heard - {"type"})

    def test_lengths_are_the_headers(self):
        text = "".join(path.read_text() for path in HEADERS)
        for name in ("journal-size", "claim-groups"):
            value = re.search(rf"#define {upper('bindery', name)}\t(\d+)",
                              text)
            self.assertEqual(self.spec.enums[name]["value"], int(value[1]))


class Decode(unittest.TestCase):
    def setUp(self):
        self.spec = netlink.Spec()

    def test_a_step(self):
        name, values = self.spec.decode(STEP)
        self.assertEqual(name, "event")
        self.assertEqual(values["type"], "step")
        self.assertEqual(values["step"], "override")
        self.assertEqual(values["errno"], 0)
        self.assertEqual(values["device"], {"domain": 0, "bus": 1, "slot": 0,
                                            "function": 0})
        self.assertEqual(values["target"], "bindery_test_target")
        self.assertEqual(len(values["claim-id"]), 16)

    def test_a_claim_has_a_list_of_groups(self):
        name, values = self.spec.decode(CLAIM)
        self.assertEqual(name, "claim-get")
        self.assertEqual(values["group"], [5])
        self.assertEqual(values["flags"], [])

    def refuses(self, message, reason):
        with self.assertRaisesRegex(netlink.Wrong, reason):
            self.spec.decode(message)

    def test_each_attribute_has_to_be_in_the_spec(self):
        for name in self.spec.decode(STEP)[1]:
            with self.subTest(name):
                spec = netlink.Spec()
                for number, entry in list(spec.sets["bindery"].items()):
                    if entry["name"] == name:
                        del spec.sets["bindery"][number]
                self.spec = spec
                self.refuses(STEP, "has no attribute")

    def test_each_attribute_has_to_be_of_the_operation(self):
        for name in self.spec.decode(STEP)[1]:
            with self.subTest(name):
                self.spec = copy.deepcopy(netlink.Spec())
                self.spec.operations[6]["event"]["attributes"].remove(name)
                self.refuses(STEP, f"{name} is not expected")

    def test_each_attribute_has_to_be_of_its_type(self):
        other = {"u64": "u32", "u32": "u64", "s32": "string",
                 "string": "u16", "binary": "u32", "nest": "string"}
        for number, entry in netlink.Spec().sets["bindery"].items():
            if entry["name"] not in self.spec.decode(STEP)[1]:
                continue
            with self.subTest(entry["name"]):
                spec = netlink.Spec()
                spec.sets["bindery"][number]["type"] = other[entry["type"]]
                spec.sets["bindery"][number].pop("enum", None)
                with self.assertRaises(netlink.Wrong):
                    spec.decode(STEP)

    def test_a_value_has_to_be_in_its_enum(self):
        self.spec.enums["step"]["entries"] = ["none"]
        self.refuses(STEP, "step: no value 6")

    def test_what_is_cut_off_is_refused(self):
        self.refuses(STEP[:-4], "bytes that say")

    def test_printed_messages_are_found_among_others(self):
        text = f"ok 1 a\n# netlink: {STEP.hex()}\n# netlink: none\n"
        self.assertEqual(netlink.problems(text), [])
        broken = bytearray(STEP)
        broken[16] = 99
        found = netlink.problems(text + f"# netlink: {broken.hex()}\n")
        self.assertEqual(len(found), 1)
        self.assertIn("no operation 99", found[0])
