"""Secrets that are easy to find wherever they show."""

from __future__ import annotations

from urllib.parse import quote

from usercli.passwords import PasswordHasher

#: Every piece of a secret, however it is cut at its odd characters, holds this and nothing else does.
MARK = "Zq7Xk"
PASSWORD = f"{MARK}pass {MARK}word {MARK}!"
#: The hash of another password, in two pieces that a message may be cut to.
HASH = PasswordHasher("bcrypt", 4).hash("nobody needs this one")
DATABASE = f"{MARK}a@{MARK}b%{MARK}c#{MARK}d/{MARK}e:{MARK}f"
IN_URL = quote(DATABASE, safe="")


def leaks(text: str, *more: str) -> list[str]:
    """The lines of a text in which a secret shows."""
    signs = [MARK, HASH[7:29], HASH[29:], *more]
    return [line for line in text.splitlines() if any(sign in line for sign in signs)]
