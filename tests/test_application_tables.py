"""An application's tables beside ours: its migrations, its data layer, and what becomes of its rows."""

from __future__ import annotations

import io
import json
import re
import shutil
import uuid
from collections import Counter
from pathlib import Path

import coachbot
import pytest
from alembic.config import CommandLine, Config
from alembic.util import CommandError
from coachbot import services as bot
from coachbot.models import Chat, Log, Message
from coachbot.schemas import ChatCreate, MessageCreate
from jsonschema import Draft202012Validator

from tests.concurrent_processes import at_once
from tests.conftest import Cli, Database, run_here
from usercli.cli import contract
from usercli.database import alembic_runner, migrations, schema_version
from usercli.database.applications import Application
from usercli.database.engine import open_engine
from usercli.errors import NotFound, UserNotFound
from usercli.models import OWN_TABLES, Base
from usercli.schemas.users import UserKey, UserView
from usercli.services import privacy, users

pytestmark = pytest.mark.either_engine

HEAD = schema_version.head()
OURS = [script.revision for script in alembic_runner.history()]
THEIRS = ["coachbot_0100", "coachbot_0200"]
FOLDER = Path(coachbot.__file__).parent / "migrations"
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


@pytest.fixture
def configured(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database at our head, without the application's tables; its migrations are configured."""
    monkeypatch.setenv("USERCLI_MIGRATIONS", "coachbot_version=coachbot.migrations")


@pytest.fixture
def upgraded(configured: None, database: Database) -> None:
    """The application's tables are there."""
    migrations.upgrade(database.url, applications=[Application("coachbot_version", "coachbot.migrations")])


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: Path) -> Path:
    """The application's migrations in a folder of the test's own, which is configured."""
    folder = tmp_path / "their migrations"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("USERCLI_MIGRATIONS", f"coachbot_version={folder}")
    return folder


def tables(database: Database, versions: bool = False) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        if database.engine == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    passed_over = set() if versions else {"alembic_version", "coachbot_version"}
    return {str(row[0]) for row in database.rows(query)} - passed_over


def at(database: Database, table: str = "coachbot_version") -> list[str]:
    return sorted(str(row[0]) for row in database.rows(f"SELECT version_num FROM {table}"))


def revision(folder: Path, name: str, down: str, body: str = "pass", **more: object) -> None:
    """Write a revision of the application."""
    extra = "".join(
        f"{key} = {value!r}\n" for key, value in {"branch_labels": None, "depends_on": None, **more}.items()
    )
    (folder / "versions" / f"{name}.py").write_text(
        f'"""Add {name}."""\n\nfrom alembic import op\nimport sqlalchemy as sa\n\nrevision = {name!r}\n'
        f"down_revision = {down}\n{extra}\n\ndef upgrade():\n    {body}\n\n\ndef downgrade():\n    pass\n"
    )


def talk(database: Database, user: UserView, chats: int = 2, messages: int = 2) -> None:
    """Chats of a user, with messages and a line of the log each."""
    for number in range(chats):
        chat = bot.open_chat(
            ChatCreate(user_id=user.id, title=f"chat {number}", attributes={"n": number}), database.uow()
        )
        for _ in range(messages):
            bot.say(
                chat.id, MessageCreate(author="user", text="hello", attributes={"mood": ["good"]}), database.uow()
            )


def rows(database: Database) -> dict[str, int]:
    return {
        table: int(str(database.rows(f"SELECT count(*) FROM {table}")[0][0]))
        for table in ("chats", "messages", "logs")
    }


# -- up and down


