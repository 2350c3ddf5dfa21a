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
class MappedFindings:
    """What a check found: what is wrong, and what the program did with rows that usercli wrote."""

    wrong: list[str]
    told: list[str]


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

    def estimate(self, criteria: UserCriteria) -> int | None:
        """About how many users fit; None on SQLite. Raises Refused for what no column tells."""
        with self.reading() as uow:
            return self.of(uow).estimate_matching(criteria)

    def target_id(self, key: UserKey, uow: UnitOfWork) -> str:
        """The id of a user as the log has it; of one whom the table has no more by id. Raises UserNotFound."""
        if key.id is not None and next(uow.audit.for_target(key.id), None) is not None:
            return str(key.id)
        [user] = self.of(uow).pick([key])
        return str(user.id)

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

    def check(self) -> tuple[MappedReport, MappedFindings]:
        """Count addresses that are missing, invalid or the same by our key, and rows that others changed since."""
        with self.reading() as uow:
            users = self.of(uow)
            addresses = _Addresses()
            for user_id, email in users.emails():
                addresses.add(user_id, email)
            changed = self._changed(users)
        report = MappedReport(
            table=self.table.name,
            ids=users.columns.ids,
            users=addresses.total,
            without_email=addresses.without,
            collisions=len(addresses.several),
            invalid_emails=addresses.invalid,
            stale_emails=len(changed["stale_email"]),
            changed_past_us=len(changed["changed"]),
            gone=len(changed["gone"]),
        )
        words = {
            "stale_email": "another address than usercli left",
            "changed": "changed since usercli wrote it",
            "gone": "no longer there",
        }
        return report, MappedFindings(
            [
                f"one address: {', '.join(f'id:{user_id}' for user_id in found)}"
                for found in addresses.several.values()
            ],
            [f"{words[kind]}: id:{user_id}" for kind, found in changed.items() for user_id in found],
        )

    def _changed(self, users: MappedUserRepository) -> dict[str, list[str]]:
        from usercli.repositories.mapped_rows import MappedRows

        found: dict[str, list[str]] = {"stale_email": [], "changed": [], "gone": []}
        if users.has_own_tables():
            for user_id, difference in MappedRows(users).compare():
                found[difference].append(user_id)
        return found

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


class _Addresses:
    """The addresses of a table, as they are counted."""

    def __init__(self) -> None:
        self.total = self.without = self.invalid = 0
        self.several: dict[str, list[object]] = {}
        self._first: dict[str, object] = {}

    def add(self, user_id: object, email: str | None) -> None:
        """Count one."""
        self.total += 1
        if not email:
            self.without += 1
            return
        try:
            key = email_key(email)
        except InvalidInput:
            self.invalid += 1
            return
        if key in self._first:
            self.several.setdefault(key, [self._first[key]]).append(user_id)
        else:
            self._first[key] = user_id


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
