"""What an undo gives back to a user: the former values of the fields that still have what the change gave them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from usercli.hash_chain import differs_as_json
from usercli.models.user_state import UserState
from usercli.schemas.attributes import differ_once_stored
from usercli.schemas.user_fields import AUDITED, FIELD, TIMES, UNDOABLE
from usercli.services import user_events
from usercli.services.undo_plan import FirstLines

#: Stands for an attribute that is not there.
ABSENT = object()

#: What a creation leaves, and a sign-in or a new password does not change.
_CREATED = tuple(name for name in AUDITED if name in UNDOABLE - {"must_change_password", "was_active"})
_UNTOLD = {name: user_events.as_json(FIELD[name].default) for name in _CREATED}


class DoneEvent:
    """What an undo reads of an event. Values are parsed once they are wanted: of who was created none is."""

    target_email: str | None
    before: dict[str, Any]
    after: dict[str, Any]

    def __init__(self, event: Any) -> None:
        self._event = event
        self.action: str = event.action
        self.target_id: str | None = event.target_id

    def __getattr__(self, name: str) -> Any:
        if name not in {"before", "after", "target_email"}:
            raise AttributeError(name)
        personal = json.loads(self._event.personal)
        self.target_email = personal["target_email"]
        self.before = {**_open_values(self._event.before), **personal["before"]}
        self.after = {**_open_values(self._event.after), **personal["after"]}
        return self.__dict__[name]


@lru_cache(maxsize=1024)  # the same of most events of a change; nobody changes it
def _open_values(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def give_back(user: UserState, events: Sequence[DoneEvent], conflicts: FirstLines) -> dict[str, Any]:
    """The former values of the fields that still have what the change gave them."""
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for event in events:
        for name in event.after.keys() & UNDOABLE:
            if name == "must_change_password" and "password" in event.after:
                continue  # it belongs to that password, which stays
            if name == "attributes":
                _merge_attributes(first, last, event)
            else:
                first.setdefault(name, event.before.get(name))
                last[name] = event.after[name]
    now = user_events.snapshot(user, last)
    found: dict[str, Any] = {}
    for name in AUDITED:
        if name not in last:
            continue
        if name == "roles":
            value, clash = _roles_back(first[name], last[name], now[name])
        elif name == "attributes":
            value, clash = _attributes_back(first[name], last[name], now[name])
        else:
            value, clash = first[name], now[name] != last[name] or not _can_be_set(name, first[name])
        if clash:
            conflicts.append(f"{user.email} {name}")
        elif value != now[name] or name in {"roles", "attributes"}:
            found[name] = value
    return found


def changed_since(user: UserState, events: Sequence[DoneEvent]) -> list[str]:
    """The fields of a user whom these events made that were set since."""
    left = dict(_UNTOLD)
    for event in events:
        told = {name: event.after[name] for name in _CREATED if name in event.after}
        if "attributes" in told:  # of a change only those that it set
            gone = event.before.get("attributes", {})
            kept = {key: value for key, value in left["attributes"].items() if key not in gone}
            told["attributes"] = kept | told["attributes"]
        left |= told
    now = user_events.snapshot(user, _CREATED)
    return [name for name in _CREATED if _is_other(name, left[name], now[name])]


def _is_other(name: str, one: Any, other: Any) -> bool:
    if name == "attributes":
        return differ_once_stored(one, other)
    if name == "roles":
        return sorted(one) != sorted(other)
    return bool(one != other)


def _can_be_set(name: str, value: Any) -> bool:
    """Not what another program stored in place of a time."""
    try:
        return name not in TIMES or value is None or bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _merge_attributes(first: dict[str, Any], last: dict[str, Any], event: DoneEvent) -> None:
    old, new = event.before.get("attributes", {}), event.after["attributes"]
    for key in {**old, **new}:
        first.setdefault("attributes", {}).setdefault(key, old.get(key, ABSENT))
        last.setdefault("attributes", {})[key] = new.get(key, ABSENT)


def _attributes_back(first: dict[str, Any], last: dict[str, Any], now: dict[str, Any]) -> tuple[Any, bool]:
    return first, any(_differ(now.get(key, ABSENT), value) for key, value in last.items())


def _differ(one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is not other
    return differs_as_json(one, other)


def _roles_back(first: list[str], last: list[str], now: list[str]) -> tuple[Any, bool]:
    gained, lost = sorted(set(last) - set(first)), sorted(set(first) - set(last))
    return (gained, lost), not (set(gained) <= set(now) and not set(lost) & set(now))
