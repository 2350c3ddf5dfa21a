"""The reject file: records that were not imported, to be corrected and imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from usercli.cli.error_text import with_option
from usercli.cli.output.cells import cell_text
from usercli.errors import InvalidInput, OutcomeUnknown
from usercli.private_files import create_file, reopen_file, sync_folder, write_error
from usercli.services.imports.validation import FIRST
from usercli.text import csv_cell, json_text

if TYPE_CHECKING:
    from usercli.services.imports.loader import Reject


class RejectFile:
    """CSV of our fields with line and reason; without a path the first ones are kept in `first`, to be told.

    `resume_at` is the length in bytes that an earlier run acknowledged; the rest is truncated. The file is
    removed if nothing was rejected, or if nothing was imported and no later run goes on with it.
    """

    def __init__(self, path: str | None, resume_at: int | None = None) -> None:
        self._path, self._resume_at = path, resume_at
        self.first: list[str] = []
        self._out: Any = None
        self._columns: tuple[str, ...] = ()
        self._is_empty = not resume_at
        self._is_complete = False

    def __enter__(self) -> Self:
        if self._path is None:
            self.first.clear()  # a try before this one was undone
            return self
        from usercli.schemas.import_rows import FIELDS, REJECT_FIELDS

        self._columns = (*FIELDS, *REJECT_FIELDS)
        header = ",".join(self._columns) + "\n"
        try:
            descriptor = self._open(self._path, header.encode())
            self._out = os.fdopen(descriptor, "w", encoding="utf-8", newline="", errors="backslashreplace")
            self._out.truncate(self._resume_at or 0)
            self._out.seek(0, os.SEEK_END)
            if not self._resume_at:
                self._out.write(header)
        except FileExistsError:
            raise InvalidInput(f"{self._path} exists already; --reject-file requires a new file") from None
        except OSError as error:
            raise write_error(self._path, error) from None
        return self

    def _open(self, path: str, header: bytes) -> int:
        """A descriptor of a new file, or of the one that an earlier run began. Raises OSError."""
        try:
            descriptor = create_file(path)
        except FileExistsError:
            if self._resume_at is None:
                raise
        else:
            if self._resume_at:  # what the earlier run wrote was taken away
                self._resume_at, self._is_empty = 0, True
            return descriptor
        descriptor = reopen_file(path)
        size = os.fstat(descriptor).st_size
        if header.startswith(os.pread(descriptor, len(header), 0)) and size >= self._resume_at:
            return descriptor
        os.close(descriptor)
        raise FileExistsError

    def write(self, reject: Reject) -> None:
        """Write a record. Raises UserCliError."""
        if self._out is None:
            if len(self.first) < FIRST:
                self.first.append(f"{reject.line}: {with_option(reject.reason, reject.hint)}")
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
            raise write_error(self._path or "", error) from None

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
        """Flush to disk; how long the file is in bytes, 0 if nothing was rejected. Raises UserCliError."""
        if self._out is None or self._is_empty:
            return 0
        try:
            self._out.flush()
            os.fsync(self._out.fileno())
            if not self._is_complete:
                sync_folder(Path(self._path or "").parent)
            self._is_complete = True
            return int(self._out.tell())
        except OSError as error:
            raise write_error(self._path or "", error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out is None:
            return
        try:
            self._out.close()
        except OSError as broken:
            if error is None:
                raise write_error(self._path or "", broken) from None
        finally:
            if self._path is not None and (self._is_empty or self._is_in_vain(error)):
                Path(self._path).unlink(missing_ok=True)

    def _is_in_vain(self, error: BaseException | None) -> bool:
        """Whether nothing was imported, for sure, and nothing will be: the same command requires a new file."""
        if error is None or self._resume_at is not None:
            return False
        return not (self._is_complete and (isinstance(error, OutcomeUnknown) or not isinstance(error, Exception)))
