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

_bindery_natives()
{
	local path

	for path in /sys/bus/pci/drivers/*; do
		[[ $path == *vfio* ]] || printf '%s\n' "${path##*/}"
	done
}

_bindery_options()
{
	case $1 in
	list | show) echo '--json --help' ;;
	check) echo '--companions --single-group --target --shared --json --help' ;;
	acquire | exec)
		[[ $1 == acquire ]] && echo '--keep'
		echo '--companions --single-group --target --label --deadline' \
			'--force --shared --serial --repair --json --help'
		;;
	adopt)
		echo '--single-group --label --deadline --shared --repair --keep' \
			'--native --native-override --json --help'
		;;
	release) echo '--wait --defer --force --deadline --json --help' ;;
	mark) echo '--generation --claim --json --help' ;;
	repair) echo '--deadline --json --help' ;;
	esac
}

# Is there a word between the verb and this one that is no option's?
_bindery_has_device()
{
	local i

	for ((i = 2; i < $1; i++)); do
		case ${words[i]} in
		--generation | -g | --claim | -C) ((i++)) ;;
		-*) ;;
		*) return 0 ;;
		esac
	done
	return 1
}

_bindery()
{
	local cur prev words cword verb i
	local verbs='list show check acquire exec adopt release mark repair'
	local events='reserve attach-ok attach-failed guest-ready guest-failed
		add-user drop-user detach-ok detach-failed'

	_init_completion -n : || return
	verb=${words[1]}
	if ((cword == 1)); then
		mapfile -t COMPREPLY < <(compgen -W \
			"$verbs help --help --version" -- "$cur")
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
	--native | -n)
		mapfile -t COMPREPLY < <(compgen -W "none $(_bindery_natives)" \
			-- "$cur")
		return
		;;
	--label | -l | --deadline | -d | --native-override | --generation | -g | \
		--claim | -C)
		return
		;;
	esac
	if [[ $verb == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_bindery_options "$verb")" -- "$cur")
	elif [[ $verb == mark ]] && _bindery_has_device "$cword"; then
		mapfile -t COMPREPLY < <(compgen -W "$events" -- "$cur")
	elif [[ $verb != list ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_bindery_devices)" -- "$cur")
		__ltrim_colon_completions "$cur"
	fi
}

complete -F _bindery bindery
