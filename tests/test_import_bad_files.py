"""Files that cannot be what they say: the line, the reason, code 2 (7 for single records), and nothing written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.conftest import Cli, Database, run_here

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])

BIG = b"x" * 10_000_000
MANY = b"".join(b'{"email":"user%d@example.com"}\n' % n for n in range(8_000))
LATIN_1 = b"Z\xfcrich"
ARRAY = "the file is not a JSON array of users; objects line by line are read with --from jsonl"
NUL = "a NUL byte (a file in UTF-16 has them)"

#: What is refused as a whole: name, bytes, message.
REFUSED: list[tuple[str, bytes, str]] = [
    ("field.csv", b'email,full_name\na@b.com,"' + BIG + b'"\n', "{file}:2: longer than 1,048,576 bytes"),
    ("field.tsv", b"email\tfull_name\na@b.com\t" + BIG + b"\n", "{file}:2: longer than 1,048,576 bytes"),
    ("field.jsonl", b'{"email":"' + BIG + b'"}\n', "{file}:1: longer than 1,048,576 bytes"),
    *((f"utf16-unmarked.{name}", text.encode("utf-16-le"), "the file looks like UTF-16-LE without its mark")
      for name, text in (("csv", "email\na@b.com\n"), ("jsonl", '{"email":"a@b.com"}'), ("json", '[{"a":1}]'))),
    ("latin1.json", b'[{"email":"a@b.com","full_name":"' + LATIN_1 + b'"}]',
     "not valid JSON after record 0: a text is not valid UTF-8"),
    ("header.csv", b"email,full_n\xfcme\na@b.com,A\n",
     "{file}:1: not valid UTF-8 at byte 13; the file looks like windows-1252; add: --encoding windows-1252"),
    ("quote.csv", b'"email,full_name\na@b.com,A\n',
     "{file}:1: the header line cannot be read: a quote is not closed"),
    ("cr.csv", b"email,full_name\ra@b.com,A\r",
     "{file}:1: lines end with CR alone; convert them first: tr '\\r' '\\n'"),
    ("empty.csv", b"", "the file is empty: there is no header line"),
    ("mark.csv", b"\xef\xbb\xbf", "the file is empty: there is no header line"),
    ("blank.tsv", b"\n\n", "the file is empty: there is no header line"),
    ("empty.jsonl", b"", "the file is empty"),
    ("empty.json", b"", "the file is empty"),
    ("blank.json", b" \n", "the file is empty"),
    ("object.json", b'{"email":"a@b.com"}', ARRAY),
    ("users.json", b'{"item":{"email":"a@b.com"}}', ARRAY),
    ("scalar.json", b"3", ARRAY),
    ("two.json", b'[{"email":"a@b.com"}][]', "not valid JSON after record 1: trailing garbage"),
    ("open.json", b'[{"email":"a@b.com"},', "not valid JSON after record 1: it ends too early"),
    ("nul.json", b'[{"email":"a\0"}]', "not valid JSON after record 0: invalid character inside string"),
    ("cut.csv.gz", gzip.compress(b"email\n" + MANY, mtime=0)[:-40],
     "the gzip file is truncated or damaged at line "),
    ("cut.jsonl.gz", gzip.compress(MANY, mtime=0)[:-40], "the gzip file is truncated or damaged at line "),
    ("cut.json.gz", gzip.compress(b"[" + MANY[:-1].replace(b"\n", b",") + b"]", mtime=0)[:-40],
     "the file is truncated or damaged after record "),
    ("damaged.csv.gz", b"\x1f\x8bgarbage", "the gzip file is truncated or damaged at line 1"),
]  # fmt: skip


def users(database: Database) -> list[str]:
    return [row[0] for row in database.rows("SELECT email FROM users ORDER BY email")]  # type: ignore[misc]  # texts


@pytest.mark.parametrize(("name", "data", "message"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_file_is_refused_as_a_whole(
    cli: Cli, environment: Path, database: Database, name: str, data: bytes, message: str
) -> None:
    (environment / name).write_bytes(data)
    for more in ((), ("--skip-bad",)):
        code, out, err = cli("import", name, *more)
        assert (code, out, users(database)) == (2, "", [])
        assert err.startswith(f"error: {message.format(file=name)}"), err
        assert len(err.splitlines()) == 1
    assert database.rows("SELECT count(*) FROM audit_events") == [(0,)]


#: Files with one bad record, the second, besides good ones: name, bytes, what is said of it.
ONE_BAD: list[tuple[str, bytes, str]] = [
    ("field.json", b'[{"email":"a@b.com"},{"email":"b@b.com","full_name":"' + BIG + b'"}]',
     "2: full_name is longer than 255 characters (10000000)"),
    ("lines.csv", b'email,full_name\na@b.com,A\nb@b.com,"' + b"x\n" * 6 + b"c@b.com,C\n",
     "3: a quote is opened and not closed"),
    ("latin1.tsv", "email\tfull_name\na@b.com\tÄ\nb@b.com\t".encode() + LATIN_1 + b"\n",
     "3: not valid UTF-8 at byte 10 (Latin-1 has such bytes)"),
    ("latin1.jsonl", '{"email":"a@b.com","full_name":"Ä"}\n{"email":"'.encode() + LATIN_1 + b'"}\n',
     "2: not valid UTF-8 at byte 12 (Latin-1 has such bytes)"),
    ("nul.jsonl", b'{"email":"a@b.com"}\n{"email":"\0"}\n', f"2: {NUL}"),
    ("escaped.json", b'[{"email":"a@b.com"},{"email":"b@b.com","full_name":"\\u0000"}]',
     "2: full_name contains a NUL character"),
    ("scalar.jsonl", b'{"email":"a@b.com"}\n3\n', "2: not a JSON object"),
    ("scalar.json", b'[{"email":"a@b.com"},3]', "2: not a JSON object"),
    ("nan.jsonl", b'{"email":"a@b.com"}\n{"email":"b@b.com","attributes":{"n":NaN}}\n', "2: not valid JSON: "),
    ("field.jsonl", b'{"email":"a@b.com"}\n{"email":"b@b.com","mail":1}\n', "2: no such field: mail; "),
    ("quote.csv", b'email,full_name\na@b.com,A\nb@b.com,"B"b\n', "3: text follows a closing quote"),
    ("ragged.tsv", b"email\tfull_name\na@b.com\tA\nb@b.com\n", "3: 1 fields where the header has 2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "message"), ONE_BAD, ids=[name for name, _, _ in ONE_BAD])
def test_a_bad_record_is_named_and_the_others_are_imported_on_request(
    cli: Cli, environment: Path, database: Database, name: str, data: bytes, message: str
) -> None:
    (environment / name).write_bytes(data)
    code, out, err = cli("import", name)
    assert (code, out, users(database)) == (2, "", [])
    assert err.startswith(f"error: {name}:{message}"), err[:300]
    assert cli("import", name, "--skip-bad")[0] == 7
    assert "a@b.com" in users(database)
    assert "b@b.com" not in users(database)


@pytest.mark.parametrize("line", [500, pytest.param(500_000, marks=pytest.mark.slow)])
def test_invalid_json_is_named_by_its_line(cli: Cli, environment: Path, database: Database, line: int) -> None:
    with open(environment / "users.jsonl", "wb") as out:
        for number in range(1, line):
            out.write(b'{"email":"user%d@example.com"}\n' % number)
        out.write(b'{"email":"bad@example.com"\n{"email":"last@example.com"}\n')
    code, printed, err = cli("import", "users.jsonl")
    errors = [said for said in err.splitlines() if said.startswith("error: ")]  # besides progress
    assert (code, printed, users(database)) == (2, "", [])
    assert errors == [
        f"error: users.jsonl:{line}: not valid JSON: Expecting ',' delimiter",
        "error: 1 bad record found; nothing was imported; to import the others add --skip-bad --reject-file FILE",
    ]


@pytest.mark.parametrize("name", ["users.csv", "users.tsv", "users.jsonl", "users.json"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("zipped", [False, True], ids=["", "gz"])
def test_every_format_may_have_a_byte_order_mark_and_be_zipped(
    cli: Cli, environment: Path, database: Database, name: str, mark: bytes, zipped: bool
) -> None:
    data = {
        "users.csv": b"email\na@b.com\n",
        "users.tsv": b"email\na@b.com\n",
        "users.jsonl": b'{"email":"a@b.com"}\n',
        "users.json": b' \n[{"email":"a@b.com"}]',
    }[name]
    name += ".gz" if zipped else ""
    (environment / name).write_bytes(gzip.compress(mark + data) if zipped else mark + data)
    assert cli("import", name)[0] == 0
    assert users(database) == ["a@b.com"]


def test_the_delimiter_that_is_named_decides(cli: Cli, environment: Path, database: Database) -> None:
    (environment / "users.csv").write_text("email:full_name\na@b.com:A, B; C\n")
    assert cli("import", "users.csv")[0] == 2
    assert cli("import", "users.csv", "--delimiter", ":")[0] == 0
    assert database.rows("SELECT full_name FROM users") == [("A, B; C",)]


@pytest.mark.parametrize("name", ["no.csv", "folder.csv"])
def test_what_is_no_file_is_refused(environment: Path, database: Database, name: str) -> None:
    (environment / "folder.csv").mkdir()
    code, out, err = run_here("import", name)
    assert (code, out, err.startswith(f"error: cannot read {name}: ")) == (2, "", True)
