#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fails when groff has anything to say about a manual.

status=0
for page; do
	said=$(LC_ALL=C groff -t -man -Tascii -ww -z "$page" 2>&1)
	[ -z "$said" ] && continue
	printf '%s: %s\n' "$page" "$said"
	status=1
done
exit $status
