"""Tables as people keep them: one refusal says all, and the command that it proposes imports the rest."""

from __future__ import annotations

import io
import json
import shlex
import uuid
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Cli, Database
from tests.test_import_headers import GOOGLE
from usercli.readers import ReadOptions
from usercli.readers.title_rows import header_place, titles_note
from usercli.services.imports.id_lines import IdLines
from usercli.uuid7 import ChangeIds, new_id

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])

STAFF = """Staff list 2026;;;;;
;;;;;
Printed on 13.02.2026;;;Page 1;;
Vorname;Nom;Mail;Statut;Valid until;Rolle
Ada;Lovelace;ada@example.com;Aktiv;13/02/2099;Editor
Bob;Builder;bob@example.com;Terminated;14/02/2099;Viewer
Cy;Young;cy@example.com;On leave;01/02/2099;Viewer
"""


def proposed(err: str) -> list[list[str]]:
    """The arguments of each command that a message proposes."""
    lines = [line.partition(": ")[2] for line in err.splitlines() if line.startswith("run")]
    return [shlex.split(line)[1:] for line in lines]


def shown(cli: Cli, email: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cli("show", email, "-o", "json")[1])
    return found


def test_a_messy_list_takes_one_refusal_and_one_command(cli: Cli, environment: Path) -> None:
    (environment / "staff.csv").write_text(STAFF)
    code, _, err = cli("import", "staff.csv")
    assert code == 2
    assert err.splitlines()[0] == 'passed over above the header: "Staff list 2026" and 1 more row'
    assert "Statut has words that say nothing here: On leave (1); below they mean false" in err.splitlines()
    (command,) = proposed(err)
    code, _, err = cli(*command)
    assert code == 0, err
    ada, cy = shown(cli, "ada@example.com"), shown(cli, "cy@example.com")
    assert (ada["full_name"], ada["is_active"], ada["expires_at"]) == ("Ada Lovelace", True, "2099-02-13T00:00:00Z")
    assert (cy["full_name"], cy["is_active"], cy["expires_at"]) == ("Cy Young", False, "2099-02-01T00:00:00Z")
    assert shown(cli, "bob@example.com")["is_active"] is False


# -- titles above the header


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([["email"], ["a@x.com"]], 0),
        ([["Staff list"], ["email", "Name"]], 1),
        ([[], ["Staff", "", "2026"], ["", ""], ["Name", "E-Mail"], ["A", "a@x.com"]], 3),
        # no column is known as the address: a row with one cell is no header of a wide table
        ([["Staff list", ""], ["Who", "Contact"], ["Ada", "a@x.com"]], 1),
        # nobody is passed over
        ([["a@x.com", "Ada"], ["email", "Name"]], 0),
        ([["Staff"], ["a@x.com"], ["email"]], 0),
        ([["Name", "Team"], ["Ada", "Red"]], 0),
        ([["Name"], ["Ada"]], 0),
        ([[], []], 0),
    ],
)
def test_the_header_is_below_titles_and_above_everybody(rows: list[list[str]], place: int) -> None:
    assert header_place(rows, ReadOptions()) == place


def test_a_mapped_column_of_addresses_shows_the_header_too() -> None:
    rows = [["List", "2026"], ["Who", "Kontakt"], ["Ada", "ada"]]
    assert header_place(rows, ReadOptions()) == 0
    assert header_place(rows, ReadOptions(mapping={"kontakt": "email"})) == 1


def test_what_is_passed_over_is_told() -> None:
    assert titles_note([["Staff", "", "2026"], [], ["x" * 90]]) == (
        'passed over above the header: "Staff 2026" and 1 more row'
    )
    assert titles_note([[], ["x" * 90]]) == f'passed over above the header: "{"x" * 40}"'
    assert titles_note([[], [" "]]) == ""


