"""Roles: made, changed, given, taken and shown, by commands and services, on both engines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Cli, Database
from tests.table_dump import everything
from usercli.database import migrations
from usercli.errors import Conflict, InvalidInput, Refused, RoleNotFound, UserNotFound
from usercli.origin import Origin
from usercli.schemas.roles import RoleCreate, RoleUpdate, RoleView
from usercli.schemas.users import UserCreate, UserKey, UserUpdate, UserView
from usercli.services import roles as service
from usercli.services import users

pytestmark = pytest.mark.either_engine

MakeUser = Callable[..., UserView]
MakeRole = Callable[..., None]

LIST_HEADER = "name\tdescription\tadministrative\tusers\n"


@pytest.fixture
def make_role(database: Database) -> MakeRole:
    """Add a role past the command line."""

    def make(name: str, **fields: Any) -> None:
        service.create_role(RoleCreate(name=name, **fields), database.uow())

    return make


@pytest.fixture
def editor(make_role: MakeRole) -> str:
    make_role("editor", description="May write")
    return "editor"


def key(text: str) -> UserKey:
    return UserKey.parse(text)


def view(database: Database, user: str = "ada@example.com", **options: bool) -> UserView:
    [found] = users.show_users([key(user)], database.uow(), **options)
    return found


def roles_in(out: str) -> dict[str, list[str]]:
    """The roles of each user in a JSON array or a change."""
    found = json.loads(out)
    return {user["email"]: user["roles"] for user in (found["users"] if isinstance(found, dict) else found)}


def grants(database: Database) -> list[tuple[object, ...]]:
    return database.rows(
        "SELECT u.email, r.name, g.granted_by, g.granted_at FROM user_roles g "
        "JOIN users u ON u.id = g.user_id JOIN roles r ON r.id = g.role_id ORDER BY u.email, r.name"
    )


# -- role create, list


def test_role_list_shows_every_role_by_code_point_and_its_holders(
    cli: Cli, make_role: MakeRole, make_user: MakeUser
) -> None:
    for name in ("éclair", "b", "Z", "a", "ä"):
        make_role(name)
    make_role("admin", description="May do everything", administrative=True)
    make_user("ada@example.com", roles=("admin", "b"))
    make_user("bob@example.com", roles=("b",))
    cli("delete", "bob@example.com", "--yes")
    assert cli("role", "list") == (
        0,
        f"{LIST_HEADER}Z\t\tfalse\t0\na\t\tfalse\t0\nadmin\tMay do everything\ttrue\t1\nb\t\tfalse\t2\n"
        "ä\t\tfalse\t0\néclair\t\tfalse\t0\n",
        "",
    )


def test_role_list_is_an_array_of_the_four_fields(cli: Cli, editor: str) -> None:
    code, out, err = cli("role", "list", "-o", "json")
    expected = [{"name": "editor", "description": "May write", "administrative": False, "users": 0}]
    assert (code, json.loads(out), err) == (0, expected, "")
    assert list(json.loads(out)[0]) == ["name", "description", "administrative", "users"]
    assert cli("role", "list", "-q") == (0, "editor\n", "")
    assert cli("role", "list", "--fields", "users,name", "-o", "csv") == (0, "users,name\n0,editor\n", "")


def test_role_list_without_a_role_is_empty(cli: Cli) -> None:
    assert cli("role", "list") == (0, LIST_HEADER, "")
    assert cli("role", "list", "-o", "json") == (0, "[]\n", "")


def test_role_create_says_where_and_what(cli: Cli, database: Database) -> None:
    code, out, err = cli(
        "role", "create", "admin", "--description", "May do everything", "--administrative", "-o", "json"
    )
    change = json.loads(out)
    assert (code, err) == (0, f"created the role admin on {database.url.where}\n")
    assert change == {
        "change_id": change["change_id"],
        "dry_run": False,
        "changed": 1,
        "unchanged": 0,
        "failed": [],
        "users": [],
        "role": {"name": "admin", "description": "May do everything", "administrative": True, "users": 0},
    }
    assert change["change_id"] is not None
    assert service.list_roles(database.uow()) == [
        RoleView(name="admin", description="May do everything", administrative=True, users=0)
    ]


def test_role_create_needs_no_more_than_a_name(cli: Cli, database: Database) -> None:
    assert cli("role", "create", "two words", "-q") == (
        0,
        "two words\n",
        f"created the role two words on {database.url.where}\n",
    )
    assert service.list_roles(database.uow()) == [
        RoleView(name="two words", description="", administrative=False, users=0)
    ]


def test_role_create_refuses_a_name_in_use(cli: Cli, editor: str, database: Database) -> None:
    before = everything(database)
    assert cli("role", "create", "editor") == (4, "", "error: a role with this name exists already\n")
    with pytest.raises(Conflict, match="a role with this name exists already"):
        service.create_role(RoleCreate(name="editor"), database.uow())
    assert everything(database) == before


def test_names_of_roles_are_exact(cli: Cli, editor: str) -> None:
    assert cli("role", "create", "Editor")[0] == 0
    assert [row.split("\t")[0] for row in cli("role", "list")[1].splitlines()] == ["name", "Editor", "editor"]


NOT_A_NAME = "(1 to 64 characters, no ; or , and no blank at an end)"
BAD_NAMES = [
    ("", f"not a role name:  {NOT_A_NAME}"),
    ("a;b", f"not a role name: a;b {NOT_A_NAME}"),
    ("a,b", f"not a role name: a,b {NOT_A_NAME}"),
    (" a", f"not a role name:  a {NOT_A_NAME}"),
    ("a ", f"not a role name: a  {NOT_A_NAME}"),
    ("a\u00a0", f"not a role name: a\u00a0 {NOT_A_NAME}"),
    ("x" * 65, f"not a role name: {'x' * 65} {NOT_A_NAME}"),
    ("a\tb", "a role name must not contain control characters (found \\x09)"),
    ("a\nb", "a role name must not contain control characters (found \\x0a)"),
    ("\x1b[31m", "a role name must not contain control characters (found \\x1b)"),
    ("\x85", "a role name must not contain control characters (found \\x85)"),
    ("\udcff", "a role name is not valid UTF-8"),
]


def test_a_bad_name_is_refused_by_create_and_by_update(cli: Cli, editor: str, database: Database) -> None:
    before = everything(database)
    for name, message in BAD_NAMES:
        assert cli("role", "create", "--", name) == (2, "", f"error: {message}\n")
        assert cli("role", "update", "editor", f"--name={name}") == (2, "", f"error: {message}\n")
    assert everything(database) == before


def test_the_longest_name_and_description_are_taken(cli: Cli) -> None:
    assert cli("role", "create", "é" * 64, "--description", "ü" * 255)[0] == 0
    assert cli("role", "list", "--fields", "name,description")[1] == f"name\tdescription\n{'é' * 64}\t{'ü' * 255}\n"


def test_a_bad_description_is_refused(cli: Cli, editor: str, database: Database) -> None:
    before = everything(database)
    long = "error: the description is longer than 255 characters (256)\n"
    control = "error: the description must not contain control characters (found \\x0a)\n"
    for given, message in (("x" * 256, long), ("a\nb", control)):
        assert cli("role", "create", "new", "--description", given) == (2, "", message)
        assert cli("role", "update", "editor", "--description", given) == (2, "", message)
    assert everything(database) == before


def test_markup_and_formulas_in_names_stay_text(cli: Cli) -> None:
    for name in ("[/nope]", "=1+1", "[link=x]"):
        assert cli("role", "create", name, "--description", name)[0] == 0
    code, out, _ = cli("role", "list", terminal=True)
    assert code == 0
    assert all(name in out for name in ("[/nope]", "=1+1", "[link=x]"))
    assert cli("role", "list", "-o", "csv", "--fields", "name")[1] == "name\n'=1+1\n[/nope]\n[link=x]\n"


# -- role update


def test_role_update_changes_what_is_named_only(cli: Cli, editor: str, database: Database) -> None:
    code, out, err = cli("role", "update", "editor", "--description", "May write and read", "-o", "json")
    assert (code, err) == (0, f"updated the role editor on {database.url.where}\n")
    assert (json.loads(out)["changed"], json.loads(out)["unchanged"], json.loads(out)["users"]) == (1, 0, [])
    assert cli("role", "update", "editor", "--name", "writer", "--administrative")[0] == 0
    assert service.list_roles(database.uow()) == [
        RoleView(name="writer", description="May write and read", administrative=True, users=0)
    ]
    assert cli("role", "update", "writer", "--no-administrative", "--description", "")[0] == 0
    assert service.list_roles(database.uow()) == [
        RoleView(name="writer", description="", administrative=False, users=0)
    ]


def test_a_renamed_role_stays_with_its_holders(cli: Cli, editor: str, make_user: MakeUser) -> None:
    make_user(roles=("editor",))
    cli("role", "update", "editor", "--name", "writer")
    assert roles_in(cli("list", "--role", "writer", "-o", "json")[1]) == {"ada@example.com": ["writer"]}
    assert cli("list", "--role", "editor")[0] == 3


def test_role_update_to_what_it_is_changes_nothing(cli: Cli, editor: str, database: Database) -> None:
    before = everything(database)
    code, out, err = cli(
        *("role", "update", "editor", "--name", "editor", "--description", "May write", "--no-administrative"),
        *("-o", "json"),
    )
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert json.loads(out) == {
        "change_id": None,
        "dry_run": False,
        "changed": 0,
        "unchanged": 1,
        "failed": [],
        "users": [],
        "role": {"name": "editor", "description": "May write", "administrative": False, "users": 0},
    }
    assert everything(database) == before


def test_role_update_refuses_no_change_a_taken_name_and_an_unknown_role(
    cli: Cli, editor: str, make_role: MakeRole, database: Database
) -> None:
    make_role("reader")
    before = everything(database)
    nothing = "error: nothing to change was given; see usercli role update --help\n"
    assert cli("role", "update", "editor") == (2, "", nothing)
    taken = "error: a role with this name exists already\n"
    assert cli("role", "update", "editor", "--name", "reader") == (4, "", taken)
    unknown = "error: no such role: edtor; did you mean: editor\n"
    assert cli("role", "update", "edtor", "--description", "x") == (3, "", unknown)
    assert everything(database) == before


# -- role delete


def test_role_delete_removes_a_role_that_nobody_holds(cli: Cli, editor: str, database: Database) -> None:
    code, out, err = cli("role", "delete", "editor", "-o", "json")
    assert (code, err) == (0, f"deleted the role editor on {database.url.where}\n")
    assert (json.loads(out)["changed"], json.loads(out)["users"]) == (1, [])
    assert service.list_roles(database.uow()) == []


def test_role_delete_is_refused_while_granted_and_counts_the_bin(
    cli: Cli, editor: str, make_user: MakeUser, database: Database
) -> None:
    make_user("ada@example.com", roles=("editor",))
    cli("delete", "ada@example.com", "--yes")
    before = everything(database)
    end = "revoke it first, or add --revoke\n"
    only_bin = f"error: the role editor is granted to 1 user, 1 of them in the recycle bin; {end}"
    assert cli("role", "delete", "editor", "--yes") == (6, "", only_bin)
    with pytest.raises(Refused, match="granted to 1 user, 1 of them in the recycle bin"):
        service.delete_role("editor", database.uow())
    assert everything(database) == before
    make_user("bob@example.com", roles=("editor",))
    both = f"error: the role editor is granted to 2 users, 1 of them in the recycle bin; {end}"
    assert cli("role", "delete", "editor") == (6, "", both)
    cli("restore", "ada@example.com")
    assert cli("role", "delete", "editor") == (6, "", f"error: the role editor is granted to 2 users; {end}")


def test_role_delete_with_revoke_takes_it_from_all_also_in_the_bin(
    cli: Cli, editor: str, make_role: MakeRole, make_user: MakeUser, database: Database
) -> None:
    make_role("reader")
    for email in ("ada@example.com", "bob@example.com", "eve@example.com"):
        make_user(email, roles=("editor", "reader"))
    cli("delete", "bob@example.com", "--yes")
    code, out, err = cli("role", "delete", "editor", "--revoke", "--yes", "-o", "json")
    assert (code, err) == (0, f"deleted the role editor and took it from 3 users on {database.url.where}\n")
    assert json.loads(out)["changed"] == 1
    assert roles_in(out) == {
        "ada@example.com": ["reader"],
        "bob@example.com": ["reader"],
        "eve@example.com": ["reader"],
    }
    assert [user["version"] for user in json.loads(out)["users"]] == [2, 3, 2]
    assert [role.name for role in service.list_roles(database.uow())] == ["reader"]
    assert [row[:2] for row in grants(database)] == [
        ("ada@example.com", "reader"),
        ("bob@example.com", "reader"),
        ("eve@example.com", "reader"),
    ]


def test_role_delete_with_revoke_wants_a_yes(
    cli: Cli, editor: str, make_user: MakeUser, database: Database
) -> None:
    make_user(roles=("editor",))
    before = everything(database)
    question = "take the role editor from all its holders and remove it"
    error = f"error: {question}: this needs a confirmation; add --yes\n"
    assert cli("role", "delete", "editor", "--revoke") == (2, "", error)
    asked = f"{question} on {database.url.where}? [y/N] "
    assert cli("role", "delete", "editor", "--revoke", stdin="n\n", terminal=True) == (
        130,
        "",
        f"{asked}nothing was changed\n",
    )
    assert everything(database) == before
    code, _, err = cli("role", "delete", "editor", "--revoke", stdin="y\n", terminal=True)
    done = f"deleted the role editor and took it from ada@example.com on {database.url.where}\n"
    assert (code, err) == (0, asked + done)


def test_role_delete_of_an_unknown_role_names_the_nearest(cli: Cli, editor: str) -> None:
    unknown = "error: no such role: edtor; did you mean: editor\n"
    assert cli("role", "delete", "edtor") == (3, "", unknown)
    assert cli("role", "delete", "edtor", "--revoke", "--yes") == (3, "", unknown)


# -- grant and revoke


def test_grant_keeps_since_when_and_by_whom(cli: Cli, editor: str, ada: UserView, database: Database) -> None:
    start = datetime.now(UTC)
    code, out, err = cli("role", "grant", "editor", "ada@example.com", "--actor", "carol", "-o", "json")
    assert (code, err) == (0, f"granted editor to ada@example.com on {database.url.where}\n")
    user = json.loads(out)["users"][0]
    assert (user["roles"], user["version"]) == (["editor"], 2)
    assert user["updated_at"] > user["created_at"]
    [(email, role, granted_by, _)] = first = grants(database)
    assert (email, role, granted_by) == ("ada@example.com", "editor", "carol")
    with database.uow() as uow:
        [grant] = uow.users.pick([key("ada@example.com")])[0].grants
        assert start <= grant.granted_at <= datetime.now(UTC)
    again = cli("role", "grant", "editor", "ada@example.com", "--actor", "dave", "-o", "json")
    assert (again[0], again[2]) == (0, f"nothing to change on {database.url.where}\n")
    assert (json.loads(again[1])["changed"], json.loads(again[1])["unchanged"]) == (0, 1)
    assert grants(database) == first


def test_create_and_update_note_who_granted(cli: Cli, editor: str, database: Database) -> None:
    cli("create", "ada@example.com", "--no-password", "--role", "editor", "--actor", "carol")
    cli("create", "bob@example.com", "--no-password")
    cli("update", "bob@example.com", "--add-role", "editor", "--actor", "dave")
    assert [row[:3] for row in grants(database)] == [
        ("ada@example.com", "editor", "carol"),
        ("bob@example.com", "editor", "dave"),
    ]


def test_a_service_that_embeds_the_package_says_who_acts(editor: str, ada: UserView, database: Database) -> None:
    uow = database.uow()
    uow.origin = Origin(actor="the web service")
    service.grant_role("editor", [key("ada@example.com")], uow)
    assert [row[2] for row in grants(database)] == ["the web service"]


def test_revoke_takes_a_role_and_leaves_the_others(
    cli: Cli, editor: str, make_role: MakeRole, make_user: MakeUser, database: Database
) -> None:
    make_role("reader")
    make_user(roles=("editor", "reader"))
    code, out, err = cli("role", "revoke", "editor", "ada@example.com", "-o", "json")
    assert (code, err) == (0, f"revoked editor from ada@example.com on {database.url.where}\n")
    assert (json.loads(out)["changed"], roles_in(out)) == (1, {"ada@example.com": ["reader"]})
    assert json.loads(out)["users"][0]["version"] == 2
    before = everything(database)
    code, out, err = cli("role", "revoke", "editor", "ada@example.com", "-o", "json")
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert (json.loads(out)["change_id"], json.loads(out)["unchanged"]) == (None, 1)
    assert everything(database) == before


@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_several_users_are_all_or_none(
    cli: Cli, editor: str, make_user: MakeUser, database: Database, verb: str
) -> None:
    make_user("ada@example.com")
    make_user("bob@example.com", roles=("editor",))
    before = everything(database)
    wanted = ("ada@example.com", "x@example.com", "bob@example.com", "y@example.com")
    missing = "error: no such user: x@example.com, y@example.com\n"
    assert cli("role", verb, "editor", *wanted) == (3, "", missing)
    assert everything(database) == before
    code, out, _ = cli(
        "role", verb, "editor", "ada@example.com", "bob@example.com", "ADA@example.com", "-o", "json"
    )
    assert (code, json.loads(out)["changed"], json.loads(out)["unchanged"]) == (0, 1, 1)
    expected = ["editor"] if verb == "grant" else []
    assert roles_in(out) == {"ada@example.com": expected, "bob@example.com": expected}


def test_continue_does_each_on_its_own(cli: Cli, editor: str, ada: UserView, database: Database) -> None:
    code, out, err = cli("role", "grant", "editor", "x@example.com", "ada@example.com", "--continue", "-o", "json")
    failed = {"user": "x@example.com", "code": 3, "error": "no such user: x@example.com"}
    assert (code, json.loads(out)["failed"], roles_in(out)) == (7, [failed], {"ada@example.com": ["editor"]})
    assert err.splitlines() == [
        f"granted editor to ada@example.com on {database.url.where}",
        "error: no such user: x@example.com",
        "error: 1 of 2 failed",
    ]
    code, out, _ = cli("role", "revoke", "editor", "x@example.com", "y@example.com", "--continue", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (3, 0)
    assert cli("role", "revoke", "editor", "ada@example.com", "--continue")[0] == 0


UNKNOWN_ROLE = [
    ("role", "grant", "edtor", "ada@example.com"),
    ("role", "revoke", "edtor", "ada@example.com"),
    ("create", "new@example.com", "--no-password", "--role", "edtor"),
    ("update", "ada@example.com", "--add-role", "edtor"),
    ("update", "ada@example.com", "--remove-role", "edtor"),
    ("list", "--role", "edtor"),
    ("list", "--role", "edtor", "--count"),
    ("list", "--match", "role=edtor"),
]


def test_an_unknown_role_is_3_with_the_nearest_names(
    cli: Cli, editor: str, make_role: MakeRole, ada: UserView, database: Database
) -> None:
    make_role("editors")
    make_role("zebra")
    before = everything(database)
    message = "error: no such role: edtor; did you mean: editor, editors\n"
    for arguments in UNKNOWN_ROLE:
        assert cli(*arguments) == (3, "", message)
    assert everything(database) == before


def test_all_unknown_roles_are_named(cli: Cli, editor: str) -> None:
    code, _, err = cli("create", "a@example.com", "--no-password", "--role", "y", "--role", "editor", "--role", "x")
    assert (code, err) == (3, "error: no such role: x, y\n")


@pytest.mark.parametrize(
    ("line", "way"),
    [
        (
            ["create", "new@example.com", "--no-password", "--role", "support"],
            "to make it, run: usercli role create support",
        ),
        (["role", "grant", "night shift", "ada@example.com"], "to make it, run: usercli role create 'night shift'"),
        (
            ["update", "ada@example.com", "--add-role", "Db Admin"],
            "to make it, run: usercli role create 'Db Admin' --administrative",
        ),
        (
            ["role", "grant", "root", "ada@example.com", "--continue"],
            "to make it, run: usercli role create root --administrative",
        ),
        (["update", "ada@example.com", "--add-role", "x1,y1"], "name each role on its own"),
        (["role", "grant", "ada@example.com", "z1"], "the role comes before the users"),
    ],
)
def test_a_role_that_is_to_be_given_and_is_not_there_is_told_how_to_make(
    cli: Cli, make_user: Callable[..., UserView], line: list[str], way: str
) -> None:
    make_user("ada@example.com")
    code, _, err = cli(*line)
    assert (code, err.rstrip().rpartition("; ")[2]) == (3, way)


def test_services_raise_what_the_commands_say(editor: str, ada: UserView, database: Database) -> None:
    with pytest.raises(RoleNotFound, match=r"no such role: edtor; did you mean: editor"):
        service.grant_role("edtor", [key("ada@example.com")], database.uow())
    with pytest.raises(UserNotFound, match=r"no such user: x@example\.com"):
        service.revoke_role("editor", [key("x@example.com")], database.uow())
    with pytest.raises(RoleNotFound):
        service.update_role("edtor", RoleUpdate(description="x"), database.uow())
    with pytest.raises(InvalidInput, match="nothing to change"):
        service.update_role("editor", RoleUpdate(), database.uow())
    with pytest.raises(RoleNotFound):
        users.create_user(UserCreate(email="n@example.com", roles=("edtor",)), database.uow())


# -- roles of users in create, update, list and every view


def test_create_gives_roles(cli: Cli, editor: str, make_role: MakeRole) -> None:
    make_role("Author")
    code, out, _ = cli(
        *("create", "ada@example.com", "--no-password", "-o", "json"),
        *("--role", "editor", "--role", "Author", "--role", "editor"),
    )
    assert (code, roles_in(out)) == (0, {"ada@example.com": ["Author", "editor"]})
    assert json.loads(out)["users"][0]["version"] == 1


def test_create_if_not_exists_leaves_the_roles_of_the_one_that_is_there(
    cli: Cli, editor: str, ada: UserView
) -> None:
    code, out, _ = cli(
        "create", "ada@example.com", "--if-not-exists", "--no-password", "--role", "editor", "-o", "json"
    )
    assert (code, json.loads(out)["changed"], roles_in(out)) == (0, 0, {"ada@example.com": []})


def test_update_adds_and_removes_roles_at_once(
    cli: Cli, editor: str, make_role: MakeRole, make_user: MakeUser, database: Database
) -> None:
    make_role("reader")
    make_role("writer")
    make_user(roles=("reader",))
    code, out, _ = cli(
        *("update", "ada@example.com", "-o", "json", "--name", "Ada"),
        *("--add-role", "writer", "--add-role", "editor", "--remove-role", "reader"),
    )
    assert (code, roles_in(out)) == (0, {"ada@example.com": ["editor", "writer"]})
    assert json.loads(out)["users"][0]["version"] == 2
    before = everything(database)
    code, out, err = cli("update", "ada@example.com", "--add-role", "editor", "--remove-role", "reader")
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert everything(database) == before


def test_a_change_of_roles_is_a_new_version(editor: str, ada: UserView, database: Database) -> None:
    first = service.grant_role("editor", [key("ada@example.com")], database.uow()).users[0]
    assert (ada.version, first.version) == (1, 2)
    assert ada.updated_at < first.updated_at
    refused = UserUpdate(remove_roles=("editor",), if_version=1)
    with pytest.raises(Conflict, match="was changed meanwhile: version 2, not 1"):
        users.update_users([key("ada@example.com")], refused, database.uow())
    second = service.revoke_role("editor", [key("ada@example.com")], database.uow()).users[0]
    assert (second.version, second.roles) == (3, ())


def test_every_view_shows_the_roles_by_code_point(cli: Cli, make_role: MakeRole, make_user: MakeUser) -> None:
    names = ("Zebra", "apple", "zoo", "Äpfel", "éclair", "\U0001f600")
    for name in reversed(names):
        make_role(name)
    make_user(roles=tuple(reversed(names)))
    listed = list(names)
    for command in (["list"], ["show", "ada@example.com", "ADA@example.com"]):
        for form in ("json", "jsonl"):
            found = cli(*command, "-o", form)[1]
            assert (json.loads(found)[0] if form == "json" else json.loads(found))["roles"] == listed
    assert json.loads(cli("show", "ada@example.com", "-o", "json")[1])["roles"] == listed
    assert cli("list", "--fields", "roles") == (0, "roles\n" + ";".join(listed) + "\n", "")
    assert cli("list", "--fields", "roles", "-o", "csv") == (0, "roles\n" + ";".join(listed) + "\n", "")
    assert roles_in(cli("deactivate", "ada@example.com", "-o", "json")[1]) == {"ada@example.com": listed}
    assert roles_in(cli("delete", "ada@example.com", "--yes", "-o", "json")[1]) == {"ada@example.com": listed}
    assert json.loads(cli("show", "ada@example.com", "--deleted", "-o", "json")[1])["roles"] == listed


def test_list_by_role_finds_the_holders_outside_the_bin(
    cli: Cli, editor: str, make_role: MakeRole, make_user: MakeUser
) -> None:
    make_role("reader")
    make_user("ada@example.com", roles=("editor", "reader"))
    make_user("bob@example.com", roles=("editor",))
    make_user("eve@example.com", roles=("reader",))
    make_user("tom@example.com", roles=("editor",))
    cli("delete", "tom@example.com", "--yes")
    cli("deactivate", "bob@example.com")

    def found(*filters: str) -> list[str]:
        return cli("list", "--sort", "email", "--fields", "email", *filters)[1].split()[1:]

    assert found("--role", "editor") == ["ada@example.com", "bob@example.com"]
    assert found("--match", "role=editor") == ["ada@example.com", "bob@example.com"]
    assert found("--role", "editor", "--active") == ["ada@example.com"]
    assert found("--role", "editor", "--deleted") == ["tom@example.com"]
    assert cli("list", "--role", "reader", "--count") == (0, "count\n2\n", "")


def test_restore_gives_the_roles_back(cli: Cli, editor: str, make_user: MakeUser, database: Database) -> None:
    make_user(roles=("editor",))
    before = grants(database)
    cli("delete", "ada@example.com", "--yes")
    assert roles_in(cli("restore", "ada@example.com", "-o", "json")[1]) == {"ada@example.com": ["editor"]}
    assert grants(database) == before


def test_purge_takes_the_grants_along(cli: Cli, editor: str, make_user: MakeUser, database: Database) -> None:
    make_user(roles=("editor",))
    code, out, _ = cli("delete", "ada@example.com", "--purge", "--confirm", "ada@example.com", "-o", "json")
    assert (code, roles_in(out), grants(database)) == (0, {"ada@example.com": ["editor"]}, [])
    assert cli("role", "delete", "editor")[0] == 0


# -- dry runs

DRY = [
    (("role", "create", "new", "--administrative"), "created the role new", 0),
    (("role", "update", "editor", "--name", "writer"), "updated the role editor", 0),
    (("role", "delete", "reader"), "deleted the role reader", 0),
    (("role", "delete", "editor", "--revoke"), "deleted the role editor and took it from bob@example.com", 1),
    (("role", "grant", "editor", "ada@example.com"), "granted editor to ada@example.com", 1),
    (("role", "revoke", "editor", "bob@example.com"), "revoked editor from bob@example.com", 1),
    (("update", "ada@example.com", "--add-role", "editor"), "updated ada@example.com", 1),
    (("create", "new@example.com", "--no-password", "--role", "editor"), "created new@example.com", 1),
]


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(
    cli: Cli,
    editor: str,
    make_role: MakeRole,
    make_user: MakeUser,
    database: Database,
) -> None:
    make_role("reader")
    make_user("ada@example.com")
    make_user("bob@example.com", roles=("editor",))
    before = everything(database)
    for arguments, said, shown in DRY:
        code, out, err = cli(*arguments, "--dry-run", "-o", "json")
        change = json.loads(out)
        assert (code, err) == (0, f"would have {said} on {database.url.where}\n")
        assert (change["dry_run"], change["change_id"], change["changed"]) == (True, None, 1)
        assert (change["unchanged"], change["failed"], len(change["users"])) == (0, [], shown)
    assert everything(database) == before


def test_a_dry_run_fails_as_the_run_would(cli: Cli, editor: str, make_user: MakeUser) -> None:
    make_user(roles=("editor",))
    assert cli("role", "create", "editor", "--dry-run")[0] == 4
    assert cli("role", "delete", "editor", "--dry-run")[0] == 6
    assert cli("role", "grant", "nope", "ada@example.com", "--dry-run")[0] == 3


# -- the revision

ROLES, BEFORE_ROLES = "20261121_0200", "20261121_0100"


def test_the_roles_revision_is_safe_on_a_filled_table_and_both_ways_keep_the_users(
    empty_database: Database,
) -> None:
    migrations.upgrade(empty_database.url, BEFORE_ROLES)
    put = (
        "INSERT INTO users (email, email_key, hashed_password, full_name) VALUES (:email, :email, '!', 'Somebody')"
    )
    for number in range(50):
        empty_database.rows(put, email=f"u{number:02}@example.com")
    filled = empty_database.rows("SELECT * FROM users ORDER BY id")
    migrations.upgrade(empty_database.url, ROLES)
    assert empty_database.rows("SELECT * FROM users ORDER BY id") == filled
    empty_database.rows("INSERT INTO roles (name) VALUES ('editor')")
    empty_database.rows("INSERT INTO user_roles (user_id, role_id) SELECT users.id, roles.id FROM users, roles")
    [(granted, by_nobody, dated)] = empty_database.rows(
        "SELECT count(*), sum(CASE WHEN granted_by = '' THEN 1 ELSE 0 END), count(granted_at) FROM user_roles"
    )
    assert (granted, by_nobody, dated) == (50, 50, 50)
    migrations.downgrade(empty_database.url, BEFORE_ROLES)
    assert empty_database.rows("SELECT * FROM users ORDER BY id") == filled
    migrations.upgrade(empty_database.url, ROLES)
    assert empty_database.rows("SELECT * FROM users ORDER BY id") == filled
    assert empty_database.rows("SELECT count(*) FROM user_roles") == [(0,)]


def test_the_table_itself_refuses_to_lose_a_granted_role(
    editor: str, make_user: MakeUser, database: Database
) -> None:
    make_user(roles=("editor",))
    with pytest.raises((Conflict, Refused)):  # SQLite does not name the constraint
        database.rows("DELETE FROM roles")
    database.rows("DELETE FROM users")
    assert database.rows("SELECT count(*) FROM user_roles") == [(0,)]


def test_a_role_made_by_another_program_has_its_defaults(
    run: Callable[..., subprocess.CompletedProcess[str]], database: Database
) -> None:
    database.rows("INSERT INTO roles (name) VALUES ('guest')")
    assert run("role", "list").stdout == f"{LIST_HEADER}guest\t\tfalse\t0\n"
    [(created,)] = database.rows("SELECT created_at FROM roles")
    moment = created if isinstance(created, datetime) else datetime.fromisoformat(str(created))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
