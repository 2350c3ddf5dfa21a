"""Tables of users that well-known frameworks make: what each column means."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from usercli.schemas.user_table import PRESETS as USER_TABLES
from usercli.schemas.user_table import UserTable


@dataclass(frozen=True)
class TablePreset:
    """A framework's table. `columns` leads from our field to theirs; `signs` tell it from other tables."""

    title: str
    table: str
    columns: Mapping[str, str]
    signs: frozenset[str]


#: The fields that are found in a table of users.
FIELDS = (
    *("id", "email", "full_name", "first_name", "last_name", "password", "active"),
    *("created_at", "updated_at", "last_login_at"),
)


def _columns(table: UserTable) -> dict[str, str]:
    """Our field -> their column, of those that the table has; two columns of a name are the first and the last."""
    found = {field: str(getattr(table, field, "")) for field in FIELDS if field != "full_name"}
    names = ("first_name", "last_name") if len(table.full_name) > 1 else ("full_name",)
    found |= dict(zip(names, table.full_name, strict=False))
    return {field: column for field, column in found.items() if column}


def _preset(name: str, title: str, *signs: str) -> TablePreset:
    table = USER_TABLES[name]
    return TablePreset(title, table.name, _columns(table), frozenset(signs))


#: In the order in which they are looked for: the later ones have fewer signs.
PRESETS: Mapping[str, TablePreset] = {
    "django": _preset("django", "Django", "password", "last_login", "is_superuser", "is_active"),
    "supabase": _preset("supabase", "Supabase", "encrypted_password", "raw_user_meta_data", "last_sign_in_at"),
    "devise": _preset("devise", "Devise", "encrypted_password", "reset_password_token", "remember_created_at"),
    "fastapi-users": _preset(
        "fastapi-users", "FastAPI-Users", "email", "hashed_password", "is_active", "is_superuser", "is_verified"
    ),
    "laravel": _preset("laravel", "Laravel", "email", "password", "remember_token"),
}

#: What the columns of a table of no preset may be called, the likeliest name first.
COMMON: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "user_id", "uuid", "uid"),
    "email": ("email", "email_address", "mail", "e_mail"),
    "full_name": ("full_name", "name", "display_name", "fullname"),
    "first_name": ("first_name", "given_name", "firstname"),
    "last_name": ("last_name", "family_name", "surname", "lastname"),
    "password": (
        *("hashed_password", "password_hash", "encrypted_password", "password_digest"),
        *("password", "passwd", "pwd_hash", "hash", "user_pass"),
    ),
    "active": ("is_active", "active", "enabled", "is_enabled"),
    "created_at": ("created_at", "date_joined", "created", "created_on", "inserted_at", "user_registered"),
    "updated_at": ("updated_at", "modified_at", "updated", "updated_on"),
    "last_login_at": ("last_login_at", "last_sign_in_at", "last_login", "last_seen_at"),
}

#: A table of our own.
USERCLI = "usercli"
_OWN_SIGNS = frozenset({"email_key", "hashed_password"})


def preset_of(columns: Collection[str]) -> str | None:
    """The preset of a table with these columns, `usercli` for one of ours, or None."""
    names = set(columns)
    if names >= _OWN_SIGNS:
        return USERCLI
    return next((name for name, preset in PRESETS.items() if names >= preset.signs), None)


def title_of(framework: str) -> str:
    """What people call it."""
    return PRESETS[framework].title if framework in PRESETS else framework


def is_address(column: str) -> bool:
    """Whether a column of this name holds addresses, as far as headers of files tell, too."""
    from usercli.readers.known_headers import meaning  # only where tables of others are looked at

    known = meaning(column)
    return column in COMMON["email"] or (known is not None and known.field == "email")


def meaning_of(columns: Collection[str], preset: str | None = None) -> dict[str, str]:
    """Our field -> their column, of those that are there; a preset's columns go before names in common use."""
    known = PRESETS[preset].columns if preset is not None and preset in PRESETS else {}
    found: dict[str, str] = {}
    for field in FIELDS:
        names = [known[field]] if field in known else COMMON[field]
        column = next((name for name in names if name in columns), None)
        if column is not None and column not in found.values():
            found[field] = column
    addresses = [name for name in columns if is_address(name)] if "email" not in found else []
    if len(addresses) == 1 and addresses[0] not in found.values():
        found["email"] = addresses[0]
    return found
