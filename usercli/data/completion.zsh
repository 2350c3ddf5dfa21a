#compdef usercli
# Completion of usercli for zsh. In ~/.zshrc, after compinit: source <(usercli completion zsh)
_usercli() {
    local -a found
    found=("${(@f)$("${(Q)words[1]}" __complete zsh -- "${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
    if [[ $found[1] == :files ]]; then
        _files
        return
    fi
    compadd -S '' -- ${(M)found:#*=}
    compadd -- ${found:#*=}
}
if [[ ${funcstack[1]} == _usercli ]]; then
    _usercli "$@"
else
    compdef _usercli usercli
fi
