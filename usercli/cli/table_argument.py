"""The database of another program that an import reads: a profile, or a URL without a password."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from usercli.errors import InvalidInput

if TYPE_CHECKING:
    from usercli.config import Settings
    from usercli.database.url import DatabaseUrl

_SECRETS = frozenset({"password", "sslpassword"})


def source_url(settings: Settings, given: str) -> DatabaseUrl:
    """The database. Raises InvalidInput for a password, which others could read in the list of processes."""
    if "://" not in given:
        return replace(settings.profiles.named(given).url, timeouts=settings.target.url.timeouts)
    from usercli.database import url as database_url

    parts = urlsplit(given)
    if parts.password or _SECRETS & {name for name, _ in parse_qsl(parts.query)}:
        raise InvalidInput(
            "--from-table takes no password: others can read it in the process list; "
            "put it into ~/.pgpass, or name a profile"
        )
    return replace(database_url.parse(given, settings.environ), timeouts=settings.target.url.timeouts)
