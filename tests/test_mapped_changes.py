"""A table that belongs to another program: what may be written of it, our roles and our log beside it."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest
from jsonschema import Draft202012Validator

from tests import commands
from tests.conftest import Database, run_here
from tests.test_mapped_table import FRAMEWORK, PAGE, PASSWORD, POSTGRESQL, WITHOUT_DATABASE, configure, fill
from usercli.cli.contract import MAPPED_OUTPUTS
from usercli.cli.mapped_mode import OFFERED, ON_OUR_TABLES, WRITES
from usercli.errors import Refused, UserCliError
from usercli.schemas.user_table import PRESETS, UserTable

WRITE = 'write = ["create", "email", "full_name", "password", "active"]'
OTHER = "Loud-Ocean-Chair-77"
QUOTED = {"django": "auth_user", "fastapi-users": '"user"', "supabase": "auth.users"}

#: What is run of each command that is offered somewhere, in this order; {ada} and {bob} are ids.
RUNS = {
    "db upgrade": "-q",
    "db current": "",
    "list": "--sort id",
    "show": "{ada}",
    "exists": "{ada}",
    "export": "",
    "password verify": "{ada} --password-stdin",
    "password audit": "",
    "db check": "",
    "db inspect": "",
    "role create": "editor",
    "role list": "",
    "role update": "editor --description x",
    "role grant": "editor {ada}",
    "undo": "--last --yes",
    "role revoke": "editor {ada}",
    "role delete": "editor",
    "history": "{ada}",
    "changes": "",
    "audit log": "",
    "audit verify": "",
    "audit checkpoint": "",
    "audit export": "",
    "create": "eve@example.com --no-password",
    "update": "{bob} --email robert@example.com",
    "deactivate": "{bob}",
    "activate": "{bob}",
    "password set": "{bob} --password-stdin",
    "password reset": "{bob} --secret-out {folder}/new.csv",
}


def mapped(home: Path, database: Database, preset: str, more: str = WRITE, profile: str = "") -> None:
    """The framework's table with its rows, mapped with this section, and our schema beside it."""
    fill(database, FRAMEWORK[preset])
    configure(home, database, f'preset = "{preset}"\n{more}', profile)
    code, _, err = run_here("db", "upgrade", "-q")
    assert code == 0, err


def stored(database: Database, preset: str, user_id: object) -> str:
    """The hash of a user, as their table has it."""
    table = PRESETS[preset]
    query = f"SELECT {table.password} FROM {QUOTED.get(preset, 'users')} WHERE id = :id"
    [(found,)] = database.rows(query, id=user_id)
    return str(found)


def structure(database: Database) -> list[tuple[object, ...]]:
    """Everything that is defined of their tables."""
    return database.rows(
        "SELECT attrelid::regclass::text, attname, atttypid::regtype::text, attnotnull, "
        "(SELECT count(*) FROM pg_trigger WHERE tgrelid = attrelid), "
        "(SELECT string_agg(pg_get_constraintdef(c.oid), ',' ORDER BY conname) FROM pg_constraint AS c "
        "WHERE conrelid = attrelid) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname IN ('public', 'auth') ORDER BY 1, attnum"
    )


# -- which command does what, on each of the five


def _code(command: str, arguments: str, ids: tuple[object, ...], folder: Path) -> tuple[int, str]:
    given = arguments.format(ada=f"id:{ids[0]}", bob=f"id:{ids[1]}", folder=folder)
    code, _, err = run_here(*command.split(), *given.split(), stdin=PASSWORD if "verify" in command else OTHER)
    return code, err


@POSTGRESQL
@pytest.mark.parametrize("preset", FRAMEWORK)
def test_every_command_on_the_table_of_each_framework(
    empty_database: Database,
    clean_environment: Path,
    tmp_path: Path,
    preset: str,
) -> None:
    framework = FRAMEWORK[preset]
    fill(empty_database, framework)
    before = structure(empty_database)
    found: dict[str, str] = {}
    assert set(RUNS) == OFFERED | ON_OUR_TABLES | set(WRITES)
    for word, section in (("yes", ""), ("with `write`", WRITE)):
        configure(clean_environment, empty_database, f'preset = "{preset}"\n{section}')
        for command, arguments in RUNS.items():
            if found.get(command) == "yes":
                continue
            code, err = _code(command, arguments, framework.ids, tmp_path)
            assert code in ({0, 7} if command == "db check" else {0, 6}), (command, err)
            refusal = err.splitlines()[-1] if err else ""
            found[command] = word if code != 6 else f"no: {refusal.partition('another program: ')[2]}"
    for command, cases in commands.CASES.items():
        if command not in RUNS and command not in WITHOUT_DATABASE:
            (tmp_path / "any").write_text("email\neve@example.com\n")
            line = re.sub(r"\{(\w*file)\}", str(tmp_path / "any"), " ".join(cases[-1].complete))
            code, out, err = run_here(*re.sub(r"\{\w+\}", "x", line).split(), stdin="x")
            refusal = err.splitlines()[-1]
            assert (command, code, out) == (command, 6, ""), err
            found[command] = f"no: {refusal.partition('another program: ')[2]}"
    assert structure(empty_database) == before
    assert found == told_of(preset)


