"""Filters: the named flags and `--match KEY=VALUE` lead to the same criteria."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from usercli.errors import InvalidInput
from usercli.schemas.users import UserCriteria
from usercli.text import nearest, require_plain
from usercli.times import parse_time

KEYS = ("active", "inactive", "deleted", "search", "created-after", "created-before", "where")


def criteria_of(match: Sequence[str], **flags: Any) -> UserCriteria:
    """The criteria of flags and `--match`; one key said in two ways must say the same. Raises InvalidInput."""
    said: dict[str, Any] = {name: value for name, value in flags.items() if value not in (None, [])}
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
        search=_plain(said.get("search"), "--search"),
        created_after=_ago(said.get("created_after")),
        created_before=_ago(said.get("created_before")),
        attributes=tuple(_pair(item) for item in said.get("where", ())),
    )


def _add(said: dict[str, Any], name: str, value: str) -> None:
    parsed: Any = value
    if name == "where":
        said["where"] = [*said.get("where", ()), value]
        return
    if name in {"active", "inactive", "deleted"}:
        if value not in {"true", "false"}:
            raise InvalidInput(f"--match {name}= wants true or false, not: {value}")
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
