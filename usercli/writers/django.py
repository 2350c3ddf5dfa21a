"""Django: a fixture of `auth.user` and its groups for `manage.py loaddata`.

Users and groups have natural keys instead of numbers, so that loading the file again creates no duplicates. https://docs.djangoproject.com/en/5.2/topics/serialization/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from usercli.schemas.user_fields import SHOWN
from usercli.writers import Exported, Report, is_active, json_array

_UNUSABLE = "!"

_WRITTEN = {
    "id",
    "email",
    "full_name",
    "is_active",
    "roles",
    "last_login_at",
    "version",
    "created_at",
    "updated_at",
}
_UNSUPPORTED = tuple(name for name in SHOWN if name not in _WRITTEN)
_NAME_LENGTH = 150  # of username, first_name, last_name and a group
_HASH_LENGTH = 128
_BCRYPT_NOTE = "hashes are bcrypt: django.contrib.auth.hashers.BCryptPasswordHasher must be in PASSWORD_HASHERS"


def write(users: Iterable[Exported], report: Report) -> Iterator[str]:
    """The fixture: each group before the first user who has it."""
    yield from json_array(_objects(users, report))
    yield "\n"


def _objects(users: Iterable[Exported], report: Report) -> Iterator[dict[str, Any]]:
    groups: set[str] = set()
    for user in users:
        for name in user["roles"]:
            if name not in groups:
                groups.add(name)
                yield {"model": "auth.group", "fields": {"name": name}}
        yield {"model": "auth.user", "fields": _fields(user, report)}


def _fields(user: Exported, report: Report) -> dict[str, Any]:
    report.count_lost(user, _UNSUPPORTED)
    first, last = _names(user["full_name"], report)
    return {
        # never an attribute: a second user of the same username would overwrite the first
        "username": user["email"] if len(user["email"]) <= _NAME_LENGTH else user["id"],
        "email": user["email"],
        "first_name": first,
        "last_name": last,
        "is_active": is_active(user),
        "groups": [[name] for name in user["roles"]],
        "password": _password(user, report),
        "date_joined": user["created_at"],
        "last_login": user["last_login_at"],
    }


def _names(name: str, report: Report) -> tuple[str, str]:
    """The name in two parts that make the name again when joined by a blank."""
    first, _, last = name.rpartition(" ")
    if not (first and last) or first != first.strip() or max(len(first), len(last)) > _NAME_LENGTH:
        first, last = name, ""
    if len(first) > _NAME_LENGTH:
        report.lost[f"full_name beyond {_NAME_LENGTH} characters"] += 1
    return first[:_NAME_LENGTH], last


def _password(user: Exported, report: Report) -> str:
    """The hash in Django's encoding; unusable if Django has no hasher for it."""
    from usercli.hash_forms import identify

    stored = user.get("hashed_password", _UNUSABLE)
    kind = identify(stored)
    if not kind.usable:
        return _UNUSABLE
    encoded = ""
    if kind.scheme == "bcrypt":
        encoded = f"bcrypt${stored}"
    elif kind.scheme == "argon2":
        encoded = f"argon2{stored}"
    elif kind.scheme.startswith("django_"):
        encoded = stored
    # not bcrypt_sha256: Django's is bcrypt of a plain SHA-256, passlib's of an HMAC
    if not encoded or len(encoded) > _HASH_LENGTH:
        report.lost[f"hashed_password ({kind.scheme})"] += 1
        return _UNUSABLE
    if kind.scheme in {"bcrypt", "django_bcrypt"}:
        report.notes.add(_BCRYPT_NOTE)
    return encoded
