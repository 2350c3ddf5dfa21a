"""Files in other encodings than UTF-8: read by their mark or by name, else refused in one message."""

from __future__ import annotations

import codecs
import gzip
import io
import json
from pathlib import Path

import pytest

from tests.conftest import Cli, Database, run_here
from usercli.errors import InvalidInput, WrongEncoding
from usercli.readers import ReadOptions, Record
from usercli.readers.csv_tsv import read
from usercli.readers.text_encodings import as_utf8, canonical_name, likely_encoding
from usercli.readers.text_source import MAX_LINE_BYTES, BadLine, TextSource, numbered_lines

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])

MARKS = {
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
FILES = {
    "u.csv": "sep=;\r\n\r\nemail;full_name\r\n;\r\nz@example.com;Zoë 😀\r\n",
    "t.csv": '#TYPE System.Object\n"email","full_name"\n"z@example.com","Zoë 😀"\n',
    "v.csv": "version:v1.0,,\nemail,full_name,\nz@example.com,Zoë 😀,\n",
    "u.tsv": "email\tfull_name\nz@example.com\tZoë 😀\n",
    "u.jsonl": '{"email":"z@example.com","full_name":"Zoë 😀"}\n',
    "u.json": '[{"email":"z@example.com","full_name":"Zoë 😀"}]',
}


def names(database: Database) -> list[str]:
    return [str(row[0]) for row in database.rows("SELECT full_name FROM users ORDER BY email")]


@pytest.mark.parametrize("encoding", MARKS)
def test_a_marked_file_of_every_format_is_read(
    cli: Cli, environment: Path, database: Database, encoding: str
) -> None:
    for number, (name, text) in enumerate(FILES.items()):
        data = MARKS[encoding] + text.replace("z@", f"z{number}@").encode(encoding)
        is_zipped = number % 2 == 1
        file = f"{name}.gz" if is_zipped else name
        (environment / file).write_bytes(gzip.compress(data) if is_zipped else data)
        assert cli("import", file)[0] == 0, name
    assert names(database) == ["Zoë 😀"] * len(FILES)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("windows-1252", "Zoë \u201c€\u201d"), ("cp1251", "Жанна"), ("shift_jis", "山田 太郎"),
     ("gb18030", "王伟"), ("mac-roman", "Zoë"), ("utf-16-le", "Zoë"), ("cp037", "Zoe"), ("iso2022_jp", "山田")],
)  # fmt: skip
def test_an_encoding_is_named(cli: Cli, environment: Path, database: Database, encoding: str, name: str) -> None:
    (environment / "u.csv").write_bytes(f"email,full_name\nz@example.com,{name}\n".encode(encoding))
    assert cli("import", "u.csv", "--encoding", encoding)[0] == 0
    assert names(database) == [name]


@pytest.mark.parametrize(
    "name", ["klingon", "rot13", "base64", "idna", "unicode_escape", "undefined", "", "a\0b", "ü"]
)
def test_what_is_no_encoding_of_text_is_refused(engine_name: str, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"no such encoding of text: .*windows-1252"):
        canonical_name(name)


def test_an_unknown_encoding_is_refused_before_anything_is_read(cli: Cli) -> None:
    code, out, err = cli("import", "missing.csv", "--encoding", "klingon")
    assert (code, out) == (2, "")
    assert err.startswith("error: no such encoding of text: klingon (known are windows-1252, ")


