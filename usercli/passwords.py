"""Hashing, checking and making passwords. The only user of passlib."""

from __future__ import annotations

import base64
import logging
import re
import secrets
import string
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import Any

from usercli.errors import InvalidInput

# passlib 1.7.4 looks for a version that bcrypt 4.1 no longer carries, and logs a traceback about it
logging.getLogger("passlib").setLevel(logging.ERROR)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports crypt, which Python 3.13 dropped
    import passlib.hash
    import passlib.utils.handlers as handlers
    from passlib.context import CryptContext
    from passlib.exc import PasslibHashWarning

# Padding bits that passlib repairs are nobody's news, nor is how it asks argon2 for its version. Filters set
# around each call would not be safe in threads.
warnings.simplefilter("ignore", PasslibHashWarning)
warnings.filterwarnings("ignore", r"Accessing argon2\.__version__", DeprecationWarning)

#: The schemes in which passwords may be stored anew.
SCHEMES = ("bcrypt", "bcrypt_sha256")

#: bcrypt reads at most 72 bytes and older versions cut silently (OWASP ASVS 5.0, 6.2.9).
BCRYPT_BYTES = 72

#: passlib refuses longer ones, to keep hashing bounded.
LONGEST = 4096

_CUT_AT_72 = frozenset({"bcrypt", "django_bcrypt"})
_DISABLED = frozenset({"unix_disabled", "django_disabled"})

_VERIFIABLE = (
    "bcrypt",
    "bcrypt_sha256",
    "pbkdf2_sha256",
    "pbkdf2_sha512",
    "pbkdf2_sha1",
    "django_pbkdf2_sha256",
    "django_pbkdf2_sha1",
    "django_bcrypt_sha256",
    "django_bcrypt",
    "django_salted_sha1",
    "django_salted_md5",
    "sha512_crypt",
    "sha256_crypt",
    "md5_crypt",
    "apr_md5_crypt",
    "ldap_salted_sha512",
    "ldap_salted_sha256",
    "ldap_salted_sha1",
    "scrypt",
)
_WITH_ARGON2 = ("argon2", "django_argon2")

# Well-formed hashes of nothing: checking against one takes as long as against a real one of its cost.
_NOBODY = {
    "bcrypt": "$2b${cost:02d}$9Q5n2Fmx3WxWHqDqQGzHwOQ1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe",
    "bcrypt_sha256": "$bcrypt-sha256$v=2,t=2b,r={cost}$9Q5n2Fmx3WxWHqDqQGzHwO$Q1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe",
}

# without 0 O o 1 l I: read aloud and typed by people
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0Oo1lI")))


class django_scrypt(handlers.HasSalt, handlers.GenericHandler):  # noqa: N801 - passlib names handlers so
    """Django's scrypt$N$salt$r$p$hash, which passlib does not know (django.contrib.auth.hashers)."""

    name = "django_scrypt"
    setting_kwds = ("salt",)
    salt_chars = None
    min_salt_size, max_salt_size = 1, 128

    salt: Any
    checksum: Any

    def __init__(self, parameters: tuple[int, int, int] = (16384, 8, 5), **kwds: Any) -> None:
        super().__init__(**kwds)
        self.parameters = parameters

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002 - passlib's signature
        text = hash.decode("utf-8", "replace") if isinstance(hash, bytes) else hash
        return text.startswith("scrypt$") and text.count("$") == 5

    @classmethod
    def from_string(cls, hash: str | bytes, **_: Any) -> Any:  # noqa: A002 - passlib's signature
        text = hash.decode("utf-8") if isinstance(hash, bytes) else hash
        if not cls.identify(text):
            raise ValueError("not a valid django_scrypt hash")
        _scheme, n, salt, r, p, checksum = text.split("$")
        sizes = int(n), int(r), int(p)
        power_of_two = sizes[0] > 1 and sizes[0] & (sizes[0] - 1) == 0
        if not (power_of_two and min(sizes) > 0 and 128 * sizes[0] * sizes[1] <= 1 << 28):
            raise ValueError("not a valid django_scrypt hash")
        if len(base64.b64decode(checksum, validate=True)) != 64:
            raise ValueError("not a valid django_scrypt hash")
        return cls(parameters=sizes, salt=salt, checksum=checksum)

    def to_string(self) -> str:
        n, r, p = self.parameters
        return f"scrypt${n}${self.salt}${r}${p}${self.checksum}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        import hashlib

        n, r, p = self.parameters
        data = secret.encode() if isinstance(secret, str) else secret
        key = hashlib.scrypt(data, salt=self.salt.encode(), n=n, r=r, p=p, maxmem=1 << 29, dklen=64)
        return base64.b64encode(key).decode()


