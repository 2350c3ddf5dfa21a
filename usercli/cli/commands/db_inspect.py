"""db inspect: the tables of a database that hold users, and what can be done with each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output
from usercli.text import counted, visible

if TYPE_CHECKING:
    from usercli.schemas.foreign_tables import InspectedTable

_COLLISIONS_SHOWN = 5
#: What begins the line of a profile that a reason ends with.
_SECTION = " table = "


@command
def inspect(
    invocation: Invocation,
    table: Annotated[
        str | None, typer.Option("--table", metavar="NAME", help="Only this table, whatever it is called.")
    ] = None,
) -> None:
    """Look for tables that hold users, of any program; changes nothing.

    Tells what their columns mean, which framework made them, the schemes of their hashes, and which addresses are
    the same to usercli; and the ways to use usercli with each (docs/existing-table.md).

    \b
    Examples:
      usercli db inspect
      usercli db inspect --table users -o json
    """
    from usercli.schemas.foreign_tables import INSPECTED_FIELDS

    output = Output(invocation.options, INSPECTED_FIELDS)
    from usercli.services.inspection import inspect_tables

    found = inspect_tables(invocation.target.url, table)
    if not found:
        invocation.info(f"no table on {invocation.target} seems to hold users; name one with --table")
    if output.format == "table" and not output.chosen:
        output.text("\n".join("".join(_lines(view)) for view in found))
    else:
        output.many(found)


def warn_of_users_beside(invocation: Invocation) -> None:
    """Before the first upgrade: a table of users of another program is there."""
    from usercli.services.inspection import users_beside

    if table := users_beside(invocation.target.url):
        invocation.warn(
            f"{table} is left as it is; usercli makes empty tables of its own beside it; see: usercli db inspect"
        )


def _lines(view: InspectedTable) -> Iterator[str]:
    from usercli.database.table_presets import title_of

    kind = f", {title_of(view.framework)}" if view.framework else ""
    yield visible(f"{view.table}{kind}: {_rows(view)}") + "\n"
    types = {column.name: column.type for column in view.columns}
    for field, column in view.fields.items():
        yield from _pair(field, f"{column}  {types[column]}")
    others = [column.name for column in view.columns if column.field is None]
    for name, values in (
        ("other columns", others),
        ("primary key", view.primary_key),
        ("unique", view.unique),
        ("referenced by", view.referenced_by),
    ):
        if values:
            yield from _pair(name, ", ".join(values))
    yield from _of_rows(view)
    for way in view.ways:
        if way.command is None:
            yield from _pair(f"to {way.way}", f"not possible: {way.reason}")
            continue
        yield _copied(f"to {way.way}", way.command)
        reason, is_there, section = (way.reason or "").partition(_SECTION)
        if reason:
            yield from _pair("", reason)
        if is_there:
            yield _copied("", (is_there + section).lstrip())


def _of_rows(view: InspectedTable) -> Iterator[str]:
    if view.colliding is None:
        yield from _pair("rows", "could not be read")
        return
    hashes = (
        f"{scheme.scheme}{'' if scheme.cost is None else f' cost {scheme.cost}'}: {scheme.users:,}"
        for scheme in view.hashes
    )
    if view.hashes:
        yield from _pair("hashes", ", ".join(hashes))
    if view.without_email:
        yield from _pair("without email", f"{view.without_email:,}")
    if view.colliding:
        yield from _pair(
            "same address", counted(view.colliding, "address of several users", "addresses of several users")
        )
    for same in view.collisions[:_COLLISIONS_SHOWN]:
        more = ", ..." if same.users > len(same.ids) else ""
        yield from _pair("", f"{same.email_key}: {', '.join(same.ids)}{more}")


def _rows(view: InspectedTable) -> str:
    if view.rows is None:
        return "rows unknown"
    return f"{'' if view.exact else 'about '}{counted(view.rows, 'row')}"


def _pair(name: str, value: str) -> Iterator[str]:
    from usercli.cli.output.tables import paragraph

    return paragraph(visible(value), *(f"  {shown:<14}  " for shown in (name, "")))


def _copied(name: str, value: str) -> str:
    """What is to be copied, on a line."""
    return f"  {name:<14}  {visible(value)}\n"
