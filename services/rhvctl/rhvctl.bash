# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion of rhvctl(1). What there is to complete is known by rhvctl itself; this only asks it.

_rhvctl() {
        local current=${COMP_WORDS[COMP_CWORD]}

        [[ $current == "=" ]] && current=
        mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
        case ${COMPREPLY[0]} in
        :file)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                ;;
        :directory)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -d -- "$current")
                ;;
        esac
}
complete -F _rhvctl rhvctl
