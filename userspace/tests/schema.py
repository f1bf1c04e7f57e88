#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validates what the tool printed as JSON.

schema.py [--seen] SCHEMAS FILE... prints TAP: one test for each schema, passed
when there is a document of that verb and all of them fit; with --seen, one for
each verb of which there is one. Documents are the lines
"document VERB: JSON" of the files, whatever is before them on a line: unit
tests write such files, and the logs of guests have such lines.
"""

import glob
import json
import os
import re
import sys

try:
    import jsonschema
except ImportError:
    print("TAP version 13\n1..1\nok 1 U2_schemas # SKIP no python3-jsonschema")
    sys.exit(0)

LINE = re.compile(r"document ([a-z]+): (\{.*\})\s*$")


def read_documents(files):
    documents = {}
    for name in files:
        with open(name, errors="replace") as lines:
            for line in lines:
                found = LINE.search(line)
                if found:
                    documents.setdefault(found[1], set()).add(found[2])
    return documents


def read_schemas(directory):
    schemas = {}
    for name in sorted(glob.glob(os.path.join(directory, "*.json"))):
        with open(name) as file:
            schemas[os.path.basename(name)[:-5]] = json.load(file)
    return schemas


def best_of(error):
    """The deepest reason, of the alternative that fits best."""
    while error.context:
        error = max(error.context, key=lambda e: (len(e.absolute_path),
                                                  e.validator != "required"))
    return "%s: %s" % ("/".join(map(str, error.absolute_path)), error.message)


def failures(schema, documents):
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    for text in sorted(documents):
        for error in kind(schema).iter_errors(json.loads(text)):
            yield "%s in %s" % (best_of(error)[:300], text[:300])


def main(directory, files, seen):
    schemas = read_schemas(directory)
    documents = read_documents(files)
    failed = 0
    verbs = sorted(set(documents) if seen else
                   set(schemas) | set(documents))
    print("TAP version 13\n1..%d" % len(verbs))
    for number, verb in enumerate(verbs, 1):
        found = documents.get(verb, set())
        if verb not in schemas:
            wrong = ["there is no schema"]
        else:
            wrong = list(failures(schemas[verb], found))
        if not found:
            wrong.append("no document was seen")
        for text in wrong:
            print("# %s: %s" % (verb, text))
        failed += bool(wrong)
        print("%sok %d U2_%d_documents_of_%s_fit_their_schema" %
              ("not " if wrong else "", number, len(found), verb))
    return bool(failed) or not verbs


if __name__ == "__main__":
    seen = sys.argv[1] == "--seen"
    sys.exit(main(sys.argv[1 + seen], sys.argv[2 + seen:], seen))
