#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which lines of the library its unit tests reach: a table of the files, and a
# line for all of them. Fails below $LEAST percent of the lines.
#
#   coverage.sh DIR PROGRAM...
#
#   DIR	where library and tests were built with gcov

out=$1
shift
find "$out" -name '*.gcda' -exec rm {} +
for note in "$out"/lib/*.gcno; do
	name=${note##*/}
	[ -e "$SRC/lib/${name%.gcno}.c" ] || rm -f "$note"
done
for program; do
	"$program" >"$program.log" 2>&1 || { cat "$program.log"; exit 1; }
done

# The number of a line of gcovr's summary, such as "lines: 91.2% (1 out of 2)".
percent() {
	sed -n "s/^$1: \([0-9.]*%\).*/\1/p" "$out/coverage"
}

gcovr --root "$SRC/lib" --object-directory "$out/lib" "$out/lib" \
	--print-summary --fail-under-line "${LEAST:-90}" \
	>"$out/coverage" 2>"$out/coverage.log"
status=$?
cat "$out/coverage.log"
sed '/^lines: /,$d' "$out/coverage"
echo "library lines $(percent lines) branches $(percent branches)"
exit $status
