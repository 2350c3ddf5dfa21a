"""Tables of users that well-known frameworks make: what each column means."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


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

#: In the order in which they are looked for: the later ones have fewer signs.
PRESETS: Mapping[str, TablePreset] = {
    "django": TablePreset(
        "Django",
        "auth_user",
        {
            "id": "id",
            "email": "email",
            "first_name": "first_name",
            "last_name": "last_name",
            "password": "password",
            "active": "is_active",
            "created_at": "date_joined",
            "last_login_at": "last_login",
        },
        frozenset({"password", "last_login", "is_superuser", "is_active"}),
    ),
    "supabase": TablePreset(
        "Supabase",
        "auth.users",
        {
            "id": "id",
            "email": "email",
            "password": "encrypted_password",
            "created_at": "created_at",
            "updated_at": "updated_at",
            "last_login_at": "last_sign_in_at",
        },
        frozenset({"encrypted_password", "raw_user_meta_data", "last_sign_in_at"}),
    ),
    "devise": TablePreset(
        "Devise",
        "users",
        {
            "id": "id",
            "email": "email",
            "password": "encrypted_password",
            "created_at": "created_at",
            "updated_at": "updated_at",
            "last_login_at": "last_sign_in_at",
        },
        frozenset({"encrypted_password", "reset_password_token", "remember_created_at"}),
    ),
    "fastapi-users": TablePreset(
        "FastAPI-Users",
        "user",
        {"id": "id", "email": "email", "password": "hashed_password", "active": "is_active"},
        frozenset({"email", "hashed_password", "is_active", "is_superuser", "is_verified"}),
    ),
    "laravel": TablePreset(
        "Laravel",
        "users",
        {
            "id": "id",
            "email": "email",
            "full_name": "name",
            "password": "password",
            "created_at": "created_at",
            "updated_at": "updated_at",
        },
        frozenset({"email", "password", "remember_token"}),
    ),
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
        *("password", "passwd", "pwd_hash", "hash"),
    ),
    "active": ("is_active", "active", "enabled", "is_enabled"),
    "created_at": ("created_at", "date_joined", "created", "created_on", "inserted_at"),
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


def meaning_of(columns: Collection[str], preset: str | None = None) -> dict[str, str]:
    """Our field -> their column, of those that are there; a preset's columns go before names in common use."""
    known = PRESETS[preset].columns if preset is not None and preset in PRESETS else {}
    found: dict[str, str] = {}
    for field in FIELDS:
        names = [known[field]] if field in known else COMMON[field]
        column = next((name for name in names if name in columns), None)
        if column is not None and column not in found.values():
            found[field] = column
    return found
