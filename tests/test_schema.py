"""What `usercli schema` says is what commands print and read, and it does not break those who rely on it.

After a release: `usercli schema --all > tests/data/schema-released.json`.
"""

from __future__ import annotations

import copy
import csv
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests import commands, compatibility
from tests.conftest import Cli, Database, run_here
from usercli.cli import contract
from usercli.cli.output.writer import Output
from usercli.database import alembic_runner, migrations
from usercli.errors import MEANINGS, InvalidInput
from usercli.passwords import PasswordHasher
from usercli.schemas.import_rows import FIELDS, RowParser
from usercli.schemas.users import USER_FIELDS

RELEASED = Path(__file__).parent / "data" / "schema-released.json"

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])

_formats = FormatChecker(("uuid",))


@_formats.checks("date-time")
def _is_utc(value: object) -> bool:
    return not isinstance(value, str) or bool(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", value)  # the contract is narrower than RFC 3339
    )


@cache
def validator(name: str, line: bool = False) -> Draft202012Validator:
    """Checks what the schema of that name describes."""
    schema = contract.schema_of(name, line=line)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=_formats)


def misfits(name: str, value: object, line: bool = False) -> list[str]:
    """Where a value is not as the schema says."""
    return [f"{error.json_path}: {error.message}" for error in validator(name, line).iter_errors(value)]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


# -- what commands print


@pytest.fixture
def places(environment: Path, database: Database, tmp_path: Path) -> dict[str, str]:
    """A database with users, and what the cases name in braces."""
    for line in commands.SETUP:
        assert run_here(*line.split())[0] == 0, line
    _, out, _ = run_here("update", "ada@example.com", "--name", "Ada Lovelace", "-o", "json")
    found = {
        "password": "correct horse battery staple",
        "hash": PasswordHasher("bcrypt", 4).hash("nobody needs this one"),
        "export_file": str(tmp_path / "export.json"),
        "database": database.url.name,
        "change": str(json.loads(out)["change_id"]),
    }
    (tmp_path / "review.csv").write_text(commands.review_of("writer"))
    found["review_file"] = str(tmp_path / "review.csv")
    files = {
        "password_file": found["password"],
        "users_file": "email\nzoe@example.com\n",
        "desired_file": '{"name": "staff", "users": [{"email": "joy@example.com"}]}',
    }
    for name, text in files.items():
        path = tmp_path / f"{name}{'.json' if name == 'desired_file' else '.csv'}"
        path.touch(0o600)
        path.write_text(text)
        found[name] = str(path)
    return found


#: Besides the cases of all commands: forms of output that depend on what is asked for.
MORE = {
    "show": [commands.Case("show bob@example.com")],
    "list": [commands.Case("list --count")],
    "privacy export": [commands.Case("privacy export ada@example.com")],
}


def cases() -> Iterator[tuple[str, commands.Case]]:
    """Those that take -o: what `export --to` writes has the shape that the other system reads."""
    for name, some in commands.CASES.items():
        yield from ((name, case) for case in [*some, *MORE.get(name, [])] if "--to" not in case.complete)


def played(places: dict[str, str], form: str) -> Iterator[tuple[str, str]]:
    """Every command with `-o form`, and its stdout; those that are refused apart."""
    for number, (name, case) in enumerate(cases()):
        here = {**places, "new_file": f"{places['export_file']}{number}.csv"}
        arguments = [part.format(**here) for part in case.complete]
        code, out, err = run_here(*arguments, "-o", form, stdin=case.stdin.format(**here))
        assert code == case.code, (arguments, code, err)
        if here["export_file"] in arguments:
            out = Path(here["export_file"]).read_text(encoding="utf-8")
        if code != 2:
            yield name, out


def test_every_command_has_a_schema_and_every_schema_a_command() -> None:
    assert set(contract.OUTPUTS) == set(commands.names())


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_every_command_prints_the_json_that_its_schema_describes(
    places: dict[str, str], database: Database
) -> None:
    filled = set()
    for name, out in played(places, "json"):
        printed = contract.OUTPUTS[name]
        if printed.text is not None:
            assert misfits(name, out) == [], name
        elif printed.json is None:
            assert [misfits(name, json.loads(line)) for line in out.splitlines()] == [[]] * out.count("\n"), name
        else:
            value = json.loads(out)
            assert misfits(name, value) == [], name
        if out.strip() not in {"", "[]"}:
            filled.add(name)
    silent = {name for name, printed in contract.OUTPUTS.items() if printed.text == {"const": ""}}
    # the schema is at head, the configuration has no profiles, `-o json` is a part of what is completed, and
    # `db revision` and `db adopt` have tests of their own
    assert set(contract.OUTPUTS) - filled - silent == {
        "db upgrade",
        "migrate",
        "config profiles",
        "__complete",
        "db revision",
        "db adopt",
    }


