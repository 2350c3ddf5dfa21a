"""Import on both engines: all or nothing, with the line and the reason of what is bad."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.repositories import user_bulk_update
from usercli.schemas.users import UserView

BCRYPT = "$2b$12$9Q5n2Fmx3WxWHqDqQGzHwOQ1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe"


@pytest.fixture
def table(environment: Path) -> Callable[..., str]:
    """Write a file and give its name."""

    def write(text: str | bytes, name: str = "users.csv") -> str:
        (environment / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    return write


def emails(database: Database) -> list[str]:
    return [row[0] for row in database.rows("SELECT email FROM users WHERE deleted_at IS NULL ORDER BY email")]


def summary(out: str) -> dict[str, object]:
    found = json.loads(out)
    assert set(found) == {"read", "created", "updated", "unchanged", "skipped", "rejected", "change_id"}
    return {name: value for name, value in found.items() if value and name != "change_id"}


def test_a_table_becomes_users_with_one_event_each(cli: Cli, table, database: Database) -> None:
    cli("role", "create", "editor")
    file = table(
        "email,full_name,is_active,roles,attributes,hashed_password\n"
        f'Ada@example.com,"Lovelace, Ada",true,editor,"{{""team"":""blue""}}",{BCRYPT}\n'
        "bob@example.com,Bob,false,,,\n"
    )
    code, out, err = cli("import", file, "-o", "json")
    assert (code, summary(out)) == (0, {"read": 2, "created": 2})
    assert err.startswith("imported 2 new and 0 changed users on ")
    shown = json.loads(cli("show", "ada@example.com", "-o", "json")[1])
    assert (shown["full_name"], shown["roles"], shown["attributes"]) == (
        "Lovelace, Ada",
        ["editor"],
        {"team": "blue"},
    )
    assert json.loads(cli("show", "bob@example.com", "-o", "json")[1])["is_active"] is False
    assert database.rows("SELECT hashed_password FROM users ORDER BY email") == [(BCRYPT,), ("!",)]
    events = database.rows("SELECT action, target_id IS NOT NULL FROM audit_events WHERE target_kind = 'user'")
    assert [action for action, known in events if known] == ["user.created", "user.created"]
    assert cli("audit", "verify", "-o", "json")[0] == 0


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_from_the_header(cli: Cli, table, database: Database, separator: str) -> None:
    file = table(f"email{separator}full_name\na@example.com{separator}A\n")
    assert cli("import", file)[0] == 0
    assert emails(database) == ["a@example.com"]


def test_a_byte_order_mark_and_gzip_are_read(cli: Cli, table, database: Database) -> None:
    file = table(gzip.compress("\ufeffemail\r\na@example.com\r\n".encode()), "users.csv.gz")
    assert cli("import", file)[0] == 0
    assert emails(database) == ["a@example.com"]


def test_lines_of_json_and_an_array_are_read(cli: Cli, table, database: Database) -> None:
    lines = table('{"email":"a@example.com","attributes":{"n":1}}\n\n{"email":"b@example.com"}\n', "u.jsonl")
    array = table('[{"email":"c@example.com","roles":[],"is_active":false},{"email":"d@example.com"}]', "u.json")
    assert cli("import", lines)[0] == 0
    assert cli("import", array)[0] == 0
    assert emails(database) == [f"{name}@example.com" for name in "abcd"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('email,full_name\na@example.com,"A\nb@example.com,B\n', 2, "a quote is opened and not closed"),
        ("email,full_name\na@example.com\n", 2, "1 fields where the header has 2"),
        ("email,full_name\na@example.com,A,B\n", 2, "3 fields where the header has 2"),
        (b"email\na\0@example.com\n", 2, "a NUL byte (a file in UTF-16 has them)"),
        (
            "email,full_name\na@example.com,Z\udcfcrich\nb@example.com,Zürich\n".encode(errors="surrogateescape"),
            2,
            "not valid UTF-8 at byte 16 (Latin-1 has such bytes)",
        ),
        ("email\na@example.com\nA@EXAMPLE.com\n", 3, "the email A@EXAMPLE.com appears twice in the file"),
        ("email,is_active\na@example.com,maybe\n", 2, "is_active is neither true nor false"),
        ("email,attributes\na@example.com,[1]\n", 2, "attributes is not a JSON object"),
        ("email,expires_at\na@example.com,soon\n", 2, None),
        ("email,hashed_password\na@example.com,$2b$12$short\n", 2, None),
        ("email,password\na@example.com,secret\n", 2, "a plain password; it needs --hash-passwords"),
        ("email,roles\na@example.com,nobody\n", 2, "no such role: nobody; see --create-roles"),
        ("email\nnot an address\n", 2, None),
        ("email\n\n", 2, ""),
    ],
)
@pytest.mark.each_once
def test_a_bad_record_is_named_and_nothing_is_written(
    cli: Cli, table, database: Database, text: str | bytes, line: int, reason: str | None
) -> None:
    code, out, err = cli("import", table(text))
    if reason == "":
        assert (code, emails(database)) == (0, [])  # a blank line is no record
        return
    first, last = err.splitlines()[0], err.splitlines()[-1]
    assert (code, out, emails(database)) == (2, "", [])
    assert first.startswith(f"error: users.csv:{line}: {reason or ''}")
    assert (
        last
        == "error: 1 bad record found; nothing was imported; to import the others add --skip-bad --reject-file FILE"
    )
    assert database.rows("SELECT count(*) FROM audit_events") == [(0,)]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "users.csv", "error: the file is empty: there is no header line\n"),
        ("name\nA\n", "users.csv", None),
        ("email,email\na@example.com,b\n", "users.csv", "error: users.csv:1: the column email appears twice\n"),
        ("email,\na@example.com,b\n", "users.csv", "error: users.csv:1: a column has no name\n"),
        ("full_name\nA\n", "users.csv", "error: users.csv:1: there is no column email; use --map THEIRS=email\n"),
        ("email\na@example.com\n".encode("utf-16-le"), "users.csv", None),
        (gzip.compress(b"email\n" + b"a@example.com\n" * 9000, mtime=0)[:-40], "users.csv.gz", None),
        ('[{"email":"a@example.com"},', "users.json", None),
        ("email\n" + "x" * 1_100_000, "users.csv", "error: users.csv:2: longer than 1,048,576 bytes\n"),
    ],
)
@pytest.mark.each_once
def test_a_file_that_cannot_be_read_is_refused_whole(
    cli: Cli, table, database: Database, text: str | bytes, name: str, message: str | None
) -> None:
    code, out, err = cli("import", table(text, name))
    assert (code, out, emails(database)) == (2, "", [])
    assert len(err.splitlines()) == 1
    assert message is None or err == message


def test_a_whole_number_beyond_64_bits_is_for_json_lines(cli: Cli, table, database: Database) -> None:
    user = '{"email":"a@example.com","attributes":{"n":123456789012345678901234567890}}'
    code, out, err = cli("import", table(f"[{user}]", "users.json"))
    assert (code, out) == (2, "")
    reason = "a whole number is larger than 64 bits; JSON Lines (jsonl) may hold those"
    assert err == f"error: not valid JSON after record 0: {reason}\n"
    assert cli("import", table(user, "users.jsonl"))[0] == 0
    assert "123456789012345678901234567890" in cli("export", "-o", "jsonl")[1]


def test_who_exists_already_is_a_conflict_unless_told_otherwise(
    cli: Cli, table, database: Database, make_user: Callable[..., UserView]
) -> None:
    make_user("a@example.com", full_name="Old", attributes={"kept": 1})
    file = table(f"email,full_name,hashed_password\na@example.com,New,{BCRYPT}\nb@example.com,B,\n")
    code, out, err = cli("import", file)
    assert (code, out) == (4, "")
    first, last = err.splitlines()
    assert first == "error: users.csv:2: a user with the email a@example.com exists already"
    assert last.endswith("; to leave users who exist add --on-conflict skip, to change them --on-conflict update")
    assert emails(database) == ["a@example.com"]
    assert summary(cli("import", file, "--on-conflict", "skip", "-o", "json")[1]) == {
        "read": 2,
        "created": 1,
        "skipped": 1,
    }
    assert summary(cli("import", file, "--on-conflict", "update", "-o", "json")[1]) == {
        "read": 2,
        "updated": 1,
        "unchanged": 1,
    }
    shown = json.loads(cli("show", "a@example.com", "-o", "json")[1])
    assert (shown["full_name"], shown["attributes"], shown["version"]) == ("New", {"kept": 1}, 2)


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("users.csv", "email,attributes.team\na@example.com,blue\n", {"team": "blue", "phone": 1}),
        ("users.csv", "email,attributes.team\na@example.com,\n", {"team": "red", "phone": 1}),
        ("users.csv", 'email,attributes\na@example.com,"{""team"": ""blue""}"\n', {"team": "blue"}),
        ("users.csv", "email,attributes\na@example.com,\n", {}),
        ("users.jsonl", '{"email": "a@example.com", "Crew": "blue"}\n', {"team": "blue", "phone": 1}),
        ("users.jsonl", '{"email": "a@example.com", "attributes": {"team": "blue"}}\n', {"team": "blue"}),
        ("users.jsonl", '{"email": "a@example.com", "attributes": {}, "Crew": "blue"}\n', {"team": "blue"}),
    ],
)
def test_an_attribute_in_a_column_of_its_own_leaves_the_others(
    cli: Cli, table, make_user: Callable[..., UserView], name: str, text: str, left: dict[str, object]
) -> None:
    make_user("a@example.com", attributes={"team": "red", "phone": 1})
    mapped = ("--map", "Crew=attributes.team") if "Crew" in text else ()
    code, _, err = cli("import", table(text, name), "--on-conflict", "update", *mapped)
    assert code == 0, err
    assert json.loads(cli("show", "a@example.com", "-o", "json")[1])["attributes"] == left


def test_attributes_that_are_too_much_together_are_a_bad_record(
    cli: Cli, table, make_user: Callable[..., UserView]
) -> None:
    make_user("a@example.com", attributes={"long": "x" * 65_000})
    file = table(f"email,attributes.more\na@example.com,{'y' * 1000}\nb@example.com,1\n")
    code, _, err = cli("import", file, "--on-conflict", "update")
    assert (code, err.splitlines()[0]) == (
        2,
        "error: users.csv:2: the attributes are longer than 65536 bytes of JSON",
    )


def test_an_update_leaves_a_password_that_exists_unless_told(cli: Cli, table, database: Database) -> None:
    other = BCRYPT[:-1] + "u"
    cli("import", table(f"email,hashed_password\na@example.com,{BCRYPT}\n"))
    file = table(f"email,hashed_password\na@example.com,{other}\n")
    cli("import", file, "--on-conflict", "update")
    assert database.rows("SELECT hashed_password FROM users") == [(BCRYPT,)]
    assert cli("import", file, "--on-conflict", "update", "--update-passwords")[0] == 0
    assert database.rows("SELECT hashed_password FROM users") == [(other,)]


def test_bad_records_go_to_a_file_that_can_be_mended_and_imported(
    cli: Cli, table, database: Database, environment: Path
) -> None:
    file = table('email,full_name\na@example.com,A\nbad,"B, b"\nc@example.com\nd@example.com,D\n')
    code, out, _ = cli("import", file, "--skip-bad", "--reject-file", "bad.csv", "-o", "json")
    assert (code, summary(out)) == (7, {"read": 4, "created": 2, "rejected": 2})
    rejected = (environment / "bad.csv").read_text()
    assert (environment / "bad.csv").stat().st_mode & 0o777 == 0o600
    assert "c@example.com" in rejected
    assert "1 fields where the header has 2" in rejected
    (environment / "mended.csv").write_text(rejected.replace("bad,", "bad@example.com,"))
    code, out, _ = cli("import", "mended.csv", "-o", "json")
    assert (code, summary(out)) == (0, {"read": 2, "created": 2})
    assert json.loads(cli("show", "bad@example.com", "-o", "json")[1])["full_name"] == "B, b"


def test_a_dry_run_checks_conflicts_and_writes_nothing(cli: Cli, table, database: Database, ada: UserView) -> None:
    file = table("email\nada@example.com\nb@example.com\n")
    before = database.rows("SELECT count(*) FROM audit_events")
    assert cli("import", file, "--dry-run")[0] == 4
    code, out, _ = cli("import", file, "--dry-run", "--on-conflict", "skip", "-o", "json")
    assert (code, summary(out)) == (0, {"read": 2, "created": 1, "skipped": 1})
    assert json.loads(out)["change_id"] is None
    assert emails(database) == ["ada@example.com"]
    assert database.rows("SELECT count(*) FROM audit_events") == before


def test_columns_are_mapped_and_unknown_ones_kept_on_request(cli: Cli, table, database: Database) -> None:
    file = table("Mail,Name,Phone\na@example.com,A,123\n")
    mapped = ("--map", "Mail=email", "--map", "Name=full_name")
    code, _, err = cli("import", file, *mapped)
    assert (code, err.split(";")[0]) == (2, "error: users.csv:1: no such field: Phone")
    assert cli("import", file, *mapped, "--unknown-to-attributes")[0] == 0
    shown = json.loads(cli("show", "a@example.com", "-o", "json")[1])
    assert (shown["full_name"], shown["attributes"]) == ("A", {"phone": "123"})


def test_plain_passwords_are_hashed_on_request_and_sign_in(cli: Cli, table) -> None:
    file = table("email,password\na@example.com,correct horse battery\n")
    assert cli("import", file, "--hash-passwords")[0] == 0
    verify = ("password", "verify", "a@example.com", "--password-stdin")
    assert cli(*verify, stdin="correct horse battery\n")[0] == 0
    assert cli(*verify, stdin="wrong\n")[0] == 8


def test_roles_are_made_on_request(cli: Cli, table) -> None:
    file = table("email,roles\na@example.com,editor;reader\n")
    assert cli("import", file, "--create-roles")[0] == 0
    assert json.loads(cli("role", "list", "-o", "json")[1]) == [
        {"name": name, "description": "", "administrative": False, "users": 1} for name in ("editor", "reader")
    ]


def test_an_import_is_undone_as_one_change(cli: Cli, table, database: Database, make_user) -> None:
    make_user("a@example.com", full_name="Old")
    file = table("email,full_name\na@example.com,New\nb@example.com,B\n")
    change = json.loads(cli("import", file, "--on-conflict", "update", "-o", "json")[1])["change_id"]
    assert cli("undo", change, "--yes")[0] == 0
    assert emails(database) == ["a@example.com"]
    assert json.loads(cli("show", "a@example.com", "-o", "json")[1])["full_name"] == "Old"


def test_an_id_that_stands_in_the_file_twice_is_not_counted_as_a_user(cli: Cli, table, database: Database) -> None:
    line = "0192aaaa-0000-7000-8000-00000000000{},{}@example.com\n".format
    file = table("id,email\n" + line(1, "a") + line(2, "b") + line(1, "c") + line(3, "d"))
    code, _, err = cli("import", file, "--preserve")
    assert (code, err.splitlines()[0]) == (4, "error: users.csv:4: the id is taken by another user")
    assert database.rows("SELECT count(*) FROM users") == [(0,)]
    code, out, _ = cli("import", file, "--preserve", "--skip-bad", "-o", "json")
    assert code == 7
    assert (json.loads(out)["created"], json.loads(out)["rejected"]) == (3, 1)
    assert [row[0] for row in database.rows("SELECT email FROM users ORDER BY id")] == [
        "a@example.com",
        "b@example.com",
        "d@example.com",
    ]
    assert database.rows("SELECT count(*) FROM audit_events WHERE action = 'user.created'") == [(3,)]


def test_preserve_keeps_ids_times_and_versions(cli: Cli, table, database: Database) -> None:
    user_id = "0192aaaa-0000-7000-8000-000000000001"
    header = "id,email,version,created_at,updated_at,deleted_at\n"
    file = table(header + f"{user_id},a@example.com,7,2020-01-01T00:00:00Z,2021-01-01T00:00:00.5Z,\n")
    assert cli("import", file, "--preserve")[0] == 0
    shown = json.loads(cli("show", f"id:{user_id}", "-o", "json")[1])
    assert (shown["version"], shown["created_at"], shown["updated_at"]) == (
        7,
        "2020-01-01T00:00:00Z",
        "2021-01-01T00:00:00.500000Z",
    )
    code, _, err = cli(
        "import", table(header + "0192aaaa-0000-7000-8000-000000000002,b@example.com,1,,,\n"), "--preserve"
    )
    needs = "to keep ids, times and versions in a database that has users needs a reason"
    assert (code, err) == (6, f"error: {needs}; add --reason TEXT\n")


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_what_follows_a_large_import_does_not_read_the_whole_log(cli: Cli, table, database: Database) -> None:
    def scans() -> object:
        database.rows("SELECT pg_stat_force_next_flush()")
        [[found]] = database.rows("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'audit_events'")
        return found

    file = table("email\n" + "".join(f"user{number}@example.com\n" for number in range(6000)))
    assert cli("import", file)[0] == 0
    before = scans()
    assert cli("create", "late@example.com", "--no-password")[0] == 0
    assert scans() == before


def test_new_users_with_the_email_of_one_in_the_recycle_bin_are_told(cli: Cli, environment: Path) -> None:
    names = [f"u{number}@example.com" for number in range(6)]

    def note(*wanted: str, options: Sequence[str] = ()) -> str:
        (environment / "again.csv").write_text("\n".join(["email", *wanted, ""]))
        code, _, err = cli("import", "again.csv", *options)
        assert code == 0
        return "".join(line for line in err.splitlines() if line.startswith("note: "))

    assert not note(*names)
    assert cli("delete", *names[:4], "--yes")[0] == 0
    old = cli("show", "--deleted", names[1], "-q")[1].strip()
    change = r"; to restore them instead, first run: usercli undo ([\da-f-]{36})"
    # fewer new ones than there are in the bin, and more
    told = note("U0@example.com")
    one = "note: another user with the email U0@example.com is in the recycle bin; see: usercli show --deleted "
    first = cli("show", "--deleted", names[0], "-q")[1].strip()
    way = f"first run: usercli delete U0@example.com; then run: usercli restore id:{first}"
    assert told == f"{one}U0@example.com; to restore that one instead, {way}"
    more = note(names[1], names[2], *(f"new{number}@example.com" for number in range(6)))
    several = "note: other users with the emails of 2 of them are in the recycle bin; see: usercli list --deleted"
    found = re.fullmatch(f"{several}{change}", more)
    assert found
    assert not note(names[5], "later@example.com", options=["--on-conflict", "skip"])
    # of others nothing is told, and with users who were changed no undo is proposed
    assert cli("create", names[3], "--no-password")[0] == 0
    (environment / "more.csv").write_text("email,full_name\nx@example.com,X\n")
    assert "note: " not in cli("import", "more.csv")[2]
    assert cli("delete", names[4], names[5], "--yes")[0] == 0
    (environment / "more.csv").write_text(f"email,full_name\nx@example.com,Y\n{names[4]},A\n{names[5]},B\n")
    assert cli("import", "more.csv", "--on-conflict", "update")[2].splitlines()[-1] == several
    # after what is told the old one can come back
    assert cli("undo", found[1], "--yes")[0] == 0
    assert cli("restore", old)[0] == 0
    # and so it is with the command for a single one, whose email two in the bin have by then
    assert cli("delete", names[0], "--yes")[0] == 0
    assert cli("restore", names[0])[0] == 4
    assert cli("restore", f"id:{first}")[0] == 0
    # of two in the bin with one email, nobody is proposed
    assert cli("delete", names[0], "--yes")[0] == 0
    assert note(names[0]) == f"{one.replace('U0', 'u0')}{names[0]}"


def test_of_the_users_of_a_later_import_nothing_is_told(cli: Cli, database: Database, environment: Path) -> None:
    changes = []
    assert cli("create", "a@example.com", "--no-password")[0] == 0
    assert cli("delete", "a@example.com", "--yes")[0] == 0
    for email in ("new@example.com", "a@example.com"):
        (environment / "in.csv").write_text(f"email\n{email}\n")
        changes.append(uuid.UUID(cli("import", "in.csv", "-q")[1].strip()))
    for number in (1, 9):  # as many as are in the bin, and more
        with database.uow() as uow:
            found = [uow.users.namesakes_of_new(number, change) for change in changes]
        assert found == [(0, ""), (1, "a@example.com")]


@pytest.mark.parametrize("worth", [10**9, 0])
def test_numbers_that_come_back_otherwise_are_changed_once(
    cli: Cli, environment: Path, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    """PostgreSQL knows no 1e22, and no -0.0."""
    monkeypatch.setattr(user_bulk_update, "WORTH_STAGING", worth)
    numbers = '{"a":[1e22,-0.0],"b":{"c":-1.5e300,"d":1e16,"e":1.0,"f":1e-7}}'
    file = "users.jsonl"
    (environment / file).write_text(f'{{"email":"ada@example.com","attributes":{numbers}}}\n')
    update = ("import", file, "--on-conflict", "update")
    assert cli("import", file)[0] == 0
    assert json.loads(cli(*update, "-o", "json")[1])["unchanged"] == 1
    assert cli("update", "ada@example.com", "--attribute", "a=x")[0] == 0
    for count in ("updated", "unchanged"):
        assert json.loads(cli(*update, "-o", "json")[1])[count] == 1
    (environment / "a.csv").write_text("email,attributes.n\nada@example.com,1\n")
    assert cli("import", "a.csv", "--on-conflict", "update")[0] == 0
    assert cli("undo", "--last", "--yes")[0] == 0  # what it gave is what is stored
