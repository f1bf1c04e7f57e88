#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The help of each verb fits on terminals. Run by tests/run.sh.

all() {
	"$O/bindery" help
	for verb in $("$O/bindery" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		"$O/bindery" help "$verb"
	done
}

echo "TAP version 13"
echo "1..1"
long=$(all | grep -E '.{80}')
if [ -z "$long" ]; then
	echo "ok 1 U2_help_has_no_line_over_79_columns"
else
	echo "$long" | sed 's/^/# /'
	echo "not ok 1 U2_help_has_no_line_over_79_columns"
fi
