"""Leaving for good: empty the bin, hand a person's data over, erase a person."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.emails import email_key
from usercli.errors import Hint, InvalidInput
from usercli.models.user import User
from usercli.schemas.privacy import HeldRole, PersonExport
from usercli.schemas.user_fields import ERASED_TO
from usercli.schemas.users import Change, UserKey, UserView
from usercli.services import user_events
from usercli.services.audit import UnreadableEvents, as_ranges, views
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.related_rows import Blocked, Related, related_to, require_unblocked, with_more
from usercli.services.user_removal import remove_users
from usercli.times import rfc3339

#: What stands between the words of a sentence. To search for words with an @ in them would be quadratic.
_BETWEEN_WORDS = re.compile(r"([\s,;:()<>\[\]\"]+)")

#: Longer words are no address or name, and are not normalised: the time for that is quadratic.
_LONGEST_WORD = 1000

#: Up to so many names are looked for in a text before its JSON is read.
_FEW = 16


@retried
def purge_deleted(deleted_before: datetime, uow: UnitOfWork, expected: int | None = None) -> Change:
    """Remove for good the users that were moved to the bin before a time. Raises Blocked.

    `expected` is how many `count_deleted` found, for who watches.
    """
    with uow.change("user.purged"):
        number = 0
        for ids in uow.users.lock_deleted_before(deleted_before):
            related = related_to(ids, uow)
            require_unblocked(related, len(ids))
            remove_users(ids, related, uow)
            number += len(ids)
            uow.on_progress(number, expected, "removing users")
        if number:
            uow.commit()
    return Change(
        change_id=uow.change_id if number and not uow.dry_run else None,
        dry_run=uow.dry_run,
        changed=number,
        unchanged=0,
    )


def count_deleted(deleted_before: datetime, uow: UnitOfWork) -> int:
    """How many users a purge would remove."""
    with uow:
        return uow.users.count_deleted_before(deleted_before)


def export_person(
    key: UserKey, uow: UnitOfWork, unreadable: UnreadableEvents | None = None, *, columns: Sequence[str] = ()
) -> PersonExport:
    """Everything that the database holds on a person, outside the bin first; with these columns of an application.

    Raises UserNotFound, Ambiguous; without somewhere to note events that cannot be read DoneInPart.
    """
    noted = UnreadableEvents() if unreadable is None else unreadable
    with uow:
        [user] = uow.users.pick_including_deleted([key], live_first=True)
        [view] = with_more([UserView.model_validate(user)], uow, related=False, columns=columns)
        found = PersonExport(
            user=view,
            roles=[
                HeldRole(role=grant.role.name, granted_at=grant.granted_at, granted_by=grant.granted_by)
                for grant in sorted(user.grants, key=lambda grant: grant.role.name)
            ],
            history=list(views(uow.audit.for_target(user.id), noted)),
            related={table: [_as_json(row) for row in rows] for table, rows in uow.related.rows(user.id).items()},
        )
    if unreadable is None:
        noted.require_none()
    return found


def _as_json(value: Any) -> Any:
    """A value of another program's column as JSON can hold it; what JSON has no form for becomes a text."""
    if isinstance(value, Mapping):
        return {str(name): _as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return rfc3339(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)


def erasure_effects(key: UserKey, uow: UnitOfWork) -> tuple[UserView, Related]:
    """What erasing a person would do to the rows of other tables. Raises UserNotFound, Ambiguous."""
    with uow:
        [user] = uow.users.pick_including_deleted([key])
        roles: Related = {"user_roles": {"go": len(user.grants)}} if user.grants else {}
        return UserView.model_validate(user), roles | related_to([user.id], uow).get(user.id, {})


@retried
def erase_person(
    key: UserKey,
    uow: UnitOfWork,
    *,
    anonymise: bool = False,
    aliases: Sequence[str] = (),
    columns: Sequence[str] = (),
    allow_no_admin: bool = False,
) -> Change:
    """Erase a person: the user, the rows that go with it, and the personal values in the audit log.

    `anonymise` keeps the row, without a name, an address, attributes, roles or a password, for tables that
    must not lose it, and empties these `columns` of an application. `aliases` are other names under which the
    person stands in the log as an operator.
    The chain of the log holds: an event names what was erased. Raises Blocked, LastAdministrator.
    """
    with uow.change("user.erased", [key]):
        with last_administrator_guard(uow, allow_none=allow_no_admin):
            _erase(key, uow, anonymise, aliases, columns)
        uow.commit()
    return Change(change_id=None if uow.dry_run else uow.change_id, dry_run=uow.dry_run, changed=1, unchanged=0)


def _erase(key: UserKey, uow: UnitOfWork, anonymise: bool, aliases: Sequence[str], columns: Sequence[str]) -> None:
    [user] = uow.users.pick_including_deleted([key], lock=True)
    user_id = user.id
    related = {} if anonymise else related_to([user_id], uow)
    try:
        require_unblocked(related, 1)
    except Blocked as error:
        raise Blocked(error.message, hint=Hint.ANONYMISE) from None
    addresses = set(_addresses(user, uow))
    seqs = uow.audit.mentioning(user_id, mention_matcher(addresses, aliases))
    uow.roles.clear_granters({*addresses, *aliases})
    if anonymise:
        _anonymise(user, uow)
        uow.users.empty_extra_columns(user_id, columns)
    else:
        uow.users.remove(user)
    uow.audit.erase(seqs)
    after = {"erased": as_ranges(seqs), **user_events.related_counts(related.get(user_id))}
    uow.audit.record("user.erased", target_id=user_id, after=after)


def mention_matcher(addresses: Collection[str], aliases: Collection[str]) -> Callable[[str], bool]:
    """A look at a JSON text: does it name one of these addresses, however typed, or one of these other names?

    Whole words only: who erases ann@example.com does not erase joann@example.com.
    """
    keys = {key for address in addresses if (key := _key(address))}
    others = [address for address in addresses if not _key(address)]  # another program may write anything
    words = [_casefold(alias.strip()) for alias in (*aliases, *others) if alias.strip()]
    signs = [*{key.partition("@")[0] for key in keys}, *words]
    pattern = re.compile("|".join(rf"(?<![\w@.+-]){re.escape(word)}(?![\w@+-]|\.\w)" for word in words) or r"(?!)")

    def names(personal: str) -> bool:
        if len(signs) <= _FEW:
            text = _casefold(personal)
            if not any(sign in text for sign in signs):
                return False
        return any(
            _mentions_address(keys, value) or pattern.search(_casefold(value)) for value in _texts(_value(personal))
        )

    return names


def _mentions_address(keys: Collection[str], text: str) -> bool:
    words = _BETWEEN_WORDS.split(text) if "@" in text else []
    found = [word for word in words if "@" in word and len(word) <= _LONGEST_WORD]
    return any(_key(form) in keys for word in found for form in {word, word.strip(".'")})


def _value(personal: str) -> Any:
    """The personal values of an event; what is no JSON is one text."""
    try:
        return json.loads(personal)
    except (ValueError, RecursionError):
        return personal


def _key(address: str) -> str | None:
    try:
        return email_key(address)
    except InvalidInput:
        return None


def _casefold(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text
    words = [text] if len(text) <= _LONGEST_WORD else _BETWEEN_WORDS.split(text)
    return "".join(unicodedata.normalize("NFC", word) if len(word) <= _LONGEST_WORD else word for word in words)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _addresses(user: User, uow: UnitOfWork) -> Iterator[str]:
    """Every address that the user has or had."""
    yield user.email
    for view in views(uow.audit.for_target(user.id), UnreadableEvents()):  # they are erased as the user's own
        for name in (view.target_email, view.before.get("email"), view.after.get("email")):
            if name:
                yield str(name)


def _anonymise(user: User, uow: UnitOfWork) -> None:
    user.email = f"erased-{user.id}@erased.invalid"
    for name, value in ERASED_TO.items():
        setattr(user, name, dict(value) if isinstance(value, Mapping) else value)
    user.grants.clear()
    user.deleted_at = user.deleted_at or uow.now()
    uow.users.save(user)
