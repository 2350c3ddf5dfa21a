"""What the recycle bin sets on a user."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any


class Recyclable:
    """A user who may be moved to the bin and back."""

    if TYPE_CHECKING:  # columns of one class, values of another
        is_active: Any
        was_active: Any
        deleted_at: Any

    def soft_delete(self, at: datetime) -> None:
        """Move to the bin: inactive there, remembering whether it was active."""
        self.was_active, self.is_active, self.deleted_at = self.is_active, False, at

    def restore(self) -> None:
        """Bring back from the bin, as active as it was."""
        self.is_active, self.was_active, self.deleted_at = bool(self.was_active), None, None
