"""One list of fields: nothing forgets a column that a developer adds, and no list is kept a second time."""

from __future__ import annotations

import dataclasses
import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli, Database
from usercli.cli.contract import schema_of
from usercli.database.unit_of_work import UnitOfWork
from usercli.models.user import User
from usercli.passwords import PasswordHasher
from usercli.repositories import user_bulk_insert
from usercli.schemas.desired import DesiredUser
from usercli.schemas.import_rows import ImportRecord, RowParser, UserRow
from usercli.schemas.user_fields import (
    AUDITED,
    DESIRED,
    ERASED_TO,
    FIELD,
    IMPORTABLE,
    PERSONAL,
    PRESERVED,
    SHOWN,
    UNDOABLE,
    UPDATABLE,
    USER_FIELD_LIST,
    Kind,
    UserField,
)
from usercli.schemas.users import UserCreate, UserKey, UserUpdate, UserView
from usercli.services import privacy, undo, user_events, users
from usercli.times import rfc3339

DOCS = Path(__file__).parent.parent / "docs"
ADA, EVE = "ada@example.com", "eve@example.com"
MARK = "Zwölfklang"  # in every personal value of Eve, and nowhere else

#: Columns that are no field, and why.
EXEMPT = {"email_key": "derived from the email whenever that is set"}
#: Audited fields without a value in UserUpdate: what sets them instead.
SET_OTHERWISE = {
    "roles": "add_roles and remove_roles",
    "attributes": "set_attributes and unset_attributes",
    "deleted_at": "delete and restore",
    "was_active": "delete and restore",
    "managed_by": "apply",
}
HASH = PasswordHasher(cost=4).hash("correct horse battery staple")


def value_of(field: UserField) -> Any:
    """Something that no user has unless it was set: a value by the field's kind."""
    match field.kind:
        case Kind.TEXT:
            return EVE if field.name == "email" else f"{MARK} {field.name}"
        case Kind.BOOLEAN:
            return not field.default
        case Kind.TIME:
            return datetime(2999, 1, 31, 8, 0, 0, 123456, tzinfo=UTC)
        case Kind.JSON:
            return {"note": f"{MARK} {field.name}", "n": 1}
        case Kind.INTEGER:
            return 7
        case Kind.ID:
            return uuid.UUID("0190b4d8-0000-7000-8000-00000000abcd")
        case Kind.ROLES:
            return ["ops"]
        case Kind.SECRET:
            return HASH


def as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, uuid.UUID) else value


def fields(names: Any) -> list[Any]:
    return [pytest.param(FIELD[name], id=name) for name in sorted(names)]


def user_of(uow: UnitOfWork, email: str = ADA) -> User:
    return uow.users.pick_including_deleted([UserKey.parse(email)])[0]


@pytest.fixture
def ada(cli: Cli) -> str:
    assert cli("role", "create", "ops")[0] == 0
    assert cli("create", ADA, "--no-password")[0] == 0
    return ADA


# -- the list is whole


def test_every_column_is_a_field_or_named_exempt_with_a_reason() -> None:
    columns = {column.key for column in User.__table__.columns}
    assert columns - FIELD.keys() == EXEMPT.keys()
    assert {field.name for field in USER_FIELD_LIST if field.kind is not Kind.ROLES} <= columns
    assert len(FIELD) == len(USER_FIELD_LIST)


def test_a_column_s_default_is_that_of_the_list() -> None:
    made = UserCreate(email=ADA)
    for name in UserCreate.model_fields.keys() - {"email"}:
        assert getattr(made, name) == FIELD[name].default, name
    row = UserRow(ADA, ADA, 1, {})
    for name in {field.name for field in dataclasses.fields(UserRow)} & set(UPDATABLE) - {"attributes"}:
        assert getattr(row, name) == FIELD[name].default, name


def test_what_is_not_undone_or_erased_is_so_on_purpose() -> None:
    assert set(AUDITED) == set(UNDOABLE)
    kept = {"id", "version", "created_at", "updated_at"}  # they say nothing about a person
    by_hand = {"email", "roles", "deleted_at"}  # services/privacy.py sets these itself
    assert FIELD.keys() - ERASED_TO.keys() == kept | by_hand


# -- the explicit models and the unrolled hot paths follow it


def test_the_pydantic_models_have_the_fields_of_the_list() -> None:
    assert tuple(UserView.model_fields) == SHOWN
    assert tuple(ImportRecord.model_fields) == (*IMPORTABLE, "password")
    assert DesiredUser.model_fields.keys() == {*DESIRED, "initial_password"}
    assert set(AUDITED) - UserUpdate.model_fields.keys() == SET_OTHERWISE.keys()
    assert set(UPDATABLE) <= {field.name for field in dataclasses.fields(UserRow)}


