"""stats: who the users are, in numbers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import reading_command
from usercli.cli.output.writer import Output
from usercli.cli.user_filters import NO_FILTERS, Filters
from usercli.errors import InvalidInput
from usercli.times import parse_time

if TYPE_CHECKING:
    from usercli.schemas.statistics import Statistics


@reading_command
def stats(
    invocation: Invocation,
    filters: Filters = NO_FILTERS,
    by: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Only by this: state, role, domain, attributes.team ...")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="MONTH", help="The first month of sign-ups and sign-ins, 2026-09 or 24mo (12 months)."
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="How many domains, or values of an attribute.")
    ] = 10,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page with charts (0600, replaced).")
    ] = None,
) -> None:
    """Count users by state, role, password hash, last sign-in, month, email domain and expiry.

    A terminal gets charts, a pipe rows. FIELD is state, role, scheme, last_login_at, signups, signins, domain,
    must_change_password, expires_at, managed_by or attributes.NAME. The page needs no other file and no network.

    \b
    Examples:
      usercli stats
      usercli stats --by attributes.team --active
      usercli stats --since 24mo -o json
      usercli stats --html users.html
    """
    from usercli.schemas.statistics import MONTHLY, STAT_FIELDS

    if html is not None and invocation.options.output is not None:
        raise InvalidInput("--html and -o contradict each other: a page is HTML")
    if html in {"", "-"}:
        raise InvalidInput("--html writes a file, and no stream; name it: --html users.html")
    output = Output(invocation.options, STAT_FIELDS)
    from usercli.services import statistics as service

    if since is not None and by not in {None, *MONTHLY}:
        invocation.warn(
            f"--since changes nothing of --by {by}: it says from which month {' and '.join(MONTHLY)} are"
        )
    first = _first_month(since) if since is not None else None
    criteria, uow = filters.criteria(), invocation.reading()
    if by is None:
        found = service.count_statistics(criteria, uow, since=first, top=top)
    else:
        found = service.count_by(by, criteria, uow, since=first, top=top)
        _warn_of_none(invocation, by, found)
    if html is not None:
        from usercli.cli.output.statistics_page import page
        from usercli.private_files import replace_atomically
        from usercli.text import counted

        with replace_atomically(html) as out:
            out.write(page(found, str(invocation.target)).encode())
        if output.format != "ids":
            invocation.info(f"wrote statistics of {counted(found.users, 'user')} on {invocation.target} to {html}")
    elif output.format == "table" and not output.chosen:
        from usercli.cli.output.charts import charts

        output.text(charts(found, str(invocation.target)))
    else:
        output.many(found.rows)


def _warn_of_none(invocation: Invocation, by: str, found: Statistics) -> None:
    """Say of an attribute that nobody has which was meant."""
    from usercli.schemas.statistics import NONE
    from usercli.schemas.user_fields import ATTRIBUTE
    from usercli.services.statistics import attributes_like

    if not by.startswith(ATTRIBUTE) or {row.name for row in found.rows} != {NONE}:
        return
    alike = attributes_like(by.removeprefix(ATTRIBUTE), invocation.reading())
    near = f"; did you mean: {', '.join(alike)}" if alike and by not in alike else ""
    invocation.warn(f"nobody counted here has a value of {by}{near}")


def _first_month(since: str) -> datetime:
    """A time as elsewhere, or a month."""
    return parse_time(f"{since}-01" if re.fullmatch(r"\d{4}-\d{2}", since) else since, relative_to="past")
