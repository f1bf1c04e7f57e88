#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What examples say where nothing can be moved. Run by tests/run.sh.

number=0

# How one ends and what it says; the test's name; how it is called.
says() {
	expected=$1 text=$2 name=$3 program=$4
	shift 4
	number=$((number + 1))
	said=$("$O/$program" "$@" 2>&1)
	status=$?
	echo "# $said"
	case "$status $said" in
	"$expected "*"$text"*) echo "ok $number $name" ;;
	*) echo "not ok $number $name" ;;
	esac
}

echo "TAP version 13"
echo "1..3"
says 1 ": 01:00.0: failed: Invalid argument" \
	U1_an_example_says_what_is_wrong example-two-groups 01:00.0
says 2 "Usage: example-broker SOCKET " \
	G4_the_broker_says_how_it_is_called example-broker
says 2 "Usage: example-broker-client SOCKET " \
	G4_its_client_says_how_it_is_called example-broker-client
