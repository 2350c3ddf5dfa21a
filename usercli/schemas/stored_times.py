"""Times that another program stored and that no calendar holds: whose they are, for whoever has to be told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import PlainSerializer, WithJsonSchema

from usercli.times import UnreadableTime

_MOST_NAMED = 10
_SHOWN = 50


class StoredTime(NamedTuple):
    """Where there is such a time: whose, which column, and what is stored."""

    owner: str
    column: str
    stored: str

    @property
    def sentence(self) -> str:
        """What is wrong."""
        shown = repr(self.stored[:_SHOWN]) + ("..." if len(self.stored) > _SHOWN else "")
        return f"{self.owner} has {shown} in {self.column}, which is no time of the years 1 to 9999"


class UnreadableTimes:
    """Such times, met while others were read: how many, and the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[StoredTime] = []

    def note(self, found: Iterable[StoredTime]) -> None:
        """Count them."""
        for item in found:
            self.count += 1
            if len(self.first) < _MOST_NAMED:
                self.first.append(item)


def _stored_text(value: Any) -> Any:
    return str(value) if type(value) is UnreadableTime else value


#: A time that is shown; what no calendar holds is the text that is stored.
ShownTime = Annotated[
    datetime,
    PlainSerializer(_stored_text, when_used="json"),
    WithJsonSchema({"format": "date-time", "type": "string"}, mode="serialization"),
]
