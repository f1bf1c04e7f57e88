#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the list of error codes of libbindery(3), and checks it.

codes.py SOURCE prints TAP: the list is as the library's sentences and the
module's table of errnos and classes have it, and the uAPI names the same codes
and errnos. codes.py --write SOURCE puts it in. SOURCE is the directory that
holds lib and man, beside module and uapi.
"""

import pathlib
import re
import sys

from results import report

BEGIN, END = '.\\" from the library and the module: codes\n', '.\\" end\n'


def strings(source):
    """Symbol and sentence of each code."""
    text = (source / "lib/strings.c").read_text()
    found = re.findall(r'\[BINDERY_ERROR_(\w+)\] = \{\s*"([^"]+)",\s*"([^"]+)"',
                       text)
    return {name: (symbol, sentence) for name, symbol, sentence in found}


def kinds(source):
    """Errno and class of each code."""
    text = (source / "../module/error.c").read_text()
    found = re.findall(r"^\tCODE\((\w+), -?(\w+), (\w+)\)", text, re.M)
    return {name: (error, group.lower()) for name, error, group in found}


def uapi(source):
    """The errno that is told of each code; "": none, or it varies."""
    text = (source / "../uapi/linux/bindery.h").read_text()
    names = re.findall(r"^\tBINDERY_ERROR_(\w+) = \d+,$",
                       re.search(r"^enum bindery_error \{.*?^\};", text,
                                 re.M | re.S)[0], re.M)
    told = dict(re.findall(r"^ \* @BINDERY_ERROR_(\w+): (E[A-Z0-9]+)\b", text,
                           re.M))
    return {name: told.get(name, "") for name in names}


def roman(text):
    return text.replace("-", "\\-")


def codes(source):
    sentences, numbers = strings(source), kinds(source)
    return "".join(
        '.TP\n.BR %s " (%s, %s)"\n%s\n' % (
            roman(sentences[name][0]), *numbers[name],
            roman(sentences[name][1]))
        for name in uapi(source) if name != "NONE")


def split(page):
    head, found, rest = page.partition(BEGIN)
    old, end, tail = rest.partition(END)
    if not found or not end:
        sys.exit("%s is not there" % BEGIN.strip())
    return head + BEGIN, old, end + tail


def unlike(source):
    sentences, numbers, told = strings(source), kinds(source), uapi(source)
    for name in sorted(set(sentences) ^ set(told) | set(numbers) ^ set(told)):
        yield "%s is not in all of library, module and uAPI" % name
    for name, error in told.items():
        if error and error != numbers[name][0]:
            yield "%s is %s in the uAPI, and %s in the module" % (
                name, error, numbers[name][0])


def main(arguments):
    source = pathlib.Path(arguments[-1])
    name = source / "man/libbindery.3"
    head, old, tail = split(name.read_text())
    if arguments[0] == "--write":
        name.write_text(head + codes(source) + tail)
        return False
    wrong = list(unlike(source))
    results = [
        ("T8_library_module_and_uAPI_have_the_same_codes", wrong),
        ("T8_the_codes_of_the_manual_are_the_library_s",
         [] if not wrong and old == codes(source) else
         ["run make -C userspace man"]),
    ]
    return report(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
