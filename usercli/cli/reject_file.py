"""The reject file: records that were not imported, to be corrected and imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from usercli.cli.error_text import with_option
from usercli.cli.output.cells import cell_text
from usercli.errors import InvalidInput, UserCliError
from usercli.text import csv_cell, json_text

if TYPE_CHECKING:
    from usercli.services.imports.loader import Reject


class RejectFile:
    """CSV of our fields with line and reason; without a path nothing is written.

    `resume_at` is the length in bytes that an earlier run acknowledged; the rest is truncated. The file is
    removed if nothing was rejected.
    """

    def __init__(self, path: str | None, resume_at: int | None = None) -> None:
        self._path, self._resume_at = path, resume_at
        self._out: Any = None
        self._columns: tuple[str, ...] = ()
        self._is_empty = not resume_at

    def __enter__(self) -> Self:
        if self._path is None:
            return self
        from usercli.schemas.import_rows import FIELDS, REJECT_FIELDS

        self._columns = (*FIELDS, *REJECT_FIELDS)
        new = os.O_EXCL if self._resume_at is None else 0
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | new, 0o600)
            self._out = os.fdopen(descriptor, "w", encoding="utf-8", newline="", errors="backslashreplace")
            self._out.truncate(self._resume_at or 0)
            self._out.seek(0, os.SEEK_END)
            if not self._resume_at:
                self._out.write(",".join(self._columns) + "\n")
        except FileExistsError:
            raise InvalidInput(f"{self._path} exists already; --reject-file requires a new file") from None
        except OSError as error:
            raise self._write_error(error) from None
        return self

    def write(self, reject: Reject) -> None:
        """Write a record. Raises UserCliError."""
        if self._out is None:
            return
        fields = {
            **self._held(reject.fields or {}),
            "reject_line": reject.line,
            "reject_reason": with_option(reject.reason, reject.hint),
        }
        line = ",".join(csv_cell(cell_text(fields.get(name))) for name in self._columns)
        self._is_empty = False
        try:
            self._out.write(line + "\n")
        except OSError as error:
            raise self._write_error(error) from None

    def _held(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields, or all of them as the email where the columns would lose or change one.

        No such email is taken: the record is imported only after somebody corrected it.
        """
        roles = fields.get("roles")
        is_split = isinstance(roles, list) and any(";" in str(role) for role in roles)
        if is_split or not fields.keys() <= set(self._columns):
            return {"email": json_text(dict(fields))}
        return fields

    def sync(self) -> int:
        """Flush to disk; the length in bytes, 0 if nothing was rejected. Raises UserCliError."""
        if self._out is None or self._is_empty:
            return 0
        try:
            self._out.flush()
            os.fsync(self._out.fileno())
            return int(self._out.tell())
        except OSError as error:
            raise self._write_error(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out is None:
            return
        try:
            self._out.close()
        except OSError as broken:
            if error is None:
                raise self._write_error(broken) from None
        finally:
            if self._is_empty and self._path is not None:
                Path(self._path).unlink(missing_ok=True)

    def _write_error(self, error: OSError) -> UserCliError:
        return UserCliError(f"cannot write {self._path}: {(error.strerror or 'error').lower()}")
