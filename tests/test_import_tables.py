"""Tables as people and spreadsheets write them: no cell is lost or misread, and what is bad has its line."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.csv_quotes import STRAY_QUOTE, has_stray_quote
from usercli.readers.csv_tsv import read, read_tsv

UNKNOWN = ReadOptions(unknown_to_attributes=True)


def table(text: str, options: ReadOptions = UNKNOWN) -> list[tuple[int, dict[str, Any] | str]]:
    """Each record: its line, and its fields or the reason why it is bad."""
    found = read(io.BytesIO(text.encode()), options)
    return [(each.line, each.reason if isinstance(each, BadRecord) else each.fields) for each in found]


ONE_FIELD_TWICE = [
    ("email,team,team\na@x.com,red,blue\n", {}, "line 1: the column team appears twice"),
    ("email,attributes.t,attributes.t\n", {}, "line 1: the column attributes.t appears twice"),
    ("email,team,attributes.team\n", {}, "line 1: the columns team and attributes.team both give attributes.team"),
    (
        "email,attributes.team,attributes\n",
        {},
        "line 1: the columns attributes and attributes.team both give attributes",
    ),
    (
        "email,attributes,attributes.team\n",
        {},
        "line 1: the columns attributes and attributes.team both give attributes",
    ),
    ("email,attributes,team\n", {}, "line 1: the columns attributes and team both give attributes"),
    ("email,mail\n", {"mail": "email"}, "line 1: the columns email and mail both give email"),
    (
        "email,First,Last\n",
        {"First": "full_name", "Last": "full_name"},
        "line 1: the columns First and Last both give full_name",
    ),
    ("\n \nemail,team,team\n", {}, "line 3: the column team appears twice"),
    ("sep=,\nemail,team,team\n", {}, "line 2: the column team appears twice"),
]


@pytest.mark.parametrize(("text", "mapping", "message"), ONE_FIELD_TWICE)
def test_two_columns_that_give_one_field_are_refused(text: str, mapping: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        table(text, ReadOptions(unknown_to_attributes=True, mapping=mapping))
    assert raised.value.message == message


STRAY = [
    'ann@x.com, "Doe, Ann"',
    'ann@x.com,Ann "the" Doe',
    'ann@x.com,5"',
    'ann@x.com,\t"Doe"',
    'ann@x.com,x"Doe, Ann"',
    ' "ann@x.com",Ann',
]


@pytest.mark.parametrize("row", STRAY)
@pytest.mark.parametrize("around", [0, 20_000], ids=["small", "blocks"])
def test_a_quote_that_does_not_open_a_cell_is_named(row: str, around: int) -> None:
    others = [f'u{number}@x.com,"User, ""{number}"""' for number in range(around)]
    text = "\n".join(["email,full_name", *others, row, *others, ""])
    found = table(text)
    bad = [(line, reason) for line, reason in found if isinstance(reason, str)]
    assert bad == [(around + 2, STRAY_QUOTE)]
    assert len(found) == 2 * around + 1


def test_a_row_with_a_stray_quote_comes_back_from_the_reject_file(
    cli: Cli, environment: Path, database: Database
) -> None:
    (environment / "u.csv").write_text('email,full_name,attributes.a\nann@example.com, "Doe, Ann"\n')
    assert cli("import", "u.csv", "--skip-bad", "--reject-file", "bad.csv")[0] == 7
    assert '"ann@example.com, ""Doe, Ann"""' in (environment / "bad.csv").read_text()
    assert cli("import", "bad.csv")[0] == 2
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize(
    "text",
    ['a,"b"\n', '"a""b","c\nd"\r\n', '"",""\n', '"a"', "", "\n\n", '"a\n', '"a","b""', '"a"\n"b"\n', 'x,""""\n'],
)
def test_a_quoted_cell_has_no_stray_quote(text: str) -> None:
    assert not has_stray_quote(text, ",")


CELLS = st.text(st.sampled_from('a "\n\r,;é\t='), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_what_csv_writes_is_read_as_it_was(rows: list[tuple[str, str]], delimiter: str, end: str) -> None:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if end == "\n" else csv.QUOTE_MINIMAL  # else csv leaves a lone CR bare
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([("email", "x"), *(("u@x.com", cell + other) for cell, other in rows)])
    found = table(out.getvalue(), ReadOptions(unknown_to_attributes=True, delimiter=delimiter))
    expected = [{"attributes": {"x": cell + other}} if cell + other else {} for cell, other in rows]
    assert [fields for _, fields in found] == [{"email": "u@x.com", **more} for more in expected]


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from('ab "\n,='), max_size=60))
def test_any_table_is_read_or_named(text: str) -> None:
    found = list(read(io.BytesIO(f"email,full_name\n{text}".encode()), ReadOptions()))
    quotes = sum(str(record.fields).count('"') for record in found if isinstance(record, Record))
    assert quotes <= text.count('""')  # a quote of a good cell was doubled


