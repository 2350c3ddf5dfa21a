"""Excel workbooks (.xlsx): a sheet with a row for each user, which import reads back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from usercli.errors import InvalidInput
from usercli.readers.workbook import require_library
from usercli.readers.workbook_archive import MAX_ROWS
from usercli.text import FORMULA_STARTS

#: Rows below the header.
MAX_USERS = MAX_ROWS - 1

#: What Excel holds in a cell.
MAX_CHARACTERS = 32_767

#: Characters that XML cannot hold or changes, and texts that look like the escape for them.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write(
    rows: Iterable[Mapping[str, Any]], fields: Sequence[str], cell_text: Callable[[Any], str], out: BinaryIO
) -> None:
    """A workbook with a header row and these rows; `cell_text` makes texts of lists and objects.

    Raises InvalidInput for more rows, or a longer text, than a sheet holds, and where the library is missing.
    """
    library = require_library()
    from openpyxl.cell import WriteOnlyCell

    book = library.Workbook(write_only=True)
    book.properties.creator = "usercli"
    sheet = book.create_sheet("users")
    sheet.freeze_panes = "A2"
    sheet.append(fields)

    def cell(number: int, name: str, value: Any) -> Any:
        """A number, a boolean, or a text that no program takes for a formula, whatever it begins with."""
        if value is None or isinstance(value, bool | int):
            return value
        text = _ESCAPED.sub(_escape, cell_text(value))
        if len(text) > MAX_CHARACTERS:
            raise InvalidInput(
                f"{name} of user {number:,} has more than the {MAX_CHARACTERS:,} characters of a cell of Excel; "
                "export CSV instead"
            )
        if not text.startswith((*FORMULA_STARTS, "#")):
            return text
        found = WriteOnlyCell(sheet, text)
        found.data_type, found.quotePrefix = "s", True
        return found

    try:
        for number, row in enumerate(rows, 1):
            if number > MAX_USERS:
                raise InvalidInput(
                    f"a sheet of Excel holds {MAX_ROWS:,} rows, and these are more users; export CSV instead"
                )
            sheet.append([cell(number, name, row[name]) for name in fields])
    except BaseException:
        with suppress(Exception):  # left open it would complain on stderr; its temporary file goes with the process
            sheet.close()
        raise
    book.save(out)


def _escape(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"
