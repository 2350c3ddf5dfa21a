"""Options in the query of a URL: libpq's work, those of other drivers are understood or named."""

from __future__ import annotations

import string
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import run_here, server_url
from usercli.database import libpq
from usercli.database import url as database_url
from usercli.database.url_options import LIBPQ, read_options
from usercli.errors import InvalidInput
from usercli.text import visible

pytestmark = pytest.mark.usefixtures("clean_environment")

SCHEMES = ("postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg", "postgresql+psycopg2")


def test_every_option_of_libpq_is_known() -> None:
    defaults = pq.Conninfo.get_defaults()
    assert {default.keyword.decode() for default in defaults} <= LIBPQ
    ours = {default.envvar.decode(): default.keyword.decode() for default in defaults if default.envvar}
    for apart in ("PGSERVICE", "PGSERVICEFILE", "PGCLIENTENCODING", "PGSSLCOMPRESSION", "PGREQUIRESSL"):
        ours.pop(apart, None)
    assert ours.items() <= libpq.VARIABLES.items()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_form_of_the_url_reaches_the_database(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{scheme}://{server_url('postgres').partition('://')[2]}"
    options = "?sslmode=prefer&application_name=ours&connect_timeout=5&options=-c%20geqo%3Doff"
    monkeypatch.setenv("DATABASE_URL", url + options)
    code, _, err = run_here("list")
    assert code == 5
    assert "has no usercli schema yet" in err


@pytest.mark.parametrize(
    ("query", "option"),
    [
        ("schema=my_app", "my_app"),
        ("schema=My%20App", '"My App"'),
        ("schema=a%22b%5Cc", '"a""b\\c"'),
        ("currentSchema=my_app", "my_app"),
        ("search_path=my_app,public", "my_app,public"),
        ("options=-cgeqo%3Doff&schema=my_app", "my_app"),
    ],
)
def test_a_schema_is_the_search_path(query: str, option: str) -> None:
    url = database_url.parse(f"{server_url('postgres')}?{query}", {})
    host, port = url.hosts[0]
    with psycopg.connect(
        host=host, port=port, user=url.user, dbname=url.database, options=dict(url.query)["options"]
    ) as connection:
        assert connection.execute("SHOW search_path").fetchone() == (option,)
        assert connection.execute("SHOW geqo").fetchone() == ("off" if "geqo" in query else "on",)


def test_users_live_in_the_schema_that_the_url_names() -> None:
    with psycopg.connect(server_url("postgres"), autocommit=True) as connection:
        connection.execute('DROP SCHEMA IF EXISTS "Prisma\'s" CASCADE')
        connection.execute('CREATE SCHEMA "Prisma\'s"')
        reach = ("--database-url", f"{server_url('postgres')}?schema=Prisma's&pgbouncer=true")
        try:
            assert run_here(*reach, "db", "upgrade")[0] == 0
            assert run_here(*reach, "create", "a@example.com", "--no-password")[0] == 0
            assert run_here(*reach, "db", "check")[0] == 0
            found = connection.execute('SELECT email FROM "Prisma\'s".users').fetchall()
            assert found == [("a@example.com",)]
        finally:
            connection.execute('DROP SCHEMA "Prisma\'s" CASCADE')


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("ssl=true", {"sslmode": "require"}),
        ("ssl=require", {"sslmode": "require"}),
        ("ssl=verify-full&sslmode=verify-full", {"sslmode": "verify-full"}),
        ("ssl=false", {"sslmode": "disable"}),
        ("sslmode=no-verify", {"sslmode": "require"}),
        ("pgbouncer=true&statement_cache_size=0&prepared_statement_cache_size=0", {}),
        ("application_name=a+b%2Bc", {"application_name": "a+b+c"}),
    ],
)
def test_options_of_other_drivers_are_understood(query: str, options: dict[str, str]) -> None:
    found = read_options(query)
    assert (found.libpq, found.ignored) == (options, ())


