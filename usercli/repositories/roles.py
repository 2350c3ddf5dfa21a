"""Questions about roles and their holders."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, func, not_, select, update

from usercli.batches import batched
from usercli.errors import RoleNotFound
from usercli.models.clock import now
from usercli.models.role import Role, UserRole
from usercli.models.types import finite
from usercli.models.user import User
from usercli.repositories.advisory_locks import ROLE_DEFINITIONS
from usercli.repositories.base import Repository
from usercli.repositories.user_lookup import among
from usercli.text import suggestion
from usercli.validation import require_storable

_IDS_A_QUERY = 30_000  # below the parameters that one statement may have on either engine
_ROWS_A_FETCH = 1000

Lock = Literal["share", "change"] | None

#: Later than any expiry.
FOREVER = datetime.max.replace(tzinfo=UTC)


class RoleRepository(Repository[Role]):
    """The roles, by name."""

    model = Role
    _definitions_held = False

    def get_named(self, names: Iterable[str], lock: Lock = None) -> list[Role]:
        """The roles of these names, in name order. Raises RoleNotFound with the nearest names, InvalidInput.

        Roles are locked before users: `share` keeps them from being deleted, `change` is for changing them.
        Administrative ones come first, as in `lock_administrative`: two commands never wait for each other.
        """
        wanted = sorted({require_storable(name, "a role name") for name in names})
        found = self.find_named(wanted, lock)
        if missing := sorted(set(wanted) - found.keys()):
            known = list(self.session.scalars(select(Role.name)))
            near = suggestion(missing[0], known)
            to_give = missing[0] if lock == "share" and len(missing) == 1 and not near else None
            raise RoleNotFound(f"no such role: {', '.join(missing)}{near}", to_give)
        return list(found.values())

    def find_named(self, names: Iterable[str], lock: Lock = None) -> dict[str, Role]:
        """Those of these names that there are, in name order, locked as in `get_named`."""
        if not (wanted := sorted(set(names))):
            return {}
        query = select(Role).where(Role.name.in_(wanted)).order_by(Role.administrative.desc(), Role.name)
        if lock:
            self._hold_definitions()
            shared = lock == "share"
            query = query.with_for_update(read=shared, key_share=shared).execution_options(populate_existing=True)
        return {role.name: role for role in sorted(self.session.scalars(query), key=lambda role: role.name)}

    def by_name(self, name: str) -> Role | None:
        """The role of that name, kept from being deleted; or None."""
        self._hold_definitions()
        query = select(Role).where(Role.name == name).with_for_update(read=True, key_share=True)
        return self.session.scalars(query).first()

    def names(self) -> list[str]:
        """The names of all roles, in order."""
        return list(self.session.scalars(select(Role.name).order_by(Role.name)))

    def all(self) -> Sequence[tuple[Role, int]]:
        """Every role by name, with the number of its holders, those in the bin included."""
        query = (
            select(Role, func.count(UserRole.user_id))
            .outerjoin(UserRole, UserRole.role_id == Role.id)
            .group_by(Role.id)
            .order_by(Role.name)
        )
        return [(role, number) for role, number in self.session.execute(query)]

    def holders(self, role: Role) -> Sequence[uuid.UUID]:
        """The ids of those who hold it, in the bin or not."""
        query = select(UserRole.user_id).where(UserRole.role_id == role.id).order_by(UserRole.user_id)
        return list(self.session.scalars(query))

    def count_holders(self, role: Role) -> int:
        """How many hold it, in the bin or not."""
        query = select(func.count()).select_from(UserRole).where(UserRole.role_id == role.id)
        return self.session.scalar(query) or 0

    def grants(self) -> Iterator[RowMapping]:
        """Who outside the bin holds which role, since when and by whose grant; by email and role, streamed."""
        query = (
            select(
                User.id.label("user"),
                User.email,
                Role.name.label("role"),
                Role.administrative,
                UserRole.granted_at,
                UserRole.granted_by,
                User.last_login_at,
                User.is_active,
            )
            .join(UserRole, UserRole.user_id == User.id)
            .join(Role, Role.id == UserRole.role_id)
            .where(User.deleted_at.is_(None))
            .order_by(User.email_key, Role.name)
        )
        yield from self.session.execute(query.execution_options(yield_per=_ROWS_A_FETCH)).mappings()

    def granted_at(self, user_ids: Sequence[uuid.UUID]) -> dict[tuple[uuid.UUID, str], datetime]:
        """Since when these users hold their roles, by user and role name; those in the bin included."""
        query = select(UserRole.user_id, Role.name, UserRole.granted_at).join(Role, Role.id == UserRole.role_id)
        found: dict[tuple[uuid.UUID, str], datetime] = {}
        for some in batched(user_ids, _IDS_A_QUERY):
            of_them = among(self.session, UserRole.user_id, some)
            for user_id, name, moment in self.session.execute(query.where(of_them)):
                found[user_id, name] = moment
        return found

    def clear_granters(self, names: Collection[str]) -> None:
        """Take the names of those who granted out of the grants that they made."""
        by_them = update(UserRole).where(UserRole.granted_by.in_(names)).values(granted_by="")
        self.session.execute(by_them.execution_options(synchronize_session=False))

    def lock_definitions(self) -> None:
        """Before any other lock: nobody else makes, changes or removes a role, or locks one, meanwhile.

        Roles are locked in an order that depends on what they are; while that may change, no order is safe.
        """
        self._definitions_held = True
        self._advise(func.pg_advisory_xact_lock)

    def _hold_definitions(self) -> None:
        """What roles are stays so until the end of the transaction."""
        if not self._definitions_held:
            self._definitions_held = True
            self._advise(func.pg_advisory_xact_lock_shared)

    def _advise(self, lock: Any) -> None:
        if self.session.get_bind().dialect.name == "postgresql":
            self.session.execute(select(lock(ROLE_DEFINITIONS)))

    def lock_administrative(self) -> None:
        """Lock the administrative roles, by name, so that administrators change one command at a time.

        A grant of such a role waits as well: its foreign key locks the same row.
        """
        self._hold_definitions()
        query = select(Role.id).where(Role.administrative.is_(True)).order_by(Role.name).with_for_update()
        locked: list[uuid.UUID] | None = None
        while (found := list(self.session.scalars(query))) != locked:  # one was made, or went, during the wait
            locked = found

    def administered_until(self) -> datetime | None:
        """The last moment at which, as things stand, somebody administers; None if nobody does now.

        `FOREVER` where an active administrator has no expiry.
        """
        expiry, expired = finite(User.expires_at), User.has_expired(now(self.session.connection()))
        query = select(func.count(User.id).filter(expiry.is_(None)), func.max(expiry).filter(not_(expired)))
        lasting, last = self.session.execute(_of_administrators(query)).one()
        return FOREVER if lasting else last

    def administrators(self, limit: int) -> list[str]:
        """The emails of those who administer now, the first ones."""
        lasting = not_(User.has_expired(now(self.session.connection())))
        query = select(User.email, User.email_key).where(lasting).order_by(User.email_key).distinct().limit(limit)
        return [email for email, _ in self.session.execute(_of_administrators(query))]


def _of_administrators(query: Any) -> Any:
    """A question about active users with an administrative role."""
    return (
        query.select_from(Role)
        .join(UserRole, UserRole.role_id == Role.id)
        .join(User, User.id == UserRole.user_id)
        .where(Role.administrative.is_(True), User.is_active.is_(True), User.deleted_at.is_(None))
    )
