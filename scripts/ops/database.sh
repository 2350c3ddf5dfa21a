# Sourced by backup and restore: which database usercli works on, past usercli.
# shellcheck shell=sh disable=SC2034,SC2154  # what it sets is read there, $scratch comes from lib.sh

locate() { # sets $engine; for SQLite $database, the file; for PostgreSQL libpq's variables
    tab=$(printf '\t')
    run config show -o tsv --fields name,value,source >"$scratch/settings"
    found=$(sed -n "s/^database_url$tab//p" "$scratch/settings" | sed 's/\\\\/\\/g')
    source=${found##*"$tab"}
    url=${found%"$tab"*}
    case $url in
    sqlite:///*) engine=sqlite database=${url#sqlite:///} ;;
    postgresql://*) engine=postgresql && use_libpq "${url#postgresql://}" ;;
    *) fail 1 "cannot tell where the database is from: usercli config show" ;;
    esac
}

use_libpq() { # user:***@host:port,host:port/database; the password comes from elsewhere, never by an argument
    PGDATABASE=${1##*/}
    hosts=${1%/*}
    case $hosts in
    *@*)
        PGUSER=${hosts%@*}
        hosts=${hosts##*@}
        case $PGUSER in
        *:\*\*\*)
            PGUSER=${PGUSER%:*}
            need_password
            ;;
        esac
        export PGUSER
        ;;
    esac
    PGHOST='' PGPORT=''
    while [ -n "$hosts" ]; do
        host=${hosts%%,*}
        hosts=${hosts#"$host"}
        hosts=${hosts#,}
        PGPORT="$PGPORT,${host##*:}"
        host=${host%:*}
        host=${host#"["}
        PGHOST="$PGHOST,${host%"]"}"
    done
    PGHOST=${PGHOST#,} PGPORT=${PGPORT#,}
    unset PGHOSTADDR PGSERVICE
    export PGDATABASE PGHOST PGPORT
}

need_password() { # usercli has one and shows it to nobody
    case $source in *POSTGRES_\*) [ -z "${POSTGRES_PASSWORD:-}" ] || export PGPASSWORD="$POSTGRES_PASSWORD" ;; esac
    [ -n "${PGPASSWORD:-}" ] || [ -r "${PGPASSFILE:-${HOME:-}/.pgpass}" ] ||
        fail 2 "the PostgreSQL programs do not see the password in usercli's URL; put it into ~/.pgpass or PGPASSWORD"
}

tool() { # a program of another kind: of what it says, the first line is passed on
    "$@" >"$scratch/out" 2>"$scratch/err" || fail 1 "$1 failed: $(sed -n 1p "$scratch/err")"
}

sqlite_url() { # FILE, relative or not
    printf 'sqlite:///%s' "$(printf '%s' "$1" | sed 's/%/%25/g; s/?/%3F/g')"
}

verify() { # COUNT HEAD [OPTION...]: the log, against a checkpoint of it; the result is data
    expected_count=$1 expected_head=$2
    shift 2
    run "$@" audit verify -o json --expect-count "$expected_count" --expect-head "$expected_head"
}
