"""Excel workbooks: a sheet is imported as CSV is, an export comes back, and a hostile file is refused."""

from __future__ import annotations

import io
import json
import resource
import stat
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from tests.conftest import Cli, Database, run_here
from tests.test_without_argon2 import HIDING
from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, workbook, workbook_archive
from usercli.schemas.import_times import TimeReader
from usercli.schemas.users import UserView
from usercli.writers import workbook as writer

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])
UNKNOWN = ReadOptions(unknown_to_attributes=True)
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def book(*rows: Sequence[Any], title: str = "Sheet", **more: Sequence[Sequence[Any]]) -> Any:
    """A workbook of a sheet with these rows, and more sheets."""
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    for name, others in more.items():
        sheet = made.create_sheet(name)
        for row in others:
            sheet.append(row)
    return made


def data(made: Any) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(file: bytes, **parts: Callable[[str], str]) -> bytes:
    """The file with other texts of some parts: `sheet1`, `workbook`, `styles`."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = parts.get(Path(name).stem, str)
            new.writestr(name, change(old.read(name).decode()))
    return out.getvalue()


def records(file: bytes, options: ReadOptions = UNKNOWN) -> list[tuple[int, dict[str, Any] | str]]:
    """Each record: its row, and its fields or the reason why it is bad."""
    found = workbook.read(io.BytesIO(file), options)
    return [(each.line, each.reason if isinstance(each, BadRecord) else each.fields) for each in found]


def test_blank_rows_above_a_far_one_are_read_many_at_a_time(engine_name: str) -> None:
    made = book(["email"], ["a@x.com"])
    made.active["A100000"] = "z@x.com"
    file = data(made)
    assert [line for line, _ in records(file)] == [2, 100_000]
    streams = [workbook.SheetLines(io.BytesIO(file), UNKNOWN).stream]
    with workbook.as_csv(io.BytesIO(file), UNKNOWN) as table:
        streams.append(table)
        for stream in streams:
            blocks = [stream.read1() for _ in range(3)]  # type: ignore[attr-defined]  # it is buffered
            assert (b"".join(blocks).count(b"\n"), blocks[-1]) == (100_000, b"")


def test_a_workbook_is_imported(cli: Cli, environment: Path, database: Database) -> None:
    made = book(
        ["email", "full_name", "is_active", "expires_at"],
        ["a@example.com", "Ada\nLovelace", True, date(2999, 1, 31)],
        [],
        ["b@example.com\u00a0", "Bo\tb \\n", False],
        [None, " ", None, None, "\u00a0"],
        ["c@example.com", None, 1.0, "2999-01-01T08:00:00Z"],
    )
    made.active.row_dimensions[6].hidden = True
    made.save(environment / "people.xlsx")
    code, _, err = cli("import", "people.xlsx")
    assert (code, err.splitlines()[0]) == (0, "trimmed blanks around 1 address")
    assert database.rows("SELECT email, full_name, is_active, expires_at FROM users ORDER BY email") == [
        ("a@example.com", "Ada\nLovelace", True, "2999-01-31 00:00:00.000000"),
        ("b@example.com", "Bo\tb \\n", False, None),
        ("c@example.com", "", True, "2999-01-01 08:00:00.000000"),
    ]


def test_a_workbook_of_another_program_is_understood_as_its_csv_is(
    cli: Cli, environment: Path, database: Database
) -> None:
    book(
        ["E-Mail", "First Name", "Last Name", "Gesperrt", "Expires", "Team"],
        ["a@example.com", "Ada", "Lovelace", "nein", datetime(2999, 7, 1, 12, 30), "red"],
    ).save(environment / "x.xlsx")
    code, _, err = cli("import", "x.xlsx", "--timezone", "Europe/Berlin")
    assert (code, "error: x.xlsx:1: no such field: Team; it can become attributes.team" in err) == (2, True)
    command = next(line for line in err.splitlines() if line.startswith("run: usercli ")).split()[2:]
    assert cli(*command)[0] == 0
    found = database.rows("SELECT full_name, is_active, expires_at, attributes FROM users")
    assert found == [("Ada Lovelace", True, "2999-07-01 10:30:00.000000", '{"team": "red"}')]


def test_cells_become_the_texts_that_a_csv_file_has(engine_name: str) -> None:
    made = book(
        ["email", *"abcdefghi"],
        ["x@x.com", 5.0, 0.5, 491701234567, datetime(2024, 2, 29, 12, 30), datetime(2024, 2, 29), time(8, 30), True,
         "007", "'=1"],
    )  # fmt: skip
    texts = ["5", "0.5", "491701234567", "2024-02-29T12:30:00", "2024-02-29", "08:30:00", "true", "007", "'=1"]
    expected = {"email": "x@x.com", "attributes": dict(zip("abcdefghi", texts, strict=True))}
    assert records(data(made)) == [(2, expected)]


def test_days_are_counted_from_where_the_workbook_says(engine_name: str) -> None:
    rows = (
        ["Staff 2026", None, None],
        ["E-Mail", "Valid until", "attributes.n", "Last login"],
        ["a@x.com", 45322, 45322, "45322.25"],
        ["b@x.com", datetime(2028, 2, 1), 1706659200, 1706659200],
        ["c@x.com", "never"],
    )
    for epoch, days in ((CALENDAR_WINDOWS_1900, ("45322", "45322.25")), (CALENDAR_MAC_1904, ("46784", "46784.25"))):
        made = openpyxl.Workbook()
        made.epoch = epoch
        for row in rows:
            made.active.append(row)
        a, b, c = (fields for _, fields in records(data(made)) if isinstance(fields, dict))
        assert (a["expires_at"], a["last_login_at"], a["attributes"]) == (*days, {"n": "45322"})
        assert (b["expires_at"], b["last_login_at"]) == ("2028-02-01", "1706659200")
        assert (c["expires_at"], c["last_login_at"]) == ("never", "")
    reader = TimeReader(order="excel")
    assert reader.read(days[0]) == datetime(2028, 2, 1, tzinfo=UTC)


def test_a_workbook_that_counts_from_1904_is_refused_for_its_columns_as_others_are(engine_name: str) -> None:
    made = book(["E-Mail", "Expires", "expires", "expires"], ["a@x.com", 45322])
    made.epoch = CALENDAR_MAC_1904
    with pytest.raises(InvalidInput, match="the column expires appears twice"):
        records(data(made))


@pytest.mark.parametrize(
    "rows",
    [
        [["sep=;"], ["email"], ["x@x.com"]],
        [["#TYPE System.Object"], [], ["email", None, " "], ["x@x.com"]],
        [["version:v1.0"], [None, None], ["email"], ["x@x.com", None, None]],
    ],
)
def test_lines_before_the_header_are_passed_over(engine_name: str, rows: list[list[Any]]) -> None:
    assert records(data(book(*rows)), ReadOptions()) == [(len(rows), {"email": "x@x.com"})]


def test_bad_rows_have_the_number_of_their_row(cli: Cli, environment: Path, database: Database) -> None:
    made = book(["email", "full_name"], ["a@example.com", "A"], [], ["nobody", "B"], ["c@example.com", "C", "more"])
    made.active["B6"], made.active["A6"] = "#N/A", "d@example.com"
    made.active["B6"].data_type = "e"
    made.save(environment / "people.xlsx")
    code, _, err = cli("import", "people.xlsx")
    assert (code, [line.partition(": ")[2][:48] for line in err.splitlines()]) == (
        2,
        [
            "people.xlsx:4: invalid email nobody: an email ad",
            "people.xlsx:5: 3 fields where the header has 2",
            "people.xlsx:6: the cell B6 holds the error #N/A",
            "3 bad records found; nothing was imported; to im",
        ],
    )
    assert cli("import", "people.xlsx", "--skip-bad", "--reject-file", "bad.csv")[0] == 7
    assert "d@example.com,#N/A," in (environment / "bad.csv").read_text()
    assert database.rows("SELECT email FROM users") == [("a@example.com",)]


def test_the_first_sheet_that_is_shown_or_a_named_one_is_read(cli: Cli, environment: Path) -> None:
    made = book(
        ["nothing"], title="Notes", People=[["email"], ["a@example.com"]], Staff=[["email"], ["b@example.com"]]
    )
    made["Notes"].sheet_state = "hidden"
    made.save(environment / "x.xlsx")
    assert cli("import", "x.xlsx")[0] == 0
    assert cli("import", "x.xlsx", "--sheet", "Staff")[0] == 0
    assert cli("list", "-q", "--fields", "email")[1].split() == ["a@example.com", "b@example.com"]
    wanted = "error: the workbook has no sheet staff (sheets: Notes, People, Staff)\n"
    assert cli("import", "x.xlsx", "--sheet", "staff") == (2, "", wanted)
    assert cli("import", "x.xlsx", "--encoding", "cp1252") == (2, "", "error: a workbook has no encoding to name\n")
    (environment / "x.csv").write_text("email\n")
    assert cli("import", "x.csv", "--sheet", "A") == (2, "", "error: only a workbook (.xlsx) has sheets\n")


def test_a_workbook_comes_through_a_pipe_and_is_resumed(
    run: Callable[..., CompletedProcess[str]], cli: Cli, environment: Path
) -> None:
    book(["email"], ["a@example.com"]).save(environment / "x.xlsx")
    content = (environment / "x.xlsx").read_bytes()
    done = run("import", "-", "--from", "xlsx", stdin=None, input=content, text=False)
    assert (done.returncode, cli("list", "-q", "--fields", "email")[1]) == (0, "a@example.com\n")
    assert cli("import", "x.xlsx", "--resume", "--on-conflict", "skip")[0] == 0
    assert "imported already" in cli("import", "x.xlsx", "--resume", "--on-conflict", "skip")[2]


def test_a_formula_is_its_stored_value(engine_name: str) -> None:
    file = data(book(["email", "full_name"], ["=A1", "x"]))
    with pytest.raises(
        InvalidInput, match=r"the formula in A2 has no stored value; open the workbook in a spreadsheet"
    ):
        records(file)

    def stored(sheet: str) -> str:
        assert '<c r="A2"><f>A1</f><v' in sheet
        head, _, rest = sheet.partition('<c r="A2">')
        return f'{head}<c r="A2" t="str"><f>A1</f><v>a@x.com</v>{rest[rest.index("</c>") :]}'

    assert records(changed(file, sheet1=stored)) == [(2, {"email": "a@x.com", "full_name": "x"})]
    empty = changed(file, sheet1=lambda sheet: stored(sheet).replace("a@x.com", ""))
    assert records(empty)[0][1] == {"email": "", "full_name": "x"}


def test_a_file_may_tell_a_wrong_size_and_have_no_styles(engine_name: str) -> None:
    file = data(book(["email", "full_name"], ["a@x.com", "A"]))
    small = changed(file, sheet1=lambda sheet: sheet.replace('ref="A1:B2"', 'ref="A1"'))
    assert records(small) == [(2, {"email": "a@x.com", "full_name": "A"})]


def padded(text: str) -> Callable[[str], str]:
    return lambda sheet: sheet.replace("<sheetData>", f"<sheetData>{text}")


def entity(sheet: str) -> str:
    declared = sheet.find("?>") + 2 if sheet.startswith("<?xml") else 0
    return f'{sheet[:declared]}<!DOCTYPE x [<!ENTITY a "b">]>{sheet[declared:]}'


GOOD = data(book(["email"], ["a@x.com"]))
HOSTILE: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the file is not an .xlsx workbook"),
    ("csv", b"email\na@x.com\n", "the file is not an .xlsx workbook"),
    ("old", OLD_OFFICE, "the workbook is protected by a password, or an .xls file; save it as .xlsx without one"),
    ("cut", GOOD[:-400], "the workbook is damaged: its ZIP archive cannot be read"),
    ("noise", GOOD[:600] + bytes(100) + GOOD[700:], "the workbook is damaged"),
    ("entity", changed(GOOD, sheet1=entity), "the workbook is damaged: a part has a document type"),
    ("entity in styles", changed(GOOD, styles=entity), "the workbook is damaged: a part has a document type"),
    ("row", changed(GOOD, sheet1=lambda sheet: sheet.replace('row r="2"', 'row r="99999999999"')),
     "the workbook is damaged: its rows are not numbered in order up to 1,048,576"),
    ("row twice", changed(GOOD, sheet1=lambda sheet: sheet.replace('row r="2"', 'row r="1"')),
     "the workbook is damaged: its rows are not numbered in order"),
    ("text", changed(GOOD, sheet1=padded("<x>" + "x" * (17 << 20) + "</x>")),
     "a row of the workbook is larger than 16 MB; save it as CSV"),
    ("nested", changed(GOOD, sheet1=padded("<x>" * (6 << 20) + "</x>" * (6 << 20))),
     "a row of the workbook is larger than 16 MB; save it as CSV"),
    ("broken", changed(GOOD, sheet1=lambda sheet: sheet.replace("</row>", "")),
     "the workbook is damaged, or not one"),
    ("no sheet", changed(GOOD, workbook=lambda text: text.replace("sheets>", "others>")),
     "the workbook has no sheet"),
    ("type", changed(GOOD, **{"[Content_Types]": lambda text: text.replace("worksheet+xml", "x+xml")}),
     "the workbook is damaged: a sheet is declared to be another part"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_a_damaged_or_hostile_file_is_refused(
    cli: Cli, environment: Path, name: str, content: bytes, message: str
) -> None:
    (environment / "x.xlsx").write_bytes(content)
    code, out, err = cli("import", "x.xlsx")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"error: {message}"), err


@pytest.mark.parametrize("limit", ["MAX_BYTES", "MAX_PART", "MAX_DIRECTORY"])
def test_a_file_that_unpacks_to_more_than_the_limits_is_refused(
    engine_name: str, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(workbook_archive, limit, 300)
    with pytest.raises(InvalidInput, match=r"larger than|too many parts"):
        records(GOOD)


@pytest.mark.slow
def test_a_bomb_takes_little_memory(
    run: Callable[..., CompletedProcess[str]], environment: Path, engine_name: str
) -> None:
    with zipfile.ZipFile(environment / "x.xlsx", "w", zipfile.ZIP_DEFLATED) as out:
        with zipfile.ZipFile(io.BytesIO(GOOD)) as good:
            for name in good.namelist():
                if "sheet1" not in name:
                    out.writestr(name, good.read(name))
        with out.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><x>'
            )
            for _ in range(2000):
                sheet.write(b"x" * (1 << 20))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = run("import", "x.xlsx")
    assert (done.returncode, "larger than 16 MB" in done.stderr) == (2, True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 300_000)  # KB


@pytest.mark.parametrize("name", ["x.xls", "x.ods", "x.numbers", "x.XLSB"])
def test_other_workbooks_say_what_to_save_them_as(cli: Cli, name: str) -> None:
    ending = name.rpartition(".")[2].lower()
    assert cli("import", name) == (2, "", f"error: {name}: .{ending} is not read; save it as CSV or .xlsx\n")


# -- export

NAMES = ["=1+1", "+49", "-x", "@SUM(A1)", "'quoted", "\t=1", "#N/A", "TRUE", "007", " blank ", "line\nbreak",
         "_x0041_", "Zoë 😀", "", "a\r\nb"]  # fmt: skip


def test_an_export_is_imported_as_it_was(cli: Cli, environment: Path, database: Database) -> None:
    lines = [
        {"email": f"u{number}@example.com", "full_name": name, "roles": ["a", "b"] if number % 2 else [],
         "is_active": number % 3 > 0, "attributes": {"team": name, "n": number} if number else {},
         "expires_at": "2999-01-01T08:00:00.123456Z" if number % 4 else None,
         "hashed_password": "$2b$12$9Q5n2Fmx3WxWHqDqQGzHwOQ1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe"}
        for number, name in enumerate(NAMES)
    ]  # fmt: skip
    (environment / "u.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert cli("import", "u.jsonl", "--create-roles")[0] == 0
    code, out, err = cli("export", "x.xlsx", "--with-hashes")
    assert (code, out, err.startswith(f"exported {len(NAMES)} users from ")) == (0, "", True)
    before = cli("export", "-o", "jsonl")[1]
    database.rows("DELETE FROM user_roles")
    database.rows("DELETE FROM users")
    code, _, err = cli("import", "x.xlsx", "--preserve")
    assert (code, err.splitlines()[0][:8]) == (0, "imported"), err
    assert cli("export", "-o", "jsonl")[1] == before


def test_no_text_becomes_a_formula_an_error_or_a_number(cli: Cli, environment: Path) -> None:
    lines = [json.dumps({"email": f"u{n}@example.com", "full_name": name}) for n, name in enumerate(NAMES[:9])]
    (environment / "u.jsonl").write_text("\n".join(lines))
    assert cli("import", "u.jsonl")[0] == 0
    assert cli("export", "x.xlsx", "--fields", "full_name,version,is_active,email")[0] == 0
    sheet = openpyxl.load_workbook(environment / "x.xlsx").active
    rows = [[(cell.data_type, cell.quotePrefix) for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert {row[0][0] for row in rows} == {"s"}
    assert {tuple(kind for kind, _ in row[1:]) for row in rows} == {("n", "b", "s")}
    assert [row[0][1] for row in rows] == [True] * 7 + [False] * 2
    assert [cell.value for cell in sheet[1]] == ["full_name", "version", "is_active", "email"]


def test_an_export_is_private_whole_and_replaces(cli: Cli, ada: UserView, environment: Path) -> None:
    (environment / "x.xlsx").write_text("old")
    (environment / "x.xlsx").chmod(0o644)
    assert cli("export", "x.xlsx", "--role", "nobody")[0] == 3
    assert (environment / "x.xlsx").read_text() == "old"
    assert cli("export", "x.xlsx")[0] == 0
    assert stat.S_IMODE((environment / "x.xlsx").stat().st_mode) == 0o600
    assert [path.name for path in environment.iterdir()] == ["x.xlsx"]


def test_a_workbook_goes_into_a_pipe_and_not_to_a_terminal(
    run: Callable[..., CompletedProcess[str]], ada: UserView, environment: Path
) -> None:
    done = run("export", "-o", "xlsx", text=False)
    assert [cell.value for cell in openpyxl.load_workbook(io.BytesIO(done.stdout)).active["B"]] == [
        "email",
        "ada@example.com",
    ]
    code, out, err = run_here("export", "-o", "xlsx", terminal=True)
    wanted = "error: a workbook is not for a terminal; name a file, as in usercli export users.xlsx\n"
    assert (code, out, err) == (2, "", wanted)
    code, _, err = run_here("list", "-o", "xlsx")
    assert code == 2
    assert err.startswith("error: no such output format: xlsx; only usercli export writes a workbook (")


def test_the_limits_of_excel_are_named(
    cli: Cli, environment: Path, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_CHARACTERS", 36)
    assert cli("update", "ada@example.com", "--name", "x" * 37)[0] == 0
    message = "full_name of user 1 has more than the 36 characters of a cell of Excel; export CSV instead"
    assert cli("export", "x.xlsx") == (2, "", f"error: {message}\n")
    monkeypatch.setattr(writer, "MAX_USERS", 0)
    message = "a sheet of Excel holds 1,048,576 rows, and these are more users; export CSV instead"
    assert cli("export", "x.xlsx") == (2, "", f"error: {message}\n")
    assert list(environment.iterdir()) == []


def test_without_the_library_the_extra_is_named(
    run: Callable[..., CompletedProcess[str]], tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (environment / "x.xlsx").write_bytes(GOOD)
    (tmp_path / "sitecustomize.py").write_text(HIDING.replace('"argon2"', '"openpyxl"'))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    message = "error: Excel workbooks need the extra usercli[excel]; install it, or use CSV"
    for arguments in (("import", "x.xlsx"), ("export", "y.xlsx"), ("export", "-o", "xlsx")):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"{message} (in Excel: Save as, CSV UTF-8)\n"
    assert not (environment / "y.xlsx").exists()
