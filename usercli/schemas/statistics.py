"""What stats says about the users; never whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel

from usercli.schemas.user_fields import ATTRIBUTE

#: What users are counted by in a report, in this order, with its heading.
GROUPINGS: Mapping[str, str] = MappingProxyType(
    {
        "state": "State",
        "role": "Role",
        "scheme": "Password hash",
        "last_login_at": "Last sign-in",
        "signups": "Sign-ups a month",
        "signins": "Last sign-ins a month",
        "domain": "Email domain",
        "must_change_password": "Must change the password",
        "expires_at": "Expiry",
    }
)
#: Further fields that `--by` takes, besides attributes.NAME.
FIELDS = (*GROUPINGS, "managed_by")
MONTHLY = ("signups", "signins")
OTHER = "(other)"
NONE = "(none)"


class StatView(BaseModel):
    """How many users one value of a field has; `total` counts all of them, `deleted` those in the recycle bin."""

    by: str
    name: str
    cost: int | None = None
    users: int

    @property
    def label(self) -> str:
        """The name with its cost."""
        return self.name if self.cost is None else f"{self.name}, cost {self.cost}"


STAT_FIELDS = tuple(StatView.model_fields)


class Statistics(NamedTuple):
    """The users at one moment: how many there are, and how many by each grouping."""

    at: datetime
    since: datetime
    users: int
    rows: list[StatView]

    def groups(self) -> Iterator[tuple[str, list[StatView]]]:
        """The rows of each grouping."""
        for by in dict.fromkeys(row.by for row in self.rows if row.by != "total"):
            yield by, [row for row in self.rows if row.by == by]

    def count(self, by: str, *names: str) -> int:
        """How many users these values of a field have."""
        return sum(row.users for row in self.rows if row.by == by and row.name in names)


def heading(by: str) -> str:
    """What a chart of this grouping is called."""
    return GROUPINGS.get(by) or ("Managed by" if by == "managed_by" else by.removeprefix(ATTRIBUTE))