def test_the_unrolled_hot_paths_keep_to_the_order_of_the_list() -> None:
    stored = {field.name for field in USER_FIELD_LIST if field.importable and field.kind is not Kind.ROLES}
    assert {*user_bulk_insert.COLUMNS} == stored | {"email_key", "was_active"}
    assert len(user_bulk_insert.COLUMNS) == len({*user_bulk_insert.COLUMNS})

    keep = {name: f"kept {name}" for name in PRESERVED if name != "id"}
    given = {name: f"given {name}" for name in UPDATABLE}
    row = UserRow("email", "email_key", 1, {}, **given, hashed_password="hash", kept=keep)  # type: ignore[arg-type]  # fields of any kind
    values = dict(
        zip(user_bulk_insert.COLUMNS, user_bulk_insert.user_values(row, "id", datetime.now(UTC)), strict=True)
    )
    expected = {"id": "id", "email": "email", "email_key": "email_key", "hashed_password": "hash", **keep, **given}
    del expected["roles"]  # rows of another table
    assert values == {**expected, "was_active": True}
    assert set(user_events.IMPORTED_BY_HAND) <= PERSONAL


@pytest.mark.parametrize("given", [{}, {name: as_json(value_of(FIELD[name])) for name in UPDATABLE}])
def test_an_import_records_what_a_creation_does(database: Database, cli: Cli, given: dict[str, Any]) -> None:
    assert cli("role", "create", "ops")[0] == 0
    record = {"email": EVE, "hashed_password": HASH, **given}
    assert cli("import", "-", "--from", "jsonl", stdin=json.dumps(record))[0] == 0
    [imported] = events(cli, EVE)
    with database.uow() as uow:
        user = user_of(uow, EVE)
        user_events.created(uow, user)
        uow.commit()
    created = events(cli, EVE)[-1]
    assert (imported["before"], imported["after"]) == (created["before"], created["after"])


# -- an audited field: in the event, and back by undo


def events(cli: Cli, email: str) -> list[dict[str, Any]]:
    code, out, err = cli("history", email, "-o", "json")
    assert code == 0, err
    found: list[dict[str, Any]] = json.loads(out)
    return found


def set_field(uow: UnitOfWork, user: User, field: UserField) -> None:
    """Change it as its command does."""
    if field.name in UserUpdate.model_fields:
        users.update_users([UserKey(typed="", id=user.id)], UserUpdate(**{field.name: value_of(field)}), uow)
    elif field.name == "roles":
        users.update_users([UserKey(typed="", id=user.id)], UserUpdate(add_roles=("ops",)), uow)
    elif field.name == "attributes":
        users.update_users([UserKey(typed="", id=user.id)], UserUpdate(set_attributes=value_of(field)), uow)
    elif field.name in {"deleted_at", "was_active"}:
        users.delete_users([UserKey(typed="", id=user.id)], uow)
    else:
        before = user_events.snapshot(user)
        setattr(user, field.name, value_of(field))
        uow.users.save(user)
        user_events.changed(uow, "user.updated", user, before)


@pytest.mark.parametrize("field", fields(AUDITED))
@pytest.mark.each_once
def test_an_update_shows_in_the_event_and_undo_takes_it_back(
    database: Database, cli: Cli, ada: str, field: UserField
) -> None:
    uow = database.uow()
    with uow:
        user = user_of(uow)
        before = user_events.snapshot(user)
        set_field(uow, user, field)
        after = user_events.snapshot(user)
        uow.commit()
    assert before[field.name] != after[field.name]

    event = events(cli, str(user.id))[-1]
    if field.kind is Kind.JSON:
        assert (event["before"][field.name], event["after"][field.name]) == ({}, value_of(field))
    else:
        told = event["before"][field.name], event["after"][field.name]
        assert told == (before[field.name], after[field.name])

    undo.undo_change(uow.change_id, database.uow())
    with database.uow(read_only=True) as uow:
        assert user_events.snapshot(user_of(uow, str(user.id))) == before


# -- export and import carry it


