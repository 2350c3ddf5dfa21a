"""What is said besides of a user or a change that is not there; read only then."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from usercli.cli.context import Invocation
from usercli.cli.error_text import with_option
from usercli.cli.unknown_words import is_user
from usercli.errors import ChangeNotFound, UserCliError, UserNotFound
from usercli.schemas.users import UserKey


def whereabouts(error: UserNotFound | ChangeNotFound, invocation: Invocation) -> list[str]:
    """A clause for each user who is elsewhere, or what to type for what was meant."""
    try:
        found = list(
            _of_users(error, invocation) if isinstance(error, UserNotFound) else _of_change(error, invocation)
        )
    except (UserCliError, KeyboardInterrupt):  # the error itself is what counts
        return []
    return list(map(invocation.with_reach, found))


def _of_users(error: UserNotFound, invocation: Invocation) -> Iterator[str]:
    from usercli.services import missing_users
    from usercli.services.audit import change_meant

    keys = [key for key in error.users if isinstance(key, UserKey)]
    found = [with_option(text, hint) for text, hint in missing_users.whereabouts(keys, invocation.reading())]
    yield from found
    if found:
        return
    if (change := change_meant(keys, invocation.reading())) is not None:
        yield f"that is a change; to see it, run: usercli audit log --change {change}"
        return
    for word in [key.typed for key in keys if key.email_key and not {"@", ":"} & set(key.typed)][:1]:
        yield f"to look for it, run: usercli list --search {shlex.quote(word)}"


def _of_change(error: ChangeNotFound, invocation: Invocation) -> Iterator[str]:
    """Where a user was named in place of a change: the changes of that user."""
    from usercli.services.users import find_including_deleted

    named = error.named or ""
    if not is_user(named):
        return
    if "@" not in named:  # raises UserNotFound unless it is the id of one
        find_including_deleted([UserKey.parse(named)], invocation.reading())
    yield f"for the changes of a user, run: usercli changes --user {shlex.quote(named)}"
