#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the programs before have printed as JSON, against the schemas. Verbs that
# need a kernel are seen in guests, see the top Makefile. Run by tests/run.sh.

exec python3 "$SRC/tests/schema.py" --seen "$SRC/schema" "$BINDERY_DOCUMENTS"
