#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# By which other names the pages of section 3 are to be found: PAGE:NAME for
# each other name that a page has, and each function in its synopsis.

cd "$(dirname "$0")" || exit 1
for page in *.3; do
	{
		sed -n 's/ \\- .*//; 4s/, /\n/gp' "$page"
		sed -n '/^\.SH SYNOPSIS/,/^\.SH DESCRIPTION/p' "$page" |
			sed -n 's/^\.B.*[ *"]\(bindery_[a-z0-9_]*\)(.*/\1/p'
	} | grep -vx "${page%.3}" | sort -u | sed "s/^/$page:/"
done
