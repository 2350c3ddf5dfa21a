"""Django: `manage.py dumpdata auth.user auth.group`, as an array or as JSON lines, also with a custom user model.

https://docs.djangoproject.com/en/5.2/topics/serialization/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.foreign_hashes import keep
from usercli.readers.foreign_user import ForeignUser, InvalidRecord, entries, joined, moment, part, rest, text
from usercli.readers.json_stream import Document, read_one, require_known, walk
from usercli.readers.named_rows import row_of
from usercli.readers.user_columns import is_open

_TAKEN = frozenset(
    {"email", "password", "is_active", "first_name", "last_name", "full_name", "name", "groups", "user_permissions"}
    | {"date_joined", "last_login", "created_at", "updated_at"}
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Django: every object that has a password. Other objects are skipped.

    Groups are referred to by number: users that come before their groups are kept until the end.
    """
    groups: dict[str, str] = {}
    pending: list[tuple[int, Document]] = []
    for number, document in enumerate(walk(source, "django"), 1):
        if number == 1:
            require_known(document.value, frozenset({"model"}), "django")
        if _is_group(document.value):
            groups[str(document.value.get("pk"))] = str(document.value["fields"].get("name"))
        elif _unknown_groups(document.value, groups):
            pending.append((number, document))
        elif found := read_one(number, document, lambda item: _user(item, groups), options):
            yield found
    for number, document in pending:
        if found := read_one(number, document, lambda item: _user(item, groups), options):
            yield found


def _is_group(item: Any) -> bool:
    return isinstance(item, dict) and item.get("model") == "auth.group" and isinstance(item.get("fields"), dict)


def _unknown_groups(item: Any, groups: dict[str, str]) -> bool:
    fields = item.get("fields") if isinstance(item, dict) else None
    listed = fields.get("groups") if isinstance(fields, dict) else None
    return isinstance(listed, list) and any(isinstance(key, int) and str(key) not in groups for key in listed)


def _user(item: dict[str, Any], groups: dict[str, str]) -> ForeignUser | None:
    text(item, "model")
    fields = part(item, "fields")
    if "password" not in fields:
        return None
    attributes = rest(fields, _TAKEN)
    name = joined(text(fields, "first_name"), text(fields, "last_name"))
    attributes |= {key: text(fields, key) for key in ("full_name", "name") if name}
    attributes |= {"django_id": item.get("pk"), "user_permissions": entries(fields, "user_permissions")}
    return ForeignUser(
        email=text(fields, "email"),
        login=text(fields, "username"),
        name=name or _name(fields),
        is_active=is_open(row_of(fields)),
        roles=[_group(key, groups) for key in entries(fields, "groups")],
        attributes=attributes,
        secret=keep(text(fields, "password")),
        times={
            "created_at": moment(fields, "date_joined") or moment(fields, "created_at"),
            "updated_at": moment(fields, "updated_at"),
            "last_login_at": moment(fields, "last_login"),
        },
    )


def _name(fields: dict[str, Any]) -> str:
    return text(fields, "full_name") or text(fields, "name")


def _group(key: Any, groups: dict[str, str]) -> str:
    """The name of a group, by its number or its natural key (a list of the name)."""
    if isinstance(key, list) and len(key) == 1 and isinstance(key[0], str):
        return key[0]
    if isinstance(key, int | str) and str(key) in groups:
        return groups[str(key)]
    if isinstance(key, int | str):
        raise InvalidRecord(
            f"the group {str(key)[:20]} is not in the file; dump auth.group as well, or use --natural-foreign"
        )
    raise InvalidRecord("groups is not a list of numbers or of natural keys")
