"""What goes to stdout: data, in one of seven formats, and nothing else.

Machine formats are written row by row. The shapes are the scripting contract (docs/scripting.md).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from usercli.cli.output.cells import cell_text
from usercli.column_batches import Block, CellEncoding, rows_of
from usercli.errors import InvalidInput, NoSuchFormat, OutputFailed
from usercli.text import FORMULA_STARTS, TSV_ESCAPES, csv_cell, json_line, suggestion, visible, yaml_safe

if TYPE_CHECKING:
    from pydantic import BaseModel

    from usercli.cli.context import Options

FORMATS = ("table", "json", "jsonl", "csv", "tsv", "yaml", "ids")
Row = Mapping[str, Any]

_CHARACTERS_A_WRITE = 1 << 16
_WITHOUT_HEADER = frozenset({"json", "jsonl", "yaml"})
_ADDRESSES = frozenset({"actor", "granted_by", "user"})  # and every name that ends in email


class Output:
    """The chosen format and fields. Made before any work, so that a wrong choice changes nothing.

    `columns` are the fields that there are; `key`, the first of them by default, is what `-o ids` prints.
    Raises NoSuchFormat, InvalidInput for an unknown field, OutputFailed when stdout is closed.
    """

    def __init__(
        self, options: Options, columns: Sequence[str], into: BinaryIO | None = None, *, key: str = ""
    ) -> None:
        if sys.stdout is None:
            raise OutputFailed("standard output is closed")
        self._into = into
        self._first = key or next(iter(columns), "")  # a file of another system has fields of its own
        self.is_terminal = into is None and sys.stdout.isatty()
        self.format = _format(options, self.is_terminal)
        self.columns = columns
        self.chosen = _selected_fields(options.fields, columns)
        self.raw = bool(options.raw)
        self.has_header = not options.no_header
        #: TSV because there is no terminal, and nobody asked for it.
        self._is_piped = options.output is None and self.format == "tsv"
        if self.format == "ids" and len(self.chosen) > 1 and self._first not in self.chosen:
            raise InvalidInput(
                f"-q and -o ids print one field; --fields names {len(self.chosen)}; "
                "for several use -o tsv --no-header"
            )
        if not self.has_header and self.format in _WITHOUT_HEADER:
            raise InvalidInput(
                f"--no-header and -o {self.format} contradict each other: {self.format} has no header line"
            )

    @property
    def _key(self) -> str:
        """What a line of `-o ids` holds: the only field that was chosen, else the key."""
        return self.chosen[0] if len(self.chosen) == 1 else self._first

    @property
    def fields(self) -> Sequence[str]:
        """The fields to show, in order."""
        return self.chosen or self.columns

    @property
    def cell_encoding(self) -> CellEncoding | None:
        """How `blocks` takes what needs no escape; None if it wants the values themselves."""
        named_twice = len(set(self.fields)) < len(self.fields)  # which a block cannot hold
        if self.is_terminal or named_twice or self.format in {"table", "yaml", "ids"}:
            return None
        return CellEncoding(
            json=self.format in {"json", "jsonl"},
            delimiter="\t" if self.format == "tsv" else ",",
            is_guarded=self.format == "csv" and not self.raw,
        )

    def many(self, rows: Iterable[BaseModel | Row], table: Sequence[str] = ()) -> None:
        """A list: an array in JSON. `table` are the fields that a table shows unless told otherwise."""
        plain = self._rows(rows)
        if self.format == "table":
            self._table(plain, self.chosen or table or self.columns)
        elif self.format == "yaml":
            self._write(_yaml_list(plain))
        elif self.format == "json":
            self._write(_array([json_line(row)] for row in plain))
        else:
            self._write(self._lines(plain))

    def blocks(self, blocks: Iterable[Block]) -> None:
        """A list of many, in blocks of columns, the fields in order; the same bytes as `many`, made faster."""
        from usercli.cli.output import columnar

        names = self.fields
        if self.cell_encoding is None:
            self.many(rows_of(blocks))
        elif self.format == "json":
            self._write(_array(columnar.json_lines(blocks)))
        elif self.format == "jsonl":
            self._write("\n".join(lines) + "\n" for lines in columnar.json_lines(blocks))
        elif self.format == "tsv":
            self._write(self._with_header(names, "\t", columnar.delimited(blocks, "\t", columnar.tsv_cells)))
        else:
            cells = columnar.raw_csv_cells if self.raw else columnar.csv_cells
            self._write(self._with_header(names, ",", columnar.delimited(blocks, ",", cells)))

    def one(self, row: BaseModel | Row) -> None:
        """A single thing: an object in JSON, a list of its fields in a table."""
        if self.format == "table":
            self._field_table(self._plain(row))
        elif self.format in {"json", "yaml"}:
            self.document(self._plain(row))
        elif self.format != "ids" or self.chosen or self._plain(row)[self._key] is not None:
            self.many([row])

    def document(self, value: Row) -> None:
        """A JSON or YAML object of a shape of its own; in other formats a row of its fields."""
        if self.format == "yaml":
            self._write([_yaml(value)])
        elif self.format in {"json", "jsonl"}:
            self._write([json_line(value) + "\n"])
        elif self.format == "table":
            self._field_table(value)
        else:
            self._write(self._delimited([value], list(value)))

    def change(self, change: Any, table: Sequence[str] = (), piped: Sequence[str] = ()) -> None:
        """What a changing command did: its object, or its users as rows.

        A pipe gets what a table shows, unless the format was asked for: `piped` are the fields.
        """
        if self._is_piped and not self.chosen:
            self.chosen = tuple(piped)
        with _already_made(change):
            if self.format in {"json", "jsonl", "yaml"}:
                plain, users = change.model_dump(mode="json", exclude={"users"}), self._rows(change.users)
                if self.format == "yaml":
                    self.document({**plain, "users": list(users)})
                else:
                    self._write(_object_with(plain, "users", users))
            elif self.cell_encoding is not None and hasattr(change.users, "blocks"):
                self.blocks(change.users.blocks(self.fields))
            elif change.users or not (self._is_piped or self.format == "table"):  # an empty table tells nothing
                self.many(change.users, table)

    def role_change(self, change: Any) -> None:
        """What a command did to a role: its object, or the role as a row."""
        with _already_made(change):
            if self.format in {"json", "jsonl", "yaml"}:
                self.document({**change.model_dump(mode="json"), "role": self._plain(change.role)})
            else:
                self.many([change.role])

    def count(self, number: int) -> None:
        """How many: `{"count": N}`, or the number."""
        if self.format in {"table", "ids"}:
            self._write([f"{number}\n"])
        else:
            from usercli.schemas.users import Count

            self.document(Count(count=number).model_dump())

    def text(self, chunks: Iterable[str]) -> None:
        """Text as it is (SQL, completion scripts): for files, not shaped by the format."""
        self._write(chunks)

    def data(self, chunks: Iterable[bytes]) -> None:
        """Bytes as they are, of a file that is no text."""
        out = self._into or sys.stdout.buffer
        for chunk in chunks:
            self._guarded(out.write, chunk)
        self._guarded(out.flush)

    def _rows(self, rows: Iterable[BaseModel | Row]) -> Iterator[Row]:
        if (made := getattr(rows, "rows", None)) is None:
            return map(self._plain, rows)
        found: Iterator[Row] = made((self._key,) if self.format == "ids" else self.fields)
        return found

    def _plain(self, row: BaseModel | Row) -> Row:
        wanted = (self._key,) if self.format == "ids" else self.chosen
        if isinstance(row, Mapping):
            return {name: row[name] for name in wanted} if wanted else row
        if wanted:
            found = row.model_dump(mode="json", include=set(wanted))
            return {name: found[name] for name in wanted}
        return row.model_dump(mode="json")

    def _lines(self, rows: Iterable[Row]) -> Iterator[str]:
        if self.format == "ids":
            name = self._key
            return (self._for_terminal(cell_text(row[name]).translate(TSV_ESCAPES), name) + "\n" for row in rows)
        if self.format == "jsonl":
            return (json_line(row) + "\n" for row in rows)
        return self._delimited(rows, self.fields)

    def _delimited(self, rows: Iterable[Row], names: Sequence[str]) -> Iterator[str]:
        delimiter = "\t" if self.format == "tsv" else ","
        lines = (delimiter.join([self._cell(name, row[name]) for name in names]) + "\n" for row in rows)
        return self._with_header(names, delimiter, lines)

    def _with_header(self, names: Sequence[str], delimiter: str, lines: Iterable[str]) -> Iterator[str]:
        stream = iter(lines)
        first = next(stream, "")  # the header waits for it: an error before the first row leaves stdout empty
        if self.has_header:
            yield delimiter.join(names) + "\n"
        yield first
        yield from stream

    def _cell(self, name: str, value: Any) -> str:
        if self.format == "tsv":
            return self._for_terminal(cell_text(value).translate(TSV_ESCAPES), name)
        text = self._for_terminal(cell_text(value), name)
        if isinstance(value, str) and not self.raw and text.startswith(FORMULA_STARTS):
            text = "'" + text
        return csv_cell(text)

    def _for_terminal(self, text: str, name: str) -> str:
        return _visible_cell(name, text) if self.is_terminal else text

    def _table(self, rows: Iterable[Row], names: Sequence[str]) -> None:
        from usercli.cli.output import tables

        cells = [
            [_display(name, _seconds(row[name]) if _is_time(name) else row[name]) for name in names] for row in rows
        ]
        self._write([tables.row_table(cells, names, has_header=self.has_header)])

    def _field_table(self, row: Row) -> None:
        from usercli.cli.output import tables

        pairs = [(name, _display(name, value)) for name, value in row.items()]
        self._write([tables.field_table(pairs)] if self.has_header else [f"{value}\n" for _, value in pairs])

    def _write(self, chunks: Iterable[str]) -> None:
        out = self._into or sys.stdout.buffer
        encoding = sys.stdout.encoding if self.format == "table" and not self._into else "utf-8"
        for some in _buffered(chunks):
            data = some.encode(encoding, errors="backslashreplace")
            self._guarded(out.write, data)
        self._guarded(out.flush)

    def _guarded(self, call: Any, *arguments: Any) -> None:
        try:
            call(*arguments)
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "it is closed").lower()
            place = "the file" if self._into else "standard output"
            raise OutputFailed(f"cannot write to {place}: {reason}") from None


@contextmanager
def _already_made(change: Any) -> Iterator[None]:
    """Let a failure to print a change say that it was made."""
    try:
        yield
    except OutputFailed as error:
        if change.change_id:
            raise OutputFailed(f"{error.message}; the change itself was made") from None
        raise


def _buffered(chunks: Iterable[str]) -> Iterator[str]:
    """Some chunks at a time: encoding each by itself costs more than making it."""
    held: list[str] = []
    length = 0
    try:
        for chunk in chunks:
            held.append(chunk)
            length += len(chunk)
            if length >= _CHARACTERS_A_WRITE:
                yield "".join(held)
                held, length = [], 0
    except Exception:
        yield "".join(held)  # what came before the error
        raise
    yield "".join(held)


def _format(options: Options, is_terminal: bool) -> str:
    if options.quiet:
        return "ids"
    if options.output is None:
        return "table" if is_terminal else "tsv"
    if options.output not in FORMATS:
        raise NoSuchFormat(options.output)
    return options.output


def _selected_fields(given: str | None, columns: Sequence[str]) -> tuple[str, ...]:
    if given is None:
        return ()
    names = tuple(name.strip() for name in given.split(","))
    for name in names:
        if name not in columns:
            hint = suggestion(name, list(columns))
            raise InvalidInput(f"no such field: {name or '(empty)'}{hint} (fields: {', '.join(columns)})")
    return names


def _is_time(name: str) -> bool:
    return name == "at" or name.endswith("_at")


def _seconds(moment: Any) -> Any:
    """An RFC 3339 time without its fraction."""
    is_time = isinstance(moment, str) and moment.endswith("Z")  # another text is what is stored and no time
    return f"{moment.partition('.')[0]}Z" if is_time and "." in moment else moment


def _display(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _visible_cell(name, cell_text(value))


def _visible_cell(name: str, text: str) -> str:
    return visible(text, joiners=not (name in _ADDRESSES or name.endswith("email")))


def _array(items: Iterable[Sequence[str]]) -> Iterator[str]:
    # "[" waits for the first row: an error before it leaves stdout empty
    start = "[\n"
    for some in items:
        yield start + ",\n".join(some)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def _object_with(start: Row, name: str, rows: Iterable[Row]) -> Iterator[str]:
    """A line of JSON: the object with one more member, an array that need not fit into memory."""
    before = f'{json_line(start)[:-1]},"{name}":['
    for row in rows:
        yield before + json_line(row)
        before = ","
    yield "]}\n" if before == "," else f"{before}]}}\n"


def _yaml(value: Any) -> str:
    import yaml

    text: str = yaml.dump(value, Dumper=_yaml_dumper(), allow_unicode=True, sort_keys=False, width=1_000_000)
    return text if text.isascii() else "\n".join(yaml_safe(line) for line in text.split("\n"))


@cache
def _yaml_dumper() -> Any:
    """Text that a terminal would obey stands in double quotes, where its characters can be escapes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        style = None if visible(value, joiners=True) == value else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper


def _yaml_list(rows: Iterable[Row]) -> Iterator[str]:
    empty = True
    for row in rows:
        empty = False
        yield _yaml([dict(row)])
    if empty:
        yield "[]\n"