@on_sqlite
@pytest.mark.parametrize(
    "title", ["Staff, all of them", '"Staff ""all"" of ""them"', '"a\nb"', "'=1+1", "x" * 5000]
)
def test_lines_below_a_title_keep_their_numbers(cli: Cli, environment: Path, title: str) -> None:
    rows = "".join(f"u{number}@example.com,U\n" for number in range(40))
    (environment / "p.csv").write_text(f"{title}\n\nemail,full_name\n{rows}nobody,N\n")
    line = title.count("\n") + 44
    code, _, err = cli("import", "p.csv")
    assert code == 2
    assert f"error: p.csv:{line}: the email is not valid" in err or f"error: p.csv:{line}: " in err
    assert cli("import", "p.csv", "--skip-bad")[0] == 7
    assert cli("list", "--count", "-q")[1].strip() == "40"


@on_sqlite
def test_a_line_in_another_encoding_below_a_title_is_told_and_not_lost(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_bytes(
        b"Staff\n\nemail,full_name\na@example.com,A\nb@example.com,Caf\xe9\nc@example.com,C\n"
    )
    code, _, err = cli("import", "p.csv", "--skip-bad")
    assert (code, "p.csv:5" in err) == (7, True), err
    assert cli("list", "-q", "--fields", "email")[1].split() == ["a@example.com", "c@example.com"]


@on_sqlite
def test_a_title_above_a_sheet_is_passed_over(cli: Cli, environment: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        [],
        ["Staff list", None, 2026],
        [],
        ["Name", "E-Mail", "Team"],
        ["Ada", "a@example.com"],
        ["B", "b"],
    ):
        book.active.append(row)
    book.save(environment / "p.xlsx")
    code, _, err = cli("import", "p.xlsx", "--skip-column", "Team")
    assert err.splitlines()[0] == 'passed over above the header: "Staff list 2026"'
    assert (code, "error: p.xlsx:6: " in err) == (2, True)


# -- no header


NO_HEADER = "1: ann@example.com is an address, no name of a column; add a header line, such as email,full_name"


@on_sqlite
@pytest.mark.parametrize("options", [(), ("--unknown-to-attributes",), ("--map", "Ann=full_name")], ids=str)
@pytest.mark.parametrize(
    "text", ["ann@example.com,Ann\nbob@example.com,Bob\n", "Ann;ann@example.com;\n", "ann@example.com\nemail\n"]
)
def test_a_user_in_place_of_the_header_is_not_lost(
    cli: Cli, environment: Path, text: str, options: tuple[str, ...]
) -> None:
    if "Ann" not in text:
        options = ()
    for name, content in (("t.csv", text), ("t.tsv", text.replace(",", "\t").replace(";", "\t"))):
        (environment / name).write_text(content)
        assert cli("import", name, *options) == (2, "", f"error: {name}:{NO_HEADER}\n")


@on_sqlite
def test_a_workbook_and_the_guide_say_that_there_is_no_header(cli: Cli, environment: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["ann@example.com", "Ann"])
    book.save(environment / "t.xlsx")
    for options in ((), ("--guide",)):
        code, _, err = cli("import", "t.xlsx", *options, terminal=bool(options))
        assert (code, f" t.xlsx:{NO_HEADER}" in err, len(err.splitlines())) == (2, True, 1)


@on_sqlite
def test_a_column_that_is_called_as_an_address_is_may_stand_beside_the_email(cli: Cli, environment: Path) -> None:
    (environment / "t.csv").write_text("E-Mail,list@example.com\nann@example.com,yes\n")
    code, _, err = cli("import", "t.csv")
    assert (code, "no such field: list@example.com" in err) == (2, True)
    assert cli(*proposed(err)[0])[0] == 0


# -- names in two languages


@on_sqlite
@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        ("Vorname;Nom", "Ada;Lovelace", "Ada Lovelace"),
        ("First Name;Nom", "Ada;Lovelace", "Ada Lovelace"),
        ("Nom;First Name", "Lovelace;Ada", "Ada Lovelace"),
        ("Nombre;Surname", "Ada;Lovelace", "Ada Lovelace"),
        ("First Name;Name", "Ada;Lovelace", "Ada Lovelace"),
        ("First Name;Name", "Ada;Ada Lovelace", "Ada Lovelace"),
    ],
)
def test_the_halves_of_a_name_are_joined(cli: Cli, environment: Path, header: str, row: str, name: str) -> None:
    (environment / "p.csv").write_text(f"{header};email\n{row};a@example.com\n")
    code, _, err = cli("import", "p.csv")
    if code:
        assert cli(*proposed(err)[0])[0] == 0
    assert shown(cli, "a@example.com")["full_name"] == name