class salted_digest(handlers.GenericHandler):  # noqa: N801 - passlib names handlers so
    """One round of a digest over salt and password, in Ory Kratos's spelling: $sha256$pf=form$salt$checksum.

    All three are base64; the form says how salt and password are put together: {SALT}{PASSWORD}.
    """

    name = "salted_digest"
    setting_kwds = ()

    checksum: Any
    _SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}

    def __init__(self, algorithm: str = "sha256", form: bytes = b"", salt: bytes = b"", **kwds: Any) -> None:
        super().__init__(**kwds)
        self.algorithm, self.form, self.salt = algorithm, form, salt

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002 - passlib's signature
        text = hash.decode("utf-8", "replace") if isinstance(hash, bytes) else hash
        return text.startswith(tuple(f"${algorithm}$pf=" for algorithm in cls._SIZES))

    @classmethod
    def from_string(cls, hash: str | bytes, **_: Any) -> Any:  # noqa: A002 - passlib's signature
        text = hash.decode("utf-8") if isinstance(hash, bytes) else hash
        if not cls.identify(text) or len(text) > LONGEST or text.count("$") != 4:
            raise ValueError("not a valid salted_digest hash")
        algorithm, form, *rest = text.split("$")[1:]
        decoded = base64.b64decode(form.removeprefix("pf="), validate=True)
        salt, checksum = (base64.b64decode(part, validate=True) for part in rest)
        if b"{PASSWORD}" not in decoded or len(checksum) != cls._SIZES[algorithm]:
            raise ValueError("not a valid salted_digest hash")
        return cls(algorithm=algorithm, form=decoded, salt=salt, checksum=rest[1])

    def to_string(self) -> str:
        form, salt = base64.b64encode(self.form).decode(), base64.b64encode(self.salt).decode()
        return f"${self.algorithm}$pf={form}${salt}${self.checksum}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        import hashlib

        data = secret.encode() if isinstance(secret, str) else secret
        places: dict[bytes, bytes] = {b"{SALT}": self.salt, b"{PASSWORD}": data}
        pieces = re.split(rb"(\{SALT\}|\{PASSWORD\})", self.form)
        together = b"".join(places.get(piece, piece) for piece in pieces)
        return base64.b64encode(hashlib.new(self.algorithm, together).digest()).decode()


@dataclass(frozen=True)
class HashKind:
    """What a stored hash is: its scheme, its cost where it has one, and whether any password can match."""

    scheme: str
    cost: int | None = None

    @property
    def usable(self) -> bool:
        return self.scheme not in {"disabled", "empty", "malformed", "unsupported"}


@dataclass(frozen=True)
class Verdict:
    """Did the password match, and if so, is the stored hash below what the settings ask for?"""

    ok: bool
    outdated: bool = False


class PasswordHasher:
    """Hashes with one scheme and cost; checks whatever other systems left behind.

    `cost` is the logarithm of bcrypt's rounds. Threads may share one: bcrypt releases the interpreter lock.
    """

    def __init__(self, scheme: str = "bcrypt", cost: int = 12) -> None:
        if scheme not in SCHEMES:
            raise InvalidInput(f"no such password scheme: {scheme} (known: {', '.join(SCHEMES)})")
        self.scheme, self.cost = scheme, cost

    @cached_property
    def _context(self) -> CryptContext:
        rounds: dict[str, Any] = {
            f"{name}__{key}": self.cost for name in SCHEMES for key in ("default_rounds", "min_rounds")
        }
        return CryptContext(
            schemes=[*_handlers(), "django_disabled", "unix_disabled"],
            default=self.scheme,
            deprecated="auto",
            bcrypt__truncate_error=True,
            **rounds,
        )

    def require_hashable(self, password: str) -> None:
        """Raise InvalidInput for what this scheme cannot hash: its form, or its length in bytes."""
        size = len(require_form(password).encode())
        if self.scheme in _CUT_AT_72 and size > BCRYPT_BYTES:
            raise InvalidInput(
                f"the password has {size} bytes and bcrypt reads {BCRYPT_BYTES} at most; "
                "use a shorter one, or the scheme bcrypt_sha256"
            )

    def hash(self, password: str) -> str:
        """A new hash; a matter of 0.2 to 0.4 s at cost 12. Raises InvalidInput."""
        self.require_hashable(password)
        hashed: str = self._context.hash(password)
        return hashed

    def hash_all(self, passwords: Iterable[str], jobs: int | None = None) -> Iterator[str]:
        """The hashes, in order, made by all cores."""
        import os
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
            yield from pool.map(self.hash, passwords)

    def verify(self, password: str, stored: str | None) -> Verdict:
        """Check a password; exactly one hash is computed, whatever is stored.

        None, a disabled, malformed or unknown hash, and a password that the scheme would cut match nothing.
        """
        kind = identify(stored) if stored is not None else HashKind("disabled")
        if stored is None or not kind.usable or not _is_hashable(password, kind):
            self._context.verify("nobody", _NOBODY[self.scheme].format(cost=self.cost))
            return Verdict(False)
        try:
            ok = bool(self._context.verify(password, stored))
        except (ValueError, TypeError):
            return Verdict(False)
        return Verdict(ok, ok and self._context.needs_update(stored))

    def better_hash(self, password: str) -> str | None:
        """What to store instead of an outdated hash; None if the scheme cannot take the password.

        A password over 72 bytes that another scheme keeps stays with that one.
        """
        try:
            return self.hash(password)
        except InvalidInput:
            return None

    def below_policy(self, kind: HashKind) -> bool:
        """A bcrypt hash cheaper than the setting, or a scheme that is only kept for the move."""
        if kind.scheme in SCHEMES:
            return (kind.cost or 0) < self.cost
        return kind.usable and kind.scheme != "argon2"


