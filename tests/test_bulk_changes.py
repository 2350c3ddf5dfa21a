"""Changes of many users on PostgreSQL: prepared before anything is locked, written together, as those of few."""

from __future__ import annotations

import gc
import json
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.audit_log import keys, uow
from tests.conftest import Cli, Database, run_here
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ChangedMeanwhile, UserNotFound
from usercli.readers.desired_state import read_document
from usercli.repositories import user_bulk_update
from usercli.repositories.user_bulk_update import BulkUpdateRepository
from usercli.schemas.desired import Desired
from usercli.schemas.import_rows import UserRow
from usercli.schemas.plans import Plan
from usercli.schemas.roles import RoleCreate
from usercli.schemas.users import UserCreate, UserKey, UserUpdate
from usercli.services import plan_execution, roles, undo, user_changes, users
from usercli.services.desired_state import plan_desired
from usercli.services.expiry import expire_overdue
from usercli.services.imports.existing_users import ExistingUsers
from usercli.services.plan_execution import apply_plan

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

EMAILS = ("ada@example.com", "bob@example.com", "eve@example.com")
EVENTS = (
    "SELECT action, target_id, before, after, personal::json ->> 'before', personal::json ->> 'after' "
    "FROM audit_events WHERE target_kind = 'user' ORDER BY seq"
)


@pytest.fixture
def filled(database: Database) -> Database:
    roles.create_role(RoleCreate(name="editor"), uow(database))
    roles.create_role(RoleCreate(name="reader"), uow(database))
    for email in EMAILS:
        data = UserCreate(email=email, attributes={"team": "blue", "back\\slash": "\\t"}, roles=("reader",))
        users.create_user(data, uow(database))
    return database


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_bulk_update, "WORTH_STAGING", 1)


def beside(monkeypatch: pytest.MonkeyPatch, database: Database, statement: str) -> None:
    """Another program runs a statement once the change is prepared, and does not wait for it."""
    usual = BulkUpdateRepository.lock_staged

    def lock_staged(self: BulkUpdateRepository, limit: int) -> list[uuid.UUID]:
        with psycopg.connect(database.text) as session:
            session.execute("SET lock_timeout = '1s'")
            session.execute(statement.encode())
        return usual(self, limit)

    monkeypatch.setattr(BulkUpdateRepository, "lock_staged", lock_staged)


def rows(database: Database) -> list[tuple[object, ...]]:
    return database.rows(
        "SELECT email, full_name, is_active, attributes, must_change_password, version, deleted_at IS NULL, "
        "was_active, array(SELECT name FROM roles JOIN user_roles ON role_id = roles.id WHERE user_id = users.id "
        "ORDER BY name), expires_at FROM users ORDER BY email"
    )


def change_all(database: Database) -> list[Any]:
    """Every kind of change of all users; what each said."""
    data = UserUpdate(
        full_name="Back \\ slash \\N",
        set_attributes={"n": 1, "t": "\\N"},
        unset_attributes=("team",),
        expires_at=datetime(2099, 1, 1, tzinfo=UTC),
    )
    who = keys(*EMAILS)
    return [
        users.update_users(who, data, uow(database)),
        users.update_users(who, data, uow(database)),
        roles.grant_role("editor", who, uow(database)),
        roles.revoke_role("reader", who[:2], uow(database)),
        users.set_active(who, False, uow(database)),
        users.set_active(who[1:], True, uow(database)),
        users.delete_users(who, uow(database)),
        users.restore_users(who[1:], uow(database)),
    ]


def said(changes: list[Any]) -> list[Any]:
    times = {"change_id": True, "users": {"__all__": {"updated_at", "deleted_at"}}}
    return [change.model_dump(exclude=times) for change in changes]


