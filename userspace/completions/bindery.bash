# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for bindery(1)

_bindery_devices()
{
	local path

	for path in /sys/bus/pci/devices/*; do
		[[ -e $path/iommu_group ]] && printf '%s\n' "${path##*/}"
	done
}

_bindery_drivers()
{
	local path

	for path in /sys/bus/pci/drivers/*vfio*; do
		[[ -e $path ]] && printf '%s\n' "${path##*/}"
	done
}

_bindery_options()
{
	case $1 in
	list | show) echo '--json --help' ;;
	check) echo '--companions --single-group --target --json --help' ;;
	acquire | exec)
		echo '--companions --single-group --target --label --deadline' \
			'--force --json --help'
		;;
	esac
}

_bindery()
{
	local cur prev words cword verb i

	_init_completion -n : || return
	verb=${words[1]}
	if ((cword == 1)); then
		mapfile -t COMPREPLY < <(compgen -W \
			'list show check acquire exec help --help --version' -- "$cur")
		return
	fi
	if [[ $verb == exec ]]; then
		for ((i = 2; i < cword; i++)); do
			if [[ ${words[i]} == -- ]]; then
				_command_offset $((i + 1))
				return
			fi
		done
	fi
	case $prev in
	--target | -t)
		mapfile -t COMPREPLY < <(compgen -W "$(_bindery_drivers)" -- "$cur")
		return
		;;
	--label | -l | --deadline | -d)
		return
		;;
	esac
	if [[ $verb == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			'list show check acquire exec' -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_bindery_options "$verb")" -- "$cur")
	elif [[ $verb != list ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_bindery_devices)" -- "$cur")
		__ltrim_colon_completions "$cur"
	fi
}

complete -F _bindery bindery
