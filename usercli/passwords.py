"""Hashing, verifying and generating passwords."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from usercli.errors import InvalidInput
from usercli.hash_forms import BCRYPT_BYTES, HashKind, identify
from usercli.password_costs import MAX_BCRYPT_COST
from usercli.password_handlers import crypt_context, handler_of

if TYPE_CHECKING:
    from passlib.context import CryptContext

#: The schemes for new hashes.
SCHEMES = ("bcrypt", "bcrypt_sha256")

#: passlib refuses longer passwords, to bound the time of hashing.
MAX_CHARACTERS = 4096

# Well-formed hashes that no password matches: verifying against one takes as long as against a real one.
_DUMMY_HASHES = {
    "bcrypt": "$2b${cost:02d}$9Q5n2Fmx3WxWHqDqQGzHwOQ1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe",
    "bcrypt_sha256": "$bcrypt-sha256$v=2,t=2b,r={cost}$9Q5n2Fmx3WxWHqDqQGzHwO$Q1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe",
}

# without 0 O o 1 l I, which people confuse
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0Oo1lI")))


@dataclass(frozen=True)
class Verdict:
    """Whether the password matched, and if so, whether the stored hash is weaker than the settings ask for."""

    ok: bool
    outdated: bool = False
    #: What is not there, without which no password matches.
    lacks: str | None = None


class PasswordHasher:
    """Hashes with one scheme and cost; verifies every supported scheme.

    `cost` is the base-2 logarithm of bcrypt's rounds. `pepper_file` is read when the first hash with a pepper is
    verified; no new hash has one. Threads may share a hasher; bcrypt releases the interpreter lock.
    """

    def __init__(self, scheme: str = "bcrypt", cost: int = 12, pepper_file: Path | None = None) -> None:
        if scheme not in SCHEMES:
            raise InvalidInput(f"no such password scheme: {scheme} (known: {', '.join(SCHEMES)})")
        if cost > MAX_BCRYPT_COST:
            raise InvalidInput(f"the cost {cost} of bcrypt is above {MAX_BCRYPT_COST}, the highest that is checked")
        self.scheme, self.cost, self.pepper_file = scheme, cost, pepper_file

    @cached_property
    def _context(self) -> CryptContext:
        rounds: dict[str, Any] = {
            f"{name}__{key}": self.cost for name in SCHEMES for key in ("default_rounds", "min_rounds")
        }
        return crypt_context(default=self.scheme, deprecated="auto", bcrypt__truncate_error=True, **rounds)

    def require_hashable(self, password: str) -> None:
        """Raise InvalidInput if the password is malformed, or too long for this scheme."""
        size = len(require_form(password).encode())
        if self.scheme == "bcrypt" and size > BCRYPT_BYTES:
            raise InvalidInput(
                f"the password has {size} bytes and bcrypt reads {BCRYPT_BYTES} at most; "
                "use a shorter one, or the scheme bcrypt_sha256"
            )

    def hash(self, password: str) -> str:
        """A new hash; takes 0.2 to 0.4 s at cost 12. Raises InvalidInput."""
        self.require_hashable(password)
        hashed: str = self._context.hash(password)
        return hashed

    def hash_all(self, passwords: Iterable[str], jobs: int | None = None) -> Iterator[str]:
        """The hashes in order, computed on `jobs` threads (default: one per core)."""
        import os
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
            yield from pool.map(self.hash, passwords)

    def verify(self, password: str, stored: str | None) -> Verdict:
        """Check a password; computes exactly one hash, so that the time tells nothing about `stored`.

        None, a disabled, malformed or unknown hash, one whose work with this password is not bounded, and a
        password that the scheme would truncate never match. Raises InvalidInput if the hash needs the pepper, and
        the file with it cannot be used.
        """
        kind = identify(stored) if stored is not None else HashKind("disabled")
        lacks = self.lacks(kind)
        if stored is None or lacks or not (kind.usable and _is_checked(password, kind)):
            return self._refuse(lacks)
        context = {"pepper": self._pepper} if kind.is_peppered else {}
        try:
            ok = bool(handler_of(kind.scheme).verify(password, stored, **context))
        except Exception:  # of passlib or a library behind it: it cannot compute these numbers
            return self._refuse()
        return Verdict(ok, ok and (kind.scheme != self.scheme or self._context.needs_update(stored)))

    def lacks(self, kind: HashKind) -> str | None:
        """What is not there, or not set, without which a hash of this kind cannot be verified."""
        return "the setting pepper_file" if kind.is_peppered and self.pepper_file is None else kind.lacks

    def require_pepper(self) -> None:
        """Raise InvalidInput if there is a file for the pepper and it cannot be used."""
        if self.pepper_file is not None:
            _ = self._pepper

    @cached_property
    def _pepper(self) -> bytes:
        from usercli.private_files import read_private

        found = read_private(self.pepper_file or Path(), "the pepper")
        pepper = found[:-2] if found.endswith(b"\r\n") else found.removesuffix(b"\n")
        if b"\0" in pepper:
            raise InvalidInput("the pepper contains a NUL character")
        return pepper

    def _refuse(self, lacks: str | None = None) -> Verdict:
        self._context.verify("nobody", _DUMMY_HASHES[self.scheme].format(cost=self.cost))
        return Verdict(False, lacks=lacks)

    def better_hash(self, password: str) -> str | None:
        """A hash to replace an outdated one; None if this scheme cannot hash the password (over 72 bytes)."""
        try:
            return self.hash(password)
        except InvalidInput:
            return None

    def below_policy(self, kind: HashKind) -> bool:
        """Whether the hash is cheaper than the setting, or of a scheme that is supported only for migration."""
        if kind.scheme in SCHEMES:
            return (kind.cost or 0) < self.cost
        return kind.usable and kind.scheme != "argon2"


def require_form(password: str) -> str:
    """The password. Raises InvalidInput if it is empty, has a NUL, is not UTF-8, or longer than 4096 characters."""
    if not password:
        raise InvalidInput("the password is empty")
    if "\0" in password:
        raise InvalidInput("the password contains a NUL character")
    if len(password) > MAX_CHARACTERS:
        raise InvalidInput(f"the password is longer than {MAX_CHARACTERS} characters")
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidInput("the password is not valid UTF-8") from None
    return password


def _is_checked(password: str, kind: HashKind) -> bool:
    try:
        size = len(require_form(password).encode())
    except InvalidInput:
        return False
    reads = kind.form.reads if kind.form is not None else None
    return kind.work.is_bounded(size) and (reads is None or size <= reads)


def generate(length: int = 20) -> str:
    """A random password of unambiguous letters and digits; 5.8 bits of entropy per character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def generate_words(count: int) -> str:
    """A random passphrase from the EFF's long list; 12.9 bits of entropy per word."""
    words = shipped_lines("words.txt.gz")
    return "-".join(secrets.choice(words) for _ in range(count))


@lru_cache(maxsize=2)
def shipped_lines(name: str) -> list[str]:
    """The lines of a gzipped text file in usercli/data."""
    import gzip
    from importlib.resources import files

    data = gzip.decompress(files("usercli").joinpath("data", name).read_bytes())
    return data.decode().splitlines()
