# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for bindery(8): the tool itself knows what can come next.

_bindery()
{
	# shellcheck disable=SC2034 # _init_completion sets them
	local cur prev words cword i line

	_init_completion -n := || return
	for ((i = 2; i < cword; i++)); do
		if [[ ${words[i]} == -- ]]; then
			_command_offset $((i + 1))
			return
		fi
	done
	COMPREPLY=()
	while IFS= read -r line; do
		COMPREPLY+=("${line%%$'\t'*}")
	done < <(PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin \
		"${words[0]}" complete "${words[@]:1:cword}" 2>/dev/null)
	# Of --OPTION=VALUE readline replaces what follows the "=" only.
	if [[ $cur == --*=* && $COMP_WORDBREAKS == *=* ]]; then
		COMPREPLY=("${COMPREPLY[@]#--*=}")
	fi
	__ltrim_colon_completions "$cur"
}

complete -F _bindery bindery
