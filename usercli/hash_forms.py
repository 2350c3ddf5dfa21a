"""What a text is as a hash: one table of the spellings that are verified, translated, or known by name only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, NamedTuple

from usercli import hash_encodings as encode
from usercli.errors import Hint, InvalidInput
from usercli.password_costs import (
    Work,
    argon2_work,
    bcrypt_work,
    drupal_work,
    no_work,
    pbkdf2_phc_work,
    pbkdf2_work,
    phpass_work,
    scrypt_work,
    sha_crypt_work,
    yescrypt_work,
)
from usercli.system_crypt import PASSWORD_BYTES as YESCRYPT_BYTES
from usercli.system_crypt import has_yescrypt


class Need(NamedTuple):
    """What has to be there besides usercli."""

    #: As in: it needs the extra usercli[argon2].
    what: str
    #: What an operator may do.
    cure: str
    is_there: Callable[[], bool]


class HashForm(NamedTuple):
    """A spelling of hashes, recognised by how it starts."""

    #: `{}` stands for the first group of `mark`.
    scheme: str
    #: A regular expression for the start.
    mark: str
    #: What follows in a whole hash, so that no password that people think of looks so; None where one may.
    body: str | None = r"\S{8,}"
    #: What one check takes, of a scheme that is verified here.
    work: Callable[[Any], Work] | None = None
    #: The same hash in a spelling that is verified here; None where there is none.
    translate: Callable[[str], str | None] | None = None
    #: What has to be there to verify it.
    need: Need | None = None
    #: Bytes of a password that the scheme reads; the rest would be cut off.
    reads: int | None = None
    #: Whether a whole hash may be told by its name: else it could be part of a password.
    is_sure: bool = True
    #: Whether the pepper of the settings belongs to it.
    is_peppered: bool = False


#: bcrypt reads at most 72 bytes; older versions truncate silently (OWASP ASVS 5.0, 6.2.9).
BCRYPT_BYTES = 72


def _has_argon2() -> bool:
    from usercli.password_handlers import has_extra

    return has_extra("argon2")


_ARGON2 = Need("the extra usercli[argon2]", "install usercli[argon2]", _has_argon2)
_YESCRYPT = Need("a libcrypt with yescrypt", "the system's libcrypt has none", has_yescrypt)

_DIGEST = r"[^\s$]*\$[0-9A-Za-z./+=]{11,}"
_BASE64 = r"[A-Za-z0-9./+=$,_:*-]{12,}"
_DJANGO = r"\S{16,}"
_WERKZEUG = r"[a-z0-9:]{3,40}\$[^$\s]*\$[0-9a-f]{16,}"
# of LDAP, Dovecot and Spring Security
_CRYPT = (
    r"\{(?i:CRYPT|(?:ARGON2(?:ID?)?|BCRYPT)(?:@SpringSecurity_v\d_\d)?"
    r"|BLF-CRYPT|SHA512-CRYPT|SHA256-CRYPT|MD5-CRYPT|MD5(?=\}\$1\$))\}"
)
_LDAP_DIGEST = r"\{(?i:((?:(?:LDAP-)?S?(?:SHA|MD5)|PLAIN-MD5)[0-9]{0,3})(?:\.(?:b64|hex))?)\}"
_SPRING_DIGEST = r"\{(?i:MD5|SHA-1|SHA-256|SHA-384|SHA-512)\}(?=(?:\{[^}]*\})?(?:[0-9a-f]{32}|[0-9a-f]{40,})\Z)"
_HEX_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}

#: The first whose mark fits.
FORMS = (
    # what is stored, and verified here
    HashForm("bcrypt", r"\$2[aby]?\$", work=bcrypt_work, reads=BCRYPT_BYTES),
    HashForm("bcrypt_sha256", r"\$bcrypt-sha256\$", work=bcrypt_work),
    HashForm("pbkdf2_sha256", r"\$pbkdf2-sha256\$(?!i=)", work=partial(pbkdf2_work, "sha256")),
    HashForm("pbkdf2_sha512", r"\$pbkdf2-sha512\$(?!i=)", work=partial(pbkdf2_work, "sha512")),
    HashForm("pbkdf2_sha1", r"\$pbkdf2\$", work=partial(pbkdf2_work, "sha1")),
    HashForm("django_pbkdf2_sha256", r"pbkdf2_sha256\$", _DJANGO, work=partial(pbkdf2_work, "sha256")),
    HashForm("django_pbkdf2_sha1", r"pbkdf2_sha1\$", _DJANGO, work=partial(pbkdf2_work, "sha1")),
    HashForm("django_bcrypt_sha256", r"bcrypt_sha256\$", _DJANGO, work=bcrypt_work),
    HashForm("django_bcrypt", r"bcrypt\$(?=\$2[abxy]?\$)", _DJANGO, work=bcrypt_work, reads=BCRYPT_BYTES),
    HashForm("django_salted_sha1", r"sha1\$", _DIGEST, work=no_work),
    HashForm("django_salted_md5", r"md5\$", _DIGEST, work=no_work),
    HashForm("sha512_crypt", r"\$6\$", work=partial(sha_crypt_work, "sha512")),
    HashForm("sha256_crypt", r"\$5\$", work=partial(sha_crypt_work, "sha256")),
    HashForm("md5_crypt", r"\$1\$", work=no_work),
    HashForm("apr_md5_crypt", r"\$apr1\$", work=no_work),
    HashForm("ldap_salted_sha512", r"\{SSHA512\}", _BASE64, work=no_work),
    HashForm("ldap_salted_sha256", r"\{SSHA256\}", _BASE64, work=no_work),
    HashForm("ldap_salted_sha1", r"\{SSHA\}", _BASE64, work=no_work),
    HashForm("scrypt", r"\$(?:scrypt|7)\$", work=scrypt_work),
    HashForm("django_scrypt", r"scrypt\$", _DJANGO, work=scrypt_work),
    HashForm("salted_digest", r"\$(?:md5|sha1|sha256|sha384|sha512)\$pf=", work=no_work),
    HashForm("hmac_digest", r"\$hmac-(?:md5|sha1|sha256|sha384|sha512)\$", work=no_work),
    HashForm("phpass", r"\$[PH]\$", work=phpass_work),
    HashForm("drupal", r"\$S\$", work=drupal_work),
    HashForm("wordpress_bcrypt", r"\$wp(?=\$2[aby]?\$)", work=bcrypt_work),
    HashForm("peppered_bcrypt", r"\$pepper(?=\$2[aby]?\$)", work=bcrypt_work, reads=BCRYPT_BYTES, is_peppered=True),
    HashForm("yescrypt", r"\$y\$", work=yescrypt_work, need=_YESCRYPT, reads=YESCRYPT_BYTES),
    HashForm("argon2", r"\$argon2(?:id|i|d)\$", work=argon2_work, need=_ARGON2),
    HashForm("django_argon2", r"argon2(?=\$argon2)", work=argon2_work, need=_ARGON2),
    # what is translated; the first where its key is as long as the digest, or longer
    HashForm(
        "pbkdf2_phc",
        r"\$pbkdf2-(?:sha1|sha256|sha512)\$i=",
        work=pbkdf2_phc_work,
        translate=encode.pbkdf2_from_phc,
    ),
    HashForm("pbkdf2_{}", r"\$pbkdf2-([a-z0-9]{1,10})\$", translate=encode.pbkdf2_from_phc),
    HashForm("pbkdf2_sha1", r"\{(?i:PBKDF2)\}(?=\$)", _BASE64, translate=encode.pbkdf2_from_dovecot),
    HashForm(
        "spring_pbkdf2",
        r"\{(?i:PBKDF2)(?:@SpringSecurity_v5_[58])?\}(?=[0-9a-f]+\Z)",
        _BASE64,
        translate=encode.pbkdf2_from_spring,
    ),
    HashForm("pbkdf2_sha1", r"\{(?i:PBKDF2)\}", _BASE64, translate=encode.pbkdf2_from_ldap),
    HashForm("pbkdf2_sha256", r"\{(?i:PBKDF2_SHA256)\}", _BASE64, translate=encode.pbkdf2_from_389ds),
    HashForm("pbkdf2_{}", r"\{(?i:PBKDF2)-([A-Za-z0-9]{1,10})\}", _BASE64, translate=encode.pbkdf2_from_ldap),
    HashForm(
        "spring_scrypt",
        r"(?:\{scrypt(?:@SpringSecurity_v\d_\d)?\})?\$[0-9a-f]{5,6}\$",
        _BASE64,
        translate=encode.scrypt_from_spring,
    ),
    HashForm("crypt", _CRYPT, _BASE64, translate=encode.unprefixed),
    HashForm("spring_digest", _SPRING_DIGEST, r"\S{20,}", translate=encode.digest_from_spring),
    HashForm("{}", _LDAP_DIGEST, _BASE64, translate=encode.ldap_digest),
    HashForm("nextcloud", r"[0-9]\|(?=\$)", translate=encode.unprefixed),
    HashForm("{}", r"\$((?:md5|sha256|sha512)-crypt)\$", translate=encode.crypt_from_kratos),
    HashForm(
        "werkzeug",
        r"(?:pbkdf2|scrypt):",
        _WERKZEUG,
        translate=encode.werkzeug,
    ),
    HashForm("{}", r"(sha(?:256|384|512))\$", _DIGEST, translate=encode.werkzeug_digest),
    HashForm("aspnet", r"AQAAAA(?=[A-Za-z0-9+/]{24,}=*\Z)", r"\S+", translate=encode.aspnet),
    HashForm("aspnet", r"A[A-P](?=[A-Za-z0-9+/]{64}==\Z)", r"\S+", translate=encode.aspnet),
    # what is known by name only
    HashForm("bcrypt_2x", r"\$2x\$"),
    HashForm("gost_yescrypt", r"\$gy\$"),
    HashForm("nthash", r"\$3\$"),
    HashForm("sun_md5", r"\$md5[$,]"),
    HashForm("drupal_md5", r"U\$S\$"),
    HashForm("wordpress", r"\$wp\$"),
    HashForm("sha1_crypt", r"\$sha1\$"),
    HashForm("{}", r"((?:unsalted_)?(?:md5|sha(?:1|224|256|384|512)|crypt))\$", _DIGEST),
    HashForm("{}", r"(pbkdf2_[a-z0-9_]{1,20}|bcrypt|argon2)\$", _DJANGO),
    HashForm("mysql", r"\*(?=[0-9A-Fa-f]{40}\Z)", r"\w+"),
    HashForm("postgres_md5", r"md5(?=[0-9a-f]{32}\Z)", r"\w+"),
    HashForm("scram_sha_256", r"SCRAM-SHA-256\$", r"\S{20,}"),
    HashForm("mysql_sha2", r"(?:\$A\$[0-9A-Fa-f]{3}\$|0x244124(?=[0-9A-Fa-f]{100,}\Z))", r"(?s:.{20,})"),
    HashForm("{}", r"\{(?i:(noop|plain|clear|cleartext|plaintext))\}", r".+"),
    HashForm("werkzeug_plain", r"plain\$\$", r".+"),
    # a password may look like these: only where a hash is expected are they one
    *(HashForm(f"unsalted_{name}", rf"[0-9A-Fa-f]{{{size}}}\Z", None) for name, size in _HEX_DIGITS.items()),
    # likewise, and whoever knows that it is a hash may say the name
    HashForm("{}", r"\{([A-Za-z0-9./_-]{1,24})\}", _BASE64, is_sure=False),
    HashForm("{}", r"\$?([A-Za-z0-9][A-Za-z0-9_-]{0,30})\$", None, is_sure=False),
    HashForm("des_crypt", r"(?:[./0-9A-Za-z]{13}|_[./0-9A-Za-z]{19})\Z", None, is_sure=False),
)


@dataclass(frozen=True)
class HashKind:
    """The scheme of a stored hash, its cost (None if the scheme has none), and what a check takes.

    The scheme is that of a form that is verified here, or one of `UNUSABLE`.
    """

    scheme: str
    cost: int | None = None
    work: Work = field(default=Work(), compare=False)
    #: The form that was recognised, also where the scheme is `malformed` or `unsupported`, and what it is called.
    form: HashForm | None = field(default=None, compare=False, repr=False)
    name: str = field(default="unknown", compare=False)
    #: Whether the name can be no part of a password that stands in the place of a hash.
    is_sure: bool = field(default=False, compare=False)

    @property
    def usable(self) -> bool:
        """Whether a password can match it, if the work is bounded."""
        return self.scheme not in UNUSABLE

    @property
    def is_peppered(self) -> bool:
        """Whether the pepper of the settings belongs to it."""
        return self.usable and self.form is not None and self.form.is_peppered

    @property
    def lacks(self) -> str | None:
        """What is not there, without which the hash cannot be verified."""
        need = self.form.need if self.form is not None and self.scheme == "unsupported" else None
        return need.what if need is not None else None

    @property
    def label(self) -> str:
        """The name, and what to install, or that the hash is cut off or damaged."""
        if self.scheme == "malformed":
            return f"{MALFORMED}{self.name}"
        need = self.form.need if self.form is not None and self.lacks else None
        return f"{self.name} ({need.cure})" if need is not None else self.name

    def __str__(self) -> str:
        return self.scheme if self.cost is None else f"{self.scheme}, cost {self.cost}"


#: Before a hash of bcrypt that was made of the password and a pepper: nothing in the hash itself tells.
PEPPERED = "$pepper"
#: Before the name of a scheme in what is counted of hashes that were left out.
MALFORMED = "malformed "

UNUSABLE = frozenset({"disabled", "empty", "malformed", "unsupported"})


class UnsupportedHash(InvalidInput):
    """The hash is of a scheme that is known by name and cannot be verified."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the hash is of the scheme {name}, which is not supported")
        self.name = name


