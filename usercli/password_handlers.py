"""The handlers that verify hashes: passlib's and a few more. The only module that imports passlib."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, ClassVar

from usercli.hash_encodings import MIN_KEY_BYTES
from usercli.system_crypt import YescryptNumbers, crypt, yescrypt_numbers

# passlib 1.7.4 reads bcrypt.__about__, which bcrypt 4.1 removed, and logs a traceback
logging.getLogger("passlib").setLevel(logging.ERROR)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports crypt, which Python 3.13 removed
    import passlib.hash
    import passlib.utils.handlers as handlers
    from passlib.context import CryptContext
    from passlib.exc import PasslibHashWarning
    from passlib.utils.binary import h64

# Repaired padding bits and the way passlib reads argon2's version are no news to the user. Filters around each call
# would not be thread-safe.
warnings.simplefilter("ignore", PasslibHashWarning)
warnings.filterwarnings("ignore", r"Accessing argon2\.__version__", DeprecationWarning)

#: A bound on the text of a hash of our own handlers.
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
        text = _text(hash)
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
        data = _bytes(secret)
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
        text = _text(hash)
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
        data = _bytes(secret)
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


class _OfOneForm(handlers.GenericHandler):
    """A handler whose hashes all match one expression."""

    setting_kwds = ()

    name: str
    checksum: Any
    _FORM: re.Pattern[str]

    @classmethod
    def _parts(cls, hash: str | bytes) -> re.Match[str]:  # noqa: A002 - passlib's name
        """The match. Raises ValueError."""
        text = _text(hash)
        found = cls._FORM.fullmatch(text) if len(text) <= _MAX_HASH_CHARACTERS else None
        if found is None:
            raise cls._invalid()
        return found

    @classmethod
    def _invalid(cls) -> ValueError:
        return ValueError(f"not a valid {cls.name} hash")


class hmac_digest(_OfOneForm):  # noqa: N801 - passlib names handlers so
    """The HMAC of the password, as Ory Kratos writes it: $hmac-sha256$ digits $ key, both in base64."""

    name = "hmac_digest"
    _FORM = re.compile(r"\$hmac-(md5|sha1|sha256|sha384|sha512)\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)")

    def __init__(self, algorithm: str = "sha256", key: str = "", **kwds: Any) -> None:
        super().__init__(**kwds)
        self.algorithm, self.key = algorithm, key

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002 - passlib's signature
        return _text(hash).startswith("$hmac-")

    @classmethod
    def from_string(cls, hash: str | bytes, **_: Any) -> Any:  # noqa: A002 - passlib's signature
        found = cls._parts(hash)
        digits = base64.b64decode(found[2], validate=True).decode()
        base64.b64decode(found[3], validate=True)
        if not re.fullmatch(f"[0-9a-f]{{{2 * hashlib.new(found[1]).digest_size}}}", digits):
            raise cls._invalid()
        return cls(algorithm=found[1], key=found[3], checksum=found[2])

    def to_string(self) -> str:
        return f"$hmac-{self.algorithm}${self.checksum}${self.key}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        made = hmac.new(base64.b64decode(self.key), _bytes(secret), self.algorithm).hexdigest()
        return base64.b64encode(made.encode()).decode()


class pbkdf2_phc(_OfOneForm):  # noqa: N801 - passlib names handlers so
    """PBKDF2 in the PHC string format, for keys of other lengths than the digest's, which passlib does not take."""

    name = "pbkdf2_phc"
    _FORM = re.compile(
        r"\$pbkdf2-(sha1|sha256|sha512)\$i=([1-9]\d{0,8}),l=(\d{1,3})\$([\w+/]*)\$([\w+/]+)", re.ASCII
    )

    def __init__(
        self, digest: str = "sha256", rounds: int = 1, salt: bytes = b"", size: int = 32, **kwds: Any
    ) -> None:
        super().__init__(**kwds)
        self.digest, self.rounds, self.salt, self.size = digest, rounds, salt, size

    @property
    def blocks(self) -> int:
        """How many times the rounds are computed, since each block of the key takes them all."""
        return -(-self.size // hashlib.new(self.digest).digest_size)

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002 - passlib's signature
        return cls._FORM.fullmatch(_text(hash)) is not None

    @classmethod
    def from_string(cls, hash: str | bytes, **_: Any) -> Any:  # noqa: A002 - passlib's signature
        found = cls._parts(hash)
        digest, rounds, size, salt, key = found.groups()
        if len(_unpadded(key)) != int(size) or int(size) < MIN_KEY_BYTES:
            raise cls._invalid()
        return cls(digest=digest, rounds=int(rounds), salt=_unpadded(salt), size=int(size), checksum=key)

    def to_string(self) -> str:
        salt = base64.b64encode(self.salt).decode().rstrip("=")
        return f"$pbkdf2-{self.digest}$i={self.rounds},l={self.size}${salt}${self.checksum}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        key = hashlib.pbkdf2_hmac(self.digest, _bytes(secret), self.salt, self.rounds, self.size)
        return base64.b64encode(key).decode().rstrip("=")


class phpass(passlib.hash.phpass):  # noqa: N801 - its name is the handler's
    """passlib's handler, which takes a hash of any length."""

    _FORM = re.compile(r"\$[PH]\$[./0-9A-Za-z]{31}")

    @classmethod
    def from_string(cls, hash: str | bytes, **_: Any) -> Any:  # noqa: A002 - passlib's signature
        if cls._FORM.fullmatch(_text(hash)) is None:
            raise ValueError(f"not a valid {cls.name} hash")
        return super().from_string(hash)


class drupal(phpass):  # noqa: N801 - its name is the handler's
    """Drupal 7's $S$: phpass with sha512, and 43 of the characters of its digest (includes/password.inc)."""

    name = "drupal"
    default_ident = "$S$"
    ident_values = ("$S$",)
    ident_aliases: ClassVar[dict[str, str]] = {}
    checksum_size = 43
    salt: Any
    _FORM = re.compile(r"\$S\$[./0-9A-Za-z]{52}")

    def _calc_checksum(self, secret: str | bytes) -> str:
        data = _bytes(secret)
        made = hashlib.sha512(_bytes(self.salt) + data).digest()
        for _ in range(1 << self.rounds):
            made = hashlib.sha512(made + data).digest()
        text: bytes = h64.encode_bytes(made)  # type: ignore[no-untyped-call]  # of passlib
        return text.decode()[: self.checksum_size]


class yescrypt(_OfOneForm):  # noqa: N801 - passlib names handlers so
    """$y$parameters$salt$hash, computed by the system's libcrypt (libxcrypt); the parameters are read here."""

    name = "yescrypt"
    _FORM = re.compile(r"(\$y\$([./0-9A-Za-z]{3,48})\$[./0-9A-Za-z]{0,86})\$([./0-9A-Za-z]{43})")

    def __init__(self, setting: str = "", numbers: YescryptNumbers | None = None, **kwds: Any) -> None:
        super().__init__(**kwds)
        self.setting, self.numbers = setting, numbers or YescryptNumbers()

    @property
    def rounds(self) -> int:
        """The logarithm of the cost, as the handlers of passlib name it."""
        return self.numbers.logarithm

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002 - passlib's signature
        return _text(hash).startswith("$y$")

    @classmethod
    def from_string(cls, hash: str | bytes, **_: Any) -> Any:  # noqa: A002 - passlib's signature
        found = cls._parts(hash)
        return cls(setting=found[1], numbers=yescrypt_numbers(found[2]), checksum=found[3])

    def to_string(self) -> str:
        return f"{self.setting}${self.checksum}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        return crypt(_bytes(secret), self.setting).rpartition("$")[2]


class PreparedHandler(handlers.PrefixWrapper):
    """Another handler's hash of a prepared password, told from that handler's own by a prefix."""

    def __init__(self, name: str, wrapped: str, prefix: str, prepare: Callable[..., bytes]) -> None:
        super().__init__(name, wrapped, prefix)
        self._prepare = prepare

    def verify(self, secret: str | bytes, hash: str | bytes, **context: Any) -> bool:  # noqa: A002 - passlib's signature
        matches: bool = super().verify(self._prepare(_bytes(secret), **context), hash)  # type: ignore[no-untyped-call]  # of passlib
        return matches


def _wordpress(secret: bytes) -> bytes:
    """wp_hash_password of WordPress 6.8, and the blanks that wp_authenticate removes (those of PHP's trim)."""
    mac = hmac.new(b"wp-sha384", secret.strip(b" \n\r\t\v\0"), "sha384").digest()
    return base64.b64encode(mac)


def _peppered(secret: bytes, *, pepper: bytes) -> bytes:
    """Password and pepper, of which bcrypt reads 72 bytes (lib/devise/encryptor.rb)."""
    return (secret + pepper)[:72]


def _text(hash: str | bytes) -> str:  # noqa: A002 - passlib's name
    return hash.decode("utf-8", "replace") if isinstance(hash, bytes) else hash


def _bytes(secret: str | bytes) -> bytes:
    return secret.encode() if isinstance(secret, str) else secret


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


_OWN = {
    "django_scrypt": django_scrypt,
    "django_salted_md5": _salted_or_keyed(passlib.hash.django_salted_md5, "md5"),
    "django_salted_sha1": _salted_or_keyed(passlib.hash.django_salted_sha1, "sha1"),
    "salted_digest": salted_digest,
    "hmac_digest": hmac_digest,
    "pbkdf2_phc": pbkdf2_phc,
    "phpass": phpass,
    "drupal": drupal,
    "yescrypt": yescrypt,
    "wordpress_bcrypt": PreparedHandler("wordpress_bcrypt", "bcrypt", "$wp", _wordpress),
    "peppered_bcrypt": PreparedHandler("peppered_bcrypt", "bcrypt", "$pepper", _peppered),
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
