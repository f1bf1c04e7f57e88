#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The completions of bash, zsh and fish, in these shells: each offers what the
# tool knows, for every verb. Run by tests/run.sh.

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
PATH=$O:$PATH
export PATH SRC
number=0
shells='bash zsh fish'

result() {
	number=$((number + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
	fi
}

skip() {
	number=$((number + 1))
	echo "ok $number $1 # SKIP no $2"
}

# What is offered for the last word of a line, one a line, sorted.
cat >"$work/bash" <<'END'
. /usr/share/bash-completion/bash_completion
. "$SRC/completions/bindery.bash"
compopt() { :; }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_bindery
printf '%s\n' "${COMPREPLY[@]}"
END
cat >"$work/zsh" <<'END'
words=("$@")
CURRENT=$#
compadd() { print -l -- ${(P)@[-1]}; }
_normal() { print -l -- $words; }
fpath=($SRC/completions)
autoload -U _bindery
_bindery
END
cat >"$work/fish" <<'END'
source $SRC/completions/bindery.fish
complete -C (string join ' ' -- $argv) | string replace -r '\t.*' ''
END

ask() {
	shell=$1
	shift
	case $shell in
	zsh) zsh -f "$work/zsh" "$@" ;;
	fish) HOME=$work fish --no-config "$work/fish" "$@" ;;
	bash) bash --norc "$work/bash" "$@" ;;
	esac 2>"$work/err" | sed '/^$/d' | sort >"$work/out"
	cat "$work/err" >&2
}

offers() {
	shell=$1
	wanted=$2
	shift 2
	ask "$shell" "$@"
	# shellcheck disable=SC2086 # words
	printf '%s\n' $wanted | sed '/^$/d' | sort >"$work/wanted"
	diff "$work/wanted" "$work/out" | sed 's/^/# /'
	cmp -s "$work/wanted" "$work/out" && ! [ -s "$work/err" ]
}

verbs=$(bindery help | sed -n 's/^  \([a-z]*\) .*/\1/p')

has_options_of_all_verbs() {
	[ -n "$verbs" ] || return 1
	for verb in $verbs; do
		offers "$1" "$(bindery help "$verb" |
			sed -n 's/^  .*\(--[a-z-]*\)[[ ].*/\1/p')" \
			bindery "$verb" -- || return 1
	done
}

has_command_of_exec() {
	ask "$1" bindery exec 0000:00:00.0 -- tru
	grep -q '^true\|^tru$' "$work/out"
}

echo "TAP version 13"
echo "1..15"

# shellcheck disable=SC2154 # of the loop
for shell in $shells; do
	if ! command -v "$shell" >/dev/null ||
	   { [ "$shell" = bash ] && ! [ -e /usr/share/bash-completion/bash_completion ]; }; then
		for name in verbs options values events exec; do
			skip "U2_${shell}_completes_$name" "$shell"
		done
		continue
	fi
	offers "$shell" "$verbs --help --version" bindery "" ||
		offers "$shell" "$verbs" bindery ""
	result "U2_${shell}_completes_verbs" $?
	has_options_of_all_verbs "$shell"
	result "U2_${shell}_completes_options_of_every_verb" $?
	# For bash a word begins behind "=".
	prefix=--target=
	[ "$shell" = bash ] && prefix=
	offers "$shell" vfio-pci bindery acquire --target vfio-p &&
		offers "$shell" none bindery adopt -n non &&
		offers "$shell" "${prefix}vfio-pci" bindery acquire --target=vfio-p &&
		offers "$shell" "" bindery check --label x
	result "U2_${shell}_completes_values" $?
	offers "$shell" "detach-ok detach-failed" bindery mark 01:00.0 det &&
		offers "$shell" "" bindery mark 01:00.0 detach-ok d
	result "U2_${shell}_completes_events" $?
	has_command_of_exec "$shell"
	result "U2_${shell}_completes_the_command_of_exec" $?
done
