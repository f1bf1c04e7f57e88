#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Colours: on terminals only, and not where they are not wanted. A device that
# cannot be named makes an error on any machine. Run by tests/run.sh.

number=0
escape=$(printf '\033')
TERM=xterm
export TERM
unset NO_COLOR

result() {
	number=$((number + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
	fi
}

# On a terminal, whose name and environment are as given.
on_terminal() {
	env "$@" script -qec "$O/bindery check x" /dev/null </dev/null
}

is_colored() {
	grep -q "$escape"
}

is_plain() {
	! is_colored
}

echo "TAP version 13"
echo "1..5"
on_terminal | is_colored
result U2_a_terminal_gets_colors $?
on_terminal NO_COLOR=1 | is_plain
result U2_NO_COLOR_takes_colors_away $?
on_terminal NO_COLOR= | is_colored
result U2_an_empty_NO_COLOR_does_not $?
on_terminal TERM=dumb | is_plain
result U2_a_dumb_terminal_gets_no_colors $?
"$O/bindery" check x 2>&1 | is_plain
result U2_a_pipe_gets_no_colors $?
