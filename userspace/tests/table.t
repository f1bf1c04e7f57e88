#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual against the table of verbs, how the programs before have seen the
# tool end, and the schemas. Run by tests/run.sh.

"$O/bindery" help --json | python3 "$SRC/tests/table.py" "$SRC/man/bindery.8" \
	"$BINDERY_DOCUMENTS" "$SRC/schema"
