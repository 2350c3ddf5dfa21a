"""When a unit of work is run again, and after what pause."""

from __future__ import annotations

from random import uniform
from time import monotonic

from usercli.database.wait_log import tell
from usercli.errors import DatabaseReadOnly, DatabaseUnreachable, OutcomeUnknown, TransactionAborted, UserCliError

#: So often what other transactions aborted is run again.
_MOST = 5
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


class Attempts:
    """The attempts of one unit of work; a lost connection is tried again for `seconds` from the first loss on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._aborted = 0
        self._until: float | None = None

    def pause_after(self, error: UserCliError) -> float | None:
        """Seconds until the next attempt, some of them by chance; None: there is none."""
        if isinstance(error, TransactionAborted):
            self._aborted += 1
            return uniform(0, _FIRST_PAUSE * 2**self._aborted) if self._aborted <= _MOST else None  # noqa: S311 - not a secret
        if not self._seconds or not _is_lost(error):
            return None
        if self._until is None:
            self._until = monotonic() + self._seconds
            tell(f"the database: {error.message}")
        left = self._until - monotonic()
        return min(left, uniform(_FIRST_PAUSE, _LONGEST_PAUSE)) if left > 0 else None  # noqa: S311 - not a secret


def _is_lost(error: UserCliError) -> bool:
    """The server went, or is a standby that may become the primary; and nothing was changed."""
    return isinstance(error, DatabaseUnreachable | DatabaseReadOnly) and not isinstance(error, OutcomeUnknown)
