"""A database URL, taken apart once, shown without its secret.

Only the standard library is imported here: the command line names its target before SQLAlchemy is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from usercli.database.libpq import surroundings, trimmed
from usercli.database.schema_version import VERSION_TABLE
from usercli.database.timeouts import Timeouts
from usercli.database.url_options import UrlOptions, read_options, with_search_path
from usercli.database.url_options import is_port as is_port  # public here too
from usercli.errors import InvalidInput
from usercli.text import visible
from usercli.validation import require_utf8

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
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
    ignored: tuple[str, ...] = field(default=(), compare=False)
    """Names of options of other drivers that the URL has and that mean nothing here."""
    timeouts: Timeouts = field(default=Timeouts(), repr=False)
    """How long connections to it wait; a URL does not say it, the settings do."""
    schema: str = ""
    """The schema of our tables on PostgreSQL by the settings; empty: where the search path leads."""
    version_table: str = VERSION_TABLE
    """The table with the revision, by the settings."""
    user_columns: tuple[str, ...] = ()
    """Columns of `users` that belong to an application, by the settings."""
    driver: str = ""
    """The driver that an event loop uses, if the URL names another one than usercli's own."""
    echo: bool = False
    """Whether statements are told of on stderr, by the settings."""

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
        hosts = ",".join(f"{_in_url(host)}:{port}" for host, port in self.hosts)
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
    """Take a URL apart. Raises InvalidInput with a message that repeats nothing of it but an option's name.

    What it leaves out is resolved here as libpq does it (a service, then PGHOST, PGPORT, PGDATABASE, PGUSER ...),
    so that what is shown is what is reached.
    """
    text = trimmed(text, "the database URL")
    if "\0" in unquote(text):
        raise InvalidInput("the database URL contains a NUL character")
    if _CONTROL.search(text):
        raise InvalidInput("the database URL contains a line end or another control character")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise InvalidInput(f"the database URL cannot be read; {_FORMS}") from None
    scheme = parts.scheme.partition("+")[0]
    if scheme == "sqlite":
        return _sqlite(text, parts.scheme)
    if scheme in {"postgresql", "postgres"}:
        driver = parts.scheme.partition("+")[2]
        return replace(_postgresql(text, environ), driver=driver if driver == "asyncpg" else "")
    raise InvalidInput(f"the database URL names neither PostgreSQL nor SQLite; {_FORMS}")


def from_variables(variables: Mapping[str, str], source: str) -> DatabaseUrl:
    """The database that libpq's variables name; without one, that of the user's name. Raises InvalidInput."""
    around = surroundings(variables, source=source)
    own_name = "" if "user" in around else name_of_user()
    password = around.pop("password", "")
    return _assembled("", "", own_name, password, UrlOptions({}), around)


def require_direct(url: DatabaseUrl, environ: Mapping[str, str]) -> None:
    """Raise InvalidInput where a variable would lead libpq to another server than the URL names."""
    if url.engine == "sqlite" or "hostaddr" in dict(url.query):
        return
    address = surroundings(environ).get("hostaddr")
    if address and address.split(",") != [host for host, _ in url.hosts]:
        variable = "PGHOSTADDR" if environ.get("PGHOSTADDR") else "PGSERVICE"
        raise InvalidInput(f"{variable} is set and would lead to another server than {url.where}; unset it")


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
    options = read_options(query)
    login, _, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    given = options.libpq
    around = surroundings(environ, given.pop("service", ""))
    user = given.pop("user", "") or unquote(user)
    password = given.pop("password", "") or unquote(password)
    url = _assembled(hosts, unquote(path), user, password, options, around)
    require_direct(url, environ)
    return url


def _assembled(
    authority: str, path: str, user: str, password: str, options: UrlOptions, around: dict[str, str]
) -> DatabaseUrl:
    """One database of what the URL gives and what stands around it."""
    given = options.libpq
    user = user or around.pop("user", "")
    hosts = _hosts(authority, given, around)
    database = given.pop("dbname", "") or path or around.get("dbname", "") or user
    if not database:
        raise InvalidInput(f"the database URL names no database; {_FORMS}")
    query = {
        name: value for name, value in around.items() if name not in {"host", "port", "dbname", "user"}
    } | given
    if password:
        query.pop("password", None)
    if options.search_path:
        query["options"] = with_search_path(query.get("options", ""), options.search_path)
    return DatabaseUrl(
        "postgresql", database, hosts, user or None, password or None, tuple(query.items()), options.ignored
    )


def name_of_user() -> str:
    """What libpq takes where nobody names a user; empty for a user without a name."""
    import getpass

    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name
    except ImportError:  # not on Windows
        return getpass.getuser()
    except KeyError:
        return ""


def _parts(rest: str) -> tuple[str, str, str]:
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
    return authority, path, query


def _hosts(authority: str, given: dict[str, str], around: dict[str, str]) -> tuple[tuple[str, int], ...]:
    """Where to connect: an address before a name, as libpq does. Names beside addresses stay: TLS checks them.

    A host or a port of the query replaces the one before the path, and leaves the other.
    """
    written = [_split_port(item) for item in authority.split(",")]
    ports_written = ",".join(port for _, port in written) if any(port for _, port in written) else ""
    ports = (given.pop("port", "") or ports_written or around.get("port") or "5432").split(",")
    named = given.pop("host", "") or (authority if any(host for host, _ in written) else "")
    if named and "hostaddr" not in given:
        around.pop("hostaddr", None)
    listed = named or around.get("host", "")
    addresses = (given.get("hostaddr") or around.get("hostaddr") or "").split(",")
    places = [_split_port(item) for item in listed.split(",")] if listed else [("", "")] * len(addresses)
    names = [unquote(host) if listed is authority else host for host, _ in places]
    if addresses == [""]:
        addresses *= len(names)
    if len(addresses) != len(names):
        raise InvalidInput("as many addresses (hostaddr) as host names are needed, or no host name")
    found = []
    for number, (name, address) in enumerate(zip(names, addresses, strict=True)):
        own = places[number][1] if listed is not authority else ""
        port = own or ports[min(number, len(ports) - 1)] or "5432"
        if not is_port(port):
            raise InvalidInput("the port in the database URL is not a number from 1 to 65535")
        found.append((address or name or "localhost", int(port)))
    if any(addresses) and any(names):
        given["host"] = ",".join(names)
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


def _in_url(host: str) -> str:
    """A host as a URL has it: the folder of a socket with its slashes escaped."""
    return host.replace("%", "%25").replace("/", "%2F") if host.startswith("/") else _bracketed(host)


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
