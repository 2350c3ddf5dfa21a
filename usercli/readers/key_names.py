"""Names of keys and columns: their one spelling, and whether they say that a secret is held."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from usercli.readers import LeftOut

#: Columns that hold a secret by one of their words, unless they end as a time, a count or a state does.
_SECRET_WORDS = frozenset(
    {"token", "tokens", "secret", "secrets", "otp", "totp", "password", "passwd", "pwd", "hash", "salt", "digest"}
    | {
        "key", "keys", "apikey", "remember", "codes", "session", "sessions", "challenge", "nonce", "cookie",
        "pin", "answer", "passphrase", "credentials",
    }
)  # fmt: skip
_NO_SECRET = re.compile(r".*_(?:at|count|sent|status|enabled|enforced|enrolled|until|expires|time)")


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """`jobTitle`, `Job Title` and `job-title` are job_title."""
    humps = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", humps).strip("_").lower()


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a column, or a key of JSON, of this name holds a secret."""
    plain = snake_case(name)
    return not _SECRET_WORDS.isdisjoint(plain.split("_")) and not _NO_SECRET.fullmatch(plain)


def without_secrets(value: Any, left_out: LeftOut) -> Any:
    """The JSON value without the keys that hold secrets, which are counted."""
    if isinstance(value, list):
        return [without_secrets(item, left_out) for item in value]
    if not isinstance(value, dict):
        return value
    secrets = [key for key in value if is_secret(key)]
    left_out.fields.update(key for key in secrets if not is_blank(value[key]))
    return {key: without_secrets(item, left_out) for key, item in value.items() if key not in secrets}


def is_blank(value: Any) -> bool:
    """Whether the value is null or empty; False and 0 are not."""
    return value is None or (isinstance(value, str | dict | list) and not value)