def require_form(password: str) -> str:
    """The password, if it can be one at all. Raises InvalidInput: empty, NUL, not UTF-8, beyond 4096."""
    if not password:
        raise InvalidInput("the password is empty")
    if "\0" in password:
        raise InvalidInput("the password holds a NUL character")
    if len(password) > LONGEST:
        raise InvalidInput(f"the password is longer than {LONGEST} characters")
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidInput("the password is not valid UTF-8") from None
    return password


def _is_hashable(password: str, kind: HashKind) -> bool:
    try:
        size = len(require_form(password).encode())
    except InvalidInput:
        return False
    return size <= BCRYPT_BYTES or kind.scheme not in _CUT_AT_72


def identify(stored: str) -> HashKind:
    """What kind of hash this is; `disabled`, `empty`, `malformed` and `unsupported` match no password."""
    if not stored:
        return HashKind("empty")
    if stored.startswith(("!", "*")):
        return HashKind("disabled")
    for handler in _handlers():
        if handler.identify(stored):
            return _inspect(handler, stored)
    return HashKind("unsupported")


#: Whoever may put a hash in must not be able to keep every sign-in of that user, and a core, busy for minutes.
_DOUBLINGS, _ROUNDS = 20, 50_000_000
_DOUBLING = frozenset({"bcrypt", "bcrypt_sha256", "django_bcrypt", "django_bcrypt_sha256", "scrypt"})


def require_hash(stored: str) -> str:
    """The hash, if a password can match it. Raises InvalidInput naming what is wrong, never the hash."""
    if stored.startswith("$2x$"):
        raise InvalidInput("the hash is of the scheme bcrypt 2x, which is not supported")
    kind = identify(stored)
    if kind.scheme == "unsupported":
        raise InvalidInput("the hash is of a scheme that is not supported")
    if kind.scheme == "empty":
        raise InvalidInput("the hash is empty")
    if kind.scheme == "disabled":
        raise InvalidInput("the hash is a marker of a disabled password; use --no-password")
    if kind.scheme == "malformed":
        raise InvalidInput("the hash is malformed: it is cut, or holds characters that its scheme does not use")
    if kind.cost is not None and kind.cost > (_DOUBLINGS if kind.scheme in _DOUBLING else _ROUNDS):
        raise InvalidInput(f"to check the hash would take minutes or more ({kind.scheme}, cost {kind.cost})")
    return stored


def _inspect(handler: Any, stored: str) -> HashKind:
    try:
        if isinstance(handler, handlers.PrefixWrapper):
            parsed = handler.wrapped.from_string(stored.removeprefix(handler.prefix))
        else:
            parsed = handler.from_string(stored)
    except (ValueError, TypeError, AssertionError):  # passlib's scrypt asserts what it reads
        return HashKind("malformed")
    if parsed.checksum is None:
        return HashKind("malformed")
    return HashKind(handler.name, getattr(parsed, "rounds", None))


@lru_cache(maxsize=1)
def _handlers() -> list[Any]:
    names = list(_VERIFIABLE)
    if find_spec("argon2"):  # the extra usercli[argon2]
        names += _WITH_ARGON2
    return [*(getattr(passlib.hash, name) for name in names), django_scrypt, salted_digest]


def generate(length: int = 20) -> str:
    """A random password of letters and digits that are not mistaken for each other: 5.8 bits a character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def generate_words(count: int) -> str:
    """A random passphrase from the EFF's long list: 12.9 bits a word."""
    words = shipped_lines("words.txt.gz")
    return "-".join(secrets.choice(words) for _ in range(count))


@lru_cache(maxsize=2)
def shipped_lines(name: str) -> list[str]:
    """The lines of a compressed text file that is shipped in usercli/data."""
    import gzip
    from importlib.resources import files

    data = gzip.decompress(files("usercli").joinpath("data", name).read_bytes())
    return data.decode().splitlines()


@dataclass(frozen=True)
class Measured:
    """How long one bcrypt hash of this cost takes here."""

    cost: int
    milliseconds: float


def measure(limit: float, lowest: int = 10, times: int = 3) -> Iterator[Measured]:
    """Time one hash at each cost from `lowest` up, the median of `times`, until it takes over `limit` ms."""
    from statistics import median
    from time import perf_counter

    PasswordHasher(cost=4).hash("warm up")
    for cost in range(lowest, 21):
        hasher = PasswordHasher(cost=cost)
        taken = []
        for _ in range(times):
            start = perf_counter()
            hasher.hash("a password to measure")
            taken.append((perf_counter() - start) * 1000)
        yield Measured(cost, median(taken))
        if median(taken) > limit:
            return