def identify(stored: str) -> HashKind:
    """The kind of a stored hash; `disabled`, `empty`, `malformed` and `unsupported` match no password."""
    if not stored:
        return HashKind("empty")
    if stored.startswith("!"):
        return _DISABLED
    form = _form_of(stored)
    if form is None:
        return _DISABLED if stored.startswith("*") else HashKind("unsupported")
    return _read(form, stored)


_DISABLED = HashKind("disabled")


def _form_of(text: str, *, translated: bool = False) -> HashForm | None:
    found = _marks(translated).match(text)
    return FORMS[int((found.lastgroup or "")[1:])] if found else None


@cache
def _marks(translated: bool) -> re.Pattern[str]:
    """One expression, since a million hashes are looked at; the outer group that matched is the form's number."""
    marks = (f"(?P<f{number}>{form.mark})" for number, form in enumerate(FORMS) if form.translate or not translated)
    return re.compile("|".join(marks))


def _read(form: HashForm, stored: str) -> HashKind:
    from usercli.password_handlers import handler_of, parse_hash

    name = form.scheme
    if "{}" in name and (found := re.match(form.mark, stored)):
        name = name.format(found[1].lower())
    if form.work is None and _is_malformed(form, stored):
        return HashKind("malformed", form=form, name=name)
    if form.work is None or (form.need is not None and not form.need.is_there()):
        is_sure = form.is_sure and re.fullmatch(f"{form.mark}{form.body or ''}", stored) is not None
        return HashKind("unsupported", form=form, name=name, is_sure=is_sure)
    parsed = parse_hash(handler_of(form.scheme), stored)
    if parsed is None:
        return HashKind("malformed", form=form, name=name)
    return HashKind(form.scheme, getattr(parsed, "rounds", None), form.work(parsed), form, name)


