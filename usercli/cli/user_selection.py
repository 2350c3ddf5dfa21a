"""Which users a change is about: named one by one, or selected by --match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.user_arguments import USERS_HELP, parse_users
from usercli.errors import InvalidInput

if TYPE_CHECKING:
    from usercli.schemas.users import UserCriteria, UserKey

_SAMPLE = 5


@dataclass(frozen=True)
class Selection:
    """USERs, or `--match`; never both."""

    users: Annotated[list[str] | None, typer.Argument(metavar="USER...", help=USERS_HELP)] = None
    match: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Instead of USERs: all that match, as in role=editor; repeat it."),
    ] = None
    max_changes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Refuse to change more users than that.")
    ] = None

    def require_one_way(self) -> None:
        """Raise InvalidInput unless users are either named or selected."""
        if self.users and self.match:
            raise InvalidInput("name users or select them with --match, not both")
        if not (self.users or self.match):
            raise InvalidInput("name users, or select them with --match KEY=VALUE")

    def keys(self, invocation: Invocation, what: str, *, asked: bool = False) -> Sequence[UserKey]:
        """The users. What --match selects is counted and shown, then asked about (`what`, as in `delete`).

        `asked` leaves the question to the caller. Raises InvalidInput, TooManyChanges, Declined.
        """
        self.require_one_way()
        from usercli.services.change_limit import require_at_most

        if self.users:
            keys = parse_users(invocation, self.users)
            require_at_most(change_limit(invocation, self.max_changes), len(keys))
            return keys
        from usercli.cli.user_filters import criteria_of
        from usercli.services.users import select_users

        criteria = criteria_of(self.match or [])
        found = select_users(criteria, invocation.reading())
        require_at_most(change_limit(invocation, self.max_changes), len(found))
        if found:
            sample = ", ".join(_sample(invocation, criteria, found[:_SAMPLE]))
            more = ", ..." if len(found) > _SAMPLE else ""
            invocation.info(
                f"{len(found):,} {'user matches' if len(found) == 1 else 'users match'}: {sample}{more}"
            )
            if not asked:
                invocation.confirm(f"{what} {len(found):,} user{'s' if len(found) > 1 else ''}")
        return found


def _sample(invocation: Invocation, criteria: UserCriteria, found: Sequence[UserKey]) -> Iterator[str]:
    """The first users; those selected by their last sign-in with its date, and a warning if nobody has one."""
    if criteria.not_signed_in_since is None:
        yield from (key.typed for key in found)
        return
    from usercli.services.users import has_sign_ins, show_users

    if not has_sign_ins(invocation.reading()):
        invocation.warn(
            "no user has a recorded sign-in (last_login_at), so this goes by the age of the accounts; "
            "does the service record sign-ins?"
        )
    for user in show_users(found, invocation.reading()):
        last = f"last sign-in {user.last_login_at:%Y-%m-%d}" if user.last_login_at else "no sign-in"
        yield f"{user.email} ({last}, created {user.created_at:%Y-%m-%d})"


def change_limit(invocation: Invocation, max_changes: int | None) -> int:
    """How many users a command may change: the option, else the setting; 0 is no limit."""
    return max_changes or invocation.settings.max_changes


NO_SELECTION = Selection()
