"""Email addresses: which are valid, and which two are the same.

`email` is kept as typed. `email_key` is what makes two addresses the same on every engine; the rule,
with test vectors for other programs, stands in docs/table.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from usercli.errors import InvalidInput
from usercli.validation import require_printable

_SHOWN = 100


def email_key(email: str) -> str:
    """NFC(casefold(local part)) + "@" + the domain's IDNA A-label in lower case.

    The domain is mapped by UTS 46 (non-transitional) and encoded after RFC 5891. Raises InvalidInput for
    text that has no such form.
    """
    require_printable(email, "an email")
    local, at, domain = email.rpartition("@")
    if not (at and local and domain):
        raise InvalidInput(f"not an email address: {email}")
    if email.isascii():  # UTS 46 maps ASCII to lower case and nothing else, and so does the rest
        return email.lower()
    return f"{unicodedata.normalize('NFC', local.casefold())}@{_a_label(domain)}"


def _a_label(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    import idna

    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
        return idna.encode(mapped).decode("ascii").lower()
    except idna.IDNAError:
        raise InvalidInput(f"not a valid domain: {domain}") from None


def validate_email(email: str, special_use_domains: Iterable[str] = ()) -> str:
    """The address as typed, if it is one that mail can be sent to. Raises InvalidInput.

    The verdict is email-validator's (RFC 5321, 5322, 6531), strict, without a DNS query.
    `special_use_domains` lists those of RFC 6761 and its successors that are allowed all the same.
    """
    require_printable(email, "an email")
    import email_validator

    checked = _stand_in(email, special_use_domains)
    try:
        email_validator.validate_email(checked, strict=True, check_deliverability=False)
    except email_validator.EmailSyntaxError as error:
        shown = email if len(email) <= _SHOWN else f"{email[:_SHOWN]}..."
        raise InvalidInput(f"invalid email {shown}: {_reason(str(error))}") from None
    return email


def _stand_in(email: str, allowed: Iterable[str]) -> str:
    """The address with an allowed special-use domain replaced by an ordinary one of the same length.

    The library's own switch is a list shared by all threads; a stand-in passes every other check as well.
    """
    for name in (given.strip(".").lower() for given in allowed):
        if name and email.lower().endswith((f".{name}", f"@{name}")):
            return email[: -len(name)] + "".join("." if character == "." else "x" for character in name)
    return email


def _reason(sentence: str) -> str:
    if "special-use or reserved" in sentence:
        return "its domain is reserved for special use (to allow it, name it in the setting special_use_domains)"
    return f"{sentence[:1].lower()}{sentence[1:].rstrip('.')}"
