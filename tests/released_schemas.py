"""The databases of released schemas, filled: tests/data/schemas/REVISION.sqlite.sql and REVISION.postgresql.sql.

    scripts/schemas [REVISION...]      the newest revision, unless others are named

A file is written once, when its revision is new, and stays as it is: it shows what stands in the databases of those
who upgrade.
"""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg

from tests.conftest import run_here
from tests.postgres import Cluster
from usercli.database import schema_version

FOLDER = Path(__file__).parent / "data" / "schemas"
HASH = "$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6"
COMMANDS = (
    "role create admin --administrative --description Everything",
    "role create r\u00e9dacteur",
    "create ada@example.com --no-password --role admin --name Ada\u00a0Lovelace --attribute t=\u00e4\u00df\u6f22",
    "create o'brien+tag@b\u00fccher.example --no-password --name O'Brien\\\\;--\"%s --role r\u00e9dacteur",
    "create \u0645\u0644\u0643@example.org --no-password --name \u202b\u0645\u0644\u0643 --expires 2100-01-01",
    "create forever@example.com --no-password --expires 9999-12-31T23:59:59Z --attribute a={}",
    "create off@example.com --no-password",
    "deactivate off@example.com --yes",
    "create gone@example.com --no-password --role admin",
    "delete gone@example.com --yes --reason left",
    "create erased@example.com --no-password --name Somebody",
    "delete erased@example.com --yes",
    "privacy erase erased@example.com --confirm erased@example.com",
    "create purged@example.com --no-password",
    "delete purged@example.com --purge --confirm purged@example.com",
    "update ada@example.com --name \U0001f469\u200d\U0001f4bb --attribute n=1",
    "import {file} --resume --yes",
    "role revoke r\u00e9dacteur two@example.com",
)
#: As another program writes them: only what has no default, and what no command would store.
FOREIGN = (
    "INSERT INTO users (email, email_key, hashed_password) VALUES ('Bare@Example.com', 'bare@example.com', '!')",
    "INSERT INTO users (email, email_key, hashed_password, full_name, attributes, is_active, created_at,"
    f" updated_at) VALUES ('odd@example.com', 'odd@example.com', '{HASH}', '  a\tb\n''c'' ', "
    """'{"deep": {"list": [1, null, "\u2028"]}, "": 1.5e300}', false, """
    "'1970-01-01 00:00:00.000001+00:00', '2038-01-19 03:14:08+00:00')",
    "INSERT INTO users (email, email_key, hashed_password, must_change_password, managed_by, last_login_at,"
    " expires_at) VALUES ('hash@example.com', 'hash@example.com', '{SHA}not-ours', true, 'sync', "
    "'1999-12-31 23:59:59+00:00', '2020-01-01 00:00:00+00:00')",
)


def file_of(revision: str, engine: str) -> Path:
    """Where the database of a revision stands."""
    return FOLDER / f"{revision}.{engine}.sql"


def load(revision: str, engine: str, place: str) -> None:
    """Make the database of a revision in an empty one: a SQLite file, or that of a URL."""
    text = file_of(revision, engine).read_text(encoding="utf-8")
    if engine == "sqlite":
        with closing(sqlite3.connect(place)) as connection:
            connection.executescript(text)
    else:
        with psycopg.connect(place, autocommit=True) as server:
            server.execute(text.encode())


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    cluster = Cluster().start()
    try:
        for revision in sys.argv[1:] or [schema_version.head()]:
            for engine in ("sqlite", "postgresql"):
                with tempfile.TemporaryDirectory() as folder:
                    text = _database(revision, engine, Path(folder), cluster)
                file_of(revision, engine).write_text(text, encoding="utf-8")
                print(file_of(revision, engine).relative_to(Path.cwd()))  # noqa: T201 - a script of developers
    finally:
        cluster.remove()


def _database(revision: str, engine: str, folder: Path, cluster: Cluster) -> str:
    """The text of a filled database at a revision, made at head and taken down from there."""
    if engine == "sqlite":
        place, url = folder / "users.db", f"sqlite:///{folder / 'users.db'}"
    else:
        name = f"at_{revision}"
        with psycopg.connect(cluster.url(), autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
        url = cluster.url(name)
    with _environment(folder, url):
        _fill(engine, folder, url)
        if revision != schema_version.head():
            _run("db", "downgrade", revision, "--confirm", "users.db" if engine == "sqlite" else name, "--yes")
    if engine == "sqlite":
        with closing(sqlite3.connect(place)) as connection:
            return "\n".join(connection.iterdump()) + "\n"
    return _dumped(cluster, url)


def _fill(engine: str, folder: Path, url: str) -> None:
    _run("db", "upgrade")
    file = folder / "two.jsonl"
    rows = [f'{{"email": "{name}@example.com", "roles": ["r\u00e9dacteur"]}}\n' for name in ("one", "two")]
    file.write_text("".join(rows), encoding="utf-8")
    for line in COMMANDS:
        _run(*(word.replace("{file}", str(file)) for word in line.split(" ")))
    if engine == "sqlite":
        with closing(sqlite3.connect(folder / "users.db")) as connection, connection:
            for statement in FOREIGN:  # times as SQLAlchemy stores them
                connection.execute(re.sub(r"(\d\d:\d\d:\d\d)(?:(\.\d{6}))?\+00:00", r"\1.000000", statement))
    else:
        with psycopg.connect(url, autocommit=True) as server:
            for statement in FOREIGN:
                server.execute(statement.encode())


def _dumped(cluster: Cluster, url: str) -> str:
    """What pg_dump writes, without what only psql understands or only this version of the server."""
    line = [cluster.bin / "pg_dump", "--inserts", "--no-owner", "--no-privileges", url]
    text = subprocess.run(line, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    text = re.sub(r"^(?:SET |SELECT pg_catalog\.set_config|\\|--).*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _run(*words: str) -> None:
    code, _, err = run_here(*words)
    if code:
        raise SystemExit(f"{' '.join(words)}: {err}")


@contextmanager
def _environment(folder: Path, url: str) -> Iterator[None]:
    """Nothing of the machine: neither its configuration, nor its name, nor who runs this."""
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "USERCLI_DATABASE_URL": url,
        "USERCLI_ACTOR": "op\u00e9rateur",
        "USERCLI_UNSAFE": "1",
    }
    with (
        patch.dict(os.environ, given, clear=True),
        patch.object(socket, "gethostname", lambda: "admin.example.com"),
    ):
        yield


if __name__ == "__main__":
    main()
