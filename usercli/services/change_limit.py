"""The limit of how many users one change may be about."""

from __future__ import annotations

from usercli.errors import TooManyChanges


def require_at_most(limit: int, users: int) -> None:
    """Raise TooManyChanges if a change is about more users than the limit; 0 is no limit."""
    if limit and users > limit:
        raise TooManyChanges(users, limit)
