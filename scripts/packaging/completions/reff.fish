# SPDX-License-Identifier: Apache-2.0
# Completion of reff for fish. What there is to offer is asked of the program (reff COMMAND --help=list).
function __reff_complete
    set -l words (commandline -opc)
    set -l asked $words[2]
    test "$words[2]" = gen; and set asked $words[2..3]
    set -l previous $words[-1]
    set -l list ($words[1] $asked --help=list 2>/dev/null)
    for line in $list
        set -l parts (string split \t -- $line)
        if string match -q -- '--*' $previous; and test "$parts[1]" = "$previous"
            switch $parts[2]
                case flag
                case profile
                    $words[1] --help=profiles
                    return
                case file folder value
                    return
                case '*'
                    string split ' ' -- $parts[2]
                    return
            end
        end
    end
    for line in $list
        set -l parts (string split \t -- $line)
        switch "$parts[1] $parts[2]"
            case 'WORDS *TABLE*'
                $words[1] --help=tables
            case 'WORDS *FIGURE*'
                $words[1] --help=figures
            case 'WORDS *'
            case '*'
                printf '%s\t%s\n' $parts[1] $parts[3]
        end
    end
end
complete -c reff -a '(__reff_complete)'
