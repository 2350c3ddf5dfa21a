"""Filters: the named flags and `--match KEY=VALUE` lead to the same criteria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from usercli.cli.lazy_group import flag
from usercli.errors import InvalidInput
from usercli.schemas.users import UserCriteria
from usercli.text import nearest, require_plain
from usercli.times import parse_time

KEYS = (
    "active",
    "inactive",
    "deleted",
    "role",
    "search",
    "created-after",
    "created-before",
    "where",
    "expired",
    "never-signed-in",
    "inactive-for",
    "must-change-password",
)
_YES_NO = {"active", "inactive", "deleted", "expired", "never_signed_in", "must_change_password"}


@dataclass(frozen=True)
class Filters:
    """The options that say which users."""

    active: Annotated[bool | None, flag("--active/--inactive", "Only who may, or may not, sign in.")] = None
    deleted: Annotated[bool, flag("--deleted", "Only users in the bin.")] = False
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only who holds this role.")] = None
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only emails and names that hold this text.")
    ] = None
    created_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only users made then or later (30d: ago).")
    ] = None
    created_before: Annotated[str | None, typer.Option(metavar="TIME", help="Only users made before then.")] = None
    where: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only users with this attribute; repeat it.")
    ] = None
    expired: Annotated[bool, flag("--expired", "Only users whose expiry has passed.")] = False
    never_signed_in: Annotated[bool, flag("--never-signed-in", "Only users who never signed in.")] = False
    inactive_for: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only users who did not sign in for so long (90d).")
    ] = None
    must_change_password: Annotated[
        bool, flag("--must-change-password", "Only users who must choose a new password.")
    ] = False
    match: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="A filter by its name, as in active=true; repeat it."),
    ] = None

    def criteria(self) -> UserCriteria:
        """What these options and `--match` say together. Raises InvalidInput when they contradict."""
        said = {name: value for name, value in vars(self).items() if value is not None and value is not False}
        said.pop("match", None)
        if self.active is False:
            said["active"] = False
        return criteria_of(self.match or [], **said)


ALL = Filters()


def criteria_of(match: Sequence[str], **said: Any) -> UserCriteria:
    """The criteria of `--match KEY=VALUE` items, and of options. Raises InvalidInput."""
    for item in match:
        key, equals, value = item.partition("=")
        if key not in KEYS or not equals:
            raise InvalidInput(
                f"--match wants KEY=VALUE, not: {item}{nearest(key, list(KEYS))} (keys: {', '.join(KEYS)})"
            )
        _add(said, key.replace("-", "_"), value)
    return UserCriteria(
        is_active=said.get("active"),
        deleted=said.get("deleted", False),
        role=_plain(said.get("role"), "--role"),
        search=_plain(said.get("search"), "--search"),
        created_after=_ago(said.get("created_after")),
        created_before=_ago(said.get("created_before")),
        attributes=tuple(_pair(item) for item in said.get("where", ())),
        expired=said.get("expired"),
        never_signed_in=said.get("never_signed_in"),
        not_signed_in_since=_ago(said.get("inactive_for")),
        must_change_password=said.get("must_change_password"),
    )


def is_yes_no(key: str) -> bool:
    """Is it a key whose value is true or false?"""
    return key.replace("-", "_") in _YES_NO


def _add(said: dict[str, Any], name: str, value: str) -> None:
    parsed: Any = value
    if name == "where":
        said["where"] = [*said.get("where", ()), value]
        return
    if name in _YES_NO:
        if value not in {"true", "false"}:
            raise InvalidInput(f"--match {name.replace('_', '-')}= wants true or false, not: {value}")
        parsed = value == "true"
        if name == "inactive":
            name, parsed = "active", not parsed
    if said.setdefault(name, parsed) != parsed:
        raise InvalidInput(f"the filter {name.replace('_', '-')} is given twice, with different values")


def _ago(text: str | None) -> Any:
    return parse_time(text, spans="ago") if text is not None else None


def _plain(text: str | None, what: str) -> str | None:
    return None if text is None else require_plain(text, what)


def _pair(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not (key and equals):
        raise InvalidInput(f"--where wants KEY=VALUE, not: {item}")
    return require_plain(key, "--where"), require_plain(value, "--where")
