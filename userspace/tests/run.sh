#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs test programs that print TAP, keeps what each printed in a .tap file,
# and adds up.

passed=0
failed=0
skipped=0
rm -f "$O"/userspace/tests/*.tap
# What the tool prints as JSON, for schema.t.
export BINDERY_DOCUMENTS="$O/userspace/tests/documents"
: >"$BINDERY_DOCUMENTS"

count() {
	grep -c "$1" "$log"
}

for program; do
	name=${program##*/}
	log=$O/userspace/tests/${name%.t}.tap
	echo "# $name"
	"$program" >"$log" 2>&1
	status=$?
	cat "$log"
	bad=$(count '^not ok')
	good=$(count '^ok')
	skip=$(count '^ok .*# SKIP')
	planned=$(sed -n 's/^1\.\.//p' "$log")
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] ||
	   [ "$((good + bad))" -ne "${planned:-0}" ] ||
	   [ "$((good + bad))" -eq 0 ]; then
		echo "not ok - $name ended with $status after $((good + bad)) of ${planned:-?} tests"
		bad=$((bad + 1))
	fi
	passed=$((passed + good - skip))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
done

echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
