"""What PostgreSQL, or a pooler, says becomes a sentence and a code: from a table, and where it can be provoked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Cli, Database, kept_engine, migrated_postgresql, run_here
from usercli.database.errors import statement_error
from usercli.database.postgres_causes import POOLER
from usercli.database.statement_errors import tables_of
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.errors import DatabaseUnavailable, DatabaseUnreachable, UserCliError
from usercli.schemas.users import UserCreate
from usercli.services import users as service

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

URL = DatabaseUrl("postgresql", "service", (("db.example.com", 5432),), "clerk")
CLASSES = {"08", "25", "28", "3D", "40", "53", "55", "57"}
CODES = sorted(
    {
        kind.sqlstate
        for kind in vars(psycopg.errors).values()
        if isinstance(kind, type) and issubclass(kind, psycopg.Error) and (kind.sqlstate or "")[:2] in CLASSES
    }
    | {"42501"}
)


def error_of(state: str, text: str = "") -> UserCliError:
    found = statement_error(psycopg.errors.lookup(state)(text), URL)
    assert found is not None
    return found


# -- the table


def test_the_driver_knows_the_codes() -> None:
    assert len(CODES) >= 40


@pytest.mark.parametrize("state", CODES)
def test_every_code_has_a_sentence(state: str) -> None:
    error = error_of(state)
    assert error.exit_code == (4 if state[:2] == "40" and state != "40003" else 5)
    assert "unexpected" not in error.message
    assert "{" not in error.message
    assert error.message == error.message.rstrip(".")


@pytest.mark.parametrize("state", ["08ZZZ", "25ZZZ", "28ZZZ", "3DZZZ", "40ZZZ", "53ZZZ", "55ZZZ", "57ZZZ"])
def test_a_code_of_a_newer_server_has_the_sentence_of_its_class(state: str) -> None:
    newer: Any = psycopg.OperationalError()
    newer.sqlstate = state
    error = statement_error(newer, URL)
    assert error is not None
    assert error.exit_code == (4 if state.startswith("40") else 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("canceling statement due to statement timeout", "longer than statement_timeout allows"),
        ("canceling statement due to user request", "an administrator cancelled the statement"),
        ("storniere Anfrage wegen Benutzeraufforderung", "by statement_timeout or by an administrator"),
    ],
)
def test_a_cancel_by_hand_is_no_time_limit(text: str, said: str) -> None:
    error = error_of("57014", text)
    assert said in error.message
    assert error.message.endswith("nothing was changed")


def test_the_limit_is_named_in_any_language() -> None:
    for text in (
        "temporary file size exceeds temp_file_limit (64kB)",
        "Datei überschreitet temp_file_limit (64kB)",
    ):
        said = error_of("53400", text).message
        assert (
            said == "the change needs more than temp_file_limit of the database server allows; nothing was changed"
        )


@pytest.mark.parametrize("sign", [sign for sign, _ in POOLER])
def test_what_a_pooler_says_is_told(sign: str) -> None:
    for error in (
        statement_error(psycopg.OperationalError(f"connection failed: FATAL:  {sign}: x"), URL, connected=False),
        error_of("08P01", sign),
    ):
        assert isinstance(error, DatabaseUnreachable)
        assert "failed or broke" not in error.message
        assert "{" not in error.message


def test_a_pooler_names_the_option() -> None:
    text = "connection failed: FATAL:  unsupported startup parameter: extra_float_digits"
    error = statement_error(psycopg.OperationalError(text), URL, connected=False)
    assert error is not None
    assert error.message.endswith(
        "the pooler refuses the option extra_float_digits of the database URL, or of a variable of libpq"
    )


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("ALTER TABLE users ADD COLUMN phone TEXT", ("users",)),
        ('CREATE UNIQUE INDEX "a b" ON users (email_key)', ("users",)),
        ("CREATE TRIGGER t BEFORE UPDATE\n ON audit_events FOR EACH ROW EXECUTE FUNCTION f()", ("audit_events",)),
        ("DROP TABLE IF EXISTS user_roles", ("user_roles",)),
        ('UPDATE "users" SET email = :email', ("users",)),
        ("SELECT 1 FROM users JOIN roles", ("users", "roles")),
        ("SELECT 1 FROM unnest(:names) AS name, pg_catalog.pg_class", ()),
        ("SELECT attname FROM pg_catalog.pg_attribute LEFT JOIN pg_catalog.pg_type ON true", ()),
        ("SELECT pg_advisory_xact_lock(1)", ()),
    ],
)
def test_the_tables_of_a_statement(statement: str, tables: tuple[str, ...]) -> None:
    assert tables_of(statement) == tables


# -- provoked


@pytest.fixture
def session(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.text, autocommit=True, application_name="another program") as connection:
        yield connection


@pytest.fixture
def limited(database: Database, session: psycopg.Connection[Any]) -> Iterator[Callable[[str, str], None]]:
    """Set a limit for the sessions of this database."""
    name = str(database.url.database)

    def limit(setting: str, value: str) -> None:
        session.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")
        kept_engine(database.url).dispose()  # a session that is there already goes on without it

    yield limit
    session.execute(f"ALTER DATABASE {name} RESET ALL")
    kept_engine(database.url).dispose()


def created(database: Database) -> UnitOfWork:
    uow = database.uow()
    uow.__enter__()
    service.create_user(UserCreate(email="ada@example.com"), uow)
    return uow


def backend(uow: UnitOfWork) -> int:
    return int(uow.session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


@on_postgresql
@pytest.mark.parametrize("setting", ["idle_in_transaction_session_timeout", "transaction_timeout"])
def test_a_session_that_was_too_slow(
    setting: str, database: Database, session: psycopg.Connection[Any], limited: Callable[[str, str], None]
) -> None:
    if setting == "transaction_timeout" and session.info.server_version < 170000:
        pytest.skip("this server has no transaction_timeout")
    limited(setting, "1s")
    uow = created(database)
    time.sleep(1.5)
    with pytest.raises(DatabaseUnavailable, match=f"{setting}.*nothing was changed") as caught:
        uow.commit()
    uow.close()
    assert type(caught.value) is DatabaseUnavailable
    assert session.execute("SELECT count(*) FROM users").fetchone() == (0,)


@on_postgresql
def test_a_session_that_was_ended(database: Database, session: psycopg.Connection[Any]) -> None:
    uow = created(database)
    session.execute("SELECT pg_terminate_backend(%s, 5000)", [backend(uow)])
    with pytest.raises(DatabaseUnreachable, match=r"an administrator ended the session.*; nothing was changed"):
        service.create_user(UserCreate(email="bob@example.com"), uow)
    uow.close()


@on_postgresql
def test_a_statement_that_was_cancelled_by_hand(database: Database, session: psycopg.Connection[Any]) -> None:
    uow = created(database)
    pid = backend(uow)
    with ThreadPoolExecutor() as threads:
        slept = threads.submit(lambda: uow.session.connection().exec_driver_sql("SELECT pg_sleep(20)"))
        while slept.running():
            session.execute(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = %s AND query ~ 'pg_sleep'", [pid]
            )
            time.sleep(0.05)
    with pytest.raises(DatabaseUnavailable, match="an administrator cancelled the statement; nothing was changed"):
        slept.result()
    uow.close()


@on_postgresql
def test_an_import_whose_session_is_ended(cli: Cli, database: Database, session: psycopg.Connection[Any]) -> None:
    """In the middle of a COPY the driver knows no SQLSTATE."""
    file = Path("people.csv")
    file.write_text("email\n" + "".join(f"u{number}@example.com\n" for number in range(30_000)))
    ended = threading.Event()

    def end() -> None:
        while not ended.is_set():
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND query ~ '^COPY' AND pid <> pg_backend_pid()"
            )
            ended.wait(0.01)

    ending = threading.Thread(target=end)
    ending.start()
    code, _, err = cli("import", str(file))
    ended.set()
    ending.join()
    assert code == 5
    assert err.splitlines()[-1].endswith("; nothing was changed")
    assert session.execute("SELECT count(*) FROM users").fetchone() == (0,)


@on_postgresql
def test_a_limit_of_temporary_files(
    database: Database, session: psycopg.Connection[Any], limited: Callable[[str, str], None]
) -> None:
    limited("temp_file_limit", "64kB")
    limited("work_mem", "64kB")
    with database.uow() as uow:
        sorting = (
            "SELECT count(*) FROM (SELECT repeat('x', 100) || n FROM generate_series(1, 20000) n ORDER BY 1) t"
        )
        with pytest.raises(DatabaseUnavailable, match=r"needs more than temp_file_limit .* nothing was changed"):
            uow.session.connection().exec_driver_sql(sorting)


@on_postgresql
def test_a_role_with_too_many_connections(database: Database, session: psycopg.Connection[Any]) -> None:
    role = f"few_{database.url.database}"
    session.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
    try:
        host = f"{database.url.hosts[0][0]}:{database.url.hosts[0][1]}"
        url = f"postgresql://{role}@{host}/{database.url.database}"
        code, _, err = run_here("--database-url", url, "list")
    finally:
        session.execute(f"DROP ROLE {role}")
    assert code == 5
    assert err.endswith("the server has no connection left; try again later\n")


@on_postgresql
def test_a_migration_says_who_holds_the_table(
    cli: Cli, database: Database, session: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usercli.database.revision_steps._LOCK_SECONDS", 0.1)
    # in a copy of the database the table has the same oid
    with migrated_postgresql() as copy, psycopg.connect(copy, application_name="another database") as older:
        older.execute("SELECT 1 FROM user_roles")
        session.execute("BEGIN")
        session.execute("SELECT 1 FROM user_roles")
        code, _, err = cli("db", "downgrade", "base", "--yes", "--confirm", database.url.name)
    session.execute("ROLLBACK")
    assert code == 5
    said = err.splitlines()[-1]
    assert f"user_roles is locked by process {session.info.backend_pid} (another program) since 20" in said
    assert said.endswith("nothing was changed; try again later")


@on_postgresql
def test_copy_names_the_privilege_that_is_missing(database: Database, session: psycopg.Connection[Any]) -> None:
    role = f"reader_{database.url.database}"
    session.execute(f"CREATE ROLE {role} LOGIN")
    session.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    session.execute(f"REVOKE SELECT ON users FROM {role}")
    try:
        host = f"{database.url.hosts[0][0]}:{database.url.hosts[0][1]}"
        url = f"postgresql://{role}@{host}/{database.url.database}"
        code, _, err = run_here("--database-url", url, "export")
    finally:
        session.execute(f"DROP OWNED BY {role}")
        session.execute(f"DROP ROLE {role}")
    assert code == 5
    assert f"the role {role} lacks SELECT on table users" in err
    assert f"GRANT SELECT ON TABLE users TO {role}" in err
