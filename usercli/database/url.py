"""A database URL, taken apart once, shown without its secret.

Only the standard library is imported here: the command line names its target before SQLAlchemy is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from usercli.errors import InvalidInput
from usercli.text import visible
from usercli.validation import require_utf8

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORMS = "write postgresql://user@host:5432/database or sqlite:///path/to/file.db"


@dataclass(frozen=True)
class DatabaseUrl:
    """Where a database is and how to get in. `password` never shows in repr, str or `where`."""

    engine: Literal["postgresql", "sqlite"]
    database: str
    """The database's name, or the absolute path of the SQLite file."""
    hosts: tuple[tuple[str, int], ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def where(self) -> str:
        """Host and database, or the file: fit for messages."""
        if self.engine == "sqlite":
            return visible(self.database)
        hosts = ",".join(_bracketed(host) + ("" if port == 5432 else f":{port}") for host, port in self.hosts)
        return visible(f"{hosts}/{self.database}")

    @property
    def name(self) -> str:
        """What a person types to confirm: the database's name or the file's name."""
        return Path(self.database).name if self.engine == "sqlite" else self.database

    @property
    def masked(self) -> str:
        """The URL with the password as `***` and without the query (it may hold secrets)."""
        if self.engine == "sqlite":
            return visible(f"sqlite:///{self.database}")
        secret = ":***" if self.password else ""
        user = f"{self.user}{secret}@" if self.user else ""
        hosts = ",".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)
        return visible(f"postgresql://{user}{hosts}/{self.database}")

    def __str__(self) -> str:
        return self.masked

    def same_target(self, other: DatabaseUrl) -> bool:
        """Both lead to one database, whatever name its host is called by."""
        if self.engine != other.engine:
            return False
        if self.engine == "sqlite":
            return _same_file(self.database, other.database)
        return self.database == other.database and any(
            port == other_port and _same_host(host, other_host)
            for host, port in self.hosts
            for other_host, other_port in other.hosts
        )


def parse(text: str, environ: Mapping[str, str] = os.environ) -> DatabaseUrl:
    """Take a URL apart. Raises InvalidInput with a message that repeats nothing of it.

    libpq's own defaults (PGHOST, PGPORT, PGDATABASE, PGUSER) are resolved here, so that what is shown is
    what is reached.
    """
    if "\0" in unquote(text):
        raise InvalidInput("the database URL contains a NUL character")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise InvalidInput(f"the database URL cannot be read; {_FORMS}") from None
    scheme = parts.scheme.partition("+")[0]
    if scheme == "sqlite":
        return _sqlite(text, parts.scheme)
    if scheme in {"postgresql", "postgres"}:
        return _postgresql(text, environ)
    raise InvalidInput(f"the database URL names neither PostgreSQL nor SQLite; {_FORMS}")


def is_port(text: str) -> bool:
    """A number from 1 to 65535."""
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def sqlite_file(path: str | Path) -> DatabaseUrl:
    """The URL of a SQLite file."""
    return DatabaseUrl("sqlite", str(Path(path).expanduser().absolute()))


def _sqlite(text: str, scheme: str) -> DatabaseUrl:
    path = text[len(scheme) + 1 :]
    if not path.startswith("///") or path in {"///", "///:memory:"} or "?" in path:
        raise InvalidInput("a SQLite URL names a file: sqlite:///relative.db or sqlite:////absolute/file.db")
    return sqlite_file(unquote(path[3:]))


def _postgresql(text: str, environ: Mapping[str, str]) -> DatabaseUrl:
    authority, path, query = _parts(require_utf8(text.partition("://")[2], "the database URL"))
    login, _, hosts_text = authority.rpartition("@")
    user, password = _login(login, query, environ)
    hosts = _hosts(hosts_text, query, environ)
    database = unquote(path) or query.pop("dbname", "") or environ.get("PGDATABASE") or user or ""
    if not database:
        raise InvalidInput(f"the database URL names no database; {_FORMS}")
    if "service" in query:
        raise InvalidInput("a database URL with service= is not supported; write host and database out")
    return DatabaseUrl("postgresql", database, hosts, user, password, tuple(query.items()))


def _parts(rest: str) -> tuple[str, str, dict[str, str]]:
    """What follows `://`: the authority and the path as they are written, and the query. Raises InvalidInput."""
    if _BAD_ESCAPE.search(rest):
        raise InvalidInput("the database URL contains a % that is not an escape; write it as %25")
    before, _, query = rest.partition("?")
    authority, _, path = before.partition("/")
    split = "@" in query and "@" not in authority  # at the ? of a password
    if authority.count("@") > 1 or "@" in path or "#" in rest or split:
        raise InvalidInput(
            "the user name or password in the database URL contains @, /, ? or #; write them as %40, %2F, %3F, %23"
        )
    return authority, path, dict(parse_qsl(query, keep_blank_values=True))


def _login(text: str, query: dict[str, str], environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    user, _, password = text.partition(":")
    return (
        unquote(user) or query.pop("user", "") or environ.get("PGUSER") or None,
        unquote(password) or query.pop("password", "") or None,
    )


def _hosts(authority: str, query: dict[str, str], environ: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    ports = (query.pop("port", "") or environ.get("PGPORT") or "5432").split(",")
    listed = query.pop("hostaddr", "") or query.pop("host", "") or authority
    listed = listed or environ.get("PGHOSTADDR") or environ.get("PGHOST") or "localhost"
    query.pop("host", None)
    found = []
    for number, item in enumerate(listed.split(",")):
        host, port = _split_port(item)
        port = port or ports[min(number, len(ports) - 1)]
        if not is_port(port):
            raise InvalidInput("the port in the database URL is not a number from 1 to 65535")
        found.append((unquote(host) or "localhost", int(port)))
    return tuple(found)


def _split_port(item: str) -> tuple[str, str]:
    if item.startswith("["):
        host, _, rest = item[1:].partition("]")
        return host, rest.removeprefix(":")
    if item.count(":") > 1 or item.startswith("/"):  # a bare IPv6 address, a socket's folder
        return item, ""
    host, _, port = item.partition(":")
    return host, port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _same_file(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)  # also through a hard link
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def _same_host(one: str, other: str) -> bool:
    one, other = _local(one), _local(other)
    return one == other or bool(_addresses(one) & _addresses(other))


def _local(host: str) -> str:
    host = host.lower().rstrip(".")
    return "localhost" if host.startswith("/") or host in {"127.0.0.1", "::1", "localhost"} else host


def _addresses(host: str) -> set[str]:
    import socket

    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()
