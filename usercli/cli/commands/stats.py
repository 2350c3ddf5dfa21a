"""stats: who the users are, in numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import reading_command
from usercli.cli.output.writer import Output
from usercli.cli.user_filters import NO_FILTERS, Filters
from usercli.errors import InvalidInput
from usercli.times import parse_time


@reading_command
def stats(
    invocation: Invocation,
    filters: Filters = NO_FILTERS,
    by: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Only by this: state, role, domain, attributes.team ...")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="The first month of sign-ups and sign-ins (12 months).")
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
    first = parse_time(since, relative_to="past") if since is not None else None
    criteria, uow = filters.criteria(), invocation.reading()
    if by is None:
        found = service.count_statistics(criteria, uow, since=first, top=top)
    else:
        found = service.count_by(by, criteria, uow, since=first, top=top)
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
