"""JSON that would lose a value, or fill the memory, is refused; what stands in it comes in whole."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.json_records import read, read_lines
from usercli.validation import read_json


def shown(cli: Cli, email: str) -> Any:
    return json.loads(cli("show", email, "-o", "json")[1])


TWICE = [
    ('{"email":"d@example.com","is_active":false,"is_active":true}', "the key is_active appears twice"),
    ('{"email":"d@example.com","is_active" :false,"is_active"\t: true}', "the key is_active appears twice"),
    ('{"email":"d@example.com","attributes":{"a":1,"a":2}}', "the key a appears twice"),
    ('{"email":"d@example.com","attributes":{"a":[{"b":1,"b":1}]}}', "the key b appears twice"),
    ('{"email":"d@example.com","attributes":{"a":{"x":1},"a":{"y":1,"z":2}}}', "the key a appears twice"),
    ('{"email":"d@example.com","\\u0065mail":"e@example.com"}', "the key email appears twice"),
]


@pytest.mark.parametrize("form", ["jsonl", "json"])
@pytest.mark.parametrize(("record", "reason"), TWICE)
@pytest.mark.each_once
def test_a_key_that_stands_twice_is_a_bad_record(
    cli: Cli, environment: Path, database: Database, form: str, record: str, reason: str
) -> None:
    good = '{"email":"ok@example.com"}'
    text = f"{good}\n{record}\n" if form == "jsonl" else f"[{good},\n{record}]"
    (environment / f"u.{form}").write_text(text)
    code, _, err = cli("import", f"u.{form}")
    assert (code, err.splitlines()[0]) == (2, f"error: u.{form}:2: {reason}")
    assert cli("import", f"u.{form}", "--skip-bad", "--reject-file", "bad.csv")[0] == 7
    assert database.rows("SELECT email FROM users") == [("ok@example.com",)]
    assert record.replace('"', '""') in (environment / "bad.csv").read_text()
    assert cli("import", "bad.csv")[0] == 2  # until somebody mended it


def test_two_keys_of_attributes_in_a_cell_are_refused(cli: Cli, environment: Path) -> None:
    (environment / "u.csv").write_text('email,attributes\na@example.com,"{""x"":1,""x"":2}"\n')
    code, _, err = cli("import", "u.csv")
    reason = "attributes is not a JSON object: the key x appears twice"
    assert (code, err.splitlines()[0]) == (2, f"error: u.csv:2: {reason}")


def test_two_keys_of_an_attribute_of_the_command_line_are_refused(cli: Cli) -> None:
    code, _, err = cli("create", "a@example.com", "--no-password", "--attribute-json", 'k={"x":1,"x":2}')
    assert (code, err.endswith("the key x appears twice\n")) == (2, True)


def test_a_desired_table_refuses_two_keys_of_attributes(cli: Cli, environment: Path) -> None:
    (environment / "d.csv").write_text('email,attributes\na@example.com,"{""x"":1,""x"":2}"\n')
    code, _, err = cli("plan", "d.csv", "--name", "d")
    assert (code, "d.csv:2: attributes is not a JSON object: the key x appears twice" in err) == (2, True)


def record(text: str, **options: Any) -> Record | BadRecord:
    [found] = read_lines(io.BytesIO(text.encode()), ReadOptions(**options))
    return found


def test_unknown_keys_join_the_attributes_wherever_these_stand() -> None:
    for text in (
        '{"email":"b@example.com","team":"red","attributes":{"x":1}}',
        '{"email":"b@example.com","attributes":{"x":1},"team":"red"}',
        '{"email":"b@example.com","attributes":"{\\"x\\":1}","team":"red"}',
    ):
        found = record(text, unknown_to_attributes=True)
        assert found.fields == {"email": "b@example.com", "attributes": {"x": 1, "team": "red"}}


@pytest.mark.parametrize(
    ("text", "mapping", "reason"),
    [
        ('{"email":"b@x.com","team":1,"attributes":{"team":2}}', {}, "two keys give the attribute team"),
        ('{"email":"b@x.com","mail":"c@x.com"}', {"mail": "email"}, "two keys give email; mail is one of them"),
        (
            '{"mail":"b@x.com","m":"c@x.com"}',
            {"mail": "email", "m": "email"},
            "two keys give email; m is one of them",
        ),
        (
            '{"email":"b@x.com","a":1,"b":1}',
            {"a": "attributes.t", "b": "attributes.t"},
            "two keys give the attribute t",
        ),
    ],
)
def test_two_keys_that_give_one_field_are_refused(text: str, mapping: dict[str, str], reason: str) -> None:
    found = record(text, mapping=mapping, unknown_to_attributes=True)
    assert isinstance(found, BadRecord)
    assert found.reason == reason


@pytest.mark.parametrize("form", ["jsonl", "json"])
@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 5000, "NaN", "-Infinity"])
@pytest.mark.each_once
def test_a_number_that_no_database_holds_is_refused(
    cli: Cli, environment: Path, database: Database, form: str, number: str
) -> None:
    text = '{"email":"a@example.com","attributes":{"n":NUMBER}}'.replace("NUMBER", number)
    (environment / f"u.{form}").write_text(text if form == "jsonl" else f"[{text}]")
    code, _, err = cli("import", f"u.{form}")
    assert (code, "unexpected" in err) == (2, False)
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize(
    "version", ["9" * 5000, "1e400", "true", '"' + "9" * 5000 + '"', "-1", "2147483648", "1.0"]
)
def test_a_version_that_no_database_holds_is_refused(cli: Cli, environment: Path, version: str) -> None:
    (environment / "u.jsonl").write_text('{"email":"a@example.com","version":VERSION}'.replace("VERSION", version))
    code, _, err = cli("import", "u.jsonl", "--preserve")
    assert (code, err.startswith("error: u.jsonl:1: ")) == (2, True)


def large(kind: str) -> bytes:
    inside = {
        "text": b'"' + b"x" * 30_000_000 + b'"',
        "numbers": b"[" + b"1," * 10_000_000 + b"1]",
        "lists": b"[" + b"[]," * 7_000_000 + b"1]",
        "objects": b"[" + b"{}," * 7_000_000 + b"1]",
        "keys": b"{" + b",".join(b'"%d":1' % number for number in range(2_000_000)) + b"}",
    }[kind]
    return b'[{"email":"a@example.com"},{"email":"b@example.com","attributes":{"k":' + inside + b"}}]"


READ = """
import sys
from usercli.errors import InvalidInput
from usercli.readers import ReadOptions
from usercli.readers.json_records import read
try:
    print(sum(1 for _ in read(sys.stdin.buffer, ReadOptions())))
