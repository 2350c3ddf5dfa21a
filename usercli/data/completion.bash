# Completion of usercli for bash. In ~/.bashrc: source <(usercli completion bash)
_usercli() {
    local found
    COMPREPLY=()
    while IFS= read -r found; do
        case $found in
        :files)
            compopt -o default 2>/dev/null
            continue
            ;;
        *=) compopt -o nospace 2>/dev/null ;;
        esac
        COMPREPLY+=("$found")
    done < <("$1" __complete bash -- "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null </dev/null)
}
complete -F _usercli usercli