def test_an_upgrade_takes_the_application_along_after_ours(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    monkeypatch.setenv("USERCLI_MIGRATIONS", "coachbot_version=coachbot.migrations")
    assert run_here("db", "upgrade", "--dry-run", "-q") == (0, "\n".join([*OURS, *THEIRS, ""]), "")
    code, out, err = run_here("db", "upgrade", "-o", "json")
    assert (code, err) == (0, f"upgraded to coachbot_0200 on {empty_database.url.where}\n")
    assert [(row["revision"], row["application"]) for row in json.loads(out)] == [
        *((name, "usercli") for name in OURS),
        *((name, "coachbot") for name in THEIRS),
    ]
    assert (at(empty_database, "alembic_version"), at(empty_database)) == ([HEAD], ["coachbot_0200"])
    assert tables(empty_database) == OWN_TABLES | {"chats", "messages", "logs"}
    assert run_here("db", "upgrade", "-q")[:2] == (0, "")
    code, out, err = run_here("db", "check", "-o", "json")
    state = {"at": "coachbot_0200", "head": "coachbot_0200", "state": "current"}
    assert (code, json.loads(out)["applications"], err) == (0, {"coachbot": state}, "")


def test_the_application_goes_down_and_up_beside_ours_and_our_rows_stay(
    upgraded: None, database: Database, ada: UserView, cli: Cli
) -> None:
    talk(database, ada)
    assert cli("db", "downgrade", "coachbot@-1")[0] == 2
    code, out, err = cli("db", "downgrade", "coachbot@-1", "--confirm", database.url.name, "-q")
    assert (code, out) == (0, "coachbot_0200\n")
    assert err.startswith("this drops logs (2 rows)\n")
    assert (at(database), tables(database)) == (["coachbot_0100"], OWN_TABLES | {"chats", "messages"})
    assert database.rows("SELECT count(*) FROM messages") == [(4,)]
    assert json.loads(cli("db", "current", "-o", "json")[1])["applications"]["coachbot"]["state"] == "behind"
    assert cli("db", "check")[0] == 7
    assert cli("db", "upgrade", "coachbot@head", "-q")[:2] == (0, "coachbot_0200\n")
    assert database.rows("SELECT count(*) FROM messages") == [(4,)]
    assert cli("db", "downgrade", "coachbot@base", "--confirm", database.url.name)[0] == 0
    assert (at(database), tables(database)) == ([], set(OWN_TABLES))
    assert cli("show", ada.email, "-q")[:2] == (0, f"{ada.id}\n")


def test_our_way_down_is_refused_while_their_tables_refer_to_ours(
    upgraded: None, database: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = "this would take away what applications' tables need: chats, logs"
    first = f"{database.url.where}: {what}; take those down first: usercli db downgrade coachbot@base"
    before = tables(database)
    for line in (["--dry-run"], ["--yes"], ["--confirm", database.url.name]):
        assert cli("db", "downgrade", "base", *line) == (6, "", f"error: {first}\n")
    monkeypatch.delenv("USERCLI_MIGRATIONS")
    assert cli("db", "downgrade", "base", "--yes") == (6, "", f"error: {what}; take those down first\n")
    assert (tables(database), at(database, "alembic_version")) == (before, [HEAD])


def test_our_way_down_is_refused_past_what_a_revision_of_theirs_needs(
    upgraded: None, database: Database, cli: Cli
) -> None:
    assert cli("db", "downgrade", "20261121_0300", "--yes")[0] == 0  # they need 0300 and no more
    code, out, err = cli("db", "downgrade", "20261121_0200", "--yes")
    assert (code, out) == (6, "")
    assert err.endswith("need: coachbot; take those down first: usercli db downgrade coachbot@base\n")
    assert at(database, "alembic_version") == ["20261121_0300"]
    assert cli("db", "downgrade", "coachbot@-1", "--yes")[0] == 0
    assert cli("db", "downgrade", "20261121_0200", "--yes")[0] == 0
    code, out, err = cli("db", "upgrade", "coachbot@head")
    assert (code, out, err) == (
        5,
        "",
        f"error: {database.url.where}: coachbot_0200 of coachbot needs 20261121_0300 of usercli; "
        "run: usercli db upgrade\n",
    )
    assert cli("db", "upgrade", "-q")[:2] == (
        0,
        "20261121_0300\n20261121_0400\n20261121_0500\n20261126_0600\n20261126_0700\n20261126_0800\n20261127_0900\n"
        "coachbot_0200\n",
    )


def test_a_revision_that_needs_an_unknown_one_of_ours_says_so(copied: Path, database: Database, cli: Cli) -> None:
    revision(copied, "late", "'coachbot_0200'", depends_on="29991231_2359")
    code, out, err = cli("db", "upgrade")
    assert (code, out) == (5, "")
    assert err == ("error: late of coachbot needs 29991231_2359 of usercli; install a newer usercli\n")
    assert tables(database) == OWN_TABLES


def test_a_failure_of_theirs_undoes_ours_too(
    copied: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    revision(copied, "broken", "'coachbot_0200'", "1 / 0")
    assert run_here("db", "upgrade")[:2] == (1, "")
    assert tables(empty_database) == set()
    (copied / "versions" / "broken.py").unlink()
    assert run_here("db", "upgrade")[0] == 0


@pytest.mark.slow_on("sqlite")
def test_two_deployers_at_once(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    monkeypatch.setenv("USERCLI_MIGRATIONS", f"coachbot_version={FOLDER}")
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent.parent))
    done = [job[0] for job in at_once([[["db", "upgrade", "-q"]]] * 2)]
    assert [code for code, _, _ in done] == [0, 0], done
    assert Counter(tuple(out.split()) for _, out, _ in done) == {(*OURS, *THEIRS): 1, (): 1}
    assert at(empty_database) == ["coachbot_0200"]


def test_the_sql_of_both_and_of_theirs_alone(configured: None, database: Database, cli: Cli) -> None:
    code, both, err = cli("db", "sql")
    assert (code, err) == (0, "")
    assert both.index("CREATE TABLE users") < both.index("CREATE TABLE chats") < both.index("CREATE TABLE logs")
    alone = cli("db", "sql", "coachbot@head")[1]
    assert both.endswith(alone)
    assert "CREATE TABLE coachbot_version" in alone
    assert "alembic_version" not in alone
    run_script(database, alone)
    assert (at(database), cli("db", "check")[0]) == (["coachbot_0200"], 0)
    step = cli("db", "sql", "coachbot_0100:coachbot_0200")[1]
    assert ("CREATE TABLE logs" in step, "chats" in step) == (True, False)
    run_script(database, cli("db", "sql", "--down", "coachbot_0200:base")[1])
    assert tables(database) == set(OWN_TABLES)
    if "coachbot_version" in tables(database, versions=True):  # Alembic before 1.19 drops it, when it writes SQL
        assert at(database) == []


def run_script(database: Database, sql: str) -> None:
    if database.engine == "sqlite":
        import sqlite3

        with sqlite3.connect(database.url.database) as connection:
            connection.executescript(sql)
        return
    import psycopg

    with psycopg.connect(database.text, autocommit=True) as server:
        server.execute(sql)  # type: ignore[call-overload]  # text of our own


def test_a_stamp_says_where_their_tables_are(upgraded: None, database: Database, cli: Cli) -> None:
    assert cli("db", "stamp", "coachbot@base")[0] == 0
    assert at(database) == []
    assert cli("db", "stamp", "coachbot_0100")[0] == 0
    assert cli("db", "stamp", "coachbot@head")[0] == 0
    assert (at(database), at(database, "alembic_version")) == (["coachbot_0200"], [HEAD])
    assert tables(database) == OWN_TABLES | {"chats", "messages", "logs"}


# -- what scripts may rely on


def misfits(model: str, value: object) -> list[str]:
    """Where a value is not as the schema of that model says."""
    schema = {"$ref": f"#/$defs/{model}", "$defs": contract.everything()["$defs"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]


@on_sqlite
def test_what_is_shown_of_applications_is_in_the_schemas(
    upgraded: None, database: Database, ada: UserView, cli: Cli
) -> None:
    talk(database, ada)
    for model, fields, line in (
        ("StateWithApplications", ["at", "head", "state", "applications"], "db current"),
        ("ReportWithApplications", ["at", "head", "state", "bad_keys", "applications"], "db check"),
        ("RelatedUserView", [*UserView.model_fields, "related"], f"show {ada.email} --related"),
    ):
        found = json.loads(cli(*line.split(), "-o", "json")[1])
        assert (list(found), misfits(model, found)) == (fields, []), line
        assert found[fields[-1]] != {}
        assert misfits(model, {**found, fields[-1]: {"x": 1}})
    history = json.loads(cli("db", "history", "-o", "json")[1])
    assert [misfits("RevisionWithApplication", row) for row in history] == [[]] * len(OURS + THEIRS)
    names = ["revision", "down_revision", "description", "application", "branches"]
    assert [list(row) for row in history] == [names] * len(history)
    assert misfits("PersonExport", json.loads(cli("privacy", "export", ada.email)[1])) == []


@on_sqlite
def test_without_applications_nothing_is_shown_of_them(cli: Cli, database: Database) -> None:
    state = {"at": HEAD, "head": HEAD, "state": "current"}
    assert json.loads(cli("db", "current", "-o", "json")[1]) == state
    assert json.loads(cli("db", "check", "-o", "json")[1]) == {**state, "bad_keys": 0}
    assert {tuple(row) for row in json.loads(cli("db", "history", "-o", "json")[1])} == {
        ("revision", "down_revision", "description")
    }
    for line in ("db current --fields applications", "db history --fields branches"):
        assert cli(*line.split())[0] == 2


# -- branches


@on_sqlite
def test_two_heads_are_both_run_and_a_merge_joins_them(copied: Path, database: Database, cli: Cli) -> None:
    add = "op.add_column('chats', sa.Column({!r}, sa.Text()))"
    revision(copied, "votes", "'coachbot_0200'", add.format("votes"), branch_labels=("voting",))
    revision(copied, "tags", "'coachbot_0200'", add.format("tags"), branch_labels=("tagging",))
    history = json.loads(cli("db", "history", "-o", "json")[1])
    assert [(row["revision"], row["branches"]) for row in history][-2:] in (
        [("tags", ["chats", "tagging"]), ("votes", ["chats", "voting"])],
        [("votes", ["chats", "voting"]), ("tags", ["chats", "tagging"])],
    )
    assert cli("db", "upgrade", "voting@head", "-q")[:2] == (0, "coachbot_0100\ncoachbot_0200\nvotes\n")
    code, out, err = cli("db", "revision", "--application", "coachbot", "-m", "more")
    assert (code, out) == (2, "")
    assert err == (
        f"error: {database.url.where}: coachbot has 2 heads: tags, votes; "
        "merge them first: usercli db revision --application coachbot --merge -m TEXT\n"
    )
    assert cli("db", "upgrade", "-q")[:2] == (0, "tags\n")
    current = json.loads(cli("db", "current", "-o", "json")[1])["applications"]["coachbot"]
    assert current == {"at": "tags,votes", "head": "tags,votes", "state": "current"}
    code, out, err = cli(
        "db", "revision", "--application", "coachbot", "--merge", "-m", "join votes and tags", "-q"
    )
    path = Path(out.strip())
    assert (code, err, path.parent) == (0, "", copied / "versions")
    code, out, _ = cli("db", "upgrade", "-o", "json")
    [joined] = json.loads(out)
    assert (code, sorted(joined["down_revision"])) == (0, ["tags", "votes"])
    assert misfits("RevisionWithApplication", joined) == []
    assert at(database) == [joined["revision"]]
    assert joined["revision"].startswith("coachbot_")
    assert cli("db", "downgrade", "coachbot@coachbot_0200", "--yes")[0] == 0
    assert at(database) == ["coachbot_0200"]
    assert cli("db", "revision", "--application", "coachbot", "--merge", "-m", "x")[2] == (
        "error: coachbot has one head; there is nothing to merge\n"
    )


# -- each sees its own tables


@on_postgresql
def test_autogenerate_sees_the_tables_of_one_side(
    copied: Path, database: Database, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "ours"
    shutil.copytree(schema_version.folder(), ours, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema_version, "folder", lambda: ours)
    database.rows("CREATE TABLE theirs (id integer)")
    assert cli("db", "revision", "-m", "x", "--application", "coachbot", "--autogenerate")[0] == 5  # not at head
    assert cli("db", "upgrade")[0] == 0
    for some in (["--application", "coachbot"], []):
        code, out, err = cli("db", "revision", "-m", "nothing new", "--autogenerate", "-q", *some)
        assert (code, err) == (0, "")
        written = Path(out.strip())
        assert "op." not in written.read_text().partition("def upgrade")[2]
        written.unlink()
    for statement in (
        "ALTER TABLE users DROP COLUMN managed_by",
        "ALTER TABLE chats DROP COLUMN attributes",
        "DROP TABLE messages",
        "DROP TABLE import_progress",
    ):
        database.rows(statement)
    seen = {}
    for name, some in (("theirs", ["--application", "coachbot"]), ("ours", [])):
        text = Path(
            cli("db", "revision", "-m", f"see {name}", "--autogenerate", "-q", *some)[1].strip()
        ).read_text()
        up = text.partition("def downgrade")[0]
        assert "usercli" not in text
        compile(text, name, "exec")
        seen[name] = [
            table
            for table in ("users", "import_progress", "chats", "messages", "logs", "theirs")
            if f"'{table}'" in up.replace("'users.id'", "").replace("'chats.id'", "")
        ]
        assert "drop_table" not in up.partition("def upgrade")[2]
    assert seen == {"theirs": ["chats", "messages"], "ours": ["users", "import_progress"]}
    assert 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")' in text


@on_postgresql
def test_autogenerate_makes_the_defaults_of_the_server_and_declares_what_it_needs(
    copied: Path, database: Database, cli: Cli
) -> None:
    assert cli("db", "upgrade")[0] == 0
    database.rows("DROP TABLE messages, chats")
    code, out, err = cli("db", "revision", "-m", "again", "--application", "coachbot", "--autogenerate", "-q")
    assert (code, err) == (0, "")
    text = Path(out.strip()).read_text()
    assert "FetchedValue" not in text
    assert f"\ndepends_on: str | Sequence[str] | None = '{schema_version.head()}'\n" in text
    assert cli("db", "upgrade")[0] == 0
    assert cli("create", "ada@example.com", "--no-password")[0] == 0
    database.rows("INSERT INTO chats (user_id, title, attributes) SELECT id, 'x', '{}' FROM users")
    [made] = database.rows(
        "SELECT id IS NOT NULL, now() - created_at < '1 minute', updated_at = created_at FROM chats"
    )
    assert made == (True, True, True)
    code, sql, _ = cli("db", "sql", "--database-url", "sqlite:////x.db", "coachbot@head")
    assert (code, "DEFAULT (lower(hex(randomblob(16))))" in sql) == (0, True)


def test_a_new_file_begins_with_its_date(copied: Path, cli: Cli) -> None:
    code, out, _ = cli("db", "revision", "-m", "Add notes", "--application", "coachbot", "-q")
    assert code == 0
    path = Path(out.strip())
    found = re.fullmatch(r"(\d{8}_\d{4})_coachbot_add_notes\.py", path.name)
    assert found is not None
    assert f"= 'coachbot_{found[1]}'" in path.read_text()


INI = """
[alembic]
script_location = {folder}
version_locations =
    {folder}/versions
    {ours}/versions
path_separator = newline
"""


def plain_alembic(folder: Path, *words: str) -> str:
    """What `alembic` says, by itself: its output, or its error."""
    ini = folder.parent / "alembic.ini"
    ini.write_text(INI.format(folder=folder, ours=schema_version.folder()))
    out = io.StringIO()
    commands = CommandLine("alembic")
    options = commands.parser.parse_args(words)
    try:
        commands.run_cmd(Config(str(ini), stdout=out, cmd_opts=options), options)
    except (CommandError, SystemExit) as error:
        return f"error: {error}"
    return out.getvalue()


@pytest.mark.either_engine
def test_plain_alembic_looks_at_the_application_and_changes_nothing(
    copied: Path, database: Database, cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plain_alembic(copied, "current") == ""
    assert cli("db", "upgrade")[0] == 0
    assert "-> coachbot_0200 (chats) (head)" in plain_alembic(copied, "history")
    assert "coachbot_0200 (chats) (head)\n" in plain_alembic(copied, "heads")
    assert "Add" in plain_alembic(copied, "show", "coachbot_0200")
    assert plain_alembic(copied, "current") == "coachbot_0200 (head)\n"
    assert plain_alembic(copied, "check") == "No new upgrade operations detected.\n"
    before = at(database), at(database, "alembic_version"), tables(database)
    for words in (("upgrade", "head"), ("downgrade", "base"), ("stamp", "head"), ("revision", "--autogenerate")):
        plain_alembic(copied, *words)
        assert "these migrations are run by usercli: usercli db upgrade" in capsys.readouterr().out
    assert (at(database), at(database, "alembic_version"), tables(database)) == before


def test_plain_alembic_wants_the_folder_in_the_setting(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("USERCLI_MIGRATIONS")
    plain_alembic(copied, "current")
    assert "the setting migrations does not name the folder" in capsys.readouterr().out


@on_postgresql
def test_a_revision_that_refers_to_nothing_of_ours_needs_nothing(
    copied: Path, database: Database, cli: Cli
) -> None:
    assert cli("db", "upgrade")[0] == 0
    database.rows("ALTER TABLE chats DROP COLUMN attributes")
    code, out, _ = cli("db", "revision", "-m", "again", "--application", "coachbot", "--autogenerate", "-q")
    assert (code, "| None = None\n\n\ndef upgrade" in Path(out.strip()).read_text()) == (0, True)


@on_sqlite
def test_autogenerate_wants_postgresql(configured: None, cli: Cli) -> None:
    code, out, err = cli("db", "revision", "-m", "x", "--autogenerate")
    assert (code, out, err) == (
        2,
        "",
        "error: --autogenerate requires PostgreSQL; SQLite does not report enough of a schema\n",
    )


def test_a_difference_is_told_by_whose_it_is(upgraded: None, database: Database, cli: Cli) -> None:
    assert {"chats", "messages", "logs"} <= set(Base.metadata.tables)  # in one metadata, and told apart
    database.rows("ALTER TABLE chats ADD COLUMN colour text")
    code, out, err = cli("db", "check", "-o", "json")
    assert (code, err) == (
        7,
        "warning: the tables of coachbot differ from its models: remove column chats colour\n",
    )
    found = json.loads(out)
    assert (found["state"], found["applications"]["coachbot"]["state"]) == ("current", "drifted")


# -- what is not at hand, or not right


def test_without_the_folder_usercli_works_and_warns_once(
    upgraded: None, database: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.rows("ALTER TABLE chats ADD COLUMN colour text")  # would be a difference
    for place in ("/nowhere/at/all", "nowhere.at.all", "coachbot.nothing"):
        monkeypatch.setenv("USERCLI_MIGRATIONS", f"coachbot_version={place}")
        warning = (
            f"warning: the migrations of coachbot are not available ({place}); its tables are left as they are\n"
        )
        assert cli("db", "check", "-o", "json") == (
            0,
            f'{{"at":"{HEAD}","head":"{HEAD}","state":"current","bad_keys":0,"applications":{{}}}}\n',
            warning,
        )
        migrations.downgrade(database.url, "-1")
        code, out, err = cli("db", "upgrade", "-q")
        assert (code, out) == (0, f"{HEAD}\n")
        assert err == f"{warning}upgraded to {HEAD} on {database.url.where}\n"
        assert cli("list", "--count") == (0, "count\n0\n", "")
    assert at(database) == ["coachbot_0200"]


def test_tables_of_a_newer_application_are_left_alone(upgraded: None, database: Database, cli: Cli) -> None:
    database.rows("UPDATE coachbot_version SET version_num = 'coachbot_9900'")
    for line in (["upgrade"], ["upgrade", "--dry-run"], ["downgrade", "coachbot@base", "--yes"]):
        code, out, err = cli("db", *line)
        assert (code, out) == (5, "")
        assert err == (
            "error: the tables of coachbot are at revision coachbot_9900, which its migrations here do not know; "
            "install a newer coachbot\n"
        )
    code, out, _ = cli("db", "check", "-o", "json")
    assert (code, json.loads(out)["applications"]["coachbot"]["state"]) == (7, "ahead")


BAD_SETTINGS = {
    "no table": "coachbot.migrations",
    "a relative folder": "coachbot_version=./migrations",
    "ours": "alembic_version=coachbot.migrations",
    "twice": "a_version=x,a_version=y",
    "an injection": "a;drop_version=x",
}


@on_sqlite
@pytest.mark.parametrize("value", BAD_SETTINGS.values(), ids=list(BAD_SETTINGS))
def test_a_bad_setting_is_refused(
    value: str, environment: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setenv("USERCLI_MIGRATIONS", value)
    code, out, err = run_here("db", "upgrade")
    assert (code, out) == (2, "")
    assert err.startswith("error: the setting migrations (environment USERCLI_MIGRATIONS) is not valid: ")


@on_sqlite
def test_a_working_directory_cannot_choose_code_to_run(
    environment: Path, database: Database, tmp_path: Path
) -> None:
    evil = tmp_path / "evil"
    evil.mkdir()
    (evil / "env.py").write_text("open('/dev/null').close(); raise SystemExit('ran')")
    (environment / ".env").write_text(f"USERCLI_MIGRATIONS=evil_version={evil}\n")
    code, out, err = run_here("db", "upgrade")
    assert (code, out) == (2, "")
    assert err == (
        "error: USERCLI_MIGRATIONS in .env would choose code to run; "
        "put it into the environment or the configuration file\n"
    )


KEPT = "warning: a copy of the database as it was before is kept: "
BROKEN = {
    "a revision of nothing": ("versions/x.py", "revision = 'x'\ndown_revision = 'y'\n"),
    "one revision twice": ("versions/x.py", "revision = 'coachbot_0200'\ndown_revision = 'coachbot_0100'\n"),
    "no Python": ("versions/x.py", "revision = \n"),
    "models that are not installed": ("env.py", "import not_installed_here\n"),
}


@on_sqlite
@pytest.mark.parametrize("kind", BROKEN)
def test_migrations_that_cannot_be_loaded_are_one_line_and_change_nothing(
    kind: str, copied: Path, database: Database, cli: Cli
) -> None:
    name, text = BROKEN[kind]
    (copied / name).write_text(text)
    code, out, err = cli("db", "upgrade")
    lines = [line for line in err.splitlines() if not line.startswith(KEPT)]
    assert (code, out, len(lines)) == (2, "", 1)
    assert lines[0].startswith(f"error: the migrations of coachbot at {copied}")
    assert tables(database) == OWN_TABLES


@on_sqlite
def test_an_env_that_writes_into_our_version_table_is_refused(copied: Path, database: Database, cli: Cli) -> None:
    (copied / "env.py").write_text(
        "from alembic import context\n"
        "context.configure(connection=context.config.attributes['connection'])\n"
        "with context.begin_transaction():\n    context.run_migrations()\n"
    )
    code, out, err = cli("db", "upgrade")
    assert (code, out) == (4, "")
    kept, refusal = err.splitlines()
    assert kept.startswith(KEPT)
    assert refusal.startswith(
        "error: the migrations of coachbot did not keep to their version table coachbot_version; "
    )
    assert (tables(database), at(database, "alembic_version")) == (OWN_TABLES, [HEAD])


@on_sqlite
def test_a_way_down_that_cannot_be_read_ahead_wants_the_name(copied: Path, database: Database, cli: Cli) -> None:
    revision(copied, "moved", "'coachbot_0200'")
    path = copied / "versions" / "moved.py"
    path.write_text(
        path.read_text().replace(
            "def downgrade():\n    pass",
            "def downgrade():\n    op.get_bind().execute(sa.text('DELETE FROM chats')).rowcount",
        )
    )
    assert cli("db", "upgrade")[0] == 0
    code, out, err = cli("db", "downgrade", "coachbot@-1", "--yes")
    assert (code, out) == (2, "")
    assert err.startswith("warning: cannot tell what this drops")
    assert cli("db", "downgrade", "coachbot@-1", "--confirm", database.url.name)[0] == 0


@on_sqlite
def test_names_that_are_not_there(configured: None, cli: Cli) -> None:
    assert (
        cli("db", "upgrade", "coachbot@x")[2] == "error: no such revision of coachbot: x; see: usercli db history\n"
    )
    far = "error: there is no way to -9 from where the tables of coachbot are; see: usercli db history\n"
    assert cli("db", "downgrade", "coachbot@-9", "--yes") == (3, "", far)
    assert (
        cli("db", "sql", "coachbot_0100:x")[2]
        == "error: no such revision of coachbot: x; see: usercli db history\n"
    )
    assert cli("db", "sql", "coachbot_0200:coachbot_0100")[::2][0] == 2  # not downwards
    assert cli("db", "upgrade", "other@head")[0] == 3
    assert cli("db", "upgrade", "coachbot_01")[0] == 3  # the start of one is not one
    assert cli("db", "revision", "-m", "x", "--application", "other")[0] == 3
    assert cli("db", "revision", "-m", "x", "--merge")[0] == 2


# -- the data layer


def test_the_services_keep_json_and_tell_what_is_not_there(
    upgraded: None, database: Database, ada: UserView
) -> None:
    talk(database, ada, chats=2, messages=1)
    first, second = bot.chats_of(ada.id, database.uow())
    assert (first.title, first.attributes, second.attributes) == ("chat 0", {"n": 0}, {"n": 1})
    assert [(said.text, said.attributes) for said in first.messages] == [("hello", {"mood": ["good"]})]
    assert first.created_at.utcoffset() is not None
    with pytest.raises(UserNotFound):
        bot.open_chat(ChatCreate(user_id=uuid.uuid4()), database.uow())
    with pytest.raises(NotFound, match="no such chat: "):
        bot.say(uuid.uuid4(), MessageCreate(author="bot", text="x"), database.uow())
    assert rows(database) == {"chats": 2, "messages": 2, "logs": 2}


def test_the_bot_and_usercli_share_a_unit_of_work(upgraded: None, database: Database, ada: UserView) -> None:
    with database.uow() as uow:
        bot.open_chat(ChatCreate(user_id=ada.id), uow)
        users.set_active([UserKey.parse(ada.email)], False, uow)
    assert rows(database) == {"chats": 0, "messages": 0, "logs": 0}  # nobody committed the outer one


# -- what becomes of its rows

RELATED = {"chats": {"go": 2}, "logs": {"stay": 2}, "messages": {"go": 4}}
LINES = "chats: 2 rows go\nlogs: 2 rows stay, without the reference\nmessages: 4 rows go\n"


@pytest.fixture
def talking(upgraded: None, database: Database, ada: UserView, make_user: object) -> UserView:
    """A user with chats, beside another who must not lose theirs."""
    talk(database, ada)
    talk(database, make_user("bob@example.com"), chats=1, messages=1)  # type: ignore[operator]  # a fixture's function
    return ada


def test_show_related_counts_by_table_and_effect(talking: UserView, cli: Cli) -> None:
    found = json.loads(cli("show", talking.email, "--related", "-o", "json")[1])
    assert list(found) == [*UserView.model_fields, "related"]
    assert found["related"] == RELATED
    assert "related" not in json.loads(cli("show", talking.email, "-o", "json")[1])
    assert cli("show", talking.email, "--related", "--fields", "related")[1] == (
        'related\n{"chats":{"go":2},"messages":{"go":4},"logs":{"stay":2}}\n'.replace(
            '"messages":{"go":4},"logs":{"stay":2}', '"logs":{"stay":2},"messages":{"go":4}'
        )
    )
    both = json.loads(cli("show", talking.email, "bob@example.com", "--related", "-o", "json")[1])
    assert both[1]["related"] == {"chats": {"go": 1}, "logs": {"stay": 1}, "messages": {"go": 1}}


def test_a_purge_counts_before_it_asks_and_in_the_event(talking: UserView, database: Database, cli: Cli) -> None:
    ask = f"error: purging {talking.email} cannot be undone; to go on add --confirm {talking.email}\n"
    assert cli("delete", talking.email, "--purge") == (2, "", LINES + ask)
    before = rows(database)
    assert cli("delete", talking.email, "--purge", "--dry-run")[0] == 0
    assert rows(database) == before == {"chats": 3, "messages": 5, "logs": 3}
    code, _, err = cli("delete", talking.email, "--purge", "--confirm", talking.email)
    assert (code, err) == (0, f"{LINES}purged {talking.email} on {database.url.where}\n")
    assert rows(database) == {"chats": 1, "messages": 1, "logs": 3}
    assert database.rows("SELECT count(*) FROM logs WHERE user_id IS NULL") == [(2,)]
    [event] = [
        json.loads(line) for line in cli("audit", "log", "--action", "user.purged", "-o", "jsonl")[1].splitlines()
    ]
    assert event["after"] == {"related": RELATED}
    assert cli("audit", "verify")[0] == 0


def test_emptying_the_bin_counts_too(talking: UserView, database: Database, cli: Cli) -> None:
    assert cli("delete", talking.email, "--yes")[0] == 0
    assert cli("purge", "--deleted-before", "0s", "--confirm", database.url.name)[0] == 0
    [event] = [
        json.loads(line) for line in cli("audit", "log", "--action", "user.purged", "-o", "jsonl")[1].splitlines()
    ]
    assert event["after"] == {"related": RELATED}
    assert rows(database) == {"chats": 1, "messages": 1, "logs": 3}


def test_an_erasure_hands_over_and_takes_along_what_hangs_on_the_person(
    talking: UserView, database: Database, cli: Cli
) -> None:
    found = json.loads(cli("privacy", "export", talking.email)[1])["related"]
    assert {table: len(some) for table, some in found.items()} == {"chats": 2, "logs": 2, "messages": 4}
    assert {said["text"] for said in found["messages"]} == {"hello"}
    code, _, err = cli("privacy", "erase", talking.email, "--confirm", talking.email)
    assert (code, err.startswith(LINES)) == (0, True)
    [event] = [
        json.loads(line) for line in cli("audit", "log", "--action", "user.erased", "-o", "jsonl")[1].splitlines()
    ]
    assert event["after"]["related"] == RELATED
    assert rows(database) == {"chats": 1, "messages": 1, "logs": 3}
    assert cli("audit", "verify")[0] == 0


def test_a_key_that_forbids_refuses_also_at_second_hand(talking: UserView, database: Database, cli: Cli) -> None:
    kind = "uuid" if database.engine == "postgresql" else "CHAR(32)"
    database.rows(f"CREATE TABLE bills (chat_id {kind} REFERENCES chats (id) ON DELETE RESTRICT)")
    database.rows("INSERT INTO bills SELECT id FROM chats")
    before = rows(database)
    for line in (
        ["delete", talking.email, "--purge", "--confirm", talking.email],
        ["delete", talking.email, "--purge"],
    ):
        code, out, _ = cli(*line)
        assert (code, out) == ((6, "") if "--confirm" in line else (2, ""))
    assert cli("delete", talking.email, "--purge", "--confirm", talking.email) == (
        6,
        "",
        "error: rows of other tables hold the user: bills (2 rows)\n",
    )
    assert cli("privacy", "erase", talking.email, "--confirm", talking.email)[0] == 6
    assert rows(database) == before


def test_a_row_that_two_keys_hold_counts_once_and_comes_once(
    upgraded: None, database: Database, ada: UserView, cli: Cli
) -> None:
    kind = "uuid" if database.engine == "postgresql" else "CHAR(32)"
    database.rows(
        f"CREATE TABLE notes (chat_id {kind} REFERENCES chats (id) ON DELETE CASCADE,"
        f" author {kind} REFERENCES users (id) ON DELETE CASCADE,"
        f" reader {kind} REFERENCES users (id) ON DELETE SET NULL)"
    )
    talk(database, ada, chats=1, messages=0)
    user_id = str(ada.id) if database.engine == "postgresql" else ada.id.hex
    database.rows("INSERT INTO notes SELECT id, user_id, user_id FROM chats")
    database.rows("INSERT INTO notes VALUES (NULL, NULL, :user_id)", user_id=user_id)
    found = json.loads(cli("show", ada.email, "--related", "-o", "json")[1])["related"]
    assert found["notes"] == {"go": 1, "stay": 1}
    assert len(json.loads(cli("privacy", "export", ada.email)[1])["related"]["notes"]) == 2
    code, _, err = cli("delete", ada.email, "--purge", "--confirm", ada.email)
    assert (code, err.splitlines()[:3]) == (
        0,
        ["chats: 1 rows go", "logs: 1 rows stay, without the reference", "notes: 1 rows go"],
    )
    assert database.rows("SELECT * FROM notes") == [(None, None, None)]


def test_a_purge_by_a_program_that_has_the_models_loaded(talking: UserView, database: Database) -> None:
    assert {Chat, Message, Log} <= {mapper.class_ for mapper in Base.registry.mappers}
    [key] = [UserKey.parse(talking.email)]
    _, found = privacy.erasure_effects(key, database.uow())
    assert found == RELATED
    users.purge_users([key], database.uow())
    assert rows(database) == {"chats": 1, "messages": 1, "logs": 3}


def test_ordinary_commands_load_no_migrations(upgraded: None, run: object) -> None:
    code = (
        "import sys\nfrom usercli.cli.main import run\ncode = run(['list', '--count'])\n"
        "print(code, sorted({'alembic', 'coachbot'} & set(sys.modules)), file=sys.stderr)"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "0 []\n"


def test_a_database_at_head_needs_no_connection_to_the_application(database: Database) -> None:
    with open_engine(database.url).connect() as connection:
        assert migrations.differences(connection) == []  # though the models of the bot are loaded here


def test_the_page_shows_the_code_that_the_tests_run() -> None:
    page = (Path(__file__).parent.parent / "docs" / "application-tables.md").read_text(encoding="utf-8")
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.parent.rglob("*.py")))
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    assert [block for block in blocks if block not in code] == []