LATIN_1 = "email,full_name\na@example.com,Zoë\nb@example.com,Müller\nc@example.com,O\x92Brien\n".encode("latin-1")
CYRILLIC = "email,full_name\na@example.com,Жанна\n".encode("cp1251")
UNMARKED = "email,full_name\na@example.com,Zoë\n"
OTHERS: list[tuple[bytes, str, str]] = [
    (LATIN_1, "u.csv:2: not valid UTF-8 at byte 17; the file looks like windows-1252", "windows-1252"),
    (CYRILLIC, "u.csv:2: not valid UTF-8 at byte 15; the file has another encoding", ""),
    ("email,full_näme\n".encode("latin-1"),
     "u.csv:1: not valid UTF-8 at byte 13; the file looks like windows-1252", "windows-1252"),
    *((UNMARKED.encode(name), f"the file looks like {name.upper()} without its mark", name)
      for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message", "likely"), OTHERS)
def test_another_encoding_is_told_once_with_the_option(
    cli: Cli, environment: Path, data: bytes, message: str, likely: str
) -> None:
    (environment / "u.csv").write_bytes(data)
    option = f"add: --encoding {likely}" if likely else "name it, as in: --encoding windows-1251"
    assert cli("import", "u.csv") == (2, "", f"error: {message}; {option}\n")
    if likely and b"n\xe4me" not in data:
        assert cli("import", "u.csv", "--encoding", likely, "--dry-run")[0] == 0


def test_a_json_array_in_another_encoding_names_the_option(cli: Cli, environment: Path) -> None:
    (environment / "u.json").write_bytes('[{"email":"a@example.com","full_name":"Zoë"}]'.encode("latin-1"))
    code, _, err = cli("import", "u.json")
    assert (code, err.endswith("a text is not valid UTF-8; add: --encoding windows-1252\n")) == (2, True)
    assert cli("import", "u.json", "--encoding", "windows-1252")[0] == 0


def test_lines_are_rejected_one_by_one_with_skip_bad(cli: Cli, environment: Path, database: Database) -> None:
    (environment / "u.csv").write_bytes(LATIN_1 + b"d@example.com,Dora\n")
    code, _, err = cli("import", "u.csv", "--skip-bad", "--reject-file", "bad.csv")
    assert (code, names(database)) == (7, ["Dora"]), err
    assert (environment / "bad.csv").read_text().count("not valid UTF-8 at byte ") == 3


def test_a_damaged_line_of_utf_8_is_a_bad_record(cli: Cli, environment: Path) -> None:
    (environment / "u.csv").write_bytes("email,full_name\na@example.com,Zoë\n".encode() + b"b@example.com,Z\xeb\n")
    code, _, err = cli("import", "u.csv")
    assert (code, err.splitlines()) == (
        2,
        [
            "error: u.csv:3: not valid UTF-8 at byte 16 (Latin-1 has such bytes)",
            "error: 1 bad record found; nothing was imported"
            "; to import the others add --skip-bad --reject-file FILE",
        ],
    )


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (b"\xff\xfee\0m\0", "windows-1252", "the file begins with the mark of UTF-16-LE and is not cp1252"),
        (b"\xff\xfee\0m\0", "utf-16-be", "the file begins with the mark of UTF-16-LE and is not utf-16-be"),
        (b"e\0m\0", "utf-16", "the file has no byte order mark; name the encoding utf-16-le or utf-16-be"),
        (b"email,full_name\na@b.com,\x81\n", "windows-1252",
         "u.csv:2: bytes without a meaning in CP1252; name it, as in: --encoding windows-1251"),
        (b"PK\x03\x04", "utf-8",
         "the file is a ZIP archive, as an .xlsx file is; a workbook is read with --from xlsx"),
        (b"\xd0\xcf\x11\xe0", None,
         "the file is an .xls workbook, or one with a password; save it as CSV or .xlsx"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", None,
         "the file is an OpenDocument one; save it as CSV or .xlsx"),
    ],
)  # fmt: skip
def test_what_contradicts_is_refused(
    cli: Cli, environment: Path, data: bytes, encoding: str | None, message: str
) -> None:
    (environment / "u.csv").write_bytes(data)
    assert cli("import", "u.csv", *(("--encoding", encoding) if encoding else ())) == (2, "", f"error: {message}\n")


def test_a_name_may_repeat_the_mark(cli: Cli, environment: Path) -> None:
    (environment / "u.csv").write_bytes("email\na@example.com\n".encode("utf-16"))
    for encoding in ("utf-16", "UTF_16_LE"):
        assert cli("import", "u.csv", "--encoding", encoding, "--dry-run")[0] == 0


def test_lines_keep_their_numbers_and_their_limit(engine_name: str) -> None:
    text = "email\n" + "a@example.com\n" * 60_000 + "no\n"
    source = TextSource(io.BytesIO(text.encode("utf-16")))
    assert list(numbered_lines(source))[-1] == (60_002, "no\n")
    long = "email\n" + "é" * MAX_LINE_BYTES
    with pytest.raises(InvalidInput, match="line 2: longer than 1,048,576 bytes"):
        list(numbered_lines(TextSource(io.BytesIO(long.encode("utf-16")))))


