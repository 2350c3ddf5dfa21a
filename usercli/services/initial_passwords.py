"""Initial passwords of a desired state: checked before a person is asked, hashed before the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import InvalidInput
from usercli.passwords import PasswordHasher
from usercli.schemas.desired import Desired
from usercli.schemas.plans import Plan
from usercli.services.policy import PasswordPolicy, PasswordRefused


@dataclass(frozen=True)
class InitialPasswords:
    """The passwords of users to be created, by email, and what hashes them."""

    by_email: Mapping[str, str] = field(default_factory=dict, repr=False)
    hasher: PasswordHasher | None = None

    def hashed(self) -> dict[str, str]:
        """Their hashes by email, made by all cores."""
        if self.hasher is None:
            return {}
        return dict(zip(self.by_email, self.hasher.hash_all(self.by_email.values()), strict=True))


NO_PASSWORDS = InitialPasswords()


def initial_passwords(
    desired: Desired, plan: Plan, policy: PasswordPolicy, hasher: PasswordHasher, uow: UnitOfWork
) -> InitialPasswords:
    """The passwords of the users to be created. Raises InvalidInput, PasswordRefused naming the user."""
    needing = {change.target for change in plan.changes if change.needs_password}
    found = {user.email: user for user in desired.users or () if user.email in needing}
    with uow.attempt("plan.applied"):
        for email, user in found.items():
            try:
                hasher.require_hashable(user.initial_password or "")
                policy.check(user.initial_password or "", email, user.full_name)
            except (InvalidInput, PasswordRefused) as error:
                raise type(error)(f"{email}: {error.message}") from None
    return InitialPasswords({email: user.initial_password or "" for email, user in found.items()}, hasher)
