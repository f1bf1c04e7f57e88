#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How much of the library its unit tests reach. Run by tests/run.sh.

echo "TAP version 13"
echo "1..1"
name=U11_unit_tests_reach_nine_lines_in_ten_of_the_library

if ! command -v gcovr >/dev/null; then
	echo "ok 1 $name # SKIP gcovr is not installed"
	exit
fi
report=$O/userspace/tests/coverage.report
"$MAKE" -s -C "$SRC" O="$O" VERSION="$VERSION" coverage-library >"$report" 2>&1
status=$?
sed 's/^/# /' "$report"
[ $status -eq 0 ] || printf 'not '
echo "ok 1 $name"