def told_of(preset: str) -> dict[str, str]:
    """What the page says becomes of each command on this framework's table, and why."""
    header = f"| command | {' | '.join(FRAMEWORK)} |"
    rows, _, reasons = PAGE.read_text().partition(f"{header}\n")[2].partition("\n\n")
    found: dict[str, str] = {}
    for line in rows.splitlines()[1:]:
        commands_named, *cells = line.strip("| ").split(" | ")
        for command in re.findall("`([^`]+)`", commands_named):
            found[command] = cells[list(FRAMEWORK).index(preset)]
    for line in reasons.partition("\n\n")[0].splitlines()[2:]:
        reason, named = line.strip("| ").split(" | ")
        for command, presets in re.findall(r"`([^`]+)`(?: \(([^)]+)\))?", named):
            if not presets or preset in presets.split(", "):
                found[command] += f": {reason}"
    return found


# -- writes


@POSTGRESQL
@pytest.mark.parametrize(
    ("preset", "form"),
    [
        ("django", r"pbkdf2_sha256\$1000000\$\w{22}\$"),
        ("fastapi-users", r"\$argon2id\$v=19\$m=65536,t=3,p=4\$"),
        ("laravel", r"\$2y\$04\$"),
        ("devise", r"\$2a\$04\$"),
    ],
)
def test_a_password_is_written_as_its_program_writes_it_and_never_rehashed(
    empty_database: Database, clean_environment: Path, preset: str, form: str
) -> None:
    mapped(clean_environment, empty_database, preset)
    ada, bob, _ = FRAMEWORK[preset].ids
    code, _, err = run_here("password", "set", f"id:{ada}", "--password-stdin", stdin=OTHER)
    assert code == 0, err
    written = stored(empty_database, preset, ada)
    assert re.match(form, written)
    verify = ("password", "verify", f"id:{ada}", "--password-stdin")
    assert run_here(*verify, stdin=OTHER) == (0, "", "")
    assert run_here(*verify, stdin=PASSWORD)[0] == 8
    assert stored(empty_database, preset, ada) == written
    assert stored(empty_database, preset, bob) == FRAMEWORK[preset].stored
    code, _, err = run_here("password", "set", f"id:{ada}", "--password-stdin", stdin="short")
    assert (code, stored(empty_database, preset, ada)) == (6, written), err

    assert run_here("create", "eve@example.com", "--no-password")[0] == 0
    [(eve,)] = empty_database.rows(
        f"SELECT {PRESETS[preset].password} FROM {QUOTED.get(preset, 'users')} WHERE email = 'eve@example.com'"
    )
    assert re.match("!" if preset == "django" else form, eve)


@POSTGRESQL
def test_a_new_hash_of_devise_has_the_pepper(empty_database: Database, clean_environment: Path) -> None:
    pepper = clean_environment / "pepper"
    pepper.write_text("abcdefg\n")
    pepper.chmod(0o600)
    section, profile = f"{WRITE}\npeppered = true", f'pepper_file = "{pepper}"'
    mapped(clean_environment, empty_database, "devise", section, profile)
    assert run_here("password", "set", "id:1", "--password-stdin", stdin=OTHER)[0] == 0
    assert bcrypt.checkpw(f"{OTHER}abcdefg".encode(), stored(empty_database, "devise", 1).encode())
    assert run_here("password", "verify", "id:1", "--password-stdin", stdin=OTHER) == (0, "", "")
    assert run_here("create", "Eve@Example.com", "--no-password", "-q")[0] == 0
    assert (
        run_here("show", "eve@example.com", "--fields", "email", "-q")[1] == "eve@example.com\n"
    )  # as Devise looks


