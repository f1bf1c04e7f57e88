#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the first inputs of corpus/: texts from here, messages of the family
from logs of guests, which have them as lines "# netlink: HEX".

    seeds.py LOG...
"""

import hashlib
import re
import struct
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
MESSAGE = re.compile(rb"^# netlink: ([0-9a-f]+)$", re.MULTILINE)
HEADERS = 20
SEQ = 2
TEXT_ATTRIBUTES = range(1, 48)
COMMANDS = {"claim": 0, "group": 1, "member": 2, "journal": 3}
ID = b"00112233-4455-6677-8899-aabbccddeeff"
ALIAS = b"pci:v000015B3d0000101Esv000015B3sd00000001bc02sc00i00"

TEXTS = {
    "bdf": [b"0000:01:00.0", b"ffffffff:ff:1f.7", b"0000:01:20.0"],
    "id": [ID, ID.upper(), ID[:-1], b"-" + ID],
    "path": [b"00", b"1f.7", b"0000:00/01.1/00/1f.7", b"/".join([b"1f.7"] * 33),
             b"../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0",
             b"pci0000:00/pci10000:e0/10000:e0:00.0"],
}

PARTS = {
    "alias": [
        [ALIAS, b"mlx5_vfio_pci",
         b"# Aliases\nalias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* "
         b"mlx5_vfio_pci\nalias vfio_pci:v*d*sv*sd*bc*sc*i* vfio-pci\n"],
        [ALIAS, b"mlx5-vfio-pci", b"alias vfio_pci:[ x\n\n   \nalias\n"],
        [ALIAS, b"x", b"alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* a-b\n"],
        [ALIAS, b"a/b", b"alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* end"],
    ],
    "device": [
        [b"0x8086\n", b"0x10d3\n", b"0x020000\n", b"4\n", b"-1\n",
         b"flr bus\n", b"(null)\n", b"../../bus/pci/drivers/vfio-pci",
         b"../../kernel/iommu_groups/5", b"../0000:01:00.1",
         b"../../../devices/" b"0000:01:00.0",
         bytes(6) + b"\x10" + bytes(45) + b"\x40" + bytes(11)
         + b"\x11\x50\x07\x80" + bytes(12) + b"\x05\x40" + bytes(174)],
    ],
    "fdinfo": [[b"qemu\n", b"pos:\t0\nflags:\t02\nbindery-claim:\t" + ID + b"\n"],
               [b"", b"bindery-claim:" + b"\t" + ID[:-2] + b"\n"]],
    "guard": [
        [b"36 35 8:0 / /mnt rw,noatime - ext4 /dev/sda rw\n",
         b"Filename\tType\tSize\tUsed\tPriority\n"
         b"/dev/sda partition 1024 0 -2\n",
         b"8:0\n", b"MAJOR=8\nMINOR=0\nDEVNAME=sda\nDEVTYPE=disk\n",
         b"vg-root\n", b"/dev/sda\n"],
        [2 * b"36 35 8:0 / /mnt rw,noatime - ext4 /dev/sda rw\n", b"", b"8:0"],
    ],
}

UEVENT = (b"add@/devices/x/vfio/5\0ACTION=add\0DEVPATH=/devices/x/vfio/5\0"
          b"SUBSYSTEM=vfio\0SEQNUM=1234\0")


def udev(properties: bytes) -> bytes:
    return struct.pack("<8sIIII", b"libudev", 0xfecaedfe, 40, 40,
                       len(properties)) + bytes(16) + properties


def sent(sender: int, message: bytes) -> bytes:
    return struct.pack("<BH", sender, len(message)) + message


UEVENTS = [
    sent(0, UEVENT) + sent(2, udev(UEVENT[UEVENT.index(b"\0") + 1:])),
    sent(1, UEVENT), sent(0, UEVENT[:-30]),
    sent(2, struct.pack("<8sIIII", b"libudev", 0xfecaedfe, 40, 0x7fffffff, 0)
         + bytes(16) + UEVENT),
    sent(2, struct.pack("<8sIIII", b"libudev", 0xfecaedfe, 40, 0xffffff00, 64)
         + bytes(16) + UEVENT),
]


def put(name: str, data: bytes) -> None:
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def attributes(message: bytes) -> frozenset[int]:
    found, at = set(), HEADERS
    while at + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        found.add(kind)
        at += max(4, (length + 3) & ~3)
    return frozenset(found)


def put_messages(messages: list[bytes]) -> None:
    """One of each shape, with all of the kinds of one dump together."""
    shapes = {(message[16], attributes(message)): message
              for message in messages}
    for message in shapes.values():
        put("message", message)
    first = next(iter(shapes.values()))
    for kind in TEXT_ATTRIBUTES:
        put("message", first[:HEADERS] + struct.pack("=HH", 132, kind)
            + 128 * b"x")
    for command in {shape[0] for shape in shapes}:
        answer = b"".join(message for shape, message in shapes.items()
                          if shape[0] == command)[:2048]
        for kind in COMMANDS.values():
            put("dump", bytes([kind]) + answer)
    events = [message[HEADERS:] for shape, message in shapes.items()
              if 0 < len(message) - HEADERS < 256 and SEQ in shape[1]]
    for first in range(0, len(events), 8):
        heard = b""
        for number, event in enumerate(events[first:first + 8], 1):
            told = struct.pack("=HHQ", 12, SEQ, number)
            told += event[12:] if event[2:4] == b"\2\0" else event
            heard += bytes([number % 4 or 6, len(told[:255])]) + told[:255]
        put("monitor", b"\0" + heard)
    told = [struct.pack("=BBHHQ", 3, 12, 12, SEQ, number)
            for number in (1, 5, 9)]
    put("monitor", b"\0" + b"".join(told))


def main() -> None:
    for name, texts in TEXTS.items():
        for text in texts:
            put(name, text)
    for name, inputs in PARTS.items():
        for parts in inputs:
            put(name, b"\0".join(parts))
    for event in UEVENTS:
        put("uevent", event)
    put_messages([bytes.fromhex(found.decode()) for log in sys.argv[1:]
                  for found in MESSAGE.findall(Path(log).read_bytes())])


main()
