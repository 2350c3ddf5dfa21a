"""What `db adopt` shows."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class AdoptionStep(BaseModel):
    """A statement of an adoption: when it is run, and the lock that it takes of the table (empty: none).

    `part` is prepare, fill, index or adopt; for a large table the first three are before the transaction.
    """

    part: Literal["prepare", "fill", "index", "adopt"]
    before: bool
    lock: str
    sql: str


ADOPTION_STEP_FIELDS = tuple(AdoptionStep.model_fields)