def test_what_cannot_be_decoded_is_named_by_its_line(engine_name: str) -> None:
    half = "email\nÄ\n".encode("utf-16") + b"\x00\xdc\x0a\x00" + "z\n".encode("utf-16-le") + b"x"
    found = list(numbered_lines(TextSource(io.BytesIO(half))))
    assert [number for number, line in found if isinstance(line, BadLine)] == [3, 5]
    assert b"".join(as_utf8([b"\xd2\xaa"], "cp1253")) != "Ҫ".encode()  # two bytes that mean nothing make no letter


def test_standard_input_may_come_byte_by_byte(engine_name: str) -> None:
    class Pipe(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            return self.read(1 if size else 0)

    source = TextSource(Pipe("email\nz@example.com\n".encode("utf-16")))
    assert [record.fields for record in read(source, ReadOptions()) if isinstance(record, Record)] == [
        {"email": "z@example.com"}
    ]


def test_an_import_is_resumed_in_the_same_encoding_only(cli: Cli, environment: Path, database: Database) -> None:
    text = "email,full_name\n" + "".join(f"u{n}@example.com,Zoë\n" for n in range(6000)) + "u1@example.com,Zoë\n"
    (environment / "u.csv").write_bytes(text.encode("windows-1252"))
    assert cli("import", "u.csv", "--resume", "--encoding", "windows-1252")[0] == 2
    assert database.rows("SELECT count(*) FROM users") == [(5000,)]
    code, _, err = cli("import", "u.csv", "--resume", "--encoding", "latin-1")
    assert (code, "with another value of encoding" in err) == (4, True)
    code, _, err = cli("import", "u.csv", "--resume", "--encoding", "cp1252")  # another name of the same
    assert (code, err.splitlines()[0]) == (2, "resuming after record 5,000")


@pytest.mark.parametrize(
    ("sample", "likely"),
    [
        ("Müller, Zoë, Ñandú".encode("latin-1"), "windows-1252"),
        ("O\u2019Brien".encode("cp1252"), "windows-1252"),
        ("a@b.com\xa0".encode("latin-1"), "windows-1252"),
        ("Müller".encode("cp850"), None),
        ("Müller".encode("mac-roman"), None),
        ("Ελένη".encode("cp1253"), None),
        ("山田".encode("shift_jis"), None),
    ],
)
def test_only_western_text_is_guessed(engine_name: str, sample: bytes, likely: str | None) -> None:
    assert likely_encoding(sample) == likely


def test_blanks_around_an_address_are_trimmed_and_counted(cli: Cli, environment: Path, database: Database) -> None:
    lines = [
        "email,full_name",
        " a@example.com, A ",
        "b@example.com\u00a0,B",
        "\u3000c@example.com,C",
        "d@example.com,D",
    ]
    (environment / "u.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, _, err = cli("import", "u.csv")
    assert (code, err.splitlines()[0]) == (0, "trimmed blanks around 3 addresses")
    assert database.rows("SELECT email, full_name FROM users ORDER BY email") == [
        ("a@example.com", " A "),
        ("b@example.com", "B"),
        ("c@example.com", "C"),
        ("d@example.com", "D"),
    ]
    (environment / "u.jsonl").write_text(json.dumps({"email": "e@example.com "}) + "\n")
    assert cli("import", "u.jsonl")[2].splitlines()[0] == "trimmed blanks around 1 address"
    (environment / "x.csv").write_text("email\nf@exam ple.com\n\u200bg@example.com\n")
    assert cli("import", "x.csv")[0] == 2


def test_a_plan_of_desired_users_may_be_marked(environment: Path, database: Database) -> None:
    (environment / "d.csv").write_bytes("email,full_name\nz@example.com,Zoë\n".encode("utf-16"))
    code, out, _ = run_here("plan", "d.csv", "--name", "d", "-o", "json")
    assert (code, "Zo\u00eb" in out) == (0, True)


def test_a_guess_is_an_error_of_its_own(engine_name: str) -> None:
    with pytest.raises(WrongEncoding) as raised:
        list(numbered_lines(TextSource(io.BytesIO(LATIN_1), is_strict=True)))
    assert raised.value.likely == "windows-1252"
