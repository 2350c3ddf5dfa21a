"""Roles of ours that users of another program's table hold, by the text of their id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from usercli.models.role import Role
from usercli.repositories.mapped_tables import GRANTS, require_own_tables
from usercli.repositories.mapped_users import MappedUserRepository


class MappedGrants:
    """Who holds which role. Raises as `require_own_tables` does."""

    def __init__(self, users: MappedUserRepository) -> None:
        self.session = users.session
        require_own_tables(self.session.connection(), users.columns.name)

    def counts(self) -> Mapping[str, int]:
        """How many hold each role, by name; those whom the table has no more included."""
        query = sa.select(Role.name, sa.func.count()).join(GRANTS, GRANTS.c.role_id == Role.id).group_by(Role.name)
        counts: dict[str, int] = {}
        for name, number in self.session.execute(query):
            counts[name] = number
        return counts

    def holders(self, role: Role) -> Sequence[str]:
        """The ids of those who hold it."""
        query = sa.select(GRANTS.c.user_id).where(GRANTS.c.role_id == role.id).order_by(GRANTS.c.user_id)
        return list(self.session.scalars(query))

    def of(self, user_id: object) -> list[str]:
        """The names of the roles that a user holds."""
        query = sa.select(Role.name).join(GRANTS, GRANTS.c.role_id == Role.id)
        return list(self.session.scalars(query.where(GRANTS.c.user_id == str(user_id)).order_by(Role.name)))

    def add(self, user_id: object, role: Role, granted_by: str) -> bool:
        """Grant it; False for somebody who holds it."""
        values = {"user_id": str(user_id), "role_id": role.id, "granted_by": granted_by}
        given = insert(GRANTS).values(values).on_conflict_do_nothing().returning(GRANTS.c.user_id)
        return self.session.scalar(given) is not None

    def remove(self, user_id: object, role: Role) -> bool:
        """Revoke it; False for somebody who does not hold it."""
        mine = (GRANTS.c.user_id == str(user_id)) & (GRANTS.c.role_id == role.id)
        taken = sa.delete(GRANTS).where(mine).returning(GRANTS.c.user_id)
        return self.session.scalar(taken) is not None