def test_options_of_a_pool_are_ignored_with_one_warning(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = "warning: options of the database URL ({}) that usercli ignores: connection_limit, pool_timeout\n"
    url = f"{server_url('postgres')}?connection_limit=5&pool_timeout=2"
    code, _, err = run_here("--database-url", url, "list")
    assert (code, err.splitlines(keepends=True)[0]) == (5, warning.format("--database-url"))
    assert err.count("warning") == 1
    (clean_environment / ".env").write_text(f"DATABASE_URL={url}\n")
    assert run_here("db", "current")[2].startswith(warning.format(".env DATABASE_URL"))
    monkeypatch.setenv("DATABASE_URL", url)
    assert run_here("batch", "-", stdin="list\nlist\n")[2].count("warning") == 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "sslmod=require",
            "the database URL has an unknown option: sslmod; did you mean: sslmode, sslcertmode, ssl",
        ),
        ("SSLMODE=require", "the database URL has an unknown option: SSLMODE; did you mean: sslmode"),
        ("foo=1&sslmode=require", "the database URL has an unknown option: foo"),
        ("a%0Ab=1", "the database URL has an unknown option: a\\nb"),
        ("=x", "the database URL has an unknown option: "),
        (
            "sslmode=",
            "the option sslmode of the database URL must be one of disable, allow, prefer, require, verify-ca, "
            "verify-full",
        ),
        (
            "channel_binding=x",
            "the option channel_binding of the database URL must be one of disable, prefer, require",
        ),
        ("connect_timeout=1s", "the option connect_timeout of the database URL must be a whole number"),
        ("port=x", "the option port of the database URL is not a number from 1 to 65535"),
        (
            "ssl=maybe",
            "the option ssl of the database URL must be one of true, false, disable, allow, prefer, require, "
            "verify-ca, verify-full",
        ),
        (
            "ssl=true&sslmode=disable",
            "the options ssl and sslmode of the database URL contradict each other; keep one",
        ),
        (
            "schema=a&search_path=b",
            "the options schema and search_path of the database URL mean the same; keep one",
        ),
        ("schema=", "the option schema of the database URL is empty"),
        ("sslmode=require&sslmode=disable", "the option sslmode stands twice in the database URL"),
    ],
)
def test_other_options_are_named_with_the_source_of_the_url(
    query: str, sentence: str, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql://u@h/d?{query}"
    assert run_here("--database-url", url, "list") == (2, "", f"error: --database-url: {sentence}\n")
    config = clean_environment / "c.toml"
    config.write_text(f'[profiles.p]\nurl = "{url}"\n')
    monkeypatch.setenv("USERCLI_CONFIG", str(config))
    assert run_here("--profile", "p", "list") == (2, "", f"error: profile p: {sentence}\n")
    config.unlink()
    (clean_environment / ".env").write_text(f"POSTGRES_PORT=1\nDATABASE_URL='{url}'\n")
    assert run_here("list") == (2, "", f"error: .env DATABASE_URL: {sentence}\n")
    for name in ("DATABASE_URL", "USERCLI_DATABASE_URL"):
        monkeypatch.setenv(name, url)
        assert run_here("list") == (2, "", f"error: environment {name}: {sentence}\n")


@pytest.mark.parametrize(
    ("query", "code", "sentence"),
    [
        ("require_auth=x", 2, "has a wrong value of the option require_auth"),
        ("hostaddr=db.example.com", 2, "the option hostaddr of the database URL is not an IP address"),
        ("replication=database", 2, "the option replication of the database URL must be one of false, off, no, 0"),
        ("sslnegotiation=direct", 5, "sslnegotiation=direct needs sslmode=require or a stricter one"),
    ],
)
def test_what_libpq_alone_refuses_is_said_in_our_words(query: str, code: int, sentence: str) -> None:
    found = run_here("--database-url", f"postgresql://u@127.0.0.1:1/d?{query}", "list")
    assert found[:2] == (code, "")
    assert sentence in found[2]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("options=x", "the server refuses the options of the database URL, or of PGOPTIONS"),
        ("options=-cnosuch%3D1", "the server refuses the options of the database URL, or of PGOPTIONS"),
        ("search_path=%22", "the server refuses the options of the database URL, or of PGOPTIONS"),
        ("channel_binding=require", "the server has no channel binding, which channel_binding demands"),
        ("require_auth=password", "the server wants another authentication than require_auth allows"),
        ("target_session_attrs=standby", "no server is what target_session_attrs demands"),
    ],
)
def test_what_the_server_refuses_is_said_in_our_words(query: str, sentence: str) -> None:
    code, out, err = run_here("--database-url", f"{server_url('postgres')}?{query}", "list")
    assert (code, out) == (5, "")
    assert err.rstrip("\n").endswith(f": {sentence}")


# -- any URL