@on_sqlite
def test_every_command_prints_lines_that_its_schema_describes(places: dict[str, str], database: Database) -> None:
    lines = 0
    for name, out in played(places, "jsonl"):
        if contract.OUTPUTS[name].jsonl is not None:
            for line in out.splitlines():
                lines += 1
                assert misfits(name, json.loads(line), line=True) == [], (name, line)
    assert lines > 100


@on_sqlite
def test_what_is_empty_elsewhere_is_as_its_schema_says(
    empty_database: Database, clean_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    upgraded = json.loads(run_here("db", "upgrade", "-o", "json")[1])
    assert (misfits("db upgrade", upgraded), len(upgraded)) == ([], len(alembic_runner.history()))
    undone = json.loads(run_here("db", "downgrade", "base", "--yes", "-o", "json")[1])
    assert misfits("db downgrade", undone) == []
    assert misfits("migrate", json.loads(run_here("migrate", "-o", "json")[1])) == []
    config = clean_environment / "config.toml"
    config.write_text('[profiles.local]\nurl = "sqlite:///local.db"\nprotected = true\n')
    monkeypatch.setenv("USERCLI_CONFIG", str(config))
    profiles = json.loads(run_here("config", "profiles", "-o", "json")[1])
    assert (misfits("config profiles", profiles), profiles[0]["protected"]) == ([], True)
    monkeypatch.setattr(migrations, "new_revision", lambda message, _: tmp_path / f"{message}.py")
    written = json.loads(run_here("db", "revision", "-m", "x", "-o", "json")[1])
    assert (misfits("db revision", written), written) == ([], [{"path": str(tmp_path / "x.py")}])


def test_a_schema_tells_a_wrong_output_from_a_right_one(cli: Cli, ada: object) -> None:
    user = json.loads(cli("show", "ada@example.com", "-o", "json")[1])
    assert misfits("show", user) == []
    for name in user:
        assert misfits("show", {key: value for key, value in user.items() if key != name}), name
    assert misfits("show", {**user, "created_at": "2026-11-21 13:00:08+00:00"})
    assert misfits("show", {**user, "id": "7"})
    assert misfits("exists", "x")
    assert not misfits("show", {**user, "a_field_of_a_later_version": 1})


@on_sqlite
def test_times_and_odd_values_of_other_tables_are_json_in_what_is_handed_over(
    cli: Cli, database: Database, ada: Any
) -> None:
    database.rows("CREATE TABLE notes (user_id TEXT REFERENCES users (id), data BLOB, size REAL)")
    database.rows("INSERT INTO notes VALUES (:id, x'00ff', 9e999)", id=ada.id.hex)
    assert cli("role", "create", "ops")[0] == 0
    assert cli("role", "grant", "ops", "ada@example.com")[0] == 0
    code, out, _ = cli("privacy", "export", "ada@example.com")
    found = json.loads(out)
    assert (code, misfits("privacy export", found), "Infinity" in out) == (0, [], False)
    assert found["related"]["notes"] == [{"user_id": ada.id.hex, "data": "00ff", "size": "inf"}]
    assert cli("privacy", "export", "ada@example.com", "-o", "yaml")[0] == 0


# -- what files hold


@on_sqlite
def test_files_that_commands_write_are_as_their_schemas_say(
    places: dict[str, str], cli: Cli, tmp_path: Path
) -> None:
    rejects, secrets, plan = tmp_path / "bad.csv", tmp_path / "new.csv", tmp_path / "plan.json"
    (tmp_path / "users.csv").write_text("email,full_name\nada@example.com,Ada\nnobody,Nobody\n")
    reading = ["import", str(tmp_path / "users.csv"), "--skip-bad", "--reject-file", str(rejects)]
    assert cli(*reading)[0] == 7
    assert [misfits("reject-row", row) for row in rows_of(rejects)] == [[], []]
    assert [misfits("import-row", row) for row in rows_of(rejects)] == [[], []]
    assert cli("password", "reset", "ada@example.com", "--secret-out", str(secrets), "--yes")[0] == 0
    assert [misfits("secret-row", row) for row in rows_of(secrets)] == [[]]
    assert cli("plan", places["desired_file"], "--save", str(plan))[0] == 0
    assert misfits("saved-plan", json.loads(plan.read_text())) == []
    assert misfits("desired-state", json.loads(Path(places["desired_file"]).read_text())) == []


@on_sqlite
def test_a_review_is_read_with_the_columns_that_its_schema_wants(places: dict[str, str], cli: Cli) -> None:
    path = Path(places["review_file"])
    [row] = rows_of(path)
    assert misfits("review-row", row) == []
    for name in contract.schema_of("review-row")["properties"]:
        less = {key: value for key, value in row.items() if key != name}
        assert misfits("review-row", less), name
        path.write_text(f"{','.join(less)}\n{','.join(less.values())}\n")
        assert cli("access-review", "apply", str(path), "--dry-run")[0] == 2, name


@on_sqlite
def test_an_export_is_what_import_reads(places: dict[str, str], cli: Cli) -> None:
    _, out, _ = cli("export", "-o", "jsonl")
    records = [json.loads(line) for line in out.splitlines()]
    assert len(records) > 1
    assert [misfits("import-record", record) for record in records] == [[]] * len(records)
    _, out, _ = cli("export", "-o", "csv")
    assert [misfits("import-row", row) for row in csv.DictReader(out.splitlines())] == [[]] * len(records)


def test_the_fields_of_a_record_are_those_of_an_export_and_the_secrets() -> None:
    assert (*USER_FIELDS, "hashed_password", "password") == FIELDS


BCRYPT = "$2b$04$abcdefghijklmnopqrstuu5LjNbHsmmlGfnUKdgwPpbN8eWlBbqzK"
TIMES = (["2027-01-31", "2027-01-31T08:00:00Z", "30d", None], [7, ["2027-01-31"], True])
#: Values of a field that import takes, and values that it refuses.
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "email": (["ada@example.com"], ["", None, 7]),
    "full_name": (["Ada", "", None, "x" * 255], [7, ["Ada"], "x" * 256]),
    "is_active": ([True, False, "true", "0", "no", "", None], ["maybe", 2, ["true"]]),
    "roles": ([["admin"], [], "admin;editor", "", None], [7, {"admin": True}, [7], [""]]),
    "attributes": ([{"a": [1]}, {}, '{"a": 1}', "", None], [7, ["a"]]),
    "must_change_password": ([True, "yes", None], ["maybe", 2]),
    "expires_at": TIMES,
    "created_at": TIMES,
    "updated_at": TIMES,
    "deleted_at": TIMES,
    "password_changed_at": TIMES,
    "last_login_at": TIMES,
    "id": (["01a1fe31-547e-7023-b57e-95798246358c", None], ["7", 7]),
    "version": ([1, "3", "", None, 2**31 - 1], ["x", 1.5, 2**31, -1]),
    "hashed_password": ([BCRYPT, "!", "", None], [7, ["!"]]),
    "password": (["correct horse", "", None], [7, ["x"]]),
}