def test_many_are_changed_as_few_are(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for worth in (10**9, 1):
        monkeypatch.setattr(user_bulk_update, "WORTH_STAGING", worth)
        first = len(filled.rows(EVENTS))
        changes = said(change_all(filled))
        written = [(a, t, _timeless(b), _timeless(c), d, e) for a, t, b, c, d, e in filled.rows(EVENTS)[first:]]
        found.append((changes, rows(filled), written))
        reset = (
            "UPDATE users SET deleted_at = NULL, was_active = NULL, is_active = true, version = 1, full_name = '', "
            """expires_at = NULL, attributes = '{"team": "blue", "back\\\\slash": "\\\\t"}'""",
            "DELETE FROM user_roles",
            "INSERT INTO user_roles (user_id, role_id) "
            "SELECT u.id, r.id FROM users u, roles r WHERE name = 'reader'",
        )
        with psycopg.connect(filled.text) as session:
            for statement in reset:
                session.execute(statement.encode())
    few, many = found
    assert many == few
    assert len(few[2]) == 3 + 3 + 2 + 3 + 2 + 3 + 2


def _timeless(fields: Any) -> Any:
    values = dict(fields)
    return values | {"deleted_at": "then"} if values.get("deleted_at") else values


@pytest.mark.usefixtures("staged")
def test_nobody_waits_while_a_change_is_prepared_and_what_they_change_is_seen(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside(monkeypatch, filled, "UPDATE users SET full_name = 'Ada' WHERE email = 'ada@example.com'")
    done = users.update_users(keys(*EMAILS), UserUpdate(full_name="New"), uow(filled))
    assert done.changed == 3
    [(before,)] = filled.rows(
        "SELECT personal::json -> 'before' ->> 'full_name' "
        "FROM audit_events JOIN users ON target_id = users.id::text "
        "WHERE action = 'user.updated' AND email = 'ada@example.com'"
    )
    assert before == "Ada"
    assert len(filled.rows("SELECT 1 FROM audit_events WHERE action = 'user.updated'")) == 3


@pytest.mark.usefixtures("staged")
def test_only_who_was_changed_meanwhile_is_prepared_again(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    beside(
        monkeypatch,
        filled,
        "UPDATE users SET full_name = CASE email WHEN 'eve@example.com' THEN 'New' ELSE 'Ada' END, "
        "version = version + 1 WHERE email <> 'bob@example.com'",
    )
    read = []
    usual = BulkUpdateRepository.read
    monkeypatch.setattr(BulkUpdateRepository, "read", lambda self, ids: read.append(len(ids)) or usual(self, ids))
    done = users.update_users(keys(*EMAILS), UserUpdate(full_name="New"), uow(filled))
    assert read == [3, 2]
    assert (done.changed, done.unchanged) == (2, 1)
    assert [(user.email, user.full_name, user.version) for user in done.users] == [
        ("ada@example.com", "New", 3),
        ("bob@example.com", "New", 2),
        ("eve@example.com", "New", 2),
    ]
    events = filled.rows(
        "SELECT personal::json ->> 'target_email', personal::json -> 'before' ->> 'full_name' "
        "FROM audit_events WHERE action = 'user.updated' ORDER BY 1"
    )
    assert events == [("ada@example.com", "Ada"), ("bob@example.com", "")]
    assert cli("audit", "verify")[0] == 0


@pytest.mark.usefixtures("staged")
def test_many_who_were_changed_meanwhile_are_all_prepared_again(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_changes, "MOST_AGAIN", 1)
    beside(monkeypatch, filled, "UPDATE users SET full_name = 'Ada' WHERE email <> 'bob@example.com'")
    assert users.update_users(keys(*EMAILS), UserUpdate(full_name="Ada"), uow(filled)).changed == 1
    assert len(filled.rows("SELECT 1 FROM audit_events WHERE action = 'user.updated'")) == 1


@pytest.mark.usefixtures("staged")
def test_a_role_that_was_given_meanwhile_is_not_given_twice(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside(
        monkeypatch,
        filled,
        "INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u, roles r "
        "WHERE email = 'bob@example.com' AND name = 'editor'",
    )
    done = roles.grant_role("editor", keys(*EMAILS), uow(filled))
    assert (done.changed, done.unchanged) == (2, 1)


def after_preparing(monkeypatch: pytest.MonkeyPatch, database: Database, *statements: str) -> None:
    """Another program runs statements once the users are prepared, before anything is locked."""

    def then(usual: Any) -> Any:
        def prepare(*arguments: Any, **more: Any) -> Any:
            found = usual(*arguments, **more)
            with psycopg.connect(database.text) as session:
                session.execute("SET lock_timeout = '1s'")
                while waiting:
                    session.execute(waiting.pop(0).encode())
            return found

        return prepare

    waiting = list(statements)
    for kind, method in ((user_changes._ChangeOfUsers, "prepare"), (undo._Undo, "prepare_ahead")):
        monkeypatch.setattr(kind, method, then(getattr(kind, method)))


RENAMED = "UPDATE roles SET name = 'renamed' WHERE name = 'editor'"
ANOTHER = "INSERT INTO roles (name) VALUES ('editor')"
GIVEN = (
    "SELECT email, array(SELECT name FROM roles JOIN user_roles ON role_id = roles.id WHERE user_id = users.id "
    "ORDER BY name) FROM users ORDER BY email"
)


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize("most_again", [2000, 0], ids=["few", "many"])
def test_a_role_that_was_renamed_meanwhile_is_not_given(
    filled: Database, monkeypatch: pytest.MonkeyPatch, most_again: int
) -> None:
    monkeypatch.setattr(user_changes, "MOST_AGAIN", most_again)
    after_preparing(monkeypatch, filled, RENAMED, ANOTHER)
    roles.grant_role("editor", keys(*EMAILS), uow(filled))
    assert filled.rows(GIVEN) == [(email, ["editor", "reader"]) for email in EMAILS]
    assert filled.rows("SELECT DISTINCT before, after FROM audit_events WHERE action = 'role.granted'") == [
        ({"roles": ["reader"]}, {"roles": ["editor", "reader"]})
    ]


@pytest.mark.usefixtures("staged")
def test_events_name_a_role_as_it_is_called_when_they_are_written(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_preparing(monkeypatch, filled, "UPDATE roles SET name = 'reads' WHERE name = 'reader'")
    roles.grant_role("editor", keys(*EMAILS), uow(filled))
    assert filled.rows("SELECT DISTINCT before, after FROM audit_events WHERE action = 'role.granted'") == [
        ({"roles": ["reads"]}, {"roles": ["editor", "reads"]})
    ]


@pytest.mark.usefixtures("staged")
def test_an_undo_gives_back_the_role_that_has_the_name_now(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    roles.grant_role("editor", keys(*EMAILS), uow(filled))
    roles.revoke_role("editor", keys(*EMAILS), uow(filled))
    after_preparing(monkeypatch, filled, RENAMED, ANOTHER)
    code, _, err = cli("undo", "--last", "--yes")
    assert code == 0, err
    assert filled.rows(GIVEN) == [(email, ["editor", "reader"]) for email in EMAILS]


@pytest.mark.usefixtures("staged")
def test_who_went_for_good_meanwhile_is_missing(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    beside(monkeypatch, filled, "DELETE FROM users WHERE email = 'eve@example.com'")
    assert cli("deactivate", *EMAILS)[0] == 3
    assert filled.rows("SELECT count(*) FROM users WHERE is_active") == [(2,)]


def _expired(database: Database) -> list[Any]:
    return [email for (email,) in database.rows("SELECT email FROM users WHERE NOT is_active ORDER BY email")]


@pytest.mark.parametrize("expiry", ["NULL", "'2099-01-01'"])
def test_whose_expiry_was_moved_meanwhile_stays_active(
    filled: Database, staged: None, monkeypatch: pytest.MonkeyPatch, expiry: str
) -> None:
    filled.rows("UPDATE users SET expires_at = '2020-01-01'")
    moved = f"UPDATE users SET expires_at = {expiry}, version = version + 1 WHERE email = '{EMAILS[1]}'"
    beside(monkeypatch, filled, moved)
    change = expire_overdue(uow(filled))
    assert (change.changed, change.unchanged) == (2, 0)
    assert _expired(filled) == [EMAILS[0], EMAILS[2]]
    assert filled.rows("SELECT count(*) FROM audit_events WHERE action = 'user.expired'") == [(2,)]


MANY_WAYS: dict[str, Callable[[Sequence[UserKey], UnitOfWork], object]] = {
    "update": lambda who, work: users.update_users(who, UserUpdate(full_name="x"), work),
    "delete": users.delete_users,
    "deactivate": lambda who, work: users.set_active(who, False, work),
    "grant": lambda who, work: roles.grant_role("editor", who, work),
    "revoke": lambda who, work: roles.revoke_role("reader", who, work),
    "restore": users.restore_users,
}


@pytest.mark.parametrize("is_taken", [False, True])
@pytest.mark.parametrize("way", list(MANY_WAYS))
def test_who_lost_the_address_that_names_them_meanwhile_is_not_changed(
    filled: Database, staged: None, monkeypatch: pytest.MonkeyPatch, way: str, is_taken: bool
) -> None:
    """Those of few are refused so: the address names somebody else by then, or nobody."""
    if way == "restore":
        users.delete_users(keys(*EMAILS), uow(filled))
    others = (
        "UPDATE users SET email = 'other@example.com', email_key = 'other@example.com', version = version + 1 "
        f"WHERE email = '{EMAILS[1]}';"
    )
    if is_taken:
        others += (
            "INSERT INTO users (email, email_key, full_name, hashed_password, deleted_at, is_active)"
            f" SELECT '{EMAILS[1]}', '{EMAILS[1]}', 'new', '!', deleted_at, deleted_at IS NULL"
            " FROM users WHERE email = 'other@example.com'"
        )
    beside(monkeypatch, filled, others)
    if is_taken:
        MANY_WAYS[way](keys(*EMAILS), uow(filled))
    else:
        with pytest.raises(UserNotFound, match=EMAILS[1]):
            MANY_WAYS[way](keys(*EMAILS), uow(filled))
    [(version,)] = filled.rows("SELECT version FROM users WHERE email = 'other@example.com'")
    assert version == (3 if way == "restore" else 2)  # the other program's, and its deletion


@pytest.mark.usefixtures("staged")
def test_a_sign_in_meanwhile_stays_and_disturbs_nothing(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    beside(monkeypatch, filled, "UPDATE users SET last_login_at = now(), hashed_password = '$2b$04$new'")
    read = []
    usual = BulkUpdateRepository.read
    monkeypatch.setattr(BulkUpdateRepository, "read", lambda self, ids: read.append(ids) or usual(self, ids))
    users.set_active(keys(*EMAILS), False, uow(filled))
    assert len(read) == 1
    assert filled.rows("SELECT DISTINCT hashed_password, last_login_at IS NULL, is_active FROM users") == [
        ("$2b$04$new", False, False)
    ]


@pytest.mark.usefixtures("staged")
def test_no_part_of_a_change_leaves_garbage(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line lets the collector come so seldom that the ids of a million users would wait for it."""
    found = []
    usual = user_changes._ChangeOfUsers._settle

    def settle(*arguments: Any, **more: Any) -> None:
        usual(*arguments, **more)
        found.append(gc.collect())

    monkeypatch.setattr(user_changes, "_USERS_AT_A_TIME", 1)
    monkeypatch.setattr(user_changes._ChangeOfUsers, "_settle", settle)
    gc.disable()
    try:
        users.update_users(keys(*EMAILS), UserUpdate(set_attributes={"n": 1}), uow(filled))
    finally:
        gc.enable()
    assert found[1:] == [0, 0]  # the first statement of a kind is compiled


@pytest.mark.usefixtures("staged")
def test_a_change_of_many_is_undone(filled: Database, cli: Cli) -> None:
    before = rows(filled)
    roles.grant_role("editor", keys(*EMAILS), uow(filled))
    users.update_users(keys(*EMAILS), UserUpdate(full_name="New", set_attributes={"n": 1}), uow(filled))
    users.delete_users(keys(*EMAILS), uow(filled))
    for _ in range(3):
        assert cli("undo", "--last", "--yes")[0] == 0
    assert [row[:5] + row[6:] for row in rows(filled)] == [row[:5] + row[6:] for row in before]
    assert cli("audit", "verify")[0] == 0


DESIRED = """name: staff
users:
  - {email: ada@example.com, full_name: New, roles: [editor]}
  - {email: bob@example.com, full_name: New}
  - {email: eve@example.com, full_name: New}
  - {email: zoe@example.com, full_name: New}
"""


def applied(filled: Database, *arguments: str) -> tuple[int, str]:
    Path("staff.yaml").write_text(DESIRED)
    code, _, err = run_here("--database-url", filled.text, "apply", "staff.yaml", "--yes", *arguments)
    return code, err


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize("most_again", [2000, 0], ids=["few", "many"])
def test_an_apply_locks_nobody_while_it_prepares_and_keeps_what_others_change(
    filled: Database, monkeypatch: pytest.MonkeyPatch, environment: Path, cli: Cli, most_again: int
) -> None:
    monkeypatch.setattr(plan_execution, "MOST_AGAIN", most_again)
    beside(
        monkeypatch,
        filled,
        "UPDATE users SET must_change_password = true, version = version + 1 WHERE email = 'ada@example.com'",
    )
    assert applied(filled)[0] == 0
    assert filled.rows("SELECT email, full_name, must_change_password, version FROM users ORDER BY email") == [
        ("ada@example.com", "New", True, 3),
        ("bob@example.com", "New", False, 2),
        ("eve@example.com", "New", False, 2),
        ("zoe@example.com", "New", False, 1),
    ]
    events = filled.rows(
        "SELECT action, personal::json ->> 'target_email' FROM audit_events "
        "WHERE change_id = (SELECT change_id FROM audit_events ORDER BY seq DESC LIMIT 1) ORDER BY 2"
    )
    assert events == [
        ("user.updated", "ada@example.com"),
        ("user.updated", "bob@example.com"),
        ("user.updated", "eve@example.com"),
        ("user.created", "zoe@example.com"),
    ]
    assert cli("audit", "verify")[0] == 0


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET full_name = 'Ada' WHERE email = 'ada@example.com'",
        "DELETE FROM users WHERE email = 'ada@example.com'",
        "UPDATE users SET managed_by = 'others' WHERE email = 'ada@example.com'",
    ],
    ids=["changed", "gone", "another's"],
)
def test_an_apply_is_refused_when_what_it_touches_changes_before_it_is_locked(
    filled: Database, monkeypatch: pytest.MonkeyPatch, environment: Path, statement: str
) -> None:
    before = len(rows(filled))
    beside(monkeypatch, filled, statement)
    code, err = applied(filled)
    assert code == 4
    assert err.endswith("error: changed since the plan was made: ada@example.com; plan again\n")
    assert len(rows(filled)) == before - statement.startswith("DELETE")
    assert filled.rows("SELECT count(*) FROM users WHERE full_name = 'New'") == [(0,)]


def planned(filled: Database) -> Plan:
    Path("staff.yaml").write_text(DESIRED)
    return plan_desired(Desired.of(read_document("staff.yaml"), None, ()), uow(filled))[0]


@pytest.mark.usefixtures("staged", "environment")
def test_an_apply_reads_only_those_again_who_do_not_look_as_its_plan_saw_them(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    usual = BulkUpdateRepository.read
    monkeypatch.setattr(BulkUpdateRepository, "read", lambda self, ids: read.append(len(ids)) or usual(self, ids))
    filled.rows("UPDATE users SET created_at = '2999-01-01' WHERE email = 'bob@example.com'")
    plan = planned(filled)
    filled.rows("UPDATE users SET must_change_password = true WHERE email = 'ada@example.com'")
    assert apply_plan(plan, uow(filled)).updated == 3
    assert read == [1]
    assert filled.rows("SELECT email FROM users WHERE updated_at = created_at AND version = 2") == [
        ("bob@example.com",)
    ]
    assert filled.rows("SELECT email FROM users WHERE must_change_password AND full_name = 'New'") == [
        ("ada@example.com",)
    ]


@pytest.mark.usefixtures("staged", "environment")
def test_an_apply_takes_the_roles_that_bear_the_names_by_then(filled: Database) -> None:
    """The plan saw a role that is called otherwise now, and another has its name."""
    plan = planned(filled)
    [(reader,)] = filled.rows("SELECT id FROM roles WHERE name = 'reader'")
    filled.rows("UPDATE roles SET name = 'other' WHERE name = 'reader'")
    roles.create_role(RoleCreate(name="reader"), uow(filled))
    with pytest.raises(ChangedMeanwhile, match=r"changed since the plan was made: ada@example\.com"):
        apply_plan(plan, uow(filled))
    filled.rows("UPDATE roles SET name = 'third' WHERE name = 'reader'")
    filled.rows("UPDATE roles SET name = 'reader' WHERE name = 'other'")
    apply_plan(plan, uow(filled))
    assert filled.rows("SELECT count(*) FROM user_roles WHERE role_id = :reader", reader=reader) == [(2,)]


SHEET = "email,full_name,attributes.team\n" + "".join(f"{email},New,red\n" for email in EMAILS)
WRITTEN = (
    "SELECT personal::json ->> 'target_email', personal::json -> 'before' FROM audit_events "
    "WHERE action = 'user.updated' AND change_id::text = '{}' ORDER BY 1"
)


def import_sheet(cli: Cli, folder: Path, *options: str) -> tuple[int, str, str]:
    (folder / "sheet.csv").write_text(SHEET)
    return cli("import", str(folder / "sheet.csv"), "--on-conflict", "update", *options)


@pytest.mark.usefixtures("staged")
def test_nobody_waits_for_an_import_and_only_who_was_changed_meanwhile_is_prepared_again(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path
) -> None:
    changed = """UPDATE users SET version = version + 1, full_name = 'New', attributes = CASE email
        WHEN 'ada@example.com' THEN '{"team": "green", "own": 1}'::jsonb ELSE '{"team": "red"}' END
        WHERE email <> 'bob@example.com'"""
    beside(monkeypatch, filled, changed)
    read = []
    usual = BulkUpdateRepository.read
    monkeypatch.setattr(BulkUpdateRepository, "read", lambda self, ids: read.append(len(ids)) or usual(self, ids))
    code, out, err = import_sheet(cli, tmp_path, "-o", "json")
    assert code == 0, err
    assert read == [3, 2]
    summary = json.loads(out)
    assert (summary["updated"], summary["unchanged"], summary["rejected"]) == (2, 1, 0)
    assert filled.rows("SELECT full_name, attributes, version FROM users ORDER BY email") == [
        ("New", {"team": "red", "own": 1}, 3),
        ("New", {"team": "red", "back\\slash": "\\t"}, 2),
        ("New", {"team": "red"}, 2),
    ]
    assert filled.rows(WRITTEN.format(summary["change_id"])) == [
        ("ada@example.com", {"attributes": {"team": "green"}}),
        ("bob@example.com", {"attributes": {"team": "blue"}, "full_name": ""}),
    ]
    assert cli("audit", "verify")[0] == 0


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize(
    "gone",
    [
        "DELETE FROM users WHERE {}",
        "UPDATE users SET deleted_at = now(), was_active = true, is_active = false WHERE {}",
    ],
)
def test_an_import_rejects_who_went_meanwhile(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path, gone: str
) -> None:
    beside(monkeypatch, filled, gone.format("email = 'eve@example.com'"))
    code, _, err = import_sheet(cli, tmp_path)
    assert code == 4
    assert err == (
        "error: sheet.csv:4: the user eve@example.com was changed meanwhile; try again\n"
        "error: 1 bad record found; nothing was imported; to import the others add --skip-bad --reject-file FILE\n"
    )
    assert filled.rows("SELECT count(*) FROM users WHERE full_name = 'New'") == [(0,)]
    filled.rows("UPDATE users SET deleted_at = NULL, was_active = NULL, is_active = true")
    beside(monkeypatch, filled, gone.format("email = 'bob@example.com'"))
    code, _, err = import_sheet(cli, tmp_path, "--skip-bad", "--reject-file", str(tmp_path / "bad.csv"))
    assert (code, "bob@example.com" in (tmp_path / "bad.csv").read_text()) == (7, True), err
    assert filled.rows("SELECT email FROM users WHERE full_name = 'New' AND email <> 'eve@example.com'") == [
        ("ada@example.com",)
    ]


@pytest.mark.usefixtures("staged")
def test_an_import_names_a_role_as_it_is_called_when_it_is_written(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path
) -> None:
    beside(monkeypatch, filled, "UPDATE roles SET name = 'reads' WHERE name = 'reader'")
    (tmp_path / "roles.csv").write_text("email,roles\nada@example.com,editor\n")
    code, _, err = cli("import", str(tmp_path / "roles.csv"), "--on-conflict", "update")
    assert code == 0, err
    assert filled.rows("SELECT before, after FROM audit_events WHERE action = 'user.updated'") == [
        ({"roles": ["reads"]}, {"roles": ["editor"]})
    ]


@pytest.mark.usefixtures("staged")
def test_an_import_in_chunks_prepares_each_by_itself(filled: Database, cli: Cli, tmp_path: Path) -> None:
    code, _, err = import_sheet(cli, tmp_path, "--resume", "--reason", "test")
    assert code == 0, err
    assert filled.rows("SELECT full_name, version FROM users") == [("New", 2)] * 3
    assert cli("audit", "verify")[0] == 0


@pytest.mark.usefixtures("staged")
def test_a_review_is_prepared_and_a_grant_that_was_given_anew_meanwhile_refuses_it(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path
) -> None:
    review = tmp_path / "review.csv"
    assert cli("access-review", "export", str(review))[0] == 0
    review.write_text(re.sub(r",$", ",revoke", review.read_text(), flags=re.MULTILINE))
    anew = """UPDATE user_roles SET granted_at = now() FROM users WHERE user_id = id AND email = 'eve@example.com';
        UPDATE users SET version = version + 2 WHERE email = 'eve@example.com'"""
    with monkeypatch.context() as between:
        beside(between, filled, anew)
        code, _, err = cli("access-review", "apply", str(review), "--yes")
    assert (code, "line 4: eve@example.com holds reader since" in err) == (4, True), err
    assert filled.rows("SELECT count(*) FROM user_roles") == [(3,)]
    review.write_text("".join(review.read_text().splitlines(keepends=True)[:-1]))
    code, out, err = cli("access-review", "apply", str(review), "--yes", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 2), err
    assert filled.rows("SELECT count(*) FROM user_roles") == [(1,)]


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize("lost", [("editor", "reader"), ("editor",)], ids=["both", "kept"])
def test_a_review_is_refused_if_what_it_keeps_was_taken_meanwhile(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path, lost: tuple[str, ...]
) -> None:
    roles.grant_role("editor", keys(*EMAILS), uow(filled))
    review = tmp_path / "review.csv"
    assert cli("access-review", "export", str(review))[0] == 0
    decided = re.sub(r"(,editor,.*),$", r"\1,keep", review.read_text(), flags=re.MULTILINE)
    review.write_text(re.sub(r"(,reader,.*),$", r"\1,revoke", decided, flags=re.MULTILINE))
    names = ", ".join(f"'{name}'" for name in lost)
    taken = f"""DELETE FROM user_roles USING users, roles WHERE user_id = users.id AND role_id = roles.id
        AND email = 'eve@example.com' AND roles.name IN ({names});
        UPDATE users SET version = version + 1 WHERE email = 'eve@example.com'"""
    beside(monkeypatch, filled, taken)
    code, _, err = cli("access-review", "apply", str(review), "--yes")
    assert (code, "eve@example.com no longer holds editor" in err) == (4, True), err
    assert filled.rows("SELECT count(*) FROM user_roles") == [(6 - len(lost),)]


@pytest.mark.usefixtures("staged")
def test_an_import_holds_the_administrators_only_while_it_writes(
    filled: Database, monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path
) -> None:
    filled.rows("UPDATE roles SET administrative = true WHERE name = 'editor'")
    held = []
    usual = ExistingUsers._keep

    def keep(self: ExistingUsers, ids: Sequence[uuid.UUID], rows: Sequence[UserRow]) -> None:
        with psycopg.connect(filled.text) as session:
            held.append(session.execute("SELECT name FROM roles WHERE administrative FOR UPDATE NOWAIT").fetchall())
        usual(self, ids, rows)

    monkeypatch.setattr(ExistingUsers, "_keep", keep)
    assert import_sheet(cli, tmp_path)[0] == 0
    assert held == [[("editor",)]]
