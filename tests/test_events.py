"""The fast way of making events says, byte for byte, what `usercli.hash_chain` defines."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usercli import hash_chain
from usercli.origin import Origin
from usercli.prefetch import prefetch
from usercli.repositories.event_encoder import (
    COLUMNS,
    Draft,
    EventWriter,
    link_rows,
    split_personal,
)
from usercli.schemas.user_fields import PERSONAL

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from(["email", "full_name", "attributes", "roles", "is_active", "password", "expires_at"])
_FIELDS = st.dictionaries(_NAMES, _VALUES)
_UUIDS = st.none() | st.uuids().map(str)
_SAID = st.tuples(_TEXTS, _TEXTS, _TEXTS, _UUIDS, st.none() | _TEXTS, _FIELDS, _FIELDS, _UUIDS, st.none() | _TEXTS)
_ORIGINS = st.builds(
    Origin,
    actor=_TEXTS,
    host=_TEXTS,
    tool=_TEXTS,
    reason=st.none() | _TEXTS,
    ticket=st.none() | _TEXTS,
)


@given(_SAID, _ORIGINS, st.uuids(), _TEXTS)
def test_a_row_has_the_bytes_and_hashes_of_the_definition(
    said_of_it: tuple[Any, ...], origin: Origin, change_id: uuid.UUID, db_role: str
) -> None:
    action, outcome, kind, target_id, email, before, after, undoes, error = said_of_it
    (personal_before, open_before), (personal_after, open_after) = split_personal(before), split_personal(after)
    draft: Draft = (
        *(action, outcome, kind, target_id, email, personal_before, personal_after),
        *(open_before, open_after, undoes, error),
    )
    (row,) = EventWriter(origin, change_id, db_role).rows([draft])
    event = dict(zip(COLUMNS, row, strict=True))
    text = {"before": before, "after": after}
    personal: dict[str, Any] = {
        "actor": origin.actor,
        "host": origin.host,
        "reason": origin.reason,
        "ticket": origin.ticket,
        "target_email": email,
        **{side: {k: v for k, v in fields.items() if k in PERSONAL} for side, fields in text.items()},
    }
    if error is not None:
        personal["error"] = error
    assert event["personal"] == hash_chain.canonical(personal)
    assert event["personal_hash"] == hash_chain.personal_hash(str(event["salt"]), str(event["personal"]))
    body = {
        "action": action,
        "outcome": outcome,
        "target_kind": kind,
        "target_id": target_id,
        "change_id": change_id,
        "undoes": undoes,
        "db_role": db_role,
        "tool": origin.tool,
        "personal_hash": event["personal_hash"],
        **{side: {k: v for k, v in fields.items() if k not in PERSONAL} for side, fields in text.items()},
    }
    assert {side: json.loads(str(event[side])) for side in text} == {side: body[side] for side in text}
    assert event["body_hash"] == hash_chain.body_hash(body)


@given(_VALUES | st.floats(allow_nan=False))
def test_canonical_json_is_what_the_encoder_of_the_standard_library_writes(value: object) -> None:
    encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hash_chain.canonical(value) == encoder.encode(value)


def test_the_links_are_those_of_the_definition_and_every_salt_is_new() -> None:
    draft: Draft = ("user.created", "done", "user", None, None, "{}", "{}", "{}", "{}", None, None)
    rows = EventWriter(Origin(actor="ada", host="h", tool="t"), uuid.uuid4(), "").rows([draft] * 3)
    at = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
    before = hash_chain.GENESIS
    for number, (seq, prev_hash, link, row) in enumerate(link_rows(rows, 7, before, at), 8):
        assert (seq, prev_hash) == (number, before)
        assert link == hash_chain.link_hash(before, seq, at, row[-1])
        before = link
    assert len({row[COLUMNS.index("salt")] for row in rows}) == 3


def test_prefetch_yields_everything_in_order_and_raises_what_the_producer_raised() -> None:
    assert list(prefetch(range(100))) == list(range(100))
    given_out = iter(prefetch(10 // (3 - number) for number in range(5)))
    assert [next(given_out) for _ in range(3)] == [3, 5, 10]
    with pytest.raises(ZeroDivisionError):
        next(given_out)


def test_prefetch_stops_when_nobody_wants_more() -> None:
    made: list[int] = []
    items = prefetch((made.append(number) or number for number in range(1000)), depth=2)
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]  # it is a generator
    time.sleep(0.3)
    assert len(made) < 10


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ({"a": 1}, {"a": 1}, False),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, False),
        ({"a": 1}, {"a": True}, True),
        ({"a": [0]}, {"a": [False]}, True),
        ({"a": {"b": None}}, {"a": {"b": 0}}, True),
        ({"a": "1"}, {"a": 1}, True),
        ({}, {"a": None}, True),
    ],
)
def test_objects_differ_as_json_does(one: object, other: object, differ: bool) -> None:
    assert hash_chain.differs_as_json(one, other) is differ
