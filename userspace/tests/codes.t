#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The codes of the manual against those of library, module and uAPI. Run by
# tests/run.sh.

exec python3 "$SRC/tests/codes.py" "$SRC"
