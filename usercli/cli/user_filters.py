"""Filters: the named flags and `--match KEY=VALUE` lead to the same criteria."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from usercli.cli.attribute_options import attribute_name
from usercli.cli.lazy_group import flag
from usercli.errors import InvalidInput
from usercli.schemas.user_fields import ATTRIBUTE
from usercli.schemas.users import UserCriteria
from usercli.text import similar, suggestion
from usercli.times import parse_time
from usercli.validation import require_printable

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
    "expires-after",
    "expires-before",
    "never-signed-in",
    "inactive-for",
    "must-change-password",
)
#: How to select by what is a field or filter, and no attribute.
_WAYS = {
    **dict.fromkeys(
        ("id", "version", "updated_at", "password_changed_at"), "no filter selects by it; see: usercli show"
    ),
    **dict.fromkeys(("email", "full_name", "search"), "use --search TEXT, or usercli show EMAIL"),
    **dict.fromkeys(("is_active", "active", "inactive"), "use --active or --inactive"),
    **dict.fromkeys(("role", "roles"), "use --role ROLE"),
    **dict.fromkeys(("deleted", "deleted_at"), "use --deleted"),
    **dict.fromkeys(
        ("created_at", "created_after", "created_before"), "use --created-after or --created-before TIME"
    ),
    **dict.fromkeys(
        ("expired", "expires_at", "expires_after", "expires_before"),
        "use --expires-after or --expires-before TIME, or --expired",
    ),
    **dict.fromkeys(
        ("last_login_at", "inactive_for", "never_signed_in"), "use --inactive-for TIME or --never-signed-in"
    ),
    "must_change_password": "use --must-change-password",
    "attributes": "use --where KEY=VALUE with its key",
    "where": "use --where KEY=VALUE with the key itself",
}
_BOOLEAN_FILTERS = {"active", "inactive", "deleted", "expired", "never_signed_in", "must_change_password"}
#: What a filter that is true or false is given for its name alone.
_EXAMPLES = {name: f"{name}=true" for name in KEYS if name.replace("-", "_") in _BOOLEAN_FILTERS}
_EXAMPLES["inactive"] = "active=false"
#: The fields that a search reads, also as others call them.
_SEARCHED = {"email", "mail", "e_mail", "full_name", "name"}


@dataclass(frozen=True)
class Filters:
    """The options that say which users."""

    active: Annotated[bool | None, flag("--active/--inactive", "Only users who may, or may not, sign in.")] = None
    deleted: Annotated[bool, flag("--deleted", "Only users in the recycle bin.")] = False
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only users who hold this role.")] = None
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only users whose email or name contains this text.")
    ] = None
    created_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only users created since then (30d: 30 days ago).")
    ] = None
    created_before: Annotated[str | None, typer.Option(metavar="TIME", help="Only users created before then.")] = (
        None
    )
    where: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only users with this attribute; repeat it.")
    ] = None
    expired: Annotated[bool, flag("--expired", "Only users whose expiry has passed.")] = False
    expires_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only users who expire then or later (30d: in 30 days).")
    ] = None
    expires_before: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only users who expire before then, or have expired.")
    ] = None
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
        given = {name: value for name, value in vars(self).items() if value is not None and value is not False}
        given.pop("match", None)
        if self.active is False:
            given["active"] = False
        return criteria_of(self.match or [], **given)


NO_FILTERS = Filters()


def criteria_of(match: Sequence[str], **given: Any) -> UserCriteria:
    """The criteria of `--match KEY=VALUE` items, and of options. Raises InvalidInput."""
    for item in match:
        key, equals, value = item.partition("=")
        if key.startswith(ATTRIBUTE) and equals:
            key, value = "where", item
        if key not in KEYS or not equals:
            mistake = _no_filter(key, value) if equals else _no_value(item)
            raise InvalidInput(f"{mistake} (keys: {', '.join(KEYS)})")
        _add(given, key.replace("-", "_"), value)
    if given.get("deleted") and given.get("active"):
        raise InvalidInput("--deleted and --active contradict each other: who is in the recycle bin is not active")
    if given.get("search") == "":  # a script's variable that is not set must not select everybody
        raise InvalidInput("--search is empty; leave it out to select all users")
    criteria = UserCriteria(
        is_active=given.get("active"),
        deleted=given.get("deleted", False),
        role=_printable(given.get("role"), "--role"),
        search=_printable(given.get("search"), "--search"),
        created_after=_past_time(given.get("created_after")),
        created_before=_past_time(given.get("created_before")),
        attributes=tuple(_key_value(item) for item in given.get("where", ())),
        expired=given.get("expired"),
        expires_after=_future_time(given.get("expires_after")),
        expires_before=_future_time(given.get("expires_before")),
        never_signed_in=given.get("never_signed_in"),
        not_signed_in_since=_past_time(given.get("inactive_for")),
        must_change_password=given.get("must_change_password"),
    )
    for what in ("created", "expires"):
        first, end = getattr(criteria, f"{what}_after"), getattr(criteria, f"{what}_before")
        if first is not None and end is not None and first >= end:
            raise InvalidInput(f"--{what}-after is not before --{what}-before: no user can match")
    return criteria


def _no_filter(key: str, value: str) -> str:
    """That no filter is called so, and what selects by it."""
    what = f"--match knows no filter {key}"
    if key.replace("-", "_").lower() in _SEARCHED:
        search = f"{what}; who has it in the email or name is found by --match {shlex.quote(f'search={value}')}"
        return f"{search}, a single user by usercli show {shlex.quote(value)}" if "mail" in key.lower() else search
    near = suggestion(key, list(KEYS))
    return what + (near or f"; of an attribute: --match {shlex.quote(f'{ATTRIBUTE}{key}={value}')}")


def _no_value(item: str) -> str:
    """That a value is missing, and what could be meant."""
    near = [_EXAMPLES.get(name, name) for name in similar(item, list(KEYS))]
    return f"--match must be KEY=VALUE, not: {item}" + (f"; did you mean: {', '.join(near)}" if near else "")


def is_boolean_filter(key: str) -> bool:
    """Is it a key whose value is true or false?"""
    return key.replace("-", "_") in _BOOLEAN_FILTERS


def _add(given: dict[str, Any], name: str, value: str) -> None:
    parsed: Any = value
    if name == "where":
        given["where"] = [*given.get("where", ()), value]
        return
    if name in _BOOLEAN_FILTERS:
        if value not in {"true", "false"}:
            raise InvalidInput(f"--match {name.replace('_', '-')}= must be true or false, not: {value}")
        parsed = value == "true"
        if name == "inactive":
            name, parsed = "active", not parsed
    if given.setdefault(name, parsed) != parsed:
        raise InvalidInput(f"the filter {name.replace('_', '-')} is given twice, with different values")


def _past_time(text: str | None) -> Any:
    return parse_time(text, relative_to="past") if text is not None else None


def _future_time(text: str | None) -> Any:
    return parse_time(text, relative_to="future") if text is not None else None


def _printable(text: str | None, what: str) -> str | None:
    return None if text is None else require_printable(text, what)


def _key_value(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not (key and equals):
        raise InvalidInput(f"--where must be KEY=VALUE, not: {item}")
    if (way := _WAYS.get(key.replace("-", "_"))) is not None:
        raise InvalidInput(
            f"{key} is a field or filter, not an attribute; {way} "
            f"(an attribute of this name: --where attributes.{key}=VALUE)"
        )
    return require_printable(attribute_name(key), "--where"), require_printable(value, "--where")
