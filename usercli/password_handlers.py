"""The handlers that verify hashes: passlib's and a few more. The only module that imports passlib."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import warnings
from functools import cache
from importlib.util import find_spec
from typing import Any

# passlib 1.7.4 reads bcrypt.__about__, which bcrypt 4.1 removed, and logs a traceback
logging.getLogger("passlib").setLevel(logging.ERROR)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports crypt, which Python 3.13 removed
    import passlib.hash
    import passlib.utils.handlers as handlers
    from passlib.context import CryptContext
    from passlib.exc import PasslibHashWarning

# Repaired padding bits and the way passlib reads argon2's version are no news to the user. Filters around each call
# would not be thread-safe.
warnings.simplefilter("ignore", PasslibHashWarning)
warnings.filterwarnings("ignore", r"Accessing argon2\.__version__", DeprecationWarning)

#: A bound on the text of a salted_digest hash.
_MAX_HASH_CHARACTERS = 4096


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
        if not (power_of_two and min(sizes) > 0):
            raise ValueError("not a valid django_scrypt hash")
        if len(base64.b64decode(checksum, validate=True)) != 64:
            raise ValueError("not a valid django_scrypt hash")
        return cls(parameters=sizes, salt=salt, checksum=checksum)

    def to_string(self) -> str:
        n, r, p = self.parameters
        return f"scrypt${n}${self.salt}${r}${p}${self.checksum}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        n, r, p = self.parameters
        data = secret.encode() if isinstance(secret, str) else secret
        key = hashlib.scrypt(data, salt=self.salt.encode(), n=n, r=r, p=p, maxmem=1 << 29, dklen=64)
        return base64.b64encode(key).decode()


class salted_digest(handlers.GenericHandler):  # noqa: N801 - passlib names handlers so
    """One round of a digest over salt and password, in Ory Kratos's format: $sha256$pf=template$salt$checksum.

    All three are base64; the template, such as {SALT}{PASSWORD}, says how salt and password are joined.
    """

    name = "salted_digest"
    setting_kwds = ()

    checksum: Any
    _SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}

    def __init__(self, algorithm: str = "sha256", template: bytes = b"", salt: bytes = b"", **kwds: Any) -> None:
        super().__init__(**kwds)
        self.algorithm, self.template, self.salt = algorithm, template, salt

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002 - passlib's signature
        text = hash.decode("utf-8", "replace") if isinstance(hash, bytes) else hash
        return text.startswith(tuple(f"${algorithm}$pf=" for algorithm in cls._SIZES))

    @classmethod
    def from_string(cls, hash: str | bytes, **_: Any) -> Any:  # noqa: A002 - passlib's signature
        text = hash.decode("utf-8") if isinstance(hash, bytes) else hash
        if not cls.identify(text) or len(text) > _MAX_HASH_CHARACTERS or text.count("$") != 4:
            raise ValueError("not a valid salted_digest hash")
        algorithm, template, *rest = text.split("$")[1:]
        decoded = base64.b64decode(template.removeprefix("pf="), validate=True)
        salt, checksum = (base64.b64decode(part, validate=True) for part in rest)
        if b"{PASSWORD}" not in decoded or len(checksum) != cls._SIZES[algorithm]:
            raise ValueError("not a valid salted_digest hash")
        return cls(algorithm=algorithm, template=decoded, salt=salt, checksum=rest[1])

    def to_string(self) -> str:
        template, salt = base64.b64encode(self.template).decode(), base64.b64encode(self.salt).decode()
        return f"${self.algorithm}$pf={template}${salt}${self.checksum}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        data = secret.encode() if isinstance(secret, str) else secret
        values: dict[bytes, bytes] = {b"{SALT}": self.salt, b"{PASSWORD}": data}
        pieces = re.split(rb"(\{SALT\}|\{PASSWORD\})", self.template)
        salted = b"".join(values.get(piece, piece) for piece in pieces)
        return base64.b64encode(hashlib.new(self.algorithm, salted).digest()).decode()


def _salted_or_keyed(salted: Any, algorithm: str) -> Any:
    """Django's handler of a digest over salt and password, which also matches what Werkzeug before 3 wrote alike.

    That is the HMAC of the password with the salt as its key; nothing in the text tells the two apart.
    """

    class either(salted):  # type: ignore[misc]  # noqa: N801 - its name is the handler's
        @classmethod
        def verify(cls, secret: str, hash: str, **context: Any) -> bool:  # noqa: A002 - passlib's signature
            if super().verify(secret, hash, **context):
                return True
            stored = cls.from_string(hash)
            keyed = hmac.new(stored.salt.encode(), secret.encode(), algorithm).hexdigest()
            return hmac.compare_digest(keyed, stored.checksum)

    return either


_OWN = {
    "django_scrypt": django_scrypt,
    "django_salted_md5": _salted_or_keyed(passlib.hash.django_salted_md5, "md5"),
    "django_salted_sha1": _salted_or_keyed(passlib.hash.django_salted_sha1, "sha1"),
    "salted_digest": salted_digest,
}


def handler_of(scheme: str) -> Any:
    """The handler of a scheme."""
    return _OWN.get(scheme) or getattr(passlib.hash, scheme)


@cache
def has_extra(extra: str) -> bool:
    """Whether usercli[extra] is installed, which brings a module of the same name."""
    return find_spec(extra) is not None


def crypt_context(**settings: Any) -> CryptContext:
    """A context of the two schemes for new hashes; `settings` are passlib's."""
    return CryptContext(schemes=["bcrypt", "bcrypt_sha256"], **settings)


def parse_hash(handler: Any, stored: str) -> Any:
    """The hash as its handler's object; None if it is malformed."""
    try:
        if isinstance(handler, handlers.PrefixWrapper):
            parsed = handler.wrapped.from_string(stored.removeprefix(handler.prefix))
        else:
            parsed = handler.from_string(stored)
    except (ValueError, TypeError, AssertionError, NotImplementedError):
        return None  # passlib's scrypt asserts what it reads; its argon2 knows no key id
    return None if parsed.checksum is None else parsed
