"""A user's history as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from usercli.schemas.audit import EventView
from usercli.text import visible
from usercli.times import rfc3339

#: What a line begins with that continues another.
_FURTHER = " " * 6


def lines(events: Iterable[EventView]) -> Iterator[str]:
    """One line for each event, and one for each field that it changed; long ones are folded."""
    from usercli.cli.output.tables import paragraph

    for event in events:
        reason = f"  ({event.reason})" if event.reason else ""
        outcome = "" if event.outcome == "done" else f"  {event.outcome}"
        who = event.actor or "somebody"
        head = f"{rfc3339(event.at.replace(microsecond=0))}  {event.action}  by {who}{outcome}{reason}"
        yield from paragraph(visible(head), others=_FURTHER)
        if event.erased:
            yield "    (personal values were erased)\n"
        for name in dict.fromkeys((*event.before, *event.after)):
            if name == "was_active":  # what restore gives back; is_active says enough
                continue
            yield from paragraph(visible(_difference(name, event), joiners=name != "email"), "    ", _FURTHER)
        if event.outcome == "done":
            yield f"    change {event.change_id}\n"


def _difference(name: str, event: EventView) -> str:
    password = event.after.get(name) if name == "password" else None
    if isinstance(password, dict):
        return f"password: changed ({password.get('scheme')}, cost {password.get('cost')})"
    if name not in event.before:
        return f"{name}: {_shown(event.after[name])}"
    if name not in event.after:
        return f"{name}: {_shown(event.before[name])} -> (gone)"
    return f"{name}: {_shown(event.before[name])} -> {_shown(event.after[name])}"


def _shown(value: Any) -> str:
    from usercli.hash_chain import canonical

    if value is None:
        return "(none)"
    return value if isinstance(value, str) and value else canonical(value)
