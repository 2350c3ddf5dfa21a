"""The addresses of a table that is to be taken over: which collide, are invalid or missing; and their keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from usercli.batches import batched
from usercli.database.adoption_facts import TableFacts
from usercli.emails import email_key, validate_email
from usercli.errors import InvalidInput

_SHOWN = 100
_BATCH = 5000
#: Addresses so plain that the full validator accepts every one, but for the names of some domains.
_PLAIN = (
    "(email ~ '^[A-Za-z0-9]+([._+-][A-Za-z0-9]+)*@([A-Za-z0-9]{1,30}(-[A-Za-z0-9]{1,30})?[.])+[A-Za-z]{2,24}$'"
    " AND length(email) <= 254 AND position('@' IN email) <= 65)"
)
#: Whether an address is in ASCII, where its key is what lower() makes of it.
ASCII = "octet_length(email) = length(email)"
ASCII_KEY = 'lower(email COLLATE "C")'


@dataclass(frozen=True)
class RowProblem:
    """Rows that stand in the way of an adoption, by their ids, and why."""

    what: str
    ids: Sequence[str]


def find_problems(connection: sa.Connection, facts: TableFacts) -> list[RowProblem]:
    """What the rows have that usercli cannot take: each is one sentence and the ids."""
    found = [*_missing(connection, facts), *_invalid(connection, facts), *_colliding(connection, facts)]
    return sorted(found, key=lambda problem: (problem.what, problem.ids))


def _missing(connection: sa.Connection, facts: TableFacts) -> Iterator[RowProblem]:
    for name, what in (
        ("email", "no address"),
        ("hashed_password", "no password hash, which usercli marks by '!'"),
    ):
        query = sa.text(f"SELECT id FROM {facts.sql} WHERE {name} IS NULL ORDER BY id LIMIT {_SHOWN}")  # noqa: S608 - quoted
        if ids := [str(row) for row in connection.scalars(query)]:
            yield RowProblem(what, ids)


def _invalid(connection: sa.Connection, facts: TableFacts) -> Iterator[RowProblem]:
    import email_validator

    special = email_validator.SPECIAL_USE_DOMAIN_NAMES
    query = sa.text(f"SELECT id, email FROM {facts.sql} WHERE email IS NOT NULL AND NOT {_PLAIN} ORDER BY id")  # noqa: S608 - quoted names
    for row in connection.execute(query, execution_options={"yield_per": _BATCH}):
        try:
            validate_email(row.email, special)
            email_key(row.email)
        except InvalidInput as error:
            yield RowProblem(str(error), [str(row.id)])


def _colliding(connection: sa.Connection, facts: TableFacts) -> Iterator[RowProblem]:
    query = sa.text(
        f"SELECT {ASCII_KEY} AS key, array_agg(id ORDER BY id) AS ids FROM {facts.sql} WHERE {ASCII} "  # noqa: S608 - quoted names
        f"GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    )
    for row in connection.execute(query):
        yield _collision(row.key, [str(item) for item in row.ids])
    keys = _other_keys(connection, facts)
    query = sa.text(f"SELECT id, {ASCII_KEY} AS key FROM {facts.sql} WHERE {ASCII} AND {ASCII_KEY} = ANY (:keys)")  # noqa: S608 - quoted names
    for part in batched([key for key in keys if key.isascii()], _BATCH):
        for row in connection.execute(query, {"keys": list(part)}):
            keys[row.key].append(str(row.id))
    yield from (_collision(key, sorted(ids)) for key, ids in keys.items() if len(ids) > 1)


def _other_keys(connection: sa.Connection, facts: TableFacts) -> dict[str, list[str]]:
    """The ids by key of the addresses that are not in ASCII."""
    found: dict[str, list[str]] = {}
    query = sa.text(f"SELECT id, email FROM {facts.sql} WHERE NOT {ASCII}")  # noqa: S608 - quoted names
    for row in connection.execute(query, execution_options={"yield_per": _BATCH}):
        found.setdefault(key_of(row.email), []).append(str(row.id))
    return found


def _collision(key: str, ids: list[str]) -> RowProblem:
    return RowProblem(f"the same address for usercli, {key}", ids)


def key_of(email: str) -> str:
    """The key of an address; of one that has none, what the trigger gives it."""
    try:
        return email_key(email)
    except InvalidInput:
        return "".join(c.lower() if c.isascii() else c for c in email)


def fill_others(connection: sa.Connection, facts: TableFacts) -> int:
    """Fill the keys that SQL does not, of up to so many rows that nobody holds; how many were filled."""
    query = sa.text(
        f"SELECT id, email FROM {facts.sql} WHERE email_key IS NULL LIMIT {_BATCH} FOR NO KEY UPDATE SKIP LOCKED"  # noqa: S608 - quoted names
    )
    rows: list[Any] = list(connection.execute(query))
    if rows:
        given = {"ids": [str(row.id) for row in rows], "keys": [key_of(row.email) for row in rows]}
        connection.execute(
            sa.text(
                f"UPDATE {facts.sql} AS target SET email_key = given.key "  # noqa: S608 - quoted names
                "FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[])) AS given (id, key) "
                "WHERE target.id = given.id"
            ),
            given,
        )
    return len(rows)