@pytest.mark.parametrize("field", FIELDS)
def test_import_takes_what_the_schema_of_a_record_takes(field: str) -> None:
    for is_taken, values in zip((True, False), VALUES[field], strict=True):
        for value in values:
            record = {"email": "ada@example.com", field: value}
            assert (_is_read(record), not misfits("import-record", record)) == (is_taken, is_taken), record


def _is_read(record: dict[str, Any]) -> bool:
    try:
        RowParser(preserve=True).parse(1, record)
    except InvalidInput:
        return False
    return True


@on_sqlite
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"name": "staff", "users": [{"email": "a@example.com", "expires_at": null}]}', 0),
        ('{"name": "staff", "roles": [{"name": "ops", "administrative": true}]}', 0),
        ('{"name": "staff", "users": [{"email": "a@example.com", "full_name": 7}]}', 2),
        ('{"name": "staff", "users": [{"email": "a@example.com", "roles": "ops"}]}', 2),
        ('{"name": "staff", "users": [{"email": "a@example.com", "initial_password": null}]}', 2),
        ('{"name": "staff", "users": [{"full_name": "Ada"}]}', 2),
        ('{"name": "staff", "users": null}', 2),
        ('{"name": "staff", "people": []}', 2),
    ],
    ids=lambda value: None if isinstance(value, int) else re.sub(r"\W+", "-", value)[-40:],
)
def test_plan_takes_what_the_schema_of_a_file_takes(cli: Cli, tmp_path: Path, text: str, code: int) -> None:
    path = tmp_path / "staff.json"
    path.write_text(text)
    assert cli("plan", str(path))[0] == code
    assert bool(misfits("desired-state", json.loads(text))) is (code == 2)


# -- the command


PRINTED = {**contract.OUTPUTS, **contract.MAPPED_OUTPUTS}


