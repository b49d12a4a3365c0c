# SPDX-License-Identifier: Apache-2.0
# Completion of reff for bash. What there is to offer is asked of the program (reff COMMAND --help=list).
_reff() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} list kind words
    local command=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        command=()
    elif [ "${command[0]}" = gen ] && [ "$COMP_CWORD" -gt 2 ]; then
        command=("${command[@]:0:2}")
    else
        command=("${command[0]}")
    fi
    list=$("$program" "${command[@]}" --help=list 2>/dev/null) || return
    kind=$(awk -F'\t' -v name="$prev" '$1 == name {print $2}' <<<"$list")
    case $prev in --*) ;; *) kind= ;; esac
    case $kind in
    '' | flag)
        words=$(awk -F'\t' '$2 == "word" || /^--/ {print $1}' <<<"$list")
        case $(awk -F'\t' '$1 == "WORDS" {print $2}' <<<"$list") in
        *TABLE*) words+=" tables $("$program" --help=tables 2>/dev/null)" ;;
        *FIGURE*) words+=" $("$program" --help=figures 2>/dev/null)" ;;
        *FILE* | *OUT*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        esac
        [ "${#COMPREPLY[@]}" -gt 0 ] && [ "${cur#-}" = "$cur" ] && return
        ;;
    file | folder)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen "$([ "$kind" = file ] && echo -f || echo -d)" -- "$cur")
        return ;;
    profile) words=$("$program" --help=profiles 2>/dev/null) ;;
    value) return ;;
    *) words=$kind ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _reff reff
