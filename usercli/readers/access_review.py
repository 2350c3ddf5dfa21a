"""Read an access review that was filled in with decisions."""

from __future__ import annotations

import gzip
import io
import uuid
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from pydantic import ValidationError

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, Record
from usercli.readers.csv_tsv import read_columns
from usercli.schemas.access_review import DECISION_FIELDS, Decision

#: Some hundred thousand grants; people decide line by line.
MAX_BYTES = 16 << 20


class BadReview(InvalidInput):
    """Rows of a review are wrong; `rows` holds their lines and the reasons."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        super().__init__(f"{len(rows):,} bad {'row' if len(rows) == 1 else 'rows'} found; nothing was changed")
        self.rows = rows


def read_decisions(source: BinaryIO, *, escaped: bool = False) -> list[Decision]:
    """Every row, including undecided ones; `escaped` for TSV. Raises InvalidInput, BadReview."""
    try:
        data = source.read(MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InvalidInput("the gzip file is truncated or damaged") from None
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"the review is larger than {MAX_BYTES >> 20} MB; split it")
    decisions: dict[tuple[uuid.UUID, str], Decision] = {}
    bad: list[tuple[int, str]] = []
    for record in read_columns(io.BytesIO(data), DECISION_FIELDS, escaped=escaped):
        try:
            found = _decision(record)
            first = decisions.setdefault((found.user, found.role), found)
            if first is not found:
                raise InvalidInput(f"the grant appears twice, first on line {first.line}")
        except InvalidInput as error:
            bad.append((record.line, error.message))
    if bad:
        raise BadReview(bad)
    return list(decisions.values())


def _decision(record: Record | BadRecord) -> Decision:
    if isinstance(record, BadRecord):
        raise InvalidInput(record.reason)
    try:
        return Decision.model_validate({**record.fields, "line": record.line})
    except ValidationError as error:
        message = error.errors(include_input=False, include_url=False, include_context=False)[0]["msg"]
        raise InvalidInput(message.removeprefix("Value error, ")) from None
