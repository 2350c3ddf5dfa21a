"""New password hashes for the program that owns a mapped table, in the scheme that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from usercli.errors import InvalidInput
from usercli.hash_forms import BCRYPT_BYTES
from usercli.password_handlers import handler_of, has_extra
from usercli.passwords import PasswordHasher, require_form
from usercli.schemas.user_table import UserTable

if TYPE_CHECKING:
    from usercli.config import Settings

#: What Django 5.2 and argon2-cffi, which FastAPI-Users calls, write themselves.
_NUMBERS: dict[str, dict[str, Any]] = {
    "django_pbkdf2_sha256": {"rounds": 1_000_000, "salt_size": 22},
    "argon2": {"type": "ID", "rounds": 3, "memory_cost": 65536, "parallelism": 4},
}


class MappedHasher(PasswordHasher):
    """Hashes in the scheme of a table, with the pepper where its hashes have one."""

    def __init__(self, table: UserTable, settings: Settings) -> None:
        from usercli.services.password_rules import configured_pepper_file

        super().__init__(cost=settings.bcrypt_cost, pepper_file=configured_pepper_file(settings))
        self._kind = table.written_scheme
        self._is_peppered = table.is_peppered and self._kind.startswith("bcrypt")
        if self._is_peppered and self.pepper_file is None:
            raise InvalidInput("the table is peppered; name the file of its pepper in the setting pepper_file")
        if self._kind == "argon2" and not has_extra("argon2"):
            raise InvalidInput("its program reads hashes of argon2: install usercli[argon2]")

    def require_hashable(self, password: str) -> None:
        """Raise InvalidInput if the password is malformed, or with the pepper longer than bcrypt reads."""
        size = len(self._peppered(require_form(password)))
        if self._kind.startswith("bcrypt") and size > BCRYPT_BYTES:
            raise InvalidInput(f"the password has {size} bytes and bcrypt reads {BCRYPT_BYTES} at most")

    def hash(self, password: str) -> str:
        """A new hash as the program writes it. Raises InvalidInput."""
        self.require_hashable(password)
        scheme, _, ident = self._kind.partition("bcrypt_")
        handler = handler_of(scheme or "bcrypt")
        numbers = {"rounds": self.cost, "ident": ident} if ident else _NUMBERS[scheme]
        return str(handler.using(**numbers).hash(self._peppered(password)))

    def _peppered(self, password: str) -> bytes:
        return password.encode() + (self._pepper if self._is_peppered else b"")