def in_our_spelling(text: str) -> str:
    """A hash as it is stored; a text that is in no foreign spelling, or has no other, as it is."""
    form = _form_of(text, translated=True)
    if form is None or form.translate is None:
        return text
    try:
        return form.translate(text) or text
    except encode.Malformed:
        return text


def _is_malformed(form: HashForm, text: str) -> bool:
    if form.translate is None:
        return False
    try:
        form.translate(text)
    except encode.Malformed:
        return True
    return False


def require_hash(text: str) -> str:
    """The hash as it is stored. Raises InvalidInput if no password can match it, or a check takes too much.

    The message never contains the hash. Raises UnsupportedHash if the scheme is known.
    """
    stored = in_our_spelling(text)
    kind = identify(stored)
    if kind.lacks:
        raise InvalidInput(f"the hash is of the scheme {kind.name}, which needs {kind.lacks}")
    if kind.scheme == "unsupported":
        if kind.is_sure or (kind.name == "des_crypt" and stored != text):  # {CRYPT} was before it
            raise UnsupportedHash(kind.name)
        raise InvalidInput("the hash is of a scheme that is not supported")
    if kind.scheme == "empty":
        raise InvalidInput("the hash is empty")
    if kind.scheme == "disabled":
        raise InvalidInput("the hash is a marker of a disabled password", hint=Hint.NO_PASSWORD)
    if kind.scheme == "malformed":
        raise InvalidInput(
            "the hash is malformed: it is truncated, or contains characters that its scheme does not use"
        )
    if not kind.work.is_bounded():
        raise InvalidInput(kind.work.excess(str(kind)))
    return stored


def require_no_hash(password: str, advice: str, hint: Hint | None = None) -> str:
    """The plain password. Raises InvalidInput for a hash, which would match no password if it was hashed again."""
    if looks_like_hash(password):
        raise InvalidInput(f"the password has the form of a hash; {advice}", hint=hint)
    return password


def looks_like_hash(password: str) -> bool:
    """Whether the text has the form of a stored hash, whether or not usercli can verify that."""
    return _whole_forms().fullmatch(password) is not None


@cache
def _whole_forms() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{form.mark}{form.body})" for form in FORMS if form.body is not None))
