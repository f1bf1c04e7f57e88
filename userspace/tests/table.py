#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the parts of bindery(8) that the table of verbs tells, and checks it.

table.py PAGE SEEN < JSON prints TAP: the made parts are as the table has them,
each verb and option is described, and the verbs have ended in each way that it
tells and in no other, by the lines "status VERB: NUMBER" of the file SEEN.
table.py --write PAGE < JSON puts the made parts in. JSON is what
"bindery help --json" prints.
"""

import json
import re
import sys

BEGIN, END = '.\\" from the table of verbs: %s\n', '.\\" end\n'


def roman(text):
    return text.replace("-", "\\-")


def synopsis_line(verb):
    line = "\\fBbindery %s\\fR [\\fIOPTION\\fR]..." % verb["name"]
    for word in (verb["arguments"] or "").split():
        line += " " + re.sub(r"[A-Z]+", r"\\fI\g<0>\\fR", roman(word))
    return line


def synopsis(verbs):
    return "".join(synopsis_line(verb) + "\n" for verb in verbs)


def options(verbs):
    text = ""
    for verb in verbs:
        names = ", ".join("\\-\\-" + roman(option["name"])
                          for option in verb["options"])
        text += ".TP\n.B %s\n%s\n" % (verb["name"], names)
    return text


def statuses(verbs):
    text = ""
    for verb in verbs:
        names = ", ".join("\\fIN\\fR" if exit["status"] == "N" else
                          exit["status"] for exit in verb["exits"])
        text += ".TP\n.B %s\n%s\n" % (verb["name"], names)
    return text


PARTS = {"synopsis": synopsis, "options": options, "statuses": statuses}


def split(page, part):
    begin = BEGIN % part
    head, found, rest = page.partition(begin)
    old, end, tail = rest.partition(END)
    if not found or not end:
        sys.exit("%s is not there" % begin.strip())
    return head + begin, old, end + tail


def section(page, name):
    found = re.search(r"^\.SH %s\n(.*?)(?=^\.SH )" % name, page, re.M | re.S)
    return found[1] if found else ""


def missing(page, verbs):
    described = section(page, "VERBS")
    for verb in verbs:
        if not re.search(r"^\.B %s$" % verb["name"], described, re.M):
            yield "verb %s is not described" % verb["name"]
    described = section(page, "OPTIONS")
    for verb in verbs:
        for option in verb["options"]:
            if "\\-\\-" + roman(option["name"]) not in described:
                yield "option --%s is not described" % option["name"]


def read_statuses(name):
    seen = {}
    with open(name, errors="replace") as lines:
        for line in lines:
            found = re.fullmatch(r"status (\w+): (\d+)\n", line)
            if found:
                seen.setdefault(found[1], set()).add(found[2])
    return seen


def unlike(verbs, seen):
    for verb in verbs:
        told = {exit["status"] for exit in verb["exits"]}
        found = seen.get(verb["name"], set())
        if "N" in told:
            if found - told:
                told.remove("N")
            found &= told
        for status in sorted(told - found):
            yield "%s has never ended with %s" % (verb["name"], status)
        for status in sorted(found - told):
            yield "%s has ended with %s" % (verb["name"], status)


def write(name, page, verbs):
    for part, make in PARTS.items():
        head, _, tail = split(page, part)
        page = head + make(verbs) + tail
    with open(name, "w") as file:
        file.write(page)


def main(arguments):
    verbs = json.load(sys.stdin)["verbs"]
    writes = arguments[0] == "--write"
    name = arguments[writes]
    with open(name) as file:
        page = file.read()
    if writes:
        return write(name, page, verbs)
    results = []
    for part, make in PARTS.items():
        results.append(("U2_the_%s_of_the_manual_are_the_table_s" % part,
                        [] if split(page, part)[1] == make(verbs) else
                        ["run make -C userspace man"]))
    results.append(("U2_the_manual_describes_every_verb_and_option",
                    sorted(set(missing(page, verbs)))))
    results.append(("U2_verbs_end_in_every_way_that_is_told_and_in_no_other",
                    list(unlike(verbs, read_statuses(arguments[1])))))
    print("TAP version 13\n1..%d" % len(results))
    for number, (test, wrong) in enumerate(results, 1):
        for text in wrong:
            print("# " + text)
        print("%sok %d %s" % ("not " if wrong else "", number, test))
    return any(wrong for _, wrong in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
