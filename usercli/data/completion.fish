# Completion of usercli for fish. usercli completion fish > ~/.config/fish/completions/usercli.fish
function __usercli_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l found (command $words[1] __complete fish -- $words[2..-1] "$word" 2>/dev/null </dev/null)
    if test "$found[1]" = :files
        __fish_complete_path "$word"
    else if set -q found[1]
        string join \n -- $found
    end
end
complete -c usercli -f -a '(__usercli_complete)'