_WORDS = st.text(string.ascii_letters + string.digits + "-_.~+ %/?#@:=&'\"\\\u00e9\u4e2d", max_size=8)
_HOSTS = st.lists(
    st.sampled_from(["h", "db.example.com", "127.0.0.1", "[::1]", "%2Frun%2Fpg"]), min_size=1, max_size=3
)
_OPTIONS = st.dictionaries(
    st.sampled_from(["application_name", "options", "sslrootcert", "passfile", "user", "password", "dbname"]),
    _WORDS.filter(bool),
    max_size=3,
)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://h:7/d?port=8", "h:8"),
        ("postgresql://h:7/d?host=other", "other:7"),
        ("postgresql://h:7/d?host=/run/pg", "/run/pg:7"),
        ("postgresql://h:7/d?host=other&port=8", "other:8"),
        ("postgresql://h:7/d?host=a,b", "a:7 b:7"),
        ("postgresql://a:7,b:8/d?port=9,10", "a:9 b:10"),
        ("postgresql://a:7,b/d", "a:7 b:5432"),
        ("postgresql://:7/d", "around:7"),
        ("postgresql://:7/d?host=h", "h:7"),
        ("postgresql:///d?port=7", "around:7"),
        ("postgresql://h/d", "h:6"),
    ],
)
def test_a_host_or_a_port_of_the_query_replaces_that_of_the_authority_alone(url: str, hosts: str) -> None:
    """What libpq does: conninfo_to_dict says it; PGHOST and PGPORT fill what neither gives."""
    parsed = database_url.parse(url, {"PGHOST": "around", "PGPORT": "6"})
    theirs = conninfo_to_dict(url)
    ports = str(theirs.get("port", "6")).split(",")
    names = str(theirs.get("host", "around")).split(",")
    assert [f"{host}:{port}" for host, port in parsed.hosts] == hosts.split(" ")
    assert parsed.hosts == tuple(
        (name, int(ports[min(number, len(ports) - 1)] or 5432)) for number, name in enumerate(names)
    )


def test_a_schema_that_is_not_there_is_named_as_the_cause() -> None:
    code, out, err = run_here("--database-url", f"{server_url('postgres')}?schema=nowhere", "db", "upgrade")
    assert (code, out) == (5, "")
    assert "error: no schema of the search path exists; create it (CREATE SCHEMA name), or name " in err


def _escaped(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


@settings(deadline=None)
@given(
    st.sampled_from(["postgres", "postgresql"]),
    _WORDS.filter(bool),
    _WORDS,
    _HOSTS,
    st.none() | st.integers(1, 65535),
    _WORDS.filter(bool),
    _OPTIONS,
)
def test_a_url_means_what_it_means_to_libpq(
    scheme: str, user: str, password: str, hosts: list[str], port: int | None, name: str, options: dict[str, str]
) -> None:
    secret = f":{_escaped(password)}" if password else ""
    end = "" if port is None else f":{port}"
    query = "&".join(f"{option}={_escaped(value)}" for option, value in options.items())
    place = ",".join(host + end for host in hosts)
    url = f"{scheme}://{_escaped(user)}{secret}@{place}/{_escaped(name)}" + (f"?{query}" if query else "")
    ours, theirs = database_url.parse(url, {}), conninfo_to_dict(url)
    assert ours.database == theirs.pop("dbname")
    assert (ours.user, ours.password) == (theirs.pop("user"), theirs.pop("password", None))
    assert ",".join(host for host, _ in ours.hosts) == theirs.pop("host")
    assert {number for _, number in ours.hosts} == {port or 5432}
    theirs.pop("port", None)
    assert dict(ours.query) == theirs


@settings(deadline=None)
@given(
    st.sampled_from(["", *(f"{scheme}://" for scheme in SCHEMES), "sqlite:///", "mysql://", "'", "postgresql:"]),
    st.text(st.characters() | st.sampled_from(":/@?&=%#[],'\" \n\0\u200b"), max_size=30),
    st.sampled_from(["", "?sslmode=require", "?schema=", "&ssl=1", "?service=x", "\n", '"']),
)
def test_any_text_is_a_url_or_refused_and_never_repeated(start: str, middle: str, end: str) -> None:
    secret = "s3CANARYret"
    try:
        url = database_url.parse(f"{start}u:{secret}{middle}{end}", {})
    except InvalidInput as error:
        said = error.message
    else:
        said = f"{url.masked} {url.where}"
        if secret not in (url.password or ""):  # it became a part of another name
            said = said.replace(secret, "")
        assert url.engine == "sqlite" or secret not in repr(url) or secret not in (url.password or "")
    assert secret not in said
    assert visible(said) == said
