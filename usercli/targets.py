"""The database of a run: what names it, and the variables that may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from usercli.database import libpq
from usercli.database import url as database_url
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput

#: Variables that hold a URL, the strongest first; an empty one is a mistake, and not the database below.
URL_VARIABLES = ("USERCLI_DATABASE_URL", "DATABASE_URL")


@dataclass(frozen=True)
class Target:
    """The database that a command works on, and what it is called."""

    url: DatabaseUrl
    source: str
    profile: str | None = None
    given: str | None = field(default=None, repr=False)
    """The URL as the command line gave it, unless it may hold a secret."""
    read_url: DatabaseUrl | None = None
    """A streaming replica of it, for `--replica`."""

    def __str__(self) -> str:
        return f"{self.profile} ({self.url.where})" if self.profile else self.url.where


@dataclass(frozen=True)
class ProfileView:
    """A profile as shown."""

    name: str
    database: str
    """Empty where a mistake hides it."""
    protected: bool
    read_url: str | None
    """Of its streaming replica, without the password."""
    mistake: str | None
    """Why the profile cannot be used."""


PROFILE_FIELDS = tuple(field.name for field in fields(ProfileView))


def of_option(text: str, environ: Mapping[str, str]) -> Target:
    """The database of `--database-url`. Raises InvalidInput."""
    url = _parsed(text, environ, "--database-url")
    may_show = url.engine == "sqlite" or not ("?" in text or url.password)
    return Target(url, "--database-url", given=text if may_show else None)


def of_variables(variables: Mapping[str, str], source: str, around: Mapping[str, str]) -> Target | None:
    """The database that variables name: a URL, POSTGRES_*, or libpq's own. Raises InvalidInput.

    `around` are the variables of libpq that complete a URL.
    """
    for name in URL_VARIABLES:
        if name in variables:
            if not variables[name].strip():
                raise InvalidInput(f"{source} {name} is empty; unset it to use the configured database")
            return Target(_parsed(variables[name], around, f"{source} {name}"), f"{source} {name}")
    return _of_parts(variables, source) or _of_libpq(variables, source, libpq.SELECTING)


def of_completing_variables(variables: Mapping[str, str], source: str) -> Target | None:
    """The database of a port or a password alone, where the embedded file would be taken. Raises InvalidInput."""
    return _of_libpq(variables, source, libpq.COMPLETING)


def _parsed(text: str, environ: Mapping[str, str], source: str) -> DatabaseUrl:
    try:
        return database_url.parse(text, environ)
    except InvalidInput as error:
        raise InvalidInput(f"{source}: {error.message}") from None


def _of_parts(variables: Mapping[str, str], source: str) -> Target | None:
    names = ("HOST", "PORT", "USER", "PASSWORD", "DB")
    if not any(variables.get(f"POSTGRES_{name}", "").strip() for name in ("HOST", "DB", "USER")):
        return None
    parts = {
        name: libpq.trimmed(variables.get(f"POSTGRES_{name}", ""), f"{source} POSTGRES_{name}") for name in names
    }
    host, port = parts["HOST"] or "localhost", parts["PORT"] or "5432"
    if not database_url.is_port(port):
        raise InvalidInput(f"{source} POSTGRES_PORT is not a number from 1 to 65535")
    user = parts["USER"] or "postgres"
    url = DatabaseUrl("postgresql", parts["DB"] or user, ((host, int(port)),), user, parts["PASSWORD"] or None)
    return Target(url, f"{source} POSTGRES_*")


def _of_libpq(variables: Mapping[str, str], source: str, naming: tuple[str, ...]) -> Target | None:
    named = [name for name in naming if variables.get(name, "").strip()]
    if not named:
        return None
    shown = "PGSERVICE" if "PGSERVICE" in named else "PG*"
    return Target(database_url.from_variables(variables, source), f"{source} {shown}")
