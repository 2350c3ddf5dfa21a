"""What commands say about passwords; never whose, never a hash."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

Finding = Literal["unusable", "empty", "malformed", "unsupported", "below_policy", "old", "shared"]

#: Findings that let somebody in who should not be: `--fail-on weak`.
WEAK = frozenset({"empty", "malformed", "unsupported", "too_costly", "below_policy", "old", "shared"})


class Found(BaseModel):
    """How many users a finding concerns."""

    finding: Finding
    users: int


class TooCostly(BaseModel):
    """How many users have a hash whose check takes more of this than is spent on one, so that none is made."""

    bound: Literal["time", "memory"]
    users: int


class Scheme(BaseModel):
    """How many users have a hash of this scheme and cost."""

    scheme: str
    cost: int | None
    users: int


class PasswordReport(BaseModel):
    """What the stored hashes say about the passwords; no hash and no user is named."""

    total: int
    findings: list[Found]
    too_costly: list[TooCostly]
    schemes: list[Scheme]


class GeneratedPassword(BaseModel):
    """A random password that is nobody's yet."""

    password: str


class CostView(BaseModel):
    """How many milliseconds one hash of this cost takes here; one cost is proposed."""

    cost: int
    milliseconds: float
    proposed: bool


REPORT_FIELDS = tuple(PasswordReport.model_fields)
GENERATED_FIELDS = tuple(GeneratedPassword.model_fields)
COST_FIELDS = tuple(CostView.model_fields)
