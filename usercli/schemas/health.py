"""What `doctor` says of a database and of the machine."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

CheckState = Literal["ok", "warn", "fail"]


class CheckView(BaseModel):
    """What a check found. `said` begins with `not checked` where it could not run; `do` is what helps, or empty."""

    check: str
    state: CheckState
    said: str
    do: str


CHECK_FIELDS = tuple(CheckView.model_fields)
