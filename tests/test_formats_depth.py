"""JSON may nest as deep as attributes may, and no deeper; who nests deeper is told at once, by the record."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from usercli.readers.json_depth import MAX_DEPTH, DepthLimitedStream, TooDeep

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


def readable(data: bytes, size: int) -> bytes:
    """What the stream hands on before it refuses."""
    source, found = DepthLimitedStream(io.BytesIO(data)), b""
    try:
        while piece := source.read(size):
            found += piece
    except TooDeep:
        pass
    return found


def shallow_part(data: bytes) -> bytes:
    """The same, told a byte at a time."""
    depth, in_text, escaped = 0, False, False
    for place, byte in enumerate(data):
        mark = bytes([byte])
        if escaped:
            escaped = False
        elif mark == b"\\":
            escaped = True
        elif mark == b'"':
            in_text = not in_text
        elif not in_text and mark in b"[]{}":
            depth += 1 if mark in b"[{" else -1
            if depth > MAX_DEPTH:
                return data[:place]
    return data


PIECES = st.sampled_from(
    [b"[", b"]", b"{", b"}", b'"', b"\\", b"a", b"[[" * 30, b'{"a":[' * 20, b"]]" * 20, b'"]",']
)


@given(data=st.lists(PIECES, max_size=40).map(b"".join), size=st.integers(1, 70))
@settings(max_examples=400, deadline=None)
def test_it_ends_exactly_where_it_becomes_too_deep(data: bytes, size: int) -> None:
    assert readable(data, size) == shallow_part(data)


@given(value=st.recursive(st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=30))
@settings(max_examples=100, deadline=None)
def test_what_is_shallow_goes_through_unchanged(value: Any) -> None:
    data = json.dumps(value).encode()
    assert readable(data, 7) == data


def nested(levels: int) -> str:
    """A user whose attributes nest that deep."""
    return '{"email":"b@example.com","attributes":' + '{"a":' * levels + "1" + "}" * levels + "}"


@on_sqlite
@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("levels", [100, 101, 102, 500, 900, 980, 2000, 150_000])
def test_deep_attributes_are_taken_or_refused_by_the_record(
    cli: Cli, environment: Path, database: Database, form: str, levels: int
) -> None:
    users = ['{"email":"a@example.com"}', nested(levels)]
    text = "[" + ",".join(users) + "]" if form == "json" else "\n".join(users)
    (environment / f"users.{form}").write_text(text)
    start = time.monotonic()
    code, out, err = cli("import", f"users.{form}")
    assert time.monotonic() - start < 5
    if levels == 100:
        assert code == 0
        return
    [line] = err.splitlines()[:1]
    assert (code, out, database.rows("SELECT count(*) FROM users")) == (2, "", [(0,)])
    record = "not valid JSON after record 1: " if form == "json" and levels > 101 else f"users.{form}:2: "
    assert line.startswith(f"error: {record}"), line
    assert "deep" in line or "not valid JSON" in line
