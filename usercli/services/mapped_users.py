"""Read the users of a table that belongs to another program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.emails import email_key
from usercli.errors import InvalidInput
from usercli.hash_forms import PEPPERED, HashKind, identify
from usercli.passwords import PasswordHasher, Verdict
from usercli.schemas.mapped_users import MappedReport, MappedUserView
from usercli.schemas.passwords import PasswordReport
from usercli.schemas.user_table import UserTable
from usercli.schemas.users import UserCriteria, UserKey
from usercli.services.passwords import report_on
from usercli.text import MOST_COUNTED

if TYPE_CHECKING:
    from usercli.repositories.mapped_users import MappedUserRepository

#: The schemes whose cost is that of bcrypt.
_COSTS_OF_BCRYPT = frozenset({"bcrypt", "django_bcrypt", "django_bcrypt_sha256", "peppered_bcrypt"})
#: One round of a digest, or a few: found by trying in no time.
_FAST = frozenset({"django_salted_sha1", "django_salted_md5", "md5_crypt", "apr_md5_crypt", "salted_digest"})


@dataclass(frozen=True)
class MappedUsers:
    """The users of such a table, in a database. Every method reads in a transaction of its own."""

    url: DatabaseUrl
    table: UserTable

    def show(self, keys: Sequence[UserKey]) -> list[MappedUserView]:
        """The users named. Raises UserNotFound, Ambiguous."""
        with self.reading() as uow:
            return self.of(uow).pick(keys)

    def all_exist(self, keys: Sequence[UserKey]) -> bool:
        """Every key names a user."""
        with self.reading() as uow:
            return len(self.of(uow).existing_keys(keys)) == len(keys)

    def count(self, criteria: UserCriteria) -> int:
        """How many users fit. Raises Refused for what no column tells."""
        with self.reading() as uow:
            return self.of(uow).count_matching(criteria)

    def verify(self, key: UserKey, password: str, hasher: PasswordHasher) -> Verdict:
        """Whether a user may sign in with this password. Nothing is rehashed or noted. Raises Ambiguous."""
        with self.reading() as uow:
            facts = self.of(uow).sign_in_facts(key)
        verdict = hasher.verify(password, self._spelled(facts.hashed_password) if facts else None)
        return verdict if facts is not None and facts.may_sign_in() else Verdict(False, lacks=verdict.lacks)

    def audit_passwords(self, hasher: PasswordHasher) -> PasswordReport:
        """Count users by scheme and cost, and by what is wrong with their hashes."""

        def below_policy(kind: HashKind) -> bool:
            if kind.scheme in _COSTS_OF_BCRYPT:
                return (kind.cost or 0) < hasher.cost
            return kind.scheme in _FAST

        with self.reading() as uow:
            users = self.of(uow)
            stored = ((self._spelled(text) or "", None) for text in users.hashes())
            return report_on(stored, users.count_sharing_a_hash, hasher, below_policy)

    def check(self) -> tuple[MappedReport, list[str]]:
        """How many addresses are missing, invalid, or the same by our key; a sentence for each of the last."""
        first: dict[str, object] = {}
        several: dict[str, list[object]] = {}
        total = without = invalid = 0
        with self.reading() as uow:
            users = self.of(uow)
            for user_id, email in users.emails():
                total += 1
                if not email:
                    without += 1
                    continue
                try:
                    key = email_key(email)
                except InvalidInput:
                    invalid += 1
                    continue
                if key in first:
                    several.setdefault(key, [first[key]]).append(user_id)
                else:
                    first[key] = user_id
            ids = users.columns.ids
        report = MappedReport(
            table=self.table.name,
            ids=ids,
            users=total,
            without_email=without,
            collisions=len(several),
            invalid_emails=invalid,
        )
        return report, [
            f"one address: {', '.join(f'id:{user_id}' for user_id in found)}" for found in several.values()
        ]

    def reading(self) -> UnitOfWork:
        """A unit of work that reads in this database."""
        return UnitOfWork(sessions(open_engine(self.url)), read_only=True)

    def of(self, uow: UnitOfWork) -> MappedUserRepository:
        """The questions, in this unit of work."""
        return uow.mapped_users(self.table)

    def _spelled(self, stored: str | None) -> str | None:
        """A hash as it is verified here: what tells that the pepper belongs to it is only in the configuration."""
        is_bcrypt = stored is not None and identify(stored).scheme == "bcrypt"
        return f"{PEPPERED}{stored}" if self.table.is_peppered and is_bcrypt else stored


class MappedListing:
    """The users that fit, streamed; `next` and `total` are known when the stream has ended, as in Listing."""

    def __init__(
        self, users: MappedUsers, criteria: UserCriteria, sort: str, limit: int | None, after: str | None
    ) -> None:
        self._users, self._criteria, self._sort, self._limit, self._after = users, criteria, sort, limit, after
        self.next: str | None = None
        self.total: int | None = None
        self.shown = 0

    def __iter__(self) -> Iterator[MappedUserView]:
        with self._users.reading() as uow:
            found = self._users.of(uow)
            one_more = None if self._limit is None else self._limit + 1
            last: MappedUserView | None = None
            for user in found.matching(self._criteria, self._sort, self._after, one_more):
                if self.shown == self._limit and last is not None:
                    self.total = found.count_matching(self._criteria, MOST_COUNTED + 1)
                    self.next = found.cursor(self._criteria, self._sort, last)
                    break
                last = user
                self.shown += 1
                yield user
