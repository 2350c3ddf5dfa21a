"""A plan for people: + what comes, - what goes, ~ what changes, with its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from usercli.text import json_safe, visible

if TYPE_CHECKING:
    from usercli.schemas.plans import Plan, PlannedChange

_SIGNS = {"create": "+", "update": "~", "delete": "-"}
_NOTHING = object()


def lines(plan: Plan) -> Iterator[str]:
    """The whole plan."""
    for change in plan.changes:
        yield heading(change) + "\n"
        for line in _fields(change):
            yield f"    {line}\n"


def heading(change: PlannedChange) -> str:
    """`+ user ada@example.com`."""
    where = " (to the recycle bin)" if change.action == "delete" else ""
    return visible(f"{_SIGNS[change.action]} {change.kind} {change.target}{where}")


def _fields(change: PlannedChange) -> Iterator[str]:
    for name, after in change.after.items():
        if name == "initial_password":
            yield "+ initial_password: (as in the file)"
        elif change.action == "create":
            yield f"+ {name}: {_shown(after)}"
        elif name == "attributes":
            yield from _of_mapping(change.before[name], after)
        elif name == "roles":
            yield from _of_names(change.before[name], after)
        else:
            yield f"~ {name}: {_shown(change.before[name])} -> {_shown(after)}"


def _of_names(before: list[str], after: list[str]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if (name in before) != (name in after):
            yield visible(f"{'-' if name in before else '+'} roles: {name}")


def _of_mapping(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*before, *after}):
        old, new = before.get(key, _NOTHING), after.get(key, _NOTHING)
        name = visible(f"attributes.{key}")
        if old is _NOTHING:
            yield f"+ {name}: {_shown(new)}"
        elif new is _NOTHING:
            yield f"- {name}: {_shown(old)}"
        elif _shown(old) != _shown(new):
            yield f"~ {name}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    return json_safe(json.dumps(value, ensure_ascii=False, sort_keys=True))
