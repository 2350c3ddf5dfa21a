# Sourced by the scripts beside it: the options that all take, messages, a temporary folder, usercli itself.
# shellcheck shell=sh disable=SC2034  # what it sets is read there
set -eu
umask 077

script=${0##*/}
operand='' dry_run='' profile='' target='' reason='' ticket='' taken=0

log() { # one line, whatever the words hold
    printf '%s\n' "$(printf '%s' "$*" | LC_ALL=C tr '\001-\037\177' '[?*]')" >&2
}

fail() { # CODE WORDS...
    failure=$1
    shift
    log "error: $*"
    exit "$failure"
}

misused() { fail 2 "$*; see: $script -h"; }

usage() { # the comment at the top of the script
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
    exit 0
}

need() { # NAME [VALUE]: the option has a value
    [ $# -ge 2 ] && [ -n "$2" ] || misused "$1 wants a value"
}

need_number() { # NAME VALUE
    case $2 in '' | 0* | *[!0-9]* | ??????????*) misused "$1 wants a number from 1 on, not: $2" ;; esac
}

common() { # an option of all scripts, or the operand; $taken says how many words it was
    taken=1
    case $1 in
    -h | --help) usage ;;
    --dry-run) dry_run=yes ;;
    --profile | --target | --reason | --ticket)
        need "$@"
        taken=2
        case $1 in
        --profile) profile=$2 ;;
        --target) target=$2 ;;
        --reason) reason=$2 ;;
        --ticket) ticket=$2 ;;
        esac
        ;;
    -*) misused "no such option: $1" ;;
    '') misused "an argument is empty" ;;
    *)
        [ -z "$operand" ] || misused "too many arguments"
        operand=$1
        ;;
    esac
}

run() { # a usercli command with the options of this script; it never asks
    usercli --no-input ${profile:+"--profile=$profile"} ${target:+"--target=$target"} ${dry_run:+--dry-run} \
        ${reason:+"--reason=$reason"} ${ticket:+"--ticket=$ticket"} "$@"
}

quietly() { # COMMAND...: what it says on stderr shows only if it fails
    "$@" 2>"$scratch/said" || {
        failure=$?
        cat "$scratch/said" >&2
        return "$failure"
    }
}

field() { # NAME FILE: a number, flag or id in a JSON line of usercli that holds each name once
    sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$2"
}

sweep() { # PREFIX of a folder of mktemp: what a killed run left more than a day ago
    for left in "$1"??????; do
        [ ! -d "$left" ] || find "$left" -prune -mtime +0 -exec rm -rf -- {} +
    done
}

leaving() { :; } # what a script has to say or to clean up when it ends

scratch=
trap 'leaving; [ -z "$scratch" ] || rm -rf -- "$scratch"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

start() { # after the options: a private temporary folder, $scratch
    command -v usercli >/dev/null || fail 1 "usercli is not in the PATH"
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/usercli.XXXXXX") || fail 1 "cannot make a temporary folder"
}
