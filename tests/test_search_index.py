"""The index that an operator may make for --search: it is let be, told of, and read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import Cli, Database, run_here
from tests.postgres import free_port
from usercli.database.engine import open_engine, sessions
from usercli.database.url import parse
from usercli.repositories.row_estimates import _Explain
from usercli.repositories.users import UserRepository, order_by
from usercli.schemas.users import UserCriteria

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
PAGE = Path(__file__).parent.parent / "docs" / "operations.md"


def of_the_page() -> list[str]:
    """The statements of the page that make it."""
    [block] = re.findall(r"```sql\n(CREATE EXTENSION.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [statement.strip() for statement in block.split(";") if statement.strip()]


def said_of_extensions(cli: Cli) -> str:
    return next(line for line in cli("doctor", "-o", "tsv")[1].splitlines() if "extensions\t" in line)


@on_postgresql
def test_an_index_of_this_name_is_no_difference_and_doctor_tells(cli: Cli, database: Database) -> None:
    assert "; no index for --search" in said_of_extensions(cli)
    database.rows("CREATE INDEX ix_users_search ON users (lower(email))")
    assert "; an index for --search" in said_of_extensions(cli)
    assert cli("db", "check")[0] == 0
    database.rows("CREATE INDEX ix_users_other ON users (lower(email))")
    code, _, err = cli("db", "check")
    assert (code, "ix_users_other" in err, "ix_users_search" in err) == (7, True, False)


@pytest.fixture
def with_trigrams(clean_environment: Path) -> Iterator[str]:
    """The URL of a database on a server of the system that has pg_trgm, which that of the other tests lacks."""
    programs = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not programs or not shutil.which("setpriv"):
        pytest.skip("no PostgreSQL of the system")
    if not list(Path("/usr/share/postgresql").glob("*/extension/pg_trgm.control")):
        pytest.skip("the system's PostgreSQL has no pg_trgm")
    folder = Path(tempfile.mkdtemp(prefix="usercli-trigrams-"))
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    port, data = free_port(), folder / "data"
    initialize = [programs[-1] / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
    subprocess.run([*user, *initialize], check=True, capture_output=True)
    control = [*user, programs[-1] / "pg_ctl", "-D", data, "-w", "-l", data / "log"]
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    subprocess.run([*control, "-o", settings, "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.process
def test_search_reads_the_index_that_the_page_makes(with_trigrams: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", with_trigrams)
    assert run_here("db", "upgrade")[0] == 0
    assert run_here("db", "seed", "--count", "20000", "-q")[0] == 0
    assert run_here("create", "odd@example.com", "--name", "ZÉBULON Quagga", "--no-password")[0] == 0
    engine = open_engine(parse(with_trigrams))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in [*of_the_page(), "ANALYZE users"]:
            connection.execute(text(statement))
    for needle in ("quagga", "BULON Q", "nobody-is-called-so"):
        with sessions(engine)() as session:
            query = UserRepository(session).query_matching(UserCriteria(search=needle), order_by("created_at"))
            plan = str(session.execute(_Explain(query.limit(21))).scalar_one())
        assert "ix_users_search" in plan, plan
        assert "Seq Scan" not in plan
    assert run_here("list", "--search", "BULON q", "--fields", "email")[1] == "email\nodd@example.com\n"
    assert run_here("db", "check")[0] == 0
    assert "; an index for --search" in said_of_extensions(run_here)
