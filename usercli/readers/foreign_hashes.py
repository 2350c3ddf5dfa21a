"""What the file of another system says of a password: a hash, the name of its scheme, or the password."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from usercli.hash_forms import PEPPERED, identify, in_our_spelling
from usercli.readers import BadRecord, Record

_CLEAR = re.compile(r"\{(?i:CLEARTEXT|CLEAR|PLAIN)\}(.*)|(?!\{[A-Za-z0-9./_-]{1,20}\})(.*)", re.DOTALL)

#: `usermod -L` writes the mark before the hash, LDAP Account Manager behind the scheme. A password in clear may
#: begin so.
_LOCKED = re.compile(r"\A(?!\{(?i:noop|plain|clear|cleartext|plaintext)\})(\{[^{}]*\})?!+")


@dataclass(frozen=True, slots=True)
class Secret:
    """A verifiable hash, or the name of what was left out, or a plain password."""

    hashed: str | None = None
    unsupported: str | None = None
    password: str | None = None
    #: Whether a `!` stands before the hash, so that no password matches it there.
    is_locked: bool = False


def keep(stored: str | None, scheme: str | None = None) -> Secret:
    """The hash if it can be verified, else what it is called, locked or not; empty for none and for a mere `!`."""
    if stored is None:
        return Secret(unsupported=scheme)
    if (open_one := unlocked(stored)) != stored:
        is_hash = identify(in_our_spelling(open_one)).form is not None
        return replace(keep(open_one, scheme), is_locked=True) if is_hash else Secret()
    hashed = in_our_spelling(stored)
    kind = identify(hashed)
    if kind.usable:
        return Secret(hashed)
    if kind.scheme in {"empty", "disabled"}:
        return Secret()
    is_told = kind.lacks or kind.scheme == "malformed"
    return Secret(unsupported=kind.label if is_told else scheme or kind.name)


def unlocked(stored: str) -> str:
    """The hash without the mark that locks it."""
    return _LOCKED.sub(r"\1", stored)


def peppered(users: Iterable[Record | BadRecord]) -> Iterator[Record | BadRecord]:
    """Users of Devise with a pepper: their hashes of bcrypt were made of the password and the pepper."""
    for user in users:
        if isinstance(user, Record):
            stored = user.fields.get("hashed_password", "")
            if identify(stored).scheme == "bcrypt":
                user.fields["hashed_password"] = PEPPERED + stored
        yield user


def ldap(stored: str) -> Secret:
    """A userPassword (RFC 2307): {SSHA} and alike, {CRYPT}, {ARGON2}, {PBKDF2-SHA256}; else a plain password."""
    if clear := _CLEAR.fullmatch(stored):
        return Secret(password=clear[1] or clear[2] or None)
    return keep(stored)
