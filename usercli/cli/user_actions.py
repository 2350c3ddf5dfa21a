"""What the commands on users share: their output, the keys they are given, all-or-none or each on its own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.error_text import sentence
from usercli.cli.output.writer import Output
from usercli.errors import DoneInPart, UserCliError

if TYPE_CHECKING:
    import uuid

    from usercli.database.unit_of_work import UnitOfWork
    from usercli.schemas.imports import ImportSummary
    from usercli.schemas.stored_times import StoredTime, UnreadableTimes
    from usercli.schemas.users import Change, UserKey, UserView
    from usercli.services.related_rows import Related


#: What a change shows in a pipe, and on a terminal of 80 columns.
_BRIEF = ("email", "full_name", "is_active", "roles")

ContinueOpt = Annotated[
    bool,
    typer.Option("--continue", help="Change each user on its own; exit with 7 if some failed.", show_default=False),
]
AllowNoAdminOpt = Annotated[
    bool,
    typer.Option(
        "--allow-no-admin", help="Allow it even if no administrator is left; needs --reason.", show_default=False
    ),
]


def table_fields(output: Output) -> Sequence[str]:
    """The fields that fit the terminal."""
    if output.format != "table":
        return ()
    from usercli.cli.output.tables import width

    if width() >= 160:
        return ("id", "email", "full_name", "is_active", "roles", "last_login_at", "expires_at", "created_at")
    if width() >= 110:
        return ("email", "full_name", "is_active", "roles", "last_login_at", "created_at")
    return _BRIEF


def apply_to_users(
    invocation: Invocation,
    output: Output,
    keys: Sequence[UserKey],
    verb: str,
    operation: Callable[[Sequence[UserKey], UnitOfWork], Change],
    each: bool,
) -> None:
    """Do it to all or none, or to each on its own, then show what was done."""
    uow = invocation.changing()
    if each and keys:
        apply_to_each(invocation, keys, uow, operation, lambda done: show_change(invocation, output, done, verb))
        return
    from usercli.services.users import empty_change

    show_change(invocation, output, operation(keys, uow) if keys else empty_change(uow), verb)


def apply_to_each(
    invocation: Invocation,
    keys: Sequence[UserKey],
    uow: UnitOfWork,
    operation: Callable[[Sequence[UserKey], UnitOfWork], Change],
    show: Callable[[Change], object],
) -> None:
    """Do it to each on its own, show what was done, then say what failed. Raises DoneInPart."""
    from usercli.services.users import apply_each

    change, errors = apply_each(keys, operation, uow)
    for failure, error in zip(change.failed, errors, strict=True):
        failure.error = sentence(error, invocation)
    show(change)
    for failure in change.failed:
        named = "" if failure.user in failure.error else f"{failure.user}: "
        invocation.info(f"error: {named}{failure.error}")
    if errors and len(errors) == len(keys):
        raise typer.Exit(code=int(errors[0].exit_code))
    if errors:
        raise DoneInPart(f"{len(errors)} of {len(keys)} failed")


def show_change(invocation: Invocation, output: Output, change: Change, verb: str) -> None:
    """Say what was done, and print the users."""
    say_change(invocation, change, verb)
    from usercli.schemas.changed_users import unreadable_times

    unreadable = unreadable_times(change.users)
    warn_of_times(invocation, unreadable)
    output.change(change, table_fields(output), _BRIEF)


def warn_of_expired(invocation: Invocation, users: Iterable[UserView]) -> None:
    """Who was activated and has expired still cannot sign in: say so, of the first thousand."""
    from usercli.times import utcnow

    now = utcnow()
    expired = [user.email for user in islice(users, 1000) if user.expires_at is not None and user.expires_at <= now]
    if len(expired) == 1:
        way = f"usercli update {shlex.quote(expired[0])} --expires never"
        invocation.warnings.append(f"{expired[0]} has expired and cannot sign in; to change that, run: {way}")
    elif expired:
        number = f"{len(expired):,} users have expired and cannot sign in"
        invocation.warnings.append(f"{number}; see: usercli list --expired")


def say_change(invocation: Invocation, change: Change, verb: str) -> None:
    """Say on stderr what was done and where, and the warnings about it."""
    if change.changed:
        first = [user.email or f"id:{user.id}" for user in change.users[:1]]  # of another program's users
        if change.unchanged:
            first = [change.only_changed or "1 user"]
        invocation.success(verb, first, number=change.number_changed)
    elif not change.failed:
        invocation.info(f"nothing to change on {invocation.target}")
    for warning in invocation.warnings:
        invocation.warn(warning)


def print_users(invocation: Invocation, output: Output, users: Iterable[UserView], *, single: bool = False) -> None:
    """Write users, a single one as an object, and name what they have in place of a time."""
    from usercli.schemas.stored_times import UnreadableTimes

    unreadable = UnreadableTimes()

    def noted() -> Iterator[UserView]:
        for user in users:
            unreadable.note(user.unreadable_times)
            yield user

    if single:
        output.one(next(noted()))
    else:
        output.many(noted(), table_fields(output))
    warn_of_times(invocation, unreadable)


def warn_of_times(invocation: Invocation, unreadable: UnreadableTimes) -> None:
    """Name the times that no calendar holds, and what to do."""
    for item in unreadable.first:
        invocation.warn(item.sentence + _way_out(item))
    if more := unreadable.count - len(unreadable.first):
        invocation.warn(f"{more:,} more times are none of the years 1 to 9999")


def _way_out(item: StoredTime) -> str:
    from usercli.schemas.user_fields import UPDATABLE

    if item.column not in UPDATABLE:
        return "; see docs/table.md"
    return f"; to mend it run: usercli update {item.owner.removeprefix('user ')} --expires never, or with a time"


def print_related(invocation: Invocation, related: Related) -> None:
    """What becomes of the rows of other tables, a line for each."""
    words = {"go": "go", "stay": "stay, without the reference", "block": "block"}
    for table, numbers in related.items():
        for effect, rows in numbers.items():
            invocation.info(f"{table}: {rows:,} rows {words[effect]}")


def summarize_users(users: Sequence[object]) -> str:
    """How many, and the first ones: emails, or keys as they were typed."""
    first = ", ".join(map(str, users[:3]))
    return first if len(users) == 1 else f"{len(users):,} users ({first}{', ...' if len(users) > 3 else ''})"


def warn_of_misleading_roles(invocation: Invocation, names: Sequence[str]) -> None:
    """Say which of the roles that were given are not administrative, though their names sound so."""
    if not names:
        return
    from usercli.services.last_administrator import misleading_roles

    for name in misleading_roles(names, invocation.reading()):
        warn_of_misleading_role(invocation, name)


def warn_of_misleading_role(invocation: Invocation, name: str) -> None:
    invocation.warn(
        f"the role {name} is not administrative: its last holder can be removed; "
        f"to change that run: usercli role update {shlex.quote(name)} --administrative"
    )


def note_namesakes(invocation: Invocation, keys: Sequence[UserKey]) -> None:
    """Say who else has the email of a user that was taken: those in the bin are told apart by id."""
    from usercli.services.users import deleted_namesakes

    for user in deleted_namesakes(keys, invocation.reading()):
        when = f"{user.deleted_at:%Y-%m-%d}"
        invocation.info(
            f"note: another user with the email {user.email} is in the recycle bin: id:{user.id} (deleted {when})"
        )


def note_namesakes_of_new(invocation: Invocation, done: ImportSummary) -> None:
    """Say which of the users that an import made were meant, perhaps, to be restored."""
    from usercli.services.missing_users import namesakes_of_new

    if done.change_id is None or not done.created:
        return
    try:
        count, email = namesakes_of_new(done.created, done.change_id, invocation.reading())
    except (UserCliError, KeyboardInterrupt):  # the change itself is what counts, and stands
        return
    back = ""
    if count == 1:
        who = f"another user with the email {email} is in the recycle bin"
        look = f"usercli show --deleted {shlex.quote(email)}"
        if old := _only_binned(invocation, email):  # by email there are two in the bin then
            new = f"to restore that one instead, first run: usercli delete {shlex.quote(email)}"
            back = f"; {new}; then run: usercli restore id:{old}"
    elif count:
        who = f"other users with the emails of {count:,} of them are in the recycle bin"
        look = "usercli list --deleted"
        if not done.updated:
            back = f"; to restore them instead, first run: usercli undo {done.change_id}"
    else:
        return
    invocation.info(invocation.with_reach(f"note: {who}; see: {look}{back}"))


def _only_binned(invocation: Invocation, email: str) -> uuid.UUID | None:
    """The only user in the bin with the email of one outside; None where there are several."""
    from usercli.schemas.users import UserKey
    from usercli.services.users import deleted_namesakes

    try:
        [user] = deleted_namesakes([UserKey.parse(f"email:{email}")], invocation.reading())
    except (UserCliError, ValueError, KeyboardInterrupt):
        return None
    return user.id


def user_output(invocation: Invocation, *more: str) -> Output:
    from usercli.schemas.users import USER_FIELDS

    return Output(invocation.options, (*USER_FIELDS, *more))
