# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts here have found out, as TAP."""


def report(results):
    """Of each test its name, and what is wrong. Whether anything is."""
    print("TAP version 13\n1..%d" % len(results))
    for number, (test, wrong) in enumerate(results, 1):
        for text in wrong:
            print("# " + text)
        print("%sok %d %s" % ("not " if wrong else "", number, test))
    return any(wrong for _, wrong in results)