@POSTGRESQL
def test_a_write_has_its_event_in_the_same_transaction(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from usercli.repositories.audit import AuditRepository

    mapped(clean_environment, empty_database, "django")
    run_here("update", "id:2", "--name", "Bob van Dyk", "--email", "robert@example.com", "--reason", "moved")
    run_here("activate", "id:2", "--ticket", "HR-1")
    code, out, _ = run_here("history", "2", "-o", "json")
    events = [(e["action"], e["target_email"], e["before"], e["after"], e["reason"]) for e in json.loads(out)]
    both = {"email": "robert@example.com", "full_name": "Bob van Dyk"}
    assert (code, events) == (
        0,
        [
            (
                "user.updated",
                "robert@example.com",
                {"email": "bob@example.com", "full_name": "Bob"},
                both,
                "moved",
            ),
            ("user.activated", "robert@example.com", {"is_active": False}, {"is_active": True}, None),
        ],
    )
    [row] = empty_database.rows("SELECT first_name, last_name, is_active FROM auth_user WHERE id = 2")
    assert tuple(row) == ("Bob", "van Dyk", True)
    assert run_here("audit", "log", "--user", "id:2", "--ticket", "HR-1", "--fields", "action")[1].split() == [
        *("action", "user.activated"),
    ]
    assert run_here("audit", "verify", "-q")[1] == "true\n"
    assert run_here("activate", "id:2")[2].startswith("nothing to change")

    def fail(*_: object) -> None:
        raise UserCliError("no log")

    monkeypatch.setattr(AuditRepository, "write", fail)
    assert run_here("deactivate", "id:2")[0] == 1
    assert run_here("show", "id:2", "--fields", "is_active", "-q")[1] == "true\n"


@POSTGRESQL
def test_a_dry_run_writes_nothing(empty_database: Database, clean_environment: Path) -> None:
    mapped(clean_environment, empty_database, "laravel")
    before = empty_database.rows("SELECT * FROM users ORDER BY id")
    for arguments in (
        ("update", "id:2", "--name", "B"),
        ("create", "eve@example.com", "--no-password"),
        ("password", "set", "id:1", "--password-stdin"),
        ("role", "create", "editor"),
    ):
        code, _, err = run_here(*arguments, "--dry-run", stdin=OTHER)
        assert (code, "would have" in err) == (0, True), err
    assert empty_database.rows("SELECT * FROM users ORDER BY id") == before
    assert run_here("audit", "checkpoint", "-q")[1] == "0\n"


@POSTGRESQL
def test_what_was_done_past_us_is_noticed(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from usercli.services.mapped_passwords import MappedHasher

    mapped(clean_environment, empty_database, "laravel")
    for user in ("1", "2", "3"):
        assert run_here("update", f"id:{user}", "--name", f"N{user}")[0] == 0
    empty_database.rows("UPDATE users SET email = 'new@example.com' WHERE id = 1")
    empty_database.rows("UPDATE users SET name = 'theirs' WHERE id = 2")
    empty_database.rows("DELETE FROM users WHERE id = 3")
    code, out, err = run_here("db", "check", "-o", "json")
    report = json.loads(out)
    assert (code, report["stale_emails"], report["changed_past_us"], report["gone"]) == (0, 1, 1, 1)
    assert err.splitlines() == [
        "note: another address than usercli left: id:1",
        "note: changed since usercli wrote it: id:2",
        "note: no longer there: id:3",
    ]
    code, _, err = run_here("update", "id:2", "--name", "ours")
    assert (code, err.splitlines()[-1]) == (
        0,
        "warning: bob@example.com was changed by another program since usercli last wrote it",
    )
    assert json.loads(run_here("db", "check", "-o", "json")[1])["changed_past_us"] == 0

    def changed(*_: object) -> str:
        empty_database.rows("UPDATE users SET password = 'theirs' WHERE id = 2")
        return "ours"

    monkeypatch.setattr(MappedHasher, "hash", changed)
    code, _, err = run_here("password", "set", "id:2", "--password-stdin", stdin=OTHER)
    assert (code, err) == (
        4,
        "error: bob@example.com was changed by another program meanwhile; nothing was changed\n",
    )
    assert stored(empty_database, "laravel", 2) == "theirs"
    assert run_here("audit", "log", "--refused", "--fields", "action,outcome")[1].split()[2:] == [
        *("password.set", "conflict"),
    ]


@POSTGRESQL
def test_their_unique_index_means_that_the_address_is_taken(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from usercli.repositories.mapped_rows import MappedRows

    mapped(clean_environment, empty_database, "laravel")
    taken = (4, "", "error: a user with the email bob@example.com exists already\n")
    assert run_here("create", "BOB@example.com", "--no-password")[0] == 4
    code, _, err = run_here("create", "BOB@example.com", "--no-password", "--if-not-exists")
    assert (code, err.startswith("nothing to change")) == (0, True)
    monkeypatch.setattr(MappedRows, "require_free", lambda *_: None)  # as if the service were the first
    assert run_here("create", "bob@example.com", "--no-password") == taken
    assert run_here("update", "id:1", "--email", "bob@example.com") == taken


@POSTGRESQL
def test_what_is_not_there_or_not_allowed_is_refused(empty_database: Database, clean_environment: Path) -> None:
    mapped(clean_environment, empty_database, "laravel", 'write = ["full_name", "create"]')
    for arguments, sentence in (
        (
            ("update", "id:1", "--email", "x@example.com"),
            "users is written only as far as write in the section table of the profile says, "
            "which does not name email",
        ),
        (("update", "id:1", "--inactive"), "users has no column that keeps a user out"),
        (("update", "id:1", "--expires", "30d"), "--expires is refused: users has no column for an expiry"),
        (("update", "id:1", "--if-version", "1"), "--if-version is refused: users has no column for a version"),
        (
            ("create", "e@example.com", "--no-password", "--attribute", "a=b"),
            "--attribute is refused: users has no column for attributes",
        ),
        (("create", "e@example.com", "--no-password", "--inactive"), "users has no column that keeps a user out"),
        (
            ("role", "create", "admin", "--administrative"),
            "--administrative is refused on users: its program may remove the last holder unseen",
        ),
    ):
        assert run_here(*arguments) == (6, "", f"error: {sentence}\n")
    empty_database.rows("ALTER TABLE users ADD COLUMN tenant integer NOT NULL DEFAULT 1")
    assert run_here("create", "eve@example.com", "--no-password")[0] == 0
    empty_database.rows("ALTER TABLE users ALTER COLUMN tenant DROP DEFAULT")
    code, _, err = run_here("create", "tom@example.com", "--no-password")
    assert (code, "users requires a value in tenant, which usercli does not know" in err) == (6, True)
    section = 'preset = "laravel"\nwrite = ["create"]\non_create = { tenant = 7, email_verified_at = "now" }'
    configure(clean_environment, empty_database, section)
    assert run_here("create", "tom@example.com", "--no-password")[0] == 0
    verified = "abs(extract(epoch FROM email_verified_at - now() AT TIME ZONE 'UTC')) < 60"
    assert empty_database.rows(f"SELECT tenant, {verified} FROM users WHERE email = 'tom@example.com'") == [
        (7, True)
    ]


@POSTGRESQL
def test_two_commands_that_give_one_address_wait_for_each_other(
    empty_database: Database, clean_environment: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from usercli.config import Settings
    from usercli.database.unit_of_work import Database as Opened
    from usercli.errors import EmailTaken
    from usercli.schemas.users import UserCreate
    from usercli.services.mapped_changes import create_user
    from usercli.services.mapped_passwords import MappedHasher

    mapped(clean_environment, empty_database, "django")  # whose addresses have no index
    settings = Settings()
    assert settings.user_table is not None
    table, hasher, database = (
        settings.user_table,
        MappedHasher(settings.user_table, settings),
        Opened(settings.target.url),
    )

    def create(number: int) -> bool:
        name = "eve" if number % 2 else "EVE"
        table_of_one = replace(table, on_create=(("username", f"eve{number}"),))
        try:
            create_user(UserCreate(email=f"{name}@example.com"), database.unit_of_work(), table_of_one, hasher)
        except EmailTaken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(8))) == [False] * 7 + [True]
    database.close()
    assert run_here("audit", "verify", "-q")[1] == "true\n"


@POSTGRESQL
def test_a_role_that_may_not_write_is_told_what_it_lacks(empty_database: Database, clean_environment: Path) -> None:
    mapped(clean_environment, empty_database, "laravel")
    name = f"r{uuid.uuid4().hex}"
    empty_database.rows(f"CREATE ROLE {name} LOGIN")
    try:
        empty_database.rows(f"GRANT SELECT, UPDATE (name, updated_at) ON users TO {name}")
        empty_database.rows(f"GRANT USAGE ON SCHEMA usercli TO {name}")
        empty_database.rows(f"GRANT SELECT ON ALL TABLES IN SCHEMA usercli TO {name}")
        empty_database.rows(f"GRANT INSERT ON usercli.audit_events TO {name}")
        ours = "usercli.roles, usercli.mapped_user_roles, usercli.mapped_users"
        empty_database.rows(f"GRANT INSERT, UPDATE, DELETE ON {ours} TO {name}")
        theirs = Database(empty_database.url, empty_database.text.replace("//postgres@", f"//{name}@"))
        configure(clean_environment, theirs, f'preset = "laravel"\n{WRITE}')
        code, _, err = run_here("update", "id:1", "--name", "A")
        assert code == 0, err
        assert run_here("update", "id:1", "--email", "a@example.com") == (
            6,
            "",
            f"error: the database role {name} may not UPDATE email of users; the owner of the table grants it\n",
        )
        code, _, err = run_here("create", "eve@example.com", "--no-password")
        assert (code, f"{name} may not INSERT" in err) == (6, True)
        for arguments in (
            ("create", "editor"),
            ("grant", "editor", "id:1"),
            ("delete", "editor", "--revoke", "-y"),
        ):
            code, _, err = run_here("role", *arguments)
            assert code == 0, err
    finally:
        empty_database.rows(f"DROP OWNED BY {name}")
        empty_database.rows(f"DROP ROLE {name}")


@POSTGRESQL
def test_each_user_on_its_own(empty_database: Database, clean_environment: Path, tmp_path: Path) -> None:
    mapped(clean_environment, empty_database, "fastapi-users")
    ada, bob, _ = FRAMEWORK["fastapi-users"].ids
    code, out, err = run_here("deactivate", f"id:{ada}", "nobody@example.com", "--continue", "-o", "json")
    done = json.loads(out)
    assert (code, done["changed"], [user["id"] for user in done["users"]]) == (7, 1, [str(ada)])
    assert done["failed"] == [
        {"user": "nobody@example.com", "code": 3, "error": "no such user: nobody@example.com"}
    ]
    assert run_here("activate", f"id:{bob}", "nobody@example.com")[0] == 3
    assert run_here("show", f"id:{bob}", "--fields", "is_active", "-q")[1] == "false\n"
    file = tmp_path / "new.csv"
    code, _, err = run_here("password", "reset", f"id:{ada}", f"id:{bob}", "--secret-out", str(file), "--yes")
    assert (code, err.splitlines()[-1]) == (
        0,
        "warning: user has no column that demands a new password: these hold until they are changed",
    )
    _, first, second = file.read_text().splitlines()
    assert first.startswith("Ada@Example.com,")
    assert run_here("activate", f"id:{bob}")[0] == 0
    secret = second.partition(",")[2]
    assert run_here("password", "verify", f"id:{bob}", "--password-stdin", stdin=secret) == (0, "", "")


@POSTGRESQL
def test_an_undo_gives_back_what_nobody_set_since(empty_database: Database, clean_environment: Path) -> None:
    mapped(clean_environment, empty_database, "django")
    run_here("role", "create", "editor")
    run_here("update", "id:1", "id:2", "--name", "New Name")
    run_here("activate", "id:1", "id:2")
    run_here("role", "grant", "editor", "id:2")
    code, _, err = run_here("undo", "--last", "--yes")
    assert (code, "plan: bob@example.com: restore roles" in err) == (0, True), err
    assert run_here("list", "--role", "editor", "--count", "-q")[1] == "0\n"
    code, _, err = run_here("undo", "--last", "--yes")
    assert (code, "plan: bob@example.com: restore is_active" in err) == (0, True), err
    empty_database.rows("UPDATE auth_user SET last_name = 'Theirs' WHERE id = 1")
    names = "SELECT first_name, last_name, is_active FROM auth_user WHERE id < 3 ORDER BY id"
    before = empty_database.rows(names)
    code, _, err = run_here("undo", "--last", "--yes")
    assert (code, err.splitlines()[-1].startswith("error: changed since: Ada@Example.com full_name")) == (4, True)
    assert run_here("undo", "--last", "--yes", "--only-unchanged", "--dry-run")[0] == 0
    assert empty_database.rows(names) == before
    code, out, err = run_here("undo", "--last", "--yes", "--only-unchanged", "-o", "json")
    change = json.loads(out)
    assert (code, change["changed"], change["users"][0]["full_name"]) == (0, 1, "Bob"), err
    assert "warning: left as it is, changed since: Ada@Example.com full_name" in err
    assert empty_database.rows(names) == [("New", "Theirs", True), ("Bob", "", False)]
    assert run_here("undo", change["change_id"], "--yes")[0] == 0  # an undo can be undone
    assert run_here("show", "id:2", "--fields", "full_name", "-q")[1] == "New Name\n"
    assert run_here("audit", "verify", "-q")[1] == "true\n"

    code, out, _ = run_here("create", "eve@example.com", "--no-password", "-o", "json")
    code, _, err = run_here("undo", json.loads(out)["change_id"], "--yes")
    assert (code, err) == (6, "error: user.created is not undone on auth_user\n")
    code, out, _ = run_here("update", "id:2", "--email", "b@example.com", "-o", "json")
    configure(clean_environment, empty_database, 'preset = "django"\nwrite = ["full_name"]')
    code, _, err = run_here("undo", json.loads(out)["change_id"], "--yes")
    assert (code, "which does not name email" in err) == (6, True)


@POSTGRESQL
def test_the_change_before_a_password_is_not_undone_unseen(
    empty_database: Database, clean_environment: Path
) -> None:
    mapped(clean_environment, empty_database, "django")
    change = json.loads(run_here("update", "id:1", "--name", "New Name", "-o", "json")[1])["change_id"]
    run_here("password", "set", "id:1", "--password-stdin", stdin=OTHER)
    code, out, err = run_here("undo", "--last", "--yes")
    said = f"nothing was changed; for the one before it run: usercli --profile theirs undo {change}"
    assert (code, out, err.splitlines()[-1].endswith(said)) == (4, "", True), err
    assert run_here("show", "id:1", "--fields", "full_name", "-q")[1] == "New Name\n"
    assert run_here("undo", "--last", "--yes", "--dry-run")[0] == 0
    assert run_here("undo", change, "--yes")[0] == 0
    assert run_here("show", "id:1", "--fields", "full_name", "-q")[1] != "New Name\n"


@POSTGRESQL
def test_what_is_printed_has_the_schema_of_mapped_tables(empty_database: Database, clean_environment: Path) -> None:
    mapped(clean_environment, empty_database, "django")
    lines = {
        "mapped list": ["list"],
        "mapped show": ["show", "id:1"],
        "mapped db check": ["db", "check"],
        "mapped update": ["update", "id:1", "--name", "New Name"],
        "mapped deactivate": ["deactivate", "id:1"],
        "mapped undo": ["undo", "--last", "--yes"],
    }
    for name, line in lines.items():
        schema = json.loads(run_here("schema", *name.split())[1])
        printed = json.loads(run_here(*line, "-o", "json")[1])
        Draft202012Validator(schema).validate(printed)
    assert set(MAPPED_OUTPUTS) >= set(lines)
    told = {name.removeprefix("mapped ") for name in MAPPED_OUTPUTS}
    assert told <= OFFERED | ON_OUR_TABLES | set(WRITES)
    report = json.loads(run_here("schema", "mapped", "db", "check")[1])["$defs"]["MappedReport"]
    assert {"users", "collisions", "changed_past_us"} <= set(report["required"])


# -- our own schema


@POSTGRESQL
def test_roles_are_ours_and_go_by_their_ids(empty_database: Database, clean_environment: Path) -> None:
    mapped(clean_environment, empty_database, "supabase", "")
    ada, bob, _ = FRAMEWORK["supabase"].ids
    assert run_here("role", "create", "editor")[0] == 0
    assert run_here("role", "grant", "editor", f"id:{ada}", "bob@example.com", "-q")[1].split() == [
        str(ada),
        str(bob),
    ]
    assert run_here("role", "grant", "editor", f"id:{ada}")[2].startswith("nothing to change")
    assert run_here("list", "--role", "editor", "--sort", "id", "-q")[1].split() == [str(ada), str(bob)]
    assert run_here("list", "--role", "x")[0] == 3
    assert run_here("role", "list", "--fields", "users", "-q")[1] == "2\n"
    assert (
        json.loads(run_here("role", "update", "editor", "--name", "writer", "-o", "json")[1])["role"]["users"] == 2
    )
    assert run_here("role", "delete", "writer")[0] == 6
    assert run_here("role", "revoke", "writer", f"id:{ada}", "-q")[1].split() == [str(ada)]
    assert run_here("role", "delete", "writer", "--revoke", "--yes")[0] == 0
    actions = run_here("history", "bob@example.com", "-o", "json")[1]
    assert [event["action"] for event in json.loads(actions)] == ["role.granted", "role.revoked"]
    assert run_here("role", "grant", "editor", "--match", "active=true")[0] == 6
    for options in ((), ("--continue",)):  # a role guards nobody there
        err = run_here("role", "grant", "admin", f"id:{bob}", *options)[2]
        assert err.rstrip().endswith(" role create admin"), err
    run_here("role", "create", "viewer")
    assert run_here("role", "grant", "viewer", f"id:{bob}")[0] == 0
    empty_database.rows("DELETE FROM auth.users WHERE email = 'bob@example.com'")
    assert json.loads(run_here("db", "check", "-o", "json")[1])["gone"] == 1
    assert run_here("role", "grant", "viewer", f"id:{bob}")[0] == 3
    assert run_here("role", "revoke", "viewer", f"id:{bob}", "-q")[:2] == (0, f"{bob}\n")
    assert run_here("role", "revoke", "viewer", f"id:{bob}")[0] == 3


@POSTGRESQL
def test_our_schema_belongs_to_one_table(empty_database: Database, clean_environment: Path) -> None:
    configure(clean_environment, empty_database, 'preset = "laravel"')
    assert run_here("db", "upgrade") == (
        5,
        "",
        "error: there is no table users; correct name in the section table of the profile\n",
    )
    mapped(clean_environment, empty_database, "laravel")
    assert run_here("db", "upgrade")[2].startswith("the schema is already up to date")
    fill(empty_database, FRAMEWORK["django"])
    configure(clean_environment, empty_database, 'preset = "django"')
    sentence = (
        "usercli's schema here belongs to the table public.users, not to public.auth_user; "
        "give this profile another one by the setting schema"
    )
    for arguments in (("db", "upgrade"), ("role", "list"), ("list", "--role", "x"), ("db", "check")):
        assert run_here(*arguments) == (6, "", f"error: {sentence}\n")
    assert run_here("list", "-q", "--sort", "id")[1] == "1\n2\n3\n"
    configure(clean_environment, empty_database, 'preset = "django"', 'schema = "ours"')
    assert run_here("role", "list")[0] == 5
    assert run_here("db", "upgrade", "-q")[0] == 0
    assert run_here("role", "list")[0] == 0
    configure(clean_environment, empty_database, 'name = "usercli.users"')
    assert run_here("list")[0] == 0  # named so, it is read


def test_a_service_does_not_mistake_our_empty_table_for_theirs(clean_environment: Path) -> None:
    from usercli.config import Settings
    from usercli.embedding import Users

    path = clean_environment / ".config/usercli/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[profiles.p]\nurl = "postgresql://h/d"\n[profiles.p.table]\npreset = "django"\n')
    settings = Settings(profile="p")
    assert settings.target.url.schema == "usercli"
    with pytest.raises(Refused, match="the profile maps auth_user, a table of another program"):
        Users.configured(settings)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_table_in_sqlite_is_only_read(empty_database: Database, clean_environment: Path) -> None:
    import sqlite3

    with sqlite3.connect(empty_database.url.database) as connection:
        connection.execute("CREATE TABLE users (id integer PRIMARY KEY, email text)")
    configure(clean_environment, empty_database, 'name = "users"\nwrite = ["email"]')
    for arguments, reason in (
        (("role", "list"), "usercli keeps no tables of its own beside it on SQLite"),
        (
            ("update", "1", "--email", "x@example.com"),
            "it is only read here: usercli keeps no tables of its own beside it on SQLite, and a change is logged",
        ),
    ):
        code, _, err = run_here(*arguments)
        assert (code, err.endswith(f"a table of another program: {reason}\n")) == (6, True), err


def test_what_is_written_depends_on_the_preset() -> None:
    assert UserTable(name="u").written_scheme == ""
    assert UserTable(name="u", preset="laravel", scheme="argon2").written_scheme == "argon2"
    table = UserTable(name="u", preset="django", on_create=(("is_staff", True),))
    assert table.values_on_create == {"username": "{email}", "is_superuser": False, "is_staff": True}
