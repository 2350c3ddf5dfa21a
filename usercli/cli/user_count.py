"""list --count: how many users fit, exactly or about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usercli.cli.context import Invocation
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import user_output
from usercli.errors import InvalidInput

if TYPE_CHECKING:
    from usercli.schemas.users import UserCriteria
    from usercli.services.mapped_users import MappedUsers


def require_whole_count(invocation: Invocation, limit: int | None, after: str | None) -> None:
    """Raise InvalidInput for what a count would pass over."""
    for option, given in (("--fields", invocation.options.fields), ("--limit", limit), ("--after", after)):
        if given is not None:
            raise InvalidInput(f"--count and {option} contradict each other: --count counts all that match")


def print_count(invocation: Invocation, criteria: UserCriteria, *, estimate: bool) -> None:
    """Print how many users fit; with `estimate` by the statistics of the database, where it keeps some."""
    if (mapped := invocation.mapped_users) is not None:
        _of_mapped(invocation, mapped, criteria, estimate)
        return
    from usercli.services.user_estimates import estimate_users
    from usercli.services.users import count_users

    output = user_output(invocation)
    about = estimate_users(criteria, invocation.reading()) if estimate else None
    output.count(count_users(criteria, invocation.reading()) if about is None else about)
    _tell(invocation, estimate, about)


def _of_mapped(invocation: Invocation, users: MappedUsers, criteria: UserCriteria, estimate: bool) -> None:
    output = Output(invocation.options, users.table.fields)
    about = users.estimate(criteria) if estimate else None
    output.count(users.count(criteria) if about is None else about)
    _tell(invocation, estimate, about)


def _tell(invocation: Invocation, estimate: bool, about: int | None) -> None:
    if estimate and about is None:
        invocation.info("counted: SQLite keeps no statistics to estimate by")
    elif estimate:
        invocation.info("estimated from the statistics of PostgreSQL, which ANALYZE and autovacuum renew")
