"""Which users a change is about: named one by one, or selected by --match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.errors import InvalidInput, TooManyChanges

if TYPE_CHECKING:
    from usercli.schemas.users import UserKey

_SAMPLE = 5


@dataclass(frozen=True)
class Selection:
    """USERs, or `--match`; never both."""

    users: Annotated[
        list[str] | None, typer.Argument(metavar="USER...", help="Ids or emails; id: and email: force the kind.")
    ] = None
    match: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Instead of USERs: all who fit, as in role=editor; repeat it."),
    ] = None
    max_changes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Refuse to change more users than that.")
    ] = None

    def keys(self, invocation: Invocation, what: str, *, asked: bool = False) -> list[UserKey]:
        """The users. What --match selects is counted and shown, then asked about (`what`, as in `delete`).

        `asked` leaves the question to the caller. Raises InvalidInput, TooManyChanges, Declined.
        """
        if self.users and self.match:
            raise InvalidInput("name users or select them with --match, not both")
        if not (self.users or self.match):
            raise InvalidInput("name users, or select them with --match KEY=VALUE")
        from usercli.schemas.users import UserKey

        if self.users:
            keys = [UserKey.parse(user) for user in self.users]
            self._check_max_changes(invocation, len(keys))
            return keys
        from usercli.cli.user_filters import criteria_of
        from usercli.services.users import select_users

        found = select_users(criteria_of(self.match or []), invocation.reading())
        self._check_max_changes(invocation, len(found))
        if found:
            sample = ", ".join(email for _, email in found[:_SAMPLE])
            more = ", ..." if len(found) > _SAMPLE else ""
            invocation.info(
                f"{len(found):,} {'user matches' if len(found) == 1 else 'users match'}: {sample}{more}"
            )
            if not asked:
                invocation.confirm(f"{what} {len(found):,} user{'s' if len(found) > 1 else ''}")
        return [UserKey(typed=email, id=user_id) for user_id, email in found]

    def _check_max_changes(self, invocation: Invocation, number: int) -> None:
        check_max_changes(invocation, number, self.max_changes)


def check_max_changes(invocation: Invocation, number: int, max_changes: int | None) -> None:
    """Not more users than --max-changes, or the setting, allows. Raises TooManyChanges."""
    limit = max_changes or invocation.settings.get("max_changes").value
    if limit and number > limit:
        raise TooManyChanges(f"this would change {number:,} users, more than --max-changes {limit:,} allows")


NO_SELECTION = Selection()
