"""Variables and service files of libpq name a database; blanks, quotes and empty values around any of them."""

from __future__ import annotations

import json
import os
import pwd
import re
from pathlib import Path

import psycopg
import pytest

from tests.conftest import run_here, server_url
from usercli.config import Settings
from usercli.database import libpq
from usercli.database import url as database_url
from usercli.database.engine import engine_options, open_engine
from usercli.errors import InvalidInput

pytestmark = pytest.mark.usefixtures("clean_environment")

SERVICE = """\
# services
[svc2]
host=two.example
[svc]
  host=db.example
port=6543
dbname=app
dbname=second
user=me
password=s3CANARYret
sslmode=disable

[later]
host=later.example
"""


def shown() -> tuple[str, str]:
    """The database's URL and its source, as `config show` has them."""
    code, out, err = run_here("config", "show", "-o", "json")
    assert (code, err) == (0, "")
    row = json.loads(out)[0]
    return row["value"], row["source"]


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def server() -> dict[str, str]:
    """The tests' PostgreSQL, as libpq's variables have it."""
    url = database_url.parse(server_url("postgres"), {})
    [(host, port)] = url.hosts
    assert url.user
    return {"PGHOST": host, "PGPORT": str(port), "PGUSER": url.user, "PGDATABASE": url.database}


@pytest.mark.parametrize("variables", ["environment", ".env"])
def test_libpq_s_variables_alone_reach_their_server(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, variables: str
) -> None:
    place = server()
    if variables == ".env":
        (clean_environment / ".env").write_text("".join(f"{name}={value}\n" for name, value in place.items()))
    else:
        set_all(monkeypatch, place)
    where = f"{place['PGHOST']}:{place['PGPORT']}/postgres"
    assert shown() == (f"postgresql://{place['PGUSER']}@{where}", f"{variables} PG*")
    error = f"error: the database {where} has no usercli schema yet; run: usercli db upgrade\n"
    assert run_here("list") == (5, "", error)
    assert not list(clean_environment.rglob("*.db"))


@pytest.mark.parametrize("variables", ["environment", ".env"])
def test_a_service_alone_reaches_its_server(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, variables: str
) -> None:
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGDATABASE": "dbname"}
    lines = [f"{names[name]}={value}" for name, value in server().items()]
    (clean_environment / ".pg_service.conf").write_text("\n".join(["[svc]", *lines, "options=-cgeqo=off"]))
    if variables == ".env":
        (clean_environment / ".env").write_text("PGSERVICE=svc\n")
    else:
        monkeypatch.setenv("PGSERVICE", "svc")
    assert shown()[1] == f"{variables} PGSERVICE"
    assert "has no usercli schema yet" in run_here("list")[2]


@pytest.mark.parametrize(
    ("variables", "masked"),
    [
        ({"PGHOST": "h", "PGUSER": "u"}, "postgresql://u@h:5432/u"),
        ({"PGDATABASE": "d", "PGUSER": "u"}, "postgresql://u@localhost:5432/d"),
        ({"PGUSER": "u"}, "postgresql://u@localhost:5432/u"),
        ({"PGHOST": "/run/a%20b", "PGUSER": "u"}, "postgresql://u@%2Frun%2Fa%2520b:5432/u"),
        ({"PGHOST": "h", "PGHOSTADDR": "192.0.2.1", "PGUSER": "u"}, "postgresql://u@192.0.2.1:5432/u"),
        ({"PGHOST": "a,b", "PGPORT": "1,2", "PGUSER": "u"}, "postgresql://u@a:1,b:2/u"),
        ({"PGUSER": "u", "PGPASSWORD": "s3CANARYret"}, "postgresql://u:***@localhost:5432/u"),
        ({"PGSERVICE": "svc", "PGHOST": "h", "PGUSER": "u"}, "postgresql://me:***@db.example:6543/app"),
        ({"PGSERVICE": "svc2", "PGPORT": "7", "PGUSER": "u"}, "postgresql://u@two.example:7/u"),
        ({"DATABASE_URL": "postgresql:///d", "PGSERVICE": "svc"}, "postgresql://me@db.example:6543/d"),
        ({"DATABASE_URL": "postgresql://h/d?service=svc"}, "postgresql://me@h:6543/d"),
        ({"DATABASE_URL": "postgresql:///?service=svc", "PGHOST": "h"}, "postgresql://me@db.example:6543/app"),
        ({"POSTGRES_HOST": "h", "PGHOST": "other"}, "postgresql://postgres@h:5432/postgres"),
    ],
)
def test_the_order_is_that_of_libpq(clean_environment: Path, variables: dict[str, str], masked: str) -> None:
    (clean_environment / ".pg_service.conf").write_text(SERVICE)
    assert Settings(environ=variables).target.url.masked == masked


