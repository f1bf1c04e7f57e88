#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What examples say where nothing can be moved. Run by tests/run.sh.

echo "TAP version 13"
echo "1..1"
said=$("$O/example-two-groups" 01:00.0 2>&1)
status=$?
echo "# $said"
case "$status $said" in
"1 "*": 01:00.0: failed: Invalid argument") echo "ok 1 U1_an_example_says_what_is_wrong" ;;
*) echo "not ok 1 U1_an_example_says_what_is_wrong" ;;
esac
