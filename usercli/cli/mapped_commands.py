"""The commands that are offered on a table of another program, as they run there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from usercli.cli.context import Invocation
from usercli.cli.output.writer import Output
from usercli.errors import ExitCode, Refused
from usercli.text import count_of_fitting

if TYPE_CHECKING:
    from usercli.schemas.mapped_users import MappedUserView
    from usercli.schemas.users import UserCriteria, UserKey
    from usercli.services.mapped_users import MappedListing, MappedUsers

#: A table on a terminal stops here, as that of list does.
TABLE_LIMIT = 50

_FINDINGS_SHOWN = 10
_IN_A_TABLE = ("id", "email", "full_name", "is_active", "last_login_at")
_TIMES = ("last_login_at", "created_at", "updated_at")


def list_users(
    invocation: Invocation,
    users: MappedUsers,
    criteria: UserCriteria,
    sort: str,
    limit: int | None,
    after: str | None,
) -> None:
    """list: the users that fit, page by page."""
    output = Output(invocation.options, users.table.fields)
    if limit is None and output.format == "table":
        limit = TABLE_LIMIT
    page = listing(users, criteria, sort, limit=limit, after=after)
    print_users(invocation, output, page)
    if page.next is not None and page.total is not None:
        invocation.info(f"{page.shown:,} of {count_of_fitting(page.total)} shown; next: --after {page.next}")


def show(
    invocation: Invocation,
    users: MappedUsers,
    keys: Sequence[UserKey],
    *,
    single: bool,
    related: bool,
    deleted: bool,
) -> None:
    """show: every field that the table has."""
    if related:
        raise Refused(f"--related is refused on {users.table.name}: usercli does not delete there")
    if deleted:
        raise Refused(f"--deleted is refused on {users.table.name}: it has no recycle bin")
    output = Output(invocation.options, users.table.fields)
    print_users(invocation, output, users.show(keys), single=single)


def check(invocation: Invocation, users: MappedUsers) -> ExitCode:
    """db check: whether something is wrong with the addresses."""
    from usercli.schemas.mapped_users import MAPPED_REPORT_FIELDS

    output = Output(invocation.options, MAPPED_REPORT_FIELDS)
    report, findings = users.check()
    for sentence in findings.wrong[:_FINDINGS_SHOWN]:
        invocation.warn(sentence)
    if more := len(findings.wrong[_FINDINGS_SHOWN:]):
        invocation.warn(f"{more:,} more addresses belong to several users")
    for sentence in findings.told[:_FINDINGS_SHOWN]:
        invocation.info(f"note: {sentence}")
    if more := len(findings.told[_FINDINGS_SHOWN:]):
        invocation.info(f"note: {more:,} more were changed, or are gone")
    output.one(report)
    return ExitCode.PARTIAL if report.collisions or report.invalid_emails else ExitCode.OK


def listing(
    users: MappedUsers, criteria: UserCriteria, sort: str, *, limit: int | None = None, after: str | None = None
) -> MappedListing:
    """The users that fit; where no column tells when they were created, the default order of list is that by id."""
    from usercli.services.mapped_users import MappedListing

    known = "id" if sort == "created_at" and not users.table.created_at else sort
    return MappedListing(users, criteria, known, limit, after)


def print_users(
    invocation: Invocation, output: Output, users: Iterable[MappedUserView], *, single: bool = False
) -> None:
    """Write users, a single one as an object, and name what they have in place of a time."""
    from usercli.cli.user_actions import warn_of_times
    from usercli.schemas.stored_times import StoredTime, UnreadableTimes
    from usercli.times import UnreadableTime

    unreadable = UnreadableTimes()

    def rows() -> Iterable[dict[str, object]]:
        for user in users:
            unreadable.note(
                StoredTime(f"user id:{user.id}", name, str(value))
                for name in _TIMES
                if type(value := getattr(user, name)) is UnreadableTime
            )
            plain = user.model_dump(mode="json")
            yield {name: plain[name] for name in output.columns}

    if single:
        output.one(next(iter(rows())))
    else:
        output.many(rows(), [name for name in _IN_A_TABLE if name in output.columns])
    warn_of_times(invocation, unreadable)
