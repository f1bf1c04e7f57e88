#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which lines unit tests reach: a table of the files, and a line for all.
#
#   coverage.sh library DIR PROGRAM...	of the library; fails below $LEAST
#					percent of its lines
#   coverage.sh userspace DIR PROGRAM...	of the tool too, with what was reached
#					before; a report in DIR/../../html
#
#   DIR	where library, tool and tests were built with gcov

what=$1
out=$2
shift 2
if [ "$what" = library ]; then
	find "$out" -name '*.gcda' -exec rm {} +
	parts=lib
else
	parts='lib cli'
fi
for part in $parts; do
	for note in "$out/$part"/*.gcno; do
		name=${note##*/}
		[ -e "$SRC/$part/${name%.gcno}.c" ] || rm -f "$note"
	done
done
for program; do
	"$program" >"$program.log" 2>&1 || { cat "$program.log"; exit 1; }
done

report() {
	gcovr --root "$SRC" --print-summary "$@" \
		>"$out/coverage" 2>"$out/coverage.log"
}

# The number of a line of gcovr's summary, such as "lines: 91.2% (1 out of 2)".
percent() {
	sed -n "s/^$1: \([0-9.]*%\).*/\1/p" "$out/coverage"
}

if [ "$what" = library ]; then
	report --fail-under-line "${LEAST:-90}" "$out/lib"
else
	html=$out/../../html
	guests=$out/../../guests
	mkdir -p "$html" "$guests"
	report --txt - --html-details "$html/userspace.html" "$out/lib" "$out/cli" \
		"$guests"
fi
status=$?
cat "$out/coverage.log"
sed '/^lines: /,$d' "$out/coverage"
echo "$what lines $(percent lines) branches $(percent branches)"
exit $status
