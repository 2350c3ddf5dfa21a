"""Values as a plan of a desired state holds them, which is how JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from usercli.errors import InvalidInput
from usercli.schemas.attributes import differ_once_stored
from usercli.schemas.plans import PASSWORD
from usercli.schemas.user_fields import TIMES
from usercli.services.user_events import as_json
from usercli.times import utcnow

#: What is written otherwise than as a column of the row.
_APART = frozenset({"roles", PASSWORD, "managed_by"})
_PLAIN = frozenset({str, bool, type(None)})


def columns(after: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan sets in the row of a user itself."""
    names = [name for name in after if name not in _APART]
    return {name: _moment(after[name]) if name in TIMES else after[name] for name in names}


def require_future_expiry(target: str, after: Mapping[str, Any]) -> None:
    """What is set anew lies ahead; an expiry that has passed in the meantime stays as it is."""
    expiry = _moment(after.get("expires_at"))
    if expiry is not None and expiry <= utcnow():
        raise InvalidInput(f"{target}: the expiry {after['expires_at']} lies in the past")


def _moment(text: str | None) -> datetime | None:
    """A time as a plan writes it."""
    return None if text is None else datetime.fromisoformat(text)


def is_same(stored: Any, said: Any) -> bool:
    """What is stored of a field is what a file, or a plan, says."""
    if type(stored) in _PLAIN:  # as most are
        return type(said) is type(stored) and bool(said == stored)
    return not differ_once_stored(as_json(stored), said)
