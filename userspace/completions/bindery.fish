# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for bindery(8): the tool itself knows what can come next.

function __bindery_complete
    set -l words (commandline -opc)
    set -lx PATH $PATH /usr/local/sbin /usr/sbin /sbin
    $words[1] complete $words[2..-1] (commandline -ct) 2>/dev/null
end

# Behind "--" there is a command with its own arguments.
function __bindery_has_command
    set -l words (commandline -opc)
    contains -- -- $words
end

function __bindery_command
    set -l words (commandline -opc)
    set -l dashes (contains -i -- -- $words)
    set -l rest $words[(math $dashes + 1)..-1] (commandline -ct)
    complete -C (string join ' ' -- $rest)
end

complete -c bindery -f
complete -c bindery -n 'not __bindery_has_command' -a '(__bindery_complete)'
complete -c bindery -n __bindery_has_command -a '(__bindery_command)'