def test_the_list_names_every_schema_and_each_can_be_printed(clean_environment: Path) -> None:
    listed = json.loads(run_here("schema", "-o", "json")[1])
    assert misfits("schema", listed) == []
    assert len(listed) == len({item["name"] for item in listed}) > len(contract.OUTPUTS)
    for item in listed:
        code, out, err = run_here("schema", *item["name"].split())
        assert (code, err) == (0, ""), item
        document = json.loads(out)
        Draft202012Validator.check_schema(document)
        assert document["$id"] == f"urn:usercli:schema:{contract.VERSION}:{item['name'].replace(' ', '-')}"
        if item["kind"] == "output" and PRINTED[item["name"]].jsonl:
            line = json.loads(run_here("schema", *item["name"].split(), "--line")[1])
            assert line["$id"] == f"{document['$id']}:line"


def test_the_whole_is_one_document_with_a_version_and_the_exit_codes(clean_environment: Path) -> None:
    code, out, err = run_here("schema", "--all")
    whole = json.loads(out)
    assert (code, err, whole["version"], set(whole["commands"])) == (0, "", contract.VERSION, set(PRINTED))
    assert {item["const"]: item["description"] for item in whole["exit_codes"]["oneOf"]} == MEANINGS
    references = set(re.findall(r'"#/\$defs/([^"]+)"', out))
    assert references == set(whole["$defs"])  # none is missing, none is there for nothing


def test_a_wrong_name_is_refused_and_the_near_ones_are_told(clean_environment: Path) -> None:
    for arguments, error in (
        (["lst"], "no such schema: lst; did you mean: list; usercli schema lists them"),
        (["exists", "--line"], "exists has no lines of JSON"),
        (["--line"], "--line requires a NAME, and --all excludes both"),
        (["list", "--all"], "--line requires a NAME, and --all excludes both"),
    ):
        assert run_here("schema", *arguments) == (2, "", f"error: {error}\n")


