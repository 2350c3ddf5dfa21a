"""Blocks of columns give the bytes that rows give."""

from __future__ import annotations

import io
import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usercli.cli.context import Options
from usercli.cli.output.writer import Output
from usercli.column_batches import rows_of
from usercli.repositories.user_export_query import _rfc3339
from usercli.times import rfc3339, sqlite_time

_TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["", "=1+1", "'x", "a,b", 'a"b', "a\nb", "a\rb", "a\\tb", "\ta", "-", "\u202eabc", "\x9b1m"]
)
_COLUMNS = {
    "id": st.uuids().map(str),
    "name": _TEXTS,
    "active": st.booleans(),
    "at": st.none() | st.just("2026-11-21T13:34:00Z"),
    "roles": st.lists(_TEXTS, max_size=2),
    "attributes": st.dictionaries(_TEXTS, _TEXTS | st.integers() | st.none(), max_size=2),
    "version": st.integers(1, 99),
}
_ROWS = st.lists(st.fixed_dictionaries(_COLUMNS), max_size=4)


@pytest.mark.parametrize("form", ["csv", "raw csv", "tsv", "json", "jsonl", "yaml", "ids"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(blocks=st.lists(_ROWS.filter(bool), max_size=3))
def test_blocks_give_the_bytes_of_rows(form: str, blocks: list[list[dict[str, Any]]]) -> None:
    def output() -> tuple[Output, io.BytesIO]:
        into = io.BytesIO()
        options = Options(output=form.removeprefix("raw "), raw=form.startswith("raw"))
        return Output(options, tuple(_COLUMNS), into), into

    columns = [{name: [row[name] for row in block] for name in _COLUMNS} for block in blocks]
    rows = [{name: row[name] for name in _COLUMNS} for block in blocks for row in block]
    assert list(rows_of(columns)) == rows
    (one, slow), (other, fast) = output(), output()
    one.many(rows)
    other.blocks(columns)
    assert fast.getvalue() == slow.getvalue()
    if form == "json":
        assert json.loads(fast.getvalue()) == rows


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_stored_time_is_told_as_any_other(moment: Any) -> None:
    stored = sqlite_time(moment)
    assert _rfc3339(stored) == rfc3339(moment)
    postgresql = stored.removesuffix(".000000")
    if "." in postgresql:
        postgresql = postgresql.rstrip("0")
    assert _rfc3339(postgresql) == rfc3339(moment)