except InvalidInput as error:
    print(error.message)
"""


@pytest.mark.parametrize(
    "kind",
    ["text", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("numbers", "lists", "keys")), "objects"],
)
def test_a_record_of_an_array_is_bounded_in_bytes_and_in_memory(kind: str) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))

    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=large(kind),
        capture_output=True,
        timeout=60,
        check=False,
        preexec_fn=limit,
    )
    message = b"not valid JSON after record 1: a record is larger than 16 MB\n"
    assert (done.stdout, done.stderr) == (message, b"")


def test_a_record_just_below_the_bound_is_read_whole() -> None:
    text = "x" * ((16 << 20) - 100)
    [found, last] = read(io.BytesIO(json.dumps([{"full_name": text}, {"email": "é"}]).encode()), ReadOptions())
    assert isinstance(found, Record)
    assert (found.fields, last) == ({"full_name": text}, Record(2, {"email": "é"}))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5), st.booleans(), st.integers(1, 40))
def test_an_array_is_read_as_json_reads_it(items: list[Any], ascii_: bool, size: int) -> None:
    class Slow(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            return super().read(size)

    from usercli.readers.json_array import elements

    data = json.dumps(items, ensure_ascii=ascii_, indent=size % 3 or None).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    assert [value for value, bad in elements(Slow(data[1:]), data[:1]) if bad is None] == items


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='{}[]",: \n\\u0e1ab-.', max_size=40))
def test_any_text_is_read_or_refused_and_never_loses_a_key(text: str) -> None:
    pairs: list[int] = []

    def count(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.append(len(found) - len(dict(found)))
        return dict(found)

    try:
        value = read_json(text)
    except InvalidInput:
        return
    assert value == json.loads(text, object_pairs_hook=count)
    assert sum(pairs) == 0
