# Sourced by backup and restore: which database usercli works on, past usercli.
# shellcheck shell=sh disable=SC2034,SC2154  # what it sets is read there, $scratch comes from lib.sh

locate() { # sets $engine; for SQLite $database, the file; for PostgreSQL $pg_database, $pg_user, $pg_host and $pg_port
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
    pg_database=${1##*/} pg_user='' pg_host='' pg_port=''
    hosts=${1%/*}
    case $hosts in
    *@*)
        pg_user=${hosts%@*}
        hosts=${hosts##*@}
        case $pg_user in
        *:\*\*\*)
            pg_user=${pg_user%:*}
            need_password
            ;;
        esac
        ;;
    esac
    while [ -n "$hosts" ]; do
        host=${hosts%%,*}
        hosts=${hosts#"$host"}
        hosts=${hosts#,}
        pg_port="$pg_port,${host##*:}"
        host=${host%:*}
        host=${host#"["}
        case $host in %2F*) host=$(printf '%s' "$host" | sed 's/%2F/\//g; s/%25/%/g') ;; esac # the folder of a socket
        pg_host="$pg_host,${host%"]"}"
    done
    pg_host=${pg_host#,} pg_port=${pg_port#,}
}

export_libpq() { # for PostgreSQL's programs alone: they would lead usercli past its own configuration
    unset PGHOSTADDR PGSERVICE
    [ -z "$pg_user" ] || export PGUSER="$pg_user"
    export PGDATABASE="$pg_database" PGHOST="$pg_host" PGPORT="$pg_port"
}

need_password() { # usercli has one and shows it to nobody
    case $source in *POSTGRES_\*) [ -z "${POSTGRES_PASSWORD:-}" ] || export PGPASSWORD="$POSTGRES_PASSWORD" ;; esac
    [ -n "${PGPASSWORD:-}" ] || [ -r "${PGPASSFILE:-${HOME:-}/.pgpass}" ] ||
        fail 2 "the PostgreSQL programs do not see the password in usercli's URL; put it into ~/.pgpass or PGPASSWORD"
}

tool() { # a program of another kind: of what it says, the first line is passed on
    (
        [ "$engine" = sqlite ] || export_libpq
        exec "$@"
    ) >"$scratch/out" 2>"$scratch/err" || fail 1 "$1 failed: $(sed -n 1p "$scratch/err")"
}

sqlite_url() { # FILE, relative or not
    printf 'sqlite:///%s' "$(printf '%s' "$1" | sed 's/%/%25/g; s/?/%3F/g')"
}

verify() { # COUNT HEAD [OPTION...]: the log, against a checkpoint of it; the result is data
    expected_count=$1 expected_head=$2
    shift 2
    run "$@" audit verify -o json --expect-count "$expected_count" --expect-head "$expected_head"
}
