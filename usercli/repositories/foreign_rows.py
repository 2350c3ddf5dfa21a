"""What the rows of a foreign table of users hold: hashes by scheme, and addresses that are the same to us.

Rows are streamed, and never all of them held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from usercli.batches import batched
from usercli.emails import email_key
from usercli.errors import InvalidInput
from usercli.hash_forms import identify

_FETCHED = 5000
_IDS = 10
_KEYS = 500
#: What holds of an address of ASCII alone; its key is what the server makes with the letters of ASCII.
_ASCII = {
    "postgresql": "octet_length(convert_to({0}, 'UTF8')) = char_length({0})",
    "sqlite": "length(CAST({0} AS BLOB)) = length({0})",
}
_LOWER = {"postgresql": 'lower({0} COLLATE "C")', "sqlite": "lower({0})"}


@dataclass(frozen=True)
class SameAddress:
    """Users with one key; some of their ids as texts."""

    key: str
    users: int
    ids: tuple[str, ...]


def stream_rows(connection: sa.Connection, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """The rows of a table, by names as SQL spells them, while the server finds them."""
    options = {"stream_results": True, "max_row_buffer": _FETCHED}
    query = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 - quoted
    yield from connection.execute(sa.text(query.replace(":", "\\:")), execution_options=options)


class ForeignRows:
    """The rows of one table. `table` and the columns are names as SQL spells them, quoted."""

    def __init__(self, connection: sa.Connection, table: str, user_id: str | None, email: str) -> None:
        self._connection, self._table = connection, table
        self._id = f"CAST({user_id} AS text)" if user_id else "''"
        self._email = f"CAST({email} AS text)"
        engine = connection.dialect.name
        self._is_ascii = _ASCII[engine].format(self._email)
        self._key = _LOWER[engine].format(self._email)

    def hashes(self, column: str) -> Counter[tuple[str, int | None]]:
        """How many users have a hash of each scheme and cost."""
        found: Counter[tuple[str, int | None]] = Counter()
        for row in self._stream(f"SELECT CAST({column} AS text) FROM {self._table}"):  # noqa: S608 - quoted
            kind = identify(row[0] or "")
            found[kind.label if kind.is_sure else kind.scheme, kind.cost] += 1
        return found

    def without_email(self) -> int:
        """How many users have no address."""
        query = f"SELECT count(*) FROM {self._table} WHERE coalesce({self._email}, '') = ''"  # noqa: S608 - quoted
        return self._connection.scalar(sa.text(query)) or 0

    def same_addresses(self) -> list[SameAddress]:
        """The keys that several users have. Addresses beyond ASCII are compared here, others by the server.

        The only keys that are held are those of the former, and those that several have.
        """
        users, ids = self._beyond_ascii()
        for some in batched(list(users), _KEYS):
            for key, other, count in self._with_keys(some):
                users[key] += count
                ids[key].append(other)
        query = f"""
            SELECT {self._key}, count(*) FROM {self._table} WHERE {self._is_ascii} AND {self._email} <> ''
            GROUP BY 1 HAVING count(*) > 1
        """  # noqa: S608 - quoted
        for key, count in self._stream(query):
            users[key] = max(users[key], count)
        found = sorted(key for key, count in users.items() if count > 1)
        return [SameAddress(key, users[key], tuple(ids.get(key, ()))) for key in found]

    def ids_of(self, same: SameAddress) -> SameAddress:
        """The same with ids of users whose address is of ASCII too."""
        query = f"""
            SELECT {self._id} FROM {self._table} WHERE {self._is_ascii} AND {self._key} = :key
            ORDER BY 1 LIMIT {_IDS}
        """  # noqa: S608 - quoted
        found = self._connection.scalars(sa.text(query), {"key": same.key}).all()
        return SameAddress(same.key, same.users, tuple(sorted({*same.ids, *found}))[:_IDS])

    def _beyond_ascii(self) -> tuple[Counter[str], dict[str, list[str]]]:
        users: Counter[str] = Counter()
        ids: dict[str, list[str]] = {}
        query = f"SELECT {self._id}, {self._email} FROM {self._table} WHERE NOT {self._is_ascii}"  # noqa: S608 - quoted
        for user_id, email in self._stream(query):
            try:
                key = email_key(email)
            except InvalidInput:  # no address, so that no other is the same
                continue
            users[key] += 1
            if len(held := ids.setdefault(key, [])) < _IDS:
                held.append(user_id)
        return users, ids

    def _with_keys(self, keys: Sequence[str]) -> Iterator[tuple[str, str, int]]:
        query = sa.text(f"""
            SELECT {self._key}, min({self._id}), count(*) FROM {self._table}
            WHERE {self._is_ascii} AND {self._key} IN :keys GROUP BY 1
        """).bindparams(sa.bindparam("keys", expanding=True))  # noqa: S608 - quoted
        for row in self._connection.execute(query, {"keys": list(keys)}):
            yield row[0], row[1], row[2]

    def _stream(self, query: str) -> Iterator[Any]:
        options = {"stream_results": True, "max_row_buffer": _FETCHED}
        yield from self._connection.execute(sa.text(query), execution_options=options)
