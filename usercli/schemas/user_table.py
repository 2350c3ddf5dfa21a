"""The users table of another program, as a profile's section `table` describes it, and the presets of five."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from usercli.errors import InvalidInput, Refused
from usercli.text import suggestion, visible


@dataclass(frozen=True)
class UserTable:
    """A table that belongs to another program: its name, and its columns by meaning; "" where it has none.

    A user with `deleted_at` is none; one with `banned_until` in the future may not sign in. Times without a zone
    are UTC. `is_peppered`: its hashes of bcrypt were made of the password and the pepper of the settings.

    `write` is what may be changed there, of WRITABLE. `scheme` is that of new hashes, of SCHEMES; `on_create` has
    the values of a new row in columns without a meaning, with {email} for the address.
    """

    name: str
    id: str = "id"
    email: str = "email"
    password: str = ""
    full_name: tuple[str, ...] = ()
    active: str = ""
    created_at: str = ""
    updated_at: str = ""
    last_login_at: str = ""
    banned_until: str = ""
    deleted_at: str = ""
    is_peppered: bool = False
    preset: str = ""
    write: tuple[str, ...] = ()
    scheme: str = ""
    on_create: tuple[tuple[str, str | bool | int], ...] = ()

    @property
    def schema(self) -> str | None:
        """The schema that the name begins with; None where the search path finds the table."""
        return self.name.rpartition(".")[0] or None

    @property
    def table(self) -> str:
        """The name without its schema."""
        return self.name.rpartition(".")[2]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        single = (getattr(self, meaning) for meaning in _MEANINGS)
        return tuple(dict.fromkeys(column for column in (*single, *self.full_name) if column))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a user that it has, in the order of the contract; the others would be invented."""
        kept = {"id": self.id, "email": self.email, "is_active": self.active}
        shown = ("id", "email", "full_name", "is_active", "last_login_at", "created_at", "updated_at")
        return tuple(name for name in shown if kept.get(name) or getattr(self, name, ""))

    @property
    def written_scheme(self) -> str:
        """The scheme of new hashes, which the program verifies; "" where nothing says which."""
        return self.scheme or _SCHEME_OF.get(self.preset, "")

    @property
    def values_on_create(self) -> dict[str, str | bool | int]:
        """What a new row has in columns without a meaning."""
        return dict(_ON_CREATE.get(self.preset, {})) | dict(self.on_create)

    @property
    def lowers_email(self) -> bool:
        """Whether the program looks for an address in lower case only, as Devise does."""
        return self.preset == "devise"


#: Where our own tables are beside such a table, unless the setting `schema` names another schema.
MAPPED_SCHEMA = "usercli"
#: What may be written of a table.
WRITABLE = ("create", "email", "full_name", "password", "active")
#: The schemes in which a password can be written.
SCHEMES = ("django_pbkdf2_sha256", "argon2", "bcrypt_2a", "bcrypt_2b", "bcrypt_2y")

_SCHEME_OF = {
    "django": "django_pbkdf2_sha256",
    "fastapi-users": "argon2",
    "laravel": "bcrypt_2y",
    "devise": "bcrypt_2a",
}
#: Columns without a default that these frameworks fill themselves.
_ON_CREATE: dict[str, dict[str, str | bool | int]] = {
    "django": {"username": "{email}", "is_superuser": False, "is_staff": False},
    "fastapi-users": {"is_superuser": False, "is_verified": False},
}

_MEANINGS = (
    *("id", "email", "password", "active", "created_at", "updated_at", "last_login_at", "banned_until"),
    "deleted_at",
)

#: The tables as the migrations of these frameworks write them.
PRESETS = {
    "django": UserTable(
        name="auth_user",
        password="password",  # noqa: S106 - a column
        full_name=("first_name", "last_name"),
        active="is_active",
        created_at="date_joined",
        last_login_at="last_login",
    ),
    "fastapi-users": UserTable(name="user", password="hashed_password", active="is_active"),  # noqa: S106 - a column
    "laravel": UserTable(
        name="users",
        password="password",  # noqa: S106 - a column
        full_name=("name",),
        created_at="created_at",
        updated_at="updated_at",
    ),
    "devise": UserTable(
        name="users",
        password="encrypted_password",  # noqa: S106 - a column
        created_at="created_at",
        updated_at="updated_at",
    ),
    "supabase": UserTable(
        name="auth.users",
        password="encrypted_password",  # noqa: S106 - a column
        created_at="created_at",
        updated_at="updated_at",
        last_login_at="last_sign_in_at",
        banned_until="banned_until",
        deleted_at="deleted_at",
    ),
}

_KEYS = {"is_peppered": "peppered"}


def parse_user_table(section: Any, place: str) -> UserTable:
    """The table of a section: a preset, and what the other keys say in its place. Raises InvalidInput."""
    if not isinstance(section, Mapping):
        raise InvalidInput(f"table in {place} must be a section: [profiles.NAME.table]")
    known = sorted(_KEYS.get(field.name, field.name) for field in fields(UserTable))
    for key in sorted(section.keys() - set(known)):
        raise InvalidInput(f"unknown key in the table of {place}: {visible(key)}{suggestion(key, known)}")
    preset = section.get("preset", "")
    if preset and preset not in PRESETS:
        raise InvalidInput(f"no such preset in {place}: {visible(str(preset))} (known: {', '.join(PRESETS)})")
    given = {
        field.name: _value(field.name, section[key], place)
        for field in fields(UserTable)
        if (key := _KEYS.get(field.name, field.name)) in section
    }
    if not preset and not given.get("name"):
        raise InvalidInput(f"the table of {place} has neither a preset nor a name")
    table = replace(PRESETS[preset], **given) if preset else UserTable(**given)
    for meaning in ("name", "id", "email"):
        if not getattr(table, meaning):
            raise InvalidInput(f"{meaning} in the table of {place} is empty; every table of users has one")
    return table


def require_unmapped(table: UserTable | None) -> None:
    """Raise Refused where the profile in use maps a table: `Users` and its like work on those of usercli alone."""
    if table is not None:
        raise Refused(
            f"the profile maps {table.name}, a table of another program; only the command line works on it"
        )


def _value(name: str, value: Any, place: str) -> Any:
    if name == "write":
        return _write(value, place)
    if name == "on_create":
        if isinstance(value, dict) and all(isinstance(item, str | bool | int) for item in value.values()):
            return tuple(value.items())
        raise InvalidInput(
            f"on_create in the table of {place} must be a section of texts, numbers and true or false"
        )
    if name == "scheme" and value not in SCHEMES:
        raise InvalidInput(f"scheme in the table of {place} must be one of: {', '.join(SCHEMES)}")
    if name == "is_peppered":
        if isinstance(value, bool):
            return value
        raise InvalidInput(f"peppered in the table of {place} must be true or false")
    if name == "full_name":
        columns = [value] if isinstance(value, str) else value
        if isinstance(columns, list) and all(isinstance(column, str) for column in columns):
            return tuple(column for column in columns if column)
        raise InvalidInput(f"full_name in the table of {place} must be a column, or a list of columns")
    if not isinstance(value, str):
        raise InvalidInput(f"{name} in the table of {place} must be a text")
    return value


def _write(value: Any, place: str) -> tuple[str, ...]:
    if isinstance(value, list) and all(item in WRITABLE for item in value):
        return tuple(dict.fromkeys(value))
    raise InvalidInput(f"write in the table of {place} must be a list of: {', '.join(WRITABLE)}")
