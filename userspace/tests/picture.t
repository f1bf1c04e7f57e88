#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pictures of this machine can be read by what reads such. Run by tests/run.sh.

echo "TAP version 13"
echo "1..2"
if "$O/bindery" show --svg 2>/dev/null | python3 -c '
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.stdin).getroot()
sys.exit(root.tag != "{http://www.w3.org/2000/svg}svg")'; then
	echo "ok 1 U4_svg_is_well_formed"
else
	echo "not ok 1 U4_svg_is_well_formed"
fi
if ! command -v dot >/dev/null; then
	echo "ok 2 U4_graphviz_reads_dot # SKIP no dot"
elif "$O/bindery" show --dot 2>/dev/null | dot -Tplain | grep -q '^graph '; then
	echo "ok 2 U4_graphviz_reads_dot"
else
	echo "not ok 2 U4_graphviz_reads_dot"
fi
