#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the parts of bindery(8) that the table of verbs tells, and checks it.

table.py PAGE SEEN SCHEMAS < JSON prints TAP: the made parts are as the table has
them, each verb and option is described, the verbs have ended in each way that it
tells and in no other, by the lines "status VERB: NUMBER" of the file SEEN, and
each property of the schemas in that directory is named.
table.py --write PAGE < JSON puts the made parts in. JSON is what
"bindery help --json" prints.
"""

import glob
import json
import os
import re
import sys

from results import report

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


def bold_words(text):
    """Of macros whose arguments are bold and roman in turn, or \\fB and \\fR."""
    words = set()
    for line in text.splitlines():
        macro, _, rest = line.partition(" ")
        if macro not in (".B", ".BR"):
            continue
        bold = macro == ".BR"
        for argument in re.findall(r'"[^"]*"|[^" ]+', rest):
            if macro == ".B" or bold:
                words.update(re.findall(r"[a-z_]+",
                                        re.sub(r"\\f.", " ", argument)))
            bold = not bold
    return words


def json_entries(page):
    """What the section on JSON names: for all, and by the words of headings."""
    described = section(page, "JSON").partition("\n.PP\nThe codes are")[0]
    head, *rest = described.split("\n.TP\n")
    entries = {}
    for entry in rest:
        heading, _, text = entry.partition("\n")
        for word in bold_words(heading):
            entries.setdefault(word, set()).update(bold_words(text))
    return bold_words(head), entries


def properties(schema, definitions, inside=None):
    """Of a schema: the name of each property, and of that which it is part of."""
    if isinstance(schema, list):
        for part in schema:
            yield from properties(part, definitions, inside)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from properties(definitions[name], definitions, inside)
    for name, part in schema.get("properties", {}).items():
        yield inside, name
        yield from properties(part, definitions, name)
    for key, part in schema.items():
        if key not in ("properties", "$defs"):
            yield from properties(part, definitions, inside)


def unnamed(page, directory):
    of_all, entries = json_entries(page)
    names = sorted(glob.glob(os.path.join(directory, "*.json")))
    if not names:
        yield "there are no schemas in %s" % directory
    for name in names:
        verb = os.path.basename(name)[:-5]
        with open(name) as file:
            schema = json.load(file)
        named = of_all | entries.get(verb, set())
        for inside, part in dict.fromkeys(
                properties(schema, schema.get("$defs"))):
            # What is told of any verb has an entry of its own.
            known = named | entries.get(inside, {"members_complete"})
            if part not in known:
                yield "%s: %s is not named" % (
                    verb, "%s.%s" % (inside, part) if inside else part)


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
    results.append(("U2_the_manual_names_every_property_of_the_schemas",
                    list(unnamed(page, arguments[2]))))
    return report(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
