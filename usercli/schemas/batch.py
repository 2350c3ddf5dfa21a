"""What a batch says of each of its commands."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class BatchResult(BaseModel):
    """One command of a batch: `result` is what it would print as JSON, `messages` its lines for people."""

    line: int
    code: int
    result: Any
    messages: list[str]


BATCH_FIELDS = tuple(BatchResult.model_fields)
