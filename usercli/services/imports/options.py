"""What an import is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OnConflict = Literal["fail", "skip", "update"]


@dataclass(frozen=True)
class ImportOptions:
    """How to import. `max_errors` ends a run with `skip_bad` that rejects more."""

    on_conflict: OnConflict = "fail"
    update_passwords: bool = False
    skip_bad: bool = False
    max_errors: int | None = None
    create_roles: bool = False
    preserve: bool = False
    allow_no_admin: bool = False