@contextmanager
def everything_set(cli: Cli) -> Iterator[dict[str, Any]]:
    """A user in whom every importable field has a value of its own."""
    assert cli("role", "create", "ops")[0] == 0
    record = {name: as_json(value_of(FIELD[name])) for name in IMPORTABLE if name != "deleted_at"}
    options = ["--preserve", "--reason", "move"]
    code, _, err = cli("import", "-", "--from", "jsonl", *options, stdin=json.dumps(record))
    assert code == 0, err
    yield record


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
@pytest.mark.each_once
def test_every_importable_field_comes_through_import_and_export(
    cli: Cli, form: str, sqlite_template: Path, tmp_path: Path
) -> None:
    other = shutil.copyfile(sqlite_template, tmp_path / "other.db")

    def there(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        return cli("--database-url", f"sqlite:///{other}", *arguments, stdin=stdin)

    def exported(target: Cli, form: str) -> Path:
        file = tmp_path / f"{uuid.uuid4()}.{form}"
        code, _, err = target("export", str(file), "--with-hashes")
        assert code == 0, err
        return file

    with everything_set(cli) as record:
        file = exported(cli, form)
        assert there("role", "create", "ops")[0] == 0
        code, _, err = there("import", str(file), "--preserve")
        assert code == 0, err
        for target in (cli, there):
            [user] = json.loads(exported(target, "json").read_text(encoding="utf-8"))
            assert {name: user[name] for name in record} == record


@pytest.mark.parametrize("field", fields(UPDATABLE))
@pytest.mark.each_once
def test_an_import_that_updates_sets_it(cli: Cli, ada: str, field: UserField) -> None:
    line = json.dumps({"email": ADA, field.name: as_json(value_of(field))})
    code, _, err = cli("import", "-", "--from", "jsonl", "--on-conflict", "update", stdin=line)
    assert code == 0, err
    [user] = json.loads(cli("export", "-o", "json")[1])
    assert user[field.name] == as_json(value_of(field))
    assert field.name in events(cli, ADA)[-1]["after"]


@pytest.mark.parametrize("field", fields(set(DESIRED) - {"email"}))
@pytest.mark.each_once
def test_a_file_of_desired_state_sets_it(cli: Cli, ada: str, field: UserField, tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    user = {"email": ADA, field.name: as_json(value_of(field))}
    file.write_text(json.dumps({"name": "test", "users": [user]}), encoding="utf-8")
    code, _, err = cli("apply", str(file), "--yes")
    assert code == 0, err
    [shown] = json.loads(cli("list", "-o", "json")[1])
    assert shown[field.name] == as_json(value_of(field))


# -- erasure


@pytest.mark.parametrize("anonymise", [True, False])
def test_no_personal_value_is_left_after_an_erasure(database: Database, cli: Cli, anonymise: bool) -> None:
    with everything_set(cli):
        with database.uow() as uow:
            user = user_of(uow, EVE)
            before = user_events.snapshot(user)
            for name in PERSONAL - {"email"}:
                setattr(user, name, value_of(FIELD[name]))
            user_events.changed(uow, "user.updated", user, before)
            uow.commit()
        assert MARK in whole(database)
        privacy.erase_person(UserKey.parse(EVE), database.uow(), anonymise=anonymise)
        left = whole(database)
        assert MARK not in left
        assert EVE not in left


def test_an_anonymised_row_has_the_values_that_the_list_says(database: Database, cli: Cli) -> None:
    with everything_set(cli):
        privacy.erase_person(UserKey.parse(EVE), database.uow(), anonymise=True)
        with database.uow(read_only=True) as uow:
            user = user_of(uow, str(value_of(FIELD["id"])))
            assert {name: getattr(user, name) for name in ERASED_TO} == dict(ERASED_TO)
            assert user.roles == ()


def whole(database: Database) -> str:
    """Everything that the database holds of users and events, as text."""
    tables = ("users", "user_roles", "roles", "audit_events")
    return repr([database.rows(f"SELECT * FROM {table}") for table in tables])


# -- what is shown


@pytest.mark.parametrize("field", fields(SHOWN))
def test_a_shown_field_stands_in_the_view_the_schema_and_the_pages(field: UserField) -> None:
    assert field.name in UserView.model_fields
    assert f'"{field.name}"' in json.dumps(schema_of("show"))
    assert field.name in (DOCS / "scripting.md").read_text(encoding="utf-8")
    if field.kind is not Kind.ROLES:
        assert f"| `{field.name}` |" in (DOCS / "table.md").read_text(encoding="utf-8")


def test_a_row_is_read_with_every_updatable_field() -> None:
    given = {name: as_json(value_of(FIELD[name])) for name in UPDATABLE}
    row = RowParser().parse(1, {"email": EVE, **given})
    found = {name: getattr(row, name) for name in UPDATABLE}
    assert {**found, "attributes": row.attributes.value, "roles": list(row.roles)} == {
        name: value_of(FIELD[name]) for name in UPDATABLE
    }