@pytest.mark.parametrize(
    "command", [name for name, printed in contract.OUTPUTS.items() if printed.rows], ids=lambda name: name
)
def test_the_fields_of_a_command_are_those_that_it_chooses_from(
    command: str, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Seen(Exception):
        pass

    def look(self: Output, options: object, columns: Any, into: object = None, *, key: str = "") -> None:
        raise Seen(*columns)

    monkeypatch.setattr(Output, "__init__", look)
    monkeypatch.setenv("USERCLI_MIGRATIONS", "coachbot_version=coachbot.migrations")  # it adds fields
    monkeypatch.setenv("USERCLI_USER_COLUMNS", "phone_number")  # as this does
    case = commands.CASES[command][-1]
    lines = {"export": ["export", "x.csv", "--with-hashes"]}
    given = lines.get(command, [re.sub(r"\{\w+\}", "x.csv", part) for part in case.complete])
    seen: list[str] = []
    monkeypatch.setattr("usercli.cli.main._report", lambda error, _: seen.extend(error.args) or 0)
    run_here(*given)
    assert sorted(seen) == sorted(contract.fields(command))


# -- what stays


def released() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(RELEASED.read_text(encoding="utf-8"))
    return document


def test_the_version_goes_up_as_the_changes_since_the_last_release_demand() -> None:
    old, new = released(), contract.everything()
    needed, broken = compatibility.level(old, new)
    assert compatibility.is_right_version(old["version"], new["version"], needed), (
        f"usercli/cli/contract.py: VERSION {new['version']} after {old['version']} does not fit: "
        f"the changes are {needed}{''.join(f'{chr(10)}  {item}' for item in broken)}"
    )


Edit = Callable[[dict[str, Any]], object]


def _user(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["$defs"]["UserView"]
    return found


def _record(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["$defs"]["ImportRecord"]
    return found


def _rename(fields: dict[str, Any], old: str, new: str) -> None:
    fields["properties"][new] = fields["properties"].pop(old)
    fields["required"] = [new if name == old else name for name in fields["required"]]


COMPATIBLE: dict[str, Edit] = {
    "a new command": lambda d: d["commands"].update(new={"text": {"type": "string"}}),
    "a new field that may be missing": lambda d: _user(d)["properties"].update(phone={"type": "string"}),
    "a new field": lambda d: (
        _user(d)["properties"].update(phone={"type": "string"}),
        _user(d)["required"].append("phone"),
    ),
    "a field that is never null any more": lambda d: _user(d)["properties"].update(
        expires_at={"type": "string", "format": "date-time"}
    ),
    "a command that prints one of two shapes no more": lambda d: d["commands"]["list"].update(
        json=d["commands"]["list"]["json"]["anyOf"][0]
    ),
    "a finding that is found no more": lambda d: d["$defs"]["Found"]["properties"]["finding"]["enum"].remove("old"),
    "a new input that may be missing": lambda d: _record(d)["properties"].update(phone={"type": "string"}),
    "an input that need not be there any more": lambda d: _record(d)["required"].remove("email"),
    "an input that may be longer": lambda d: _record(d)["properties"]["full_name"]["anyOf"][0].pop("maxLength"),
    "an input of one more type": lambda d: _record(d)["properties"]["version"]["anyOf"].append({"type": "number"}),
    "a new kind of file": lambda d: d["files_read"].update(new={"type": "object"}),
    "a new exit code": lambda d: d["exit_codes"]["oneOf"].append({"const": 9}),
}
BREAKING: dict[str, Edit] = {
    "a command goes": lambda d: d["commands"].pop("list"),
    "a command prints no lines any more": lambda d: d["commands"]["list"].pop("jsonl"),
    "a command prints text instead of JSON": lambda d: d["commands"].update(list={"text": {"type": "string"}}),
    "an array becomes an object": lambda d: d["commands"]["changes"].update(json={"$ref": "#/$defs/ChangeView"}),
    "a field goes": lambda d: (_user(d)["properties"].pop("email"), _user(d)["required"].remove("email")),
    "a field is called otherwise": lambda d: _rename(_user(d), "email", "address"),
    "a field of another type": lambda d: _user(d)["properties"].update(version={"type": "string"}),
    "a field of any type": lambda d: _user(d)["properties"].update(version={}),
    "a field of another format": lambda d: _user(d)["properties"].update(id={"type": "string", "format": "uri"}),
    "a field that may be missing": lambda d: _user(d)["required"].remove("email"),
    "a field that may be null": lambda d: _user(d)["properties"].update(
        email={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "the items of another type": lambda d: _user(d)["properties"]["roles"].update(items={"type": "integer"}),
    "a value that there was not": lambda d: d["$defs"]["Found"]["properties"]["finding"]["enum"].append("new"),
    "a shape that there was not": lambda d: d["commands"]["list"]["json"]["anyOf"].append({"type": "string"}),
    "silence becomes text": lambda d: d["commands"]["exists"].update(text={"type": "string"}),
    "a new input that must be there": lambda d: _record(d)["required"].append("full_name"),
    "an input goes": lambda d: _record(d)["properties"].pop("full_name"),
    "an input loses a type": lambda d: _record(d)["properties"]["is_active"]["anyOf"].pop(0),
    "an input that must be shorter": lambda d: _record(d)["properties"]["email"].update(maxLength=10),
    "a value is taken no more": lambda d: _record(d)["properties"]["is_active"]["anyOf"][1]["enum"].remove("yes"),
    "other columns are taken no more": lambda d: d["files_read"]["import-row"].pop("patternProperties"),
    "a column of a file that is written goes": lambda d: d["files_written"]["secret-row"]["required"].pop(),
    "a file is read no more": lambda d: d["files_read"].pop("saved-plan"),
    "an exit code goes": lambda d: d["exit_codes"]["oneOf"].pop(3),
    "an exit code means something else": lambda d: d["exit_codes"]["oneOf"][3].update(title="GONE"),
}


def changed(edit: Edit) -> dict[str, Any]:
    document = copy.deepcopy(contract.everything())
    edit(document)
    assert document != contract.everything()
    return document


@pytest.mark.parametrize("edit", COMPATIBLE.values(), ids=COMPATIBLE)
def test_what_is_added_is_compatible(edit: Edit) -> None:
    assert compatibility.level(contract.everything(), changed(edit)) == ("minor", [])


@pytest.mark.parametrize("edit", BREAKING.values(), ids=BREAKING)
def test_what_goes_or_changes_is_breaking(edit: Edit) -> None:
    needed, broken = compatibility.level(contract.everything(), changed(edit))
    assert (needed, bool(broken)) == ("major", True)


def test_other_words_are_no_change() -> None:
    def reword(document: dict[str, Any]) -> None:
        _user(document)["description"] = "other words"
        document["$id"] = document["version"] = "2.0"

    assert compatibility.level(contract.everything(), changed(reword)) == ("none", [])


def test_the_version_goes_up_by_one_and_only_with_a_reason() -> None:
    right = compatibility.is_right_version
    assert right("1.4", "1.4", "none")
    assert right("1.4", "1.5", "minor")
    assert right("1.4", "2.0", "major")
    for new, needed in (("1.5", "none"), ("1.4", "minor"), ("1.6", "minor"), ("1.5", "major"), ("2.1", "major")):
        assert not right("1.4", new, needed)  # type: ignore[arg-type]  # a Level