# -- words of a state


@on_sqlite
@pytest.mark.parametrize(
    ("header", "words", "states"),
    [
        ("Status", ("Active", "Terminated", "Left"), (True, False, False)),
        ("Status", ("Active", "Sabbatical", "active"), (True, False, True)),
        ("Estado", ("Activo", "Inactivo", "De baja"), (True, False, False)),
        ("Suspended", ("no", "yes", "perhaps"), (True, False, False)),
        ("Status", ("Enabled", "Locked", "BANNED"), (True, False, False)),
    ],
)
def test_words_of_a_state_get_one_whole_command(
    cli: Cli, environment: Path, header: str, words: tuple[str, ...], states: tuple[bool, ...]
) -> None:
    rows = "".join(f"u{number}@example.com,{word}\n" for number, word in enumerate(words))
    (environment / "p.csv").write_text(f"email,{header}\n{rows}")
    code, _, err = cli("import", "p.csv")
    if code:
        code, _, err = cli(*proposed(err)[0])
    assert code == 0, err
    assert tuple(shown(cli, f"u{number}@example.com")["is_active"] for number in range(len(words))) == states


@on_sqlite
def test_a_province_is_no_state(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,Estado\na@example.com,Jalisco\nb@example.com,Oaxaca\n")
    _, _, err = cli("import", "p.csv")
    assert proposed(err)[0][-1] == "Estado=attributes.estado"


@on_sqlite
def test_a_flag_of_an_unclear_name_says_how_it_is_read(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,Xyz\na@example.com,yes\n")
    code, _, err = cli("import", "p.csv", "--map", "Xyz=is_active")
    assert (code, err.splitlines()[0]) == (0, 'read "Xyz" as is_active (yes means active)')
    (environment / "p.csv").write_text("email,is_active,Active\nb@example.com,yes,\n")
    assert "yes means" not in cli("import", "p.csv", "--skip-column", "Active")[2]


@on_sqlite
@pytest.mark.parametrize(
    ("name", "words", "options", "is_told"),
    [
        ("user_status", "00", (), True),
        ("user_status", "00", ("--dry-run",), True),
        ("user_status", "01", (), False),
        ("user_status", "0", (), False),
        ("Gesperrt", "11", (), True),
        ("user_status", "00", ("--map", "user_status=is_active"), False),
        ("Gesperrt", "11", ("--map", "gesperrt=is_active"), False),
        ("user_status", "00", ("--value", "User status:0=false"), False),
        ("is_active", "00", (), False),
        ("Is Active", "00", (), False),
    ],
)
def test_a_guess_that_shuts_everybody_out_is_told(
    cli: Cli, environment: Path, name: str, words: str, options: tuple[str, ...], is_told: bool
) -> None:
    rows = "".join(f"u{number}@example.com,{word}\n" for number, word in enumerate(words))
    (environment / "p.csv").write_text(f"email,{name}\n{rows}")
    code, _, err = cli("import", "p.csv", *options)
    warning = f'warning: nobody is active, as "{name}" was read as is_active; to leave it out: --skip-column {name}'
    assert (code, err.splitlines()[-2:-1] == [warning], err.count("warning")) == (0, is_told, is_told), err


# -- dates


@on_sqlite
def test_dates_of_a_column_have_one_order(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,expires_at\na@example.com,13/02/2099\nb@example.com,02/13/2099\n")
    code, _, err = cli("import", "p.csv")
    told = "expires_at: 02/13/2099 has the month first, but 13/02/2099 the day"
    assert (code, err.splitlines()[0]) == (2, f"error: p.csv:3: {told}")
    assert not proposed(err)
    (environment / "p.csv").write_text("email,expires_at\na@example.com,13/02/2099\nb@example.com,2099-02-13\n")
    assert cli("import", "p.csv")[0] == 0


@on_sqlite
def test_an_order_that_nothing_shows_gives_a_command_for_each(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,expires_at\na@example.com,01/02/2099\n")
    code, _, err = cli("import", "p.csv")
    day, month = proposed(err)
    assert (code, day[-2:], month[-2:]) == (2, ["--date-order", "dmy"], ["--date-order", "mdy"])
    assert "run (the day first): " in err
    assert cli(*month)[0] == 0
    assert shown(cli, "a@example.com")["expires_at"] == "2099-01-02T00:00:00Z"


@on_sqlite
def test_an_order_that_another_date_shows_is_proposed(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,expires_at\na@example.com,01/02/2099\nb@example.com,02/13/2099\n")
    (command,) = proposed(cli("import", "p.csv")[2])
    assert command[-2:] == ["--date-order", "mdy"]


@on_sqlite
@pytest.mark.parametrize(
    ("dates", "orders"),
    [
        (["31.12.99"], ["dmy"]),  # no month 31, and a year is rarely in front
        (["12/31/99"], ["mdy"]),
        (["99-12-31"], ["ymd"]),
        (["1.2.99"], ["dmy", "mdy"]),
        (["1.2.99", "31.12.99"], ["dmy"]),
        (["1.2.2099", "1.2.99"], ["dmy"]),
        (["1/2/2099", "12/31/2099", "1.2.99"], ["mdy"]),
        (["99-13-32"], []),
    ],
)
def test_only_orders_that_read_all_dates_are_proposed(
    cli: Cli, environment: Path, dates: list[str], orders: list[str]
) -> None:
    rows = [f"u{number}@example.com,{date}\n" for number, date in enumerate(dates)]
    (environment / "p.csv").write_text("".join(["email,created_at\n", *rows]))
    commands = proposed(cli("import", "p.csv", "--preserve")[2])
    assert [command[-1] for command in commands] == orders
    for command in commands:
        assert cli(*command, "--dry-run")[0] == 0


@on_sqlite
def test_dates_that_no_order_fits_are_told(cli: Cli, environment: Path) -> None:
    dates = "email,expires_at\na@example.com,1.2.2099\nb@example.com,31.12.99\nc@example.com,12/31/2099\n"
    (environment / "p.csv").write_text(dates)
    code, _, err = cli("import", "p.csv")
    told = "no --date-order fits all the dates (1.2.2099, 12/31/2099); write them in one order"
    assert (code, proposed(err), told in err.splitlines()) == (2, [], True)


@on_sqlite
def test_a_word_in_place_of_a_time_is_told_how_to_say_that_there_is_none(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,expires_at\na@example.com,soon\nb@example.com,in 3 lunes\n")
    err = cli("import", "p.csv")[2]
    forms = "(write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"
    told = f"not a time: soon {forms}; where there is none, leave expires_at empty or write never"
    assert err.splitlines()[:2] == [f"error: p.csv:2: {told}", f"error: p.csv:3: not a time: in 3 lunes {forms}"]


@on_sqlite
def test_numbers_of_days_are_named_and_read(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,expires_at\na@example.com,72734\nb@example.com,72735.5\n")
    code, _, err = cli("import", "p.csv")
    told = "72734 is no date, but may be day 2099-02-18 of a spreadsheet; read it so with --date-order excel"
    assert (code, err.splitlines()[0]) == (2, f"error: p.csv:2: {told}")
    assert cli(*proposed(err)[0])[0] == 0
    assert shown(cli, "a@example.com")["expires_at"] == "2099-02-18T00:00:00Z"
    assert shown(cli, "b@example.com")["expires_at"] == "2099-02-19T12:00:00Z"


# -- what no option mends is told with the rest


def test_bad_records_are_told_with_the_columns(cli: Cli, environment: Path) -> None:
    assert cli("create", "there@example.com", "--no-password")[0] == 0
    (environment / "p.csv").write_text(
        "Mail,Team\na@example.com,x\nA@EXAMPLE.com,y\nnobody,z\nthere@example.com,z\n\nb@example.com,x\n"
    )
    code, _, err = cli("import", "p.csv")
    told = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (code, told[0], told[1], told[3:]) == (
        2,
        "error: p.csv:1: no such field: Team; it can become attributes.team",
        "error: p.csv:3: the email A@EXAMPLE.com appears twice in the file, first on line 2",
        [
            "error: p.csv:5: a user with the email there@example.com exists already",
            "error: 1 column needs a decision, and 3 records are bad; nothing was imported",
        ],
    )
    assert told[2].startswith("error: p.csv:4: ")
    code, _, err = cli(*proposed(err)[0], "--skip-bad")
    assert (code, cli("list", "--count", "-q")[1].strip()) == (7, "3")


def test_the_line_of_the_first_is_named_across_chunks(cli: Cli, environment: Path) -> None:
    rows = "".join(f"u{number}@example.com\n" for number in range(6000))
    (environment / "p.csv").write_text(f"email\n\n{rows}U3@example.com\nu5999@example.com\n")
    code, _, err = cli("import", "p.csv")
    assert (code, [line for line in err.splitlines() if line.startswith("error: p.csv")]) == (
        2,
        [
            "error: p.csv:6003: the email U3@example.com appears twice in the file, first on line 6",
            "error: p.csv:6004: the email u5999@example.com appears twice in the file, first on line 6,002",
        ],
    )


def test_lines_are_found_by_the_ids_of_their_users() -> None:
    class Row:
        def __init__(self, line: int) -> None:
            self.line = line

    ids, lines = ChangeIds(new_id()), IdLines()
    first, second = ids.make(5000), ids.make(3)
    lines.add(second, [Row(line) for line in (6001, 6003, 6009)])  # type: ignore[misc]  # a row is more
    lines.add(first, [Row(line) for line in range(2, 5002)])  # type: ignore[misc]
    lines.add([], [])
    assert [lines.of(uuid.UUID(made)) for made in (first[0], first[4999], *second)] == [2, 5001, 6001, 6003, 6009]
    assert lines.of(new_id()) is None


def test_roles_that_differ_in_case_are_told(cli: Cli, environment: Path, database: Database) -> None:
    (environment / "p.csv").write_text("email,roles\na@example.com,Editor\nb@example.com,editor;viewer\n")
    code, _, err = cli("import", "p.csv", "--create-roles")
    told = "made the role editor beside Editor; to read one as the other: --value 'roles:editor=Editor'"
    assert (code, [line for line in err.splitlines() if "beside" in line]) == (0, [f"warning: {told}"])
    assert database.rows("SELECT count(*) FROM roles") == [(3,)]
    code, _, err = cli("import", "p.csv", "--create-roles", "--on-conflict", "skip")
    assert "beside" not in err
    (environment / "p.csv").write_text("email,roles\nc@example.com,EDITOR\na@example.com,\n")
    code, _, err = cli("import", "p.csv", "--create-roles")
    assert (code, "beside" in err) == (4, False)  # nothing was made
    code, _, err = cli("import", "p.csv", "--create-roles", "--on-conflict", "skip", "--dry-run")
    assert (code, "warning: would have made the role EDITOR beside " in err) == (0, True)


@on_sqlite
def test_how_columns_are_read_is_told_once(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("id,mail,role\n7,a@example.com,x\n")
    code, _, err = cli("import", "p.csv")
    assert (code, err.count("read ")) == (2, 1), err
    (environment / "p.csv").write_text("id,mail,role,odd\n7,a@example.com,x,1\n")
    code, _, err = cli("import", "p.csv")
    assert (code, err.count('read "')) == (2, 1), err


# -- a damaged workbook loses nobody silently


@on_sqlite
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('<row r="3"', '<row r="-5"', "its rows are not numbered in order up to 1,048,576"),
        ('<row r="3"', '<row r="2"', "its rows are not numbered in order up to 1,048,576"),
        ('<row r="3"', '<row r="3.0"', "its rows are not numbered in order up to 1,048,576"),
        ('<row r="3"', '<row r = "1"', "its rows are not numbered in order up to 1,048,576"),
        ('r="B3"', 'r="A3"', "the cell A3 is not in the order of its row"),
        ('r="A3"', 'r="C3"', "the cell B3 is not in the order of its row"),
        ('r="A3"', 'r="3"', "the cell 3 is not in the order of its row"),
    ],
)
def test_a_row_or_a_cell_out_of_order_is_refused(
    cli: Cli, environment: Path, old: str, new: str, told: str
) -> None:
    book = openpyxl.Workbook()
    for row in (["email", "full_name"], ["a@example.com", "A"], ["b@example.com", "B"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as made, zipfile.ZipFile(environment / "p.xlsx", "w") as archive:
        for name in made.namelist():
            text = made.read(name).decode()
            if name.endswith("sheet1.xml"):
                assert old in text
                text = text.replace(old, new)
            archive.writestr(name, text)
    code, _, err = cli("import", "p.xlsx")
    assert (code, err.strip()) == (2, f"error: the workbook is damaged: {told}")


# -- hashes as another system writes them


@on_sqlite
def test_a_closed_account_and_an_old_hash_of_a_directory_come_without_password(cli: Cli, environment: Path) -> None:
    hashes = ("{CRYPT}!", "{CRYPT}*", "{crypt}!$6$salt$digits", "{CRYPT}aaQSqAReePlq6")
    rows = "".join(f"u{number}@example.com,{stored}\n" for number, stored in enumerate(hashes))
    (environment / "p.csv").write_text(f"email,hashed_password\n{rows}")
    code, _, err = cli("import", "p.csv")
    assert (code, err.splitlines()[0]) == (
        0,
        "warning: 1 user came without their password: unsupported scheme des_crypt",
    )
    audited = cli("password", "audit", "-o", "json")[1]
    assert "malformed" not in audited
    assert "unsupported" not in audited


@on_sqlite
def test_the_table_of_another_system_may_be_a_workbook(cli: Cli, environment: Path) -> None:
    rows = [line.split(",") for line in GOOGLE.splitlines()]
    book = openpyxl.Workbook()
    for row in (["Exported on 2026-11-26"], *rows):
        book.active.append(row)
    book.create_sheet("Other")
    book.save(environment / "google.xlsx")
    code, _, err = cli("import", "google.xlsx", "--from", "google", "--sheet", "Sheet")
    assert code == 0, err
    assert [shown(cli, f"{name}@example.com")["is_active"] for name in ("gil", "hal")] == [True, False]
    book.active["A3"] = "#N/A"
    book.active["A3"].data_type = "e"
    book.save(environment / "google.xlsx")
    code, _, err = cli("import", "google.xlsx", "--from", "google", "--on-conflict", "skip")
    assert (code, err.strip().splitlines()[-1]) == (2, "error: google.xlsx:3: the cell A3 holds the error #N/A")
    assert cli("import", "google.xlsx", "--from", "google", "--encoding", "utf-8")[2].startswith(
        "error: a workbook"
    )


def test_a_quiet_import_prints_the_change_alone(cli: Cli, environment: Path, database: Database) -> None:
    (environment / "p.csv").write_text("email\na@example.com\n")
    code, out, _ = cli("import", "p.csv", "-q")
    ((change_id,),) = database.rows("SELECT DISTINCT change_id FROM audit_events")
    assert (code, out) == (0, f"{uuid.UUID(str(change_id))}\n")
    assert cli("import", "p.csv", "-q", "--on-conflict", "skip")[:2] == (0, "")
    assert cli("import", "p.csv", "--fields", "read,created", "--on-conflict", "skip")[1] == "read\tcreated\n1\t0\n"


@on_sqlite
def test_a_workbook_is_no_list_of_users(cli: Cli, environment: Path) -> None:
    openpyxl.Workbook().save(environment / "people.xlsx")
    told = "people.xlsx is a workbook; a list has a user on each line, as list -q prints it"
    assert cli("show", "@people.xlsx") == (2, "", f"error: {told}\n")


@on_sqlite
def test_an_empty_column_without_a_name_is_passed_over(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text(",Name,,Email,\n,A B,,a@example.com,\n,,,,\n,C D,,c@example.com,\n")
    assert cli("import", "p.csv")[0] == 0
    assert cli("list", "-q", "--fields", "full_name", "--sort", "email")[1] == "A B\nC D\n"
    (environment / "q.csv").write_text(",Name,,Email,\n,E F,,e@example.com,\n,G H,lost,g@example.com,\n")
    code, _, err = cli("import", "q.csv", "--skip-bad")
    assert (code, err.splitlines()[-1]) == (2, "error: q.csv:1: a column has no name")
    assert cli("list", "--count", "-q")[1] == "2\n"


@on_sqlite
@pytest.mark.parametrize("word", ["On leave, unpaid", "a|b", "a=b", "in: out"])
def test_words_that_the_option_cannot_hold_are_told(cli: Cli, environment: Path, word: str) -> None:
    (environment / "p.csv").write_text(f'email,Status\na@example.com,Active\nb@example.com,"{word}"\n')
    code, _, err = cli("import", "p.csv")
    said = "--value cannot hold , | = or : in a word; change them in the file, or leave the column out"
    assert (code, err.splitlines()[2:]) == (
        2,
        [
            f"Status has words that say nothing here: {word} (1); {said}",
            "error: 1 bad record found; nothing was imported"
            "; to import the others add --skip-bad --reject-file FILE",
        ],
    )


@on_sqlite
@pytest.mark.parametrize(
    ("more", "said", "option"),
    [
        ("Total,1\n", "", "aktiv:x=true,=false"),
        (",5\n", "", "aktiv:x=true,=false"),
        ("c@example.com,5\n", "aktiv has words that say nothing here: 5 (1)", "aktiv:x=true,5|=false"),
    ],
)
def test_a_row_of_totals_does_not_turn_ticks_around(
    cli: Cli, environment: Path, more: str, said: str, option: str
) -> None:
    (environment / "p.csv").write_text(f"email,aktiv\na@example.com,x\nb@example.com,\n{more}")
    code, _, err = cli("import", "p.csv")
    assert code == 2
    assert "aktiv has x (1) or nothing (1); below that means true or false" in err.splitlines()
    assert said in err
    [command] = [line for line in err.splitlines() if line.startswith("run: usercli import")]
    value = shlex.split(command)[shlex.split(command).index("--value") + 1]
    assert sorted(value.partition(":")[2].split(",")) == sorted(option.partition(":")[2].split(","))
    assert cli("import", "p.csv", "--value", value, "--skip-bad")[0] in {0, 7}
    active = {user["email"]: user["is_active"] for user in json.loads(cli("list", "-o", "json")[1])}
    assert active.items() >= {"a@example.com": True, "b@example.com": False}.items()


@on_sqlite
@pytest.mark.parametrize(
    ("title", "ticked", "said", "option"),
    [
        ("aktiv", True, "true or false", "aktiv:x=true,=false"),
        ("gesperrt", False, "false or true", "gesperrt:=true,x=false"),
    ],
)
def test_a_ticked_column_says_both(
    cli: Cli, environment: Path, title: str, ticked: bool, said: str, option: str
) -> None:
    (environment / "p.csv").write_text(f"email,{title}\na@example.com,x\nb@example.com,\n")
    code, _, err = cli("import", "p.csv")
    assert code == 2
    assert f"{title} has x (1) or nothing (1); below that means {said}" in err.splitlines()
    [command] = [line for line in err.splitlines() if line.startswith("run: usercli import")]
    assert shlex.split(command)[-2:] == ["--value", option]
    assert cli("import", "p.csv", "--value", option)[0] == 0
    active = {user["email"]: user["is_active"] for user in json.loads(cli("list", "-o", "json")[1])}
    assert active == {"a@example.com": ticked, "b@example.com": not ticked}