@pytest.mark.parametrize(
    "text",
    [
        '"email";"Known as (Last, First, Middle)"\nann@x.com;Ann\n',
        '"email","a;b;c|d"\nann@x.com,Ann\n',
        '"Name, full";email\nAnn;ann@x.com\n',
        '"Name ""a,b,c"", full"|email\nAnn|ann@x.com\n',
        'Staff list\n"Name, full, as known";E-Mail\nAnn;ann@x.com\n',
    ],
)
def test_a_delimiter_within_a_quoted_name_is_none(text: str) -> None:
    ((_, fields),) = table(text)
    assert isinstance(fields, dict)
    assert (fields["email"], list(fields["attributes"].values())) == ("ann@x.com", ["Ann"])


GUARDED = ["'=cmd|x", "''Tis", "'Tis"]


@pytest.mark.parametrize(
    ("header", "mapping", "is_ours"),
    [
        ("email,full_name", {}, True),
        ("email,full_name,attributes.dept", {}, True),
        ("email,full_name,dept", {}, True),
        ("email,full_name,Kostenstelle", {"Kostenstelle": "attributes.cost"}, True),
        ("E-Mail,full_name,is_active", {}, True),
        ("E-Mail,Name", {}, False),
        ("email,Who,attributes.dept", {"Who": "full_name"}, False),
        # texts stand in a reject file as they are
        ("email,full_name,reject_line,reject_reason", {}, False),
    ],
)
def test_the_guard_of_formulas_is_taken_from_columns_with_our_names(
    header: str, mapping: dict[str, str], is_ours: bool
) -> None:
    rest = "," * (header.count(",") - 1)
    text = f"{header}\n" + "".join(f"u@example.com,{cell}{rest}\n" for cell in GUARDED)
    found = table(text, replace(UNKNOWN, mapping=mapping))
    names = [fields["full_name"] for _, fields in found if isinstance(fields, dict)]
    assert names == (["=cmd|x", "'Tis", "'Tis"] if is_ours else GUARDED)


def test_an_attribute_keeps_its_apostrophe() -> None:
    found = table("email,full_name,attributes.dept,team\na@example.com,'=x,'=y,''z\n")
    assert found == [
        (2, {"email": "a@example.com", "full_name": "=x", "attributes": {"dept": "'=y", "team": "''z"}})
    ]


def test_a_rejected_name_with_an_apostrophe_comes_back(cli: Cli, environment: Path) -> None:
    (environment / "t.csv").write_text("email,full_name\na@example,'''Tis\n")
    assert cli("import", "t.csv", "--skip-bad", "--reject-file", "bad.csv")[0] == 7
    mended = (environment / "bad.csv").read_text().replace("a@example,", "a@example.com,")
    (environment / "mended.csv").write_text(mended)
    assert cli("import", "mended.csv")[0] == 0
    assert cli("list", "-q", "--fields", "full_name")[1] == "''Tis\n"


SURPLUS = [
    ("csv", "g@example.com,Doe, Jane", "g@example.com,Doe, Jane"),
    ("csv", 'g@example.com,"Doe, Jane",x', 'g@example.com,"Doe, Jane",x'),
    ("csv", "g@example.com,Doe,", "g@example.com,Doe,"),
    ("tsv", "g@example.com\tDoe\tJane", "g@example.com\tDoe\tJane"),
]


@pytest.mark.parametrize(("form", "row", "kept"), SURPLUS)
def test_surplus_cells_stay_in_the_reject_file_until_it_is_mended(
    cli: Cli, environment: Path, database: Database, form: str, row: str, kept: str
) -> None:
    mark = "," if form == "csv" else "\t"
    (environment / f"g.{form}").write_text(f"email{mark}full_name\n{row}\n")
    assert cli("import", f"g.{form}", "--skip-bad", "--reject-file", "bad.csv")[0] == 7
    with open(environment / "bad.csv", newline="") as source:
        [rejected] = csv.DictReader(source)
    assert (rejected["email"], rejected["reject_reason"]) == (kept, "3 fields where the header has 2")
    code, _, err = cli("import", "bad.csv")
    assert (code, err.startswith("error: bad.csv:2: ")) == (2, True)
    assert cli("import", "bad.csv", "--skip-bad", "--reject-file", "again.csv")[0] == 7
    assert database.rows("SELECT count(*) FROM users") == [(0,)]
    with open(environment / "mended.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, rejected)
        writer.writeheader()
        writer.writerow({**rejected, "email": "g@example.com", "full_name": "Doe, Jane"})
    assert cli("import", "mended.csv")[0] == 0


ANN = {"email": "ann@example.com", "full_name": "Ann"}


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nemail;full_name\nann@example.com;Ann\n",
        "\ufeffsep=;\r\nemail;full_name\r\nann@example.com;Ann\r\n",
        'SEP=\t\nemail\tfull_name\nann@example.com\tAnn\n',
        '"sep=,"\nemail,full_name\nann@example.com,Ann\n',
        "sep=|\nemail|full_name\nann@example.com|Ann\n",
        "#TYPE Selected.Some.Type\nemail,full_name\nann@example.com,Ann\n",
        '#TYPE System.Object\r\n"email","full_name"\r\n"ann@example.com","Ann"\r\n',
        "version:v1.0,,,\nemail,full_name\nann@example.com,Ann\n",
        "version:v1.0\nemail,full_name\nann@example.com,Ann\n",
        "\n \nemail,full_name\nann@example.com,Ann\n",
        "email,full_name\nann@example.com,Ann\n,\n,\n",
        "email,full_name\n,\n  \n , \n,,,,\nann@example.com,Ann\n",
        "email,full_name,,\nann@example.com,Ann,,\n",
        "email,full_name,,\nann@example.com,Ann\n,,,\n",
        "email,full_name, ,\nann@example.com,Ann, ,\n",
    ],
)  # fmt: skip
def test_what_spreadsheets_add_is_passed_over(text: str) -> None:
    assert [fields for _, fields in table(text, ReadOptions())] == [ANN]


