"""Both databases, brought up by the migrations, and two ways to run the command line."""

from __future__ import annotations

import gc
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.pool import NullPool, Pool, QueuePool

from tests import shared_postgres, signals
from usercli.database import migrations, schema_version
from usercli.database import url as database_url
from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.schemas.users import UserCreate, UserView
from usercli.services import users as service

_SERVER = "USERCLI_TEST_SERVER"
_SHARED = "USERCLI_TEST_SHARED"
_TEMPLATE = "usercli_template"
_MIGRATIONS = schema_version.folder()
_OURS = ("USERCLI_", "POSTGRES_", "PG", "DATABASE_URL", "XDG_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")


def pytest_configure(config: pytest.Config) -> None:
    """Make one folder for all workers of the run."""
    signals.restore()
    if hasattr(config, "workerinput"):
        return
    _use_memory()
    os.environ[_SHARED] = tempfile.mkdtemp(prefix="usercli-shared-")
    shared_folder().chmod(0o755)
    config.add_cleanup(shared_postgres.hold(shared_folder()))
    config.add_cleanup(lambda: os.environ.pop(_SHARED, None) and None)


def _use_memory() -> None:
    """Put temporary files into memory, unless a folder is named: each commit to a disk waits for it."""
    memory = Path("/dev/shm")
    if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= 4 * 2**30:
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None  # asked anew


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-k test_name`, pass over the files in which that name does not stand: loading all takes seconds."""
    asked = str(config.option.keyword)
    if collection_path.suffix != ".py" or " or " in asked:
        return None
    names = [term for term in asked.split(" and ") if re.fullmatch(r"test_\w+", term)]
    text = f"{collection_path.name}\n{collection_path.read_text(encoding='utf-8')}" if names else ""
    return any(name not in text for name in names) or None


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start the command line by a fixture, and as slow what is slow on one engine."""
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        if any(given.get("engine_name") in mark.args for mark in item.iter_markers("slow_on")):
            item.add_marker(pytest.mark.slow)
        if {"run", "quick"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.process)
        if item.get_closest_marker("either_engine") and _is_for_the_other_engine(item):
            item.add_marker(pytest.mark.slow)
    _mark_repetitions(items)


def _is_for_the_other_engine(item: pytest.Item) -> bool:
    """Whether a test that runs on both engines is left to the slow suite on this one: always the same half."""
    engine, other = "sqlite", "postgresql"
    if other in item.name:
        engine, other = other, engine
    callspec = getattr(item, "callspec", None)
    if callspec is None or callspec.params.get("engine_name") != engine or not _varies_by_engine(item):
        return False
    return bool(zlib.crc32(item.nodeid.replace(engine, "").encode()) % 2) == (engine == "sqlite")


def _varies_by_engine(item: pytest.Item) -> bool:
    """Whether the engine comes from the fixture alone, so that the test stands there once for each."""
    return not any("engine_name" in str(mark.args[0]) for mark in item.iter_markers("parametrize") if mark.args)


def _mark_repetitions(items: list[pytest.Item]) -> None:
    """Mark as slow what a test marked `each_once` can do without: each value of each parameter stays once."""
    tests: dict[str, list[tuple[pytest.Item, frozenset[object]]]] = {}
    for item in items:
        mark, given = item.get_closest_marker("each_once"), getattr(getattr(item, "callspec", None), "params", {})
        if mark and given and item.get_closest_marker("slow") is None:
            kept = tuple(repr(given.get(name)) for name in mark.args)
            values = frozenset((*kept, name, repr(value)) for name, value in given.items())
            tests.setdefault(item.nodeid.partition("[")[0], []).append((item, values))
    for cases in tests.values():
        seen: Counter[object] = Counter()
        missing = {value for _, values in cases for value in values}
        while missing:  # the case that brings most, of values that were seen least
            best = min(cases, key=lambda case: (-len(case[1] & missing), sum(seen[value] for value in case[1])))
            cases.remove(best)
            seen.update(best[1])
            missing -= best[1]
        for item, _ in cases:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, of which there is none, and let it never be looked at again."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def shared_folder() -> Path:
    """A folder of all workers of the run, in which every user may read."""
    return Path(os.environ[_SHARED])


@dataclass(frozen=True)
class Database:
    """A database of a test's own, at head and empty."""

    url: DatabaseUrl
    text: str

    @property
    def engine(self) -> str:
        return self.url.engine

    def uow(self, **options: bool) -> UnitOfWork:
        return UnitOfWork(sessions(kept_engine(self.url)), **options)

    def rows(self, query: str, **parameters: object) -> list[tuple[object, ...]]:
        """Ask the database past the tool, over a connection of its own."""
        from sqlalchemy import text

        engine = kept_engine(self.url)
        with engine.begin() as connection:
            result = connection.execute(text(query), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []


#: The sessions of the tests' pools: a session that has looked at the tables answers twice as fast as a new one.
_pooled: set[int] = set()


@lru_cache(maxsize=8)
def kept_engine(url: DatabaseUrl) -> Engine:
    if url.engine == "sqlite":
        return open_engine(url)
    engine = open_engine(url, QueuePool, pool_size=2, max_overflow=50, pool_pre_ping=True)
    event.listen(engine, "connect", lambda connection, _: _pooled.add(connection.pgconn.backend_pid))
    return engine


@pytest.fixture(scope="session", autouse=True)
def engines_are_kept() -> Iterator[None]:
    """An engine for each database, where the command line makes one for each command.

    A third of what a command costs in one process is to get to know the server and to compile the same statements
    again. No connection is kept.
    """

    def keep(url: DatabaseUrl, poolclass: type[Pool] = NullPool, **pool: Any) -> Engine:
        if poolclass is not NullPool or (url.engine == "sqlite" and not Path(url.database).exists()):
            return open_engine(url, poolclass, **pool)
        return kept_engine(url)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("usercli.database.engine.open_engine", keep)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _migrate(database_url.sqlite_file(path))
    return path


def _migrate(url: DatabaseUrl) -> None:
    """Bring it up by our migrations, also where the first test that asks has put others in their place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema_version, "folder", lambda: _MIGRATIONS)
        migrations.upgrade(url)


@cache
def server() -> str:
    """The URL of the tests' PostgreSQL, which starts when the first test of the run wants it."""

    def prepare(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_TEMPLATE}")
        _migrate(database_url.parse(_beside(url, _TEMPLATE)))

    return os.environ.get(_SERVER) or shared_postgres.url_of(shared_folder(), prepare)


def server_url(name: str) -> str:
    """The URL of a database of the tests' PostgreSQL."""
    return _beside(server(), name)


def _beside(url: str, name: str) -> str:
    return url.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def empty_database(engine_name: str, tmp_path: Path) -> Iterator[Database]:
    """A database without a schema: for SQLite a file that is not there yet."""
    if engine_name == "sqlite":
        path = tmp_path / "empty.db"
        yield Database(database_url.sqlite_file(path), f"sqlite:///{path}")
        return
    with _postgresql_database("template1") as text:
        yield Database(database_url.parse(text), text)


@pytest.fixture
def database(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database at head, empty: a copy of one that the migrations made."""
    if engine_name == "sqlite":
        path = tmp_path / "users.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield Database(database_url.sqlite_file(path), f"sqlite:///{path}")
        return
    with _postgresql_database(_TEMPLATE) as text:
        yield Database(database_url.parse(text), text)


#: All that a test may have changed in a database besides its rows.
_SHAPE = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT concat(oid::regclass, relkind, reloptions, relacl) FROM pg_class
        WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)')
    UNION ALL SELECT concat(attrelid::regclass, attname, atttypid, attnotnull, attcollation, attacl)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT concat(adrelid::regclass, pg_get_expr(adbin, adrelid)) FROM pg_attrdef
    UNION ALL SELECT concat(pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat(conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype <> 'n'
    UNION ALL SELECT concat(proname, prosrc, proconfig, prosecdef) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat(rulename) FROM pg_rewrite WHERE ev_class = to_regclass('audit_events')
    UNION ALL SELECT concat(nspname, nspacl) FROM pg_namespace
    UNION ALL SELECT concat(setconfig) FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT version_num FROM alembic_version
) AS shape (line)
"""


_TABLES = ("users", "roles", "user_roles", "audit_events", "import_progress")
#: To delete a few rows takes half the time of TRUNCATE; the lock waits for what a killed client left to the server.
_EMPTY = f"LOCK TABLE {', '.join(_TABLES)} IN EXCLUSIVE MODE; " + "; ".join(f"DELETE FROM {it}" for it in _TABLES)
_SMALL = 128 * 1024  # bytes


class _postgresql_database:  # noqa: N801 - a context manager
    """A database of a test's own. One at head is kept for the next test, if only its rows have changed.

    Making a database costs more than most tests do.
    """

    _kept: str | None = None
    _shape: str | None = None

    def __init__(self, template: str) -> None:
        self.template = template

    def __enter__(self) -> str:
        cls = _postgresql_database
        if self.template == _TEMPLATE and cls._kept is not None:
            self.name, cls._kept = cls._kept, None
            return server_url(self.name)
        self.name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(server(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.name} TEMPLATE {self.template} STRATEGY wal_log")
        return server_url(self.name)

    def __exit__(self, *_: object) -> None:
        if self.template == _TEMPLATE and self._is_as_new():
            _postgresql_database._kept = self.name
            return
        with psycopg.connect(server(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _is_as_new(self) -> bool:
        cls = _postgresql_database
        try:
            if cls._shape is None:
                with psycopg.connect(server_url(_TEMPLATE)) as connection:
                    [cls._shape] = connection.execute(_SHAPE).fetchone() or [None]
            with psycopg.connect(server_url(self.name), autocommit=True) as connection:
                if connection.execute(_SHAPE).fetchone() != (cls._shape,):
                    return False
                others = connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_get_activity(NULL) "
                    "WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                    "AND pid <> pg_backend_pid() AND pid <> ALL (%s)",
                    [list(_pooled)],
                )
                others.fetchall()
                # as a replica would: the log's triggers stay silent
                connection.execute("SET session_replication_role = replica; SET lock_timeout = '2s'")
                connection.execute(_EMPTY if self._is_small(connection) else f"TRUNCATE {', '.join(_TABLES)}")
        except psycopg.Error:
            return False
        return True

    @staticmethod
    def _is_small(connection: psycopg.Connection[Any]) -> bool:
        """Whether few rows were ever in the tables since they were truncated: nothing is vacuumed."""
        size = " + ".join(f"pg_relation_size('{table}')" for table in _TABLES)
        return bool((connection.execute(f"SELECT {size}").fetchone() or [0])[0] <= _SMALL)


def migrated_postgresql() -> AbstractContextManager[str]:
    """The URL of a database at head, for a fixture with a longer life."""
    return _postgresql_database(_TEMPLATE)


def empty_postgresql() -> AbstractContextManager[str]:
    """The URL of a database without a schema."""
    return _postgresql_database("template1")


@pytest.fixture
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration but the test's own: an empty home, which is also the working directory."""
    for name in list(os.environ):
        if name.startswith(_OURS) and name not in {_SERVER, _SHARED}:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERCLI_UNSAFE", "1")
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "4")
    monkeypatch.setenv("NO_COLOR", "1")  # messages on a terminal are compared as text; test_colors.py sees them all
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def environment(clean_environment: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean environment that names the test's database."""
    monkeypatch.setenv("USERCLI_DATABASE_URL", database.text)
    return clean_environment


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


Cli = Callable[..., tuple[int, str, str]]


def run_here(*arguments: str, stdin: str = "", terminal: bool = False) -> tuple[int, str, str]:
    """Run a command line in this process: its exit code, stdout and stderr."""
    from usercli.cli.main import run

    kind = _Terminal if terminal else io.TextIOWrapper
    out, err = kind(io.BytesIO(), encoding="utf-8"), kind(io.BytesIO(), encoding="utf-8")
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = kind(io.BytesIO(stdin.encode("utf-8", "surrogateescape")), encoding="utf-8")
    sys.stdout, sys.stderr = out, err
    try:
        code = run(arguments)
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    for stream in (out, err):
        stream.flush()
    return code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()  # type: ignore[attr-defined]  # a BytesIO


@pytest.fixture
def cli(environment: Path) -> Cli:
    """The command line, run in this process on the test's database."""
    return run_here


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the PATH, with a `usercli` that starts at once: for shell scripts."""
    from tests.preloaded_cli import quick_usercli

    with quick_usercli(tmp_path_factory.mktemp("quick")) as folder:
        yield folder


@pytest.fixture
def run(environment: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line as a process of its own."""

    def _run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        settings: dict[str, object] = {
            "capture_output": True,
            "text": True,
            "timeout": 60,
            "stdin": subprocess.DEVNULL,
        }
        return subprocess.run([sys.executable, "-m", "usercli", *arguments], **{**settings, **options})  # type: ignore[call-overload, no-any-return]  # options as given

    return _run


@pytest.fixture
def make_user(database: Database) -> Callable[..., UserView]:
    """Add a user past the command line."""

    def make(email: str = "ada@example.com", **fields: object) -> UserView:
        data = UserCreate.model_validate({"email": email, **fields})
        return service.create_user(data, database.uow()).users[0]

    return make


@pytest.fixture
def ada(make_user: Callable[..., UserView]) -> UserView:
    return make_user("ada@example.com", full_name="Ada Lovelace")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The configurations of all bcrypt hashes that are computed from now on, in order."""
    import bcrypt

    from usercli.passwords import PasswordHasher

    hasher = PasswordHasher(cost=4)
    hasher.verify("warm up", hasher.hash("warm up"))
    seen: list[bytes] = []
    real = bcrypt.hashpw

    def hashpw(secret: bytes, config: bytes) -> bytes:
        seen.append(config)
        return real(secret, config)

    monkeypatch.setattr(bcrypt, "hashpw", hashpw)
    return seen
