"""The fields of a user, one row each. What else has to list fields derives its list from here.

A new field is a row here, a column of models/user.py with its revision, and its place in the explicit Pydantic
models (schemas/users.py, schemas/import_rows.py, schemas/desired.py). tests/test_user_fields.py fails for a column
that is not listed, and for a listed field that an event, undo, erasure, import or export leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

#: passlib's marker of a disabled password: no password matches it.
DISABLED_PASSWORD: Final = "!"  # noqa: S105 - the absence of a password

#: Before the name of an attribute where a name of a field may stand, as in --map Team=attributes.team.
ATTRIBUTE: Final = "attributes."


class Kind(Enum):
    """What values a field has."""

    ID = "id"
    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    TIME = "time"
    JSON = "json"
    #: Rows of another table: the names of the roles.
    ROLES = "roles"
    #: A hash; shown only by `export --with-hashes`, never part of an event.
    SECRET = "secret"  # noqa: S105 - a kind


class _Keep(Enum):
    KEEP = "keep"


#: `erased_to` of a field whose value stays, or is set by services/privacy.py itself.
KEEP: Final = _Keep.KEEP


@dataclass(frozen=True)
class UserField:
    """One field: `UserField("full_name", Kind.TEXT, default="", personal=True, ...)`."""

    name: str
    kind: Kind
    #: The value of a user of whom nothing is given.
    default: Any = None
    #: Shown by list, show and export.
    shown: bool = True
    #: May identify a person: stands in the erasable part of an event.
    personal: bool = False
    #: An event tells its old and new value.
    audited: bool = False
    #: An event of creation tells it even at its default.
    told_at_creation: bool = False
    #: `undo` gives its old value back.
    undoable: bool = False
    #: The value after `privacy erase --anonymise`.
    erased_to: Any = KEEP
    #: Read from a file by `import`: always, or only with `--preserve`.
    importable: bool = False
    preserved: bool = False
    #: `import --on-conflict update` sets it.
    updatable: bool = False
    #: A file of desired state may set it.
    desired: bool = False
    sortable: bool = False


_AUDITED: Mapping[str, Any] = MappingProxyType({"audited": True, "undoable": True})
_SETTABLE: Mapping[str, Any] = MappingProxyType(
    {**_AUDITED, "importable": True, "updatable": True, "desired": True}
)
_PRESERVED: Mapping[str, Any] = MappingProxyType({"importable": True, "preserved": True, "sortable": True})

#: In the order in which they are shown.
USER_FIELD_LIST: tuple[UserField, ...] = (
    UserField("id", Kind.ID, **_PRESERVED),
    UserField(
        "email",
        Kind.TEXT,
        personal=True,
        **_AUDITED,
        told_at_creation=True,
        importable=True,
        desired=True,
        sortable=True,
    ),
    UserField(
        "full_name",
        Kind.TEXT,
        default="",
        personal=True,
        **_SETTABLE,
        told_at_creation=True,
        erased_to="",
        sortable=True,
    ),
    UserField(
        "is_active",
        Kind.BOOLEAN,
        default=True,
        **_SETTABLE,
        told_at_creation=True,
        erased_to=False,
        sortable=True,
    ),
    UserField("roles", Kind.ROLES, default=(), **_SETTABLE, told_at_creation=True),
    UserField(
        "attributes",
        Kind.JSON,
        default=MappingProxyType({}),
        personal=True,
        **_SETTABLE,
        told_at_creation=True,
        erased_to=MappingProxyType({}),
    ),
    UserField("must_change_password", Kind.BOOLEAN, default=False, **_SETTABLE, erased_to=False, sortable=True),
    UserField("password_changed_at", Kind.TIME, **_PRESERVED, erased_to=None),
    UserField("expires_at", Kind.TIME, **_SETTABLE, erased_to=None, sortable=True),
    UserField("last_login_at", Kind.TIME, **_PRESERVED, erased_to=None),
    UserField("version", Kind.INTEGER, default=1, **_PRESERVED),
    UserField("created_at", Kind.TIME, **_PRESERVED),
    UserField("updated_at", Kind.TIME, **_PRESERVED),
    UserField("deleted_at", Kind.TIME, **_AUDITED, **_PRESERVED),
    UserField("was_active", Kind.BOOLEAN, shown=False, **_AUDITED, erased_to=False),
    UserField("managed_by", Kind.TEXT, shown=False, **_AUDITED, erased_to=None),
    UserField(
        "hashed_password",
        Kind.SECRET,
        default=DISABLED_PASSWORD,
        shown=False,
        importable=True,
        erased_to=DISABLED_PASSWORD,
    ),
)

FIELD: Mapping[str, UserField] = MappingProxyType({field.name: field for field in USER_FIELD_LIST})


def _names(*kinds: Kind, **properties: bool) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in USER_FIELD_LIST
        if (not kinds or field.kind in kinds)
        and all(getattr(field, name) == value for name, value in properties.items())
    )


SHOWN = _names(shown=True)
SORTABLE = _names(sortable=True)
PERSONAL = frozenset(_names(personal=True))
AUDITED = _names(audited=True)
TOLD_AT_CREATION = frozenset(_names(told_at_creation=True))
UNDOABLE = frozenset(_names(undoable=True))
IMPORTABLE = _names(importable=True)
PRESERVED = _names(preserved=True)
UPDATABLE = _names(updatable=True)
DESIRED = _names(desired=True)
ERASED_TO: Mapping[str, Any] = MappingProxyType(
    {field.name: field.erased_to for field in USER_FIELD_LIST if field.erased_to is not KEEP}
)

TIMES = frozenset(_names(Kind.TIME))
BOOLEANS = frozenset(_names(Kind.BOOLEAN))
#: Stored as text that a file may have to escape.
TEXTS = frozenset(_names(Kind.TEXT, Kind.JSON, Kind.SECRET))
#: Columns of the table; roles are rows of another one.
STORED = tuple(field.name for field in USER_FIELD_LIST if field.kind is not Kind.ROLES)