def test_blank_rows_of_tsv_are_passed_over() -> None:
    found = read_tsv(io.BytesIO(b"\nemail\tfull_name\n\t\n  \nann@example.com\tAnn\n"), ReadOptions())
    assert [(record.line, record.fields) for record in found] == [(5, ANN)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("email,\na@example.com,b\n", "line 1: a column has no name"),
        ("email,full_name,,\na@example.com,A,,x\n", "line 1: a column has no name"),
        ("email,,full_name\na@example.com,x,A\n", "line 1: a column has no name"),
        ("\n\n\nemial\n", "line 4: no such field: emial; "),
        ("sep=;\nemial\n", "line 2: no such field: emial; "),
        ("\nfull_name\n", "line 2: there is no column email"),
        ('\n"email\n', "line 2: the header line cannot be read: a quote is not closed"),
        ("sep=;\n", "the file is empty: there is no header line"),
    ],
)
def test_a_header_is_refused_by_its_own_line(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        table(text, ReadOptions())
    assert raised.value.message.startswith(message)


def test_an_archive_is_no_table(cli: Cli, environment: Path) -> None:
    for name in ("u.csv", "u.jsonl", "u.json"):
        (environment / name).write_bytes(b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml\n\0")
        code, _, err = cli("import", name)
        message = "error: the file is a ZIP archive, as an .xlsx file is; a workbook is read with --from xlsx\n"
        assert (code, err) == (2, message)


def seconds(columns: int) -> float:
    names = ",".join(f"c{number}" for number in range(columns))
    data = f"email,{names}\na@example.com{',x' * columns}\n".encode()
    begin = time.process_time()
    [found] = read(io.BytesIO(data), UNKNOWN)
    assert isinstance(found, Record)
    assert len(found.fields["attributes"]) == columns
    return time.process_time() - begin


def test_a_hundred_thousand_columns_take_linear_time() -> None:
    assert min(seconds(100_000) for _ in range(2)) < 2  # a list that is searched for each took minutes


def test_a_table_of_stray_quotes_takes_linear_time() -> None:
    data = ("email,full_name\n" + 'a@x.com,x"y "z"\n' * 100_000).encode()
    begin = time.process_time()
    assert sum(isinstance(found, BadRecord) for found in read(io.BytesIO(data), UNKNOWN)) == 100_000
    assert time.process_time() - begin < 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('email,full_name\na@example.com, "Doe, Ann"\n', "d.csv:2: a quote is inside a cell"),
        ('email,full_name\na@example.com,"x"\nb@example.com,5"\n', "d.csv:3: a quote is inside a cell"),
        ("email,full_name\na@example.com,Doe, Ann\n", "d.csv:2: 3 fields where the header has 2"),
    ],
)
def test_a_table_of_desired_users_is_as_strict(cli: Cli, environment: Path, text: str, message: str) -> None:
    (environment / "d.csv").write_text(text)
    code, _, err = cli("plan", "d.csv", "--name", "d")
    assert (code, err.startswith(f"error: {message}")) == (2, True), err


def test_a_table_of_desired_users_may_have_blank_rows_and_lines_of_a_spreadsheet(
    cli: Cli, environment: Path
) -> None:
    (environment / "d.csv").write_text("\nsep=;\nemail;full_name\na@example.com;A\u2028B\n;\n  \n")
    code, out, _ = cli("plan", "d.csv", "--name", "d", "-o", "json")
    assert (code, "A\\u2028B" in out) == (0, True)