def test_without_a_name_the_user_s_own_counts() -> None:
    import getpass

    assert Settings(environ={"PGHOST": "h"}).target.url.where == f"h/{getpass.getuser()}"


@pytest.mark.parametrize("name", ["PGPORT", "PGPASSWORD"])
def test_a_port_or_a_password_alone_leads_to_no_embedded_file(
    clean_environment: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = clean_environment / "c.toml"
    config.write_text('default_profile = "p"\n[profiles.p]\nurl = "postgresql://u@h/d"\n')
    assert Settings(environ={name: "5433", "USERCLI_CONFIG": str(config)}).target.profile == "p"
    assert Settings(environ={name: "5433"}).target.source == "environment PG*"
    (clean_environment / ".env").touch(0o600)
    (clean_environment / ".env").write_text(f"{name}=5433\n")
    assert Settings(environ={}).target.source == ".env PG*"


def test_an_address_that_libpq_would_take_instead_of_the_url_s_host_is_told(clean_environment: Path) -> None:
    (clean_environment / ".pg_service.conf").write_text("[svc]\nhostaddr=192.0.2.1\n")
    config = clean_environment / "c.toml"
    config.write_text('[profiles.p]\nurl = "postgresql://u@h/d"\n')
    for name, value in (("PGHOSTADDR", "192.0.2.1"), ("PGSERVICE", "svc")):
        sentence = f"{name} is set and would lead to another server than h/d; unset it"
        for given in (
            {"DATABASE_URL": "postgresql://h/d"},
            {"POSTGRES_HOST": "h", "POSTGRES_DB": "d"},
            {"USERCLI_PROFILE": "p", "USERCLI_CONFIG": str(config)},
        ):
            with pytest.raises(InvalidInput, match=sentence):
                _ = Settings(environ={**given, name: value}).target
        same = Settings(environ={"DATABASE_URL": "postgresql://u@/d?hostaddr=192.0.2.1", name: value}).target.url
        assert same.where == "192.0.2.1/d"
        assert Settings(environ={"DATABASE_URL": "sqlite:///x.db", name: value}).target.url.engine == "sqlite"


# -- service files


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[other]\nhost=h\n", "environment DATABASE_URL: there is no service svc in PATH; see PGSERVICE and "),
        (
            "[svc]\nhost = h\n",
            "line 2 of PATH is not an option of libpq (option=value, without blanks around the =)",
        ),
        ("[svc]\nhost\n", "line 2 of PATH is not an option of libpq"),
        ("[svc]\nldap://h/x\n", "line 2 of PATH is not an option of libpq"),
        ("[svc]\n\nservice=a\n", "line 3 of PATH names another service; write its options out"),
        ("[svc]\nport=x\n", "port in line 2 of PATH is not a number from 1 to 65535"),
        ("[svc]\nhost=\udcff\n", "cannot read PATH; it must be UTF-8 text"),
    ],
)
def test_a_mistake_in_a_service_file_is_named(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    path = clean_environment / "services"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    set_all(monkeypatch, {"PGSERVICEFILE": str(path), "PGSERVICE": "svc", "DATABASE_URL": "postgresql:///d"})
    code, out, err = run_here("list")
    assert (code, out) == (2, "")
    assert sentence.replace("PATH", str(path)) in err
    path.unlink()
    missing = f"error: environment DATABASE_URL: there is no file {path}, which PGSERVICEFILE names\n"
    assert run_here("list") == (2, "", missing)


def test_the_system_s_service_file_comes_after_one_s_own(clean_environment: Path) -> None:
    (clean_environment / "pg_service.conf").write_text("[svc]\nhost=system\n[theirs]\nhost=theirs\n")
    (clean_environment / ".pg_service.conf").write_text("[svc]\nhost=own\n")
    environ = {"PGSYSCONFDIR": str(clean_environment)}
    assert libpq.read_service("svc", environ) == {"host": "own"}
    assert libpq.read_service("theirs", environ) == {"host": "theirs"}


def test_a_password_of_pgpass_is_used(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq looks it up by what it is given: host, port, database and user."""
    place = server()
    with psycopg.connect(server_url("postgres"), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS pgpass_user")
        connection.execute("CREATE ROLE pgpass_user LOGIN PASSWORD 'right'")
    passfile = clean_environment / ".pgpass"
    passfile.write_text(f"{place['PGHOST']}:{place['PGPORT']}:postgres:pgpass_user:right\n")
    passfile.chmod(0o600)
    set_all(monkeypatch, {**place, "PGUSER": "pgpass_user"})
    url = Settings().target.url
    assert "password" not in dict(url.query)
    with open_engine(url).connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        assert driver.info.password == "right"


# -- blanks, quotes, and nothing at all

#: Each variable that names a database or a part, with a value.
PARTS = {
    "USERCLI_DATABASE_URL": "postgresql://u@h/d",
    "DATABASE_URL": "sqlite:////tmp/users.db",
    "POSTGRES_HOST": "h",
    "POSTGRES_DB": "d",
    "POSTGRES_USER": "u",
    "POSTGRES_PASSWORD": "p w",
    "POSTGRES_PORT": "6543",
    "PGHOST": "h",
    "PGHOSTADDR": "192.0.2.1",
    "PGDATABASE": "d",
    "PGUSER": "u",
    "PGPORT": "6543",
    "PGPASSWORD": "p w",
    "PGSSLMODE": "require",
    "PGSERVICE": "svc",
}


def around(name: str) -> dict[str, str]:
    """Another variable without which this one names no database."""
    if name.startswith("POSTGRES_"):
        return {"POSTGRES_HOST": "h"}
    return {"PGDATABASE": "d"} if name.startswith("PG") else {}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("ends", [("", "\n"), (" ", "\r\n"), ("\t", " "), ("\n", "\n\n")])
def test_blanks_and_line_ends_around_a_part_are_cut_off(
    clean_environment: Path, name: str, ends: tuple[str, str]
) -> None:
    (clean_environment / ".pg_service.conf").write_text(SERVICE)
    plain = Settings(environ={**around(name), name: PARTS[name]}).target
    assert Settings(environ={**around(name), name: PARTS[name].join(ends)}).target == plain


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("quotes", ["''", '""', "\u201c\u201d"])
def test_quotes_around_a_part_are_told(clean_environment: Path, name: str, quotes: str) -> None:
    environ = {**around(name), name: f"{quotes[0]}{PARTS[name]}{quotes[1]}\n"}
    with pytest.raises(InvalidInput) as caught:
        _ = Settings(environ=environ).target
    what = f"{name}: the database URL" if name.endswith("_URL") else name
    assert caught.value.message == f"environment {what} has quotes around it; remove them"


def test_blanks_around_other_ways_in_are_cut_off(clean_environment: Path) -> None:
    config = clean_environment / "c.toml"
    config.write_text('[profiles.p]\nurl = " postgresql://u@h/d\\n"\n')
    (clean_environment / ".env").write_text("DATABASE_URL=' sqlite:////tmp/e.db '\n")
    places = {"USERCLI_CONFIG": str(config)}
    assert Settings(environ=places, profile="p").target.url.where == "h/d"
    assert Settings(environ=places, database_url="sqlite:////tmp/o.db\n").target.url.where == "/tmp/o.db"
    assert Settings(environ=places).target.url.where == "/tmp/e.db"


@pytest.mark.parametrize("name", ["USERCLI_DATABASE_URL", "DATABASE_URL"])
@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_url_is_a_mistake_and_not_the_database_below(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (clean_environment / ".env").write_text(f"POSTGRES_HOST=h\n{name}='{value}'\n")
    words = "is empty; unset it to use the configured database"
    assert run_here("db", "upgrade") == (2, "", f"error: .env {name} {words}\n")
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("POSTGRES_HOST", "h")
    assert run_here("db", "upgrade") == (2, "", f"error: environment {name} {words}\n")
    assert run_here("--database-url", value, "db", "upgrade")[0] == 2
    assert not list(clean_environment.rglob("*.db"))
    assert Settings(database_url="sqlite:////tmp/x.db").target.source == "--database-url"


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_profile_is_a_mistake_and_not_the_database_below(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    words = "is empty; unset it to use the configured database"
    config = clean_environment / "c.toml"
    config.write_text(f"default_profile = '{value}'\n")
    monkeypatch.setenv("USERCLI_CONFIG", str(config))
    assert run_here("db", "upgrade") == (2, "", f"error: configuration file default_profile {words}\n")
    (clean_environment / ".env").write_text(f"USERCLI_PROFILE='{value}'\n")
    assert run_here("db", "upgrade") == (2, "", f"error: .env USERCLI_PROFILE {words}\n")
    monkeypatch.setenv("USERCLI_PROFILE", value)
    assert run_here("db", "upgrade") == (2, "", f"error: environment USERCLI_PROFILE {words}\n")
    assert not list(clean_environment.rglob("*.db"))


@pytest.mark.parametrize(
    ("url", "variables", "hosts"),
    [
        (None, {"PGHOST": "h", "PGHOSTADDR": "192.0.2.1", "PGPORT": "6"}, [("h", "192.0.2.1", 6)]),
        ("postgresql://h:7/d?hostaddr=192.0.2.1", {}, [("h", "192.0.2.1", 7)]),
        ("postgresql:///d?host=h&hostaddr=192.0.2.1", {}, [("h", "192.0.2.1", 5432)]),
        (
            "postgresql://a:1,b:2/d?hostaddr=192.0.2.1,192.0.2.2",
            {},
            [("a", "192.0.2.1", 1), ("b", "192.0.2.2", 2)],
        ),
        ("postgresql:///d?hostaddr=192.0.2.1", {}, [("192.0.2.1", "192.0.2.1", 5432)]),
    ],
)
def test_a_name_beside_an_address_is_what_tls_checks(
    clean_environment: Path, url: str | None, variables: dict[str, str], hosts: list[tuple[str, str, int]]
) -> None:
    settings = Settings(environ={"PGUSER": "u", **variables, **({"DATABASE_URL": url} if url else {})})
    sent = engine_options(settings.target.url)["connect_args"]
    assert [sent[name] for name in ("host", "hostaddr", "port")] == [
        ",".join(str(item) for item in column) for column in zip(*hosts, strict=True)
    ]
    assert settings.target.url.hosts == tuple((address, port) for _, address, port in hosts)


def test_a_server_is_reached_by_its_address_whatever_its_name(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = server()
    set_all(monkeypatch, {**given, "PGHOST": "db.invalid", "PGHOSTADDR": given["PGHOST"]})
    assert run_here("db", "current")[0] != 1
    engine = open_engine(Settings().target.url)
    with engine.connect() as connection:
        info = connection.connection.dbapi_connection.info  # type: ignore[union-attr]  # it is connected
        assert (info.host, info.hostaddr) == ("db.invalid", given["PGHOST"])
    engine.dispose()


def test_a_name_without_its_address_is_wrong_usage(clean_environment: Path) -> None:
    needed = "as many addresses (hostaddr) as host names are needed, or no host name"
    with pytest.raises(InvalidInput, match=re.escape(needed)):
        database_url.parse("postgresql://a,b/d?hostaddr=192.0.2.1", {})


def test_a_server_that_refuses_the_user_nobody_named_says_who_that_is(clean_environment: Path) -> None:
    given = server()
    url = f"postgresql://{given['PGHOST']}:{given['PGPORT']}/{given['PGDATABASE']}"
    code, _, err = run_here("--database-url", url, "list")
    assert (code, f"has no user {pwd.getpwuid(os.geteuid()).pw_name}\n" in err) == (5, True), err


def test_the_folder_of_a_socket_is_shown_as_a_url_that_works(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables: dict[str, str]
    for variables in (
        {"PGHOST": "/var/run/pg", "PGUSER": "u", "PGDATABASE": "d"},
        {"DATABASE_URL": "postgresql://u@/d?host=/var/run/pg"},
    ):
        with monkeypatch.context() as patch:
            set_all(patch, variables)
            text, _ = shown()
        assert text == "postgresql://u@%2Fvar%2Frun%2Fpg:5432/d"
        assert database_url.parse(text, {}).hosts == (("/var/run/pg", 5432),)
