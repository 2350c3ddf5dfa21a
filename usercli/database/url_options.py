"""The options in the query of a PostgreSQL URL: those of libpq, and what other drivers' mean here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from usercli.errors import InvalidInput
from usercli.text import suggestion, visible

_YES_NO = ("0", "1")
_TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_PROTOCOL_VERSIONS = ("3.0", "3.2", "latest")
_NUMBER = re.compile(r" *[+-]?[0-9]{1,9} *", re.ASCII)

#: Options of libpq that take one of few values.
CHOICES: dict[str, tuple[str, ...]] = {
    "channel_binding": ("disable", "prefer", "require"),
    "gssdelegation": _YES_NO,
    "gssencmode": ("disable", "prefer", "require"),
    "load_balance_hosts": ("disable", "random"),
    "max_protocol_version": _PROTOCOL_VERSIONS,
    "min_protocol_version": _PROTOCOL_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "replication": ("false", "off", "no", "0"),  # a connection for replication answers no queries
    "sslcertmode": ("disable", "allow", "require"),
    "sslcompression": _YES_NO,
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "sslsni": _YES_NO,
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}

NUMBERS = frozenset(
    {
        "connect_timeout",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "tcp_user_timeout",
    }
)

_TEXTS = """
application_name client_encoding dbname fallback_application_name gsslib host hostaddr krbsrvname oauth_client_id
oauth_client_secret oauth_issuer oauth_scope options passfile password port require_auth requirepeer
scram_client_key scram_server_key service sslcert sslcrl sslcrldir sslkey sslkeylogfile sslpassword sslrootcert user
"""
#: Every option of libpq.
LIBPQ = frozenset({*CHOICES, *NUMBERS, *_TEXTS.split()})

#: Other drivers' names of the search path.
SEARCH_PATH = ("schema", "currentSchema", "search_path")

#: Of other drivers, about prepared statements, which are never used here.
_FULFILLED = frozenset({"pgbouncer", "prepared_statement_cache_size", "statement_cache_size"})

#: Of other drivers' pools.
IGNORED = frozenset({"connection_limit", "pool_timeout"})

_SSL = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class UrlOptions:
    """The options of a URL, as libpq calls them; the search path; the names of those that have no meaning here."""

    libpq: dict[str, str]
    search_path: str = ""
    ignored: tuple[str, ...] = ()


def read_options(query: str) -> UrlOptions:
    """Understand a URL's query. Raises InvalidInput, naming the option but no value: it may be a secret."""
    given = _split(query)
    paths = [name for name in SEARCH_PATH if name in given]
    if len(paths) > 1:
        raise InvalidInput(f"the options {' and '.join(paths)} of the database URL mean the same; keep one")
    path = _search_path(paths[0], given.pop(paths[0])) if paths else ""
    ignored = tuple(name for name in given if name in IGNORED)
    for name in [name for name in given if name in IGNORED | _FULFILLED]:
        del given[name]
    _translate_ssl(given)
    for name, value in given.items():
        if name not in LIBPQ:
            near = suggestion(name, sorted({*LIBPQ, *SEARCH_PATH, *_FULFILLED, *IGNORED, "ssl"}))
            raise InvalidInput(f"the database URL has an unknown option: {visible(name)}{near}")
        require_value(name, value, f"the option {name} of the database URL")
    return UrlOptions(given, path, ignored)


def require_value(name: str, value: str, what: str) -> None:
    """Raise InvalidInput for a value that libpq does not take; `what` names the place."""
    allowed = CHOICES.get(name)
    if allowed is not None and value not in allowed:
        raise InvalidInput(f"{what} must be one of {', '.join(allowed)}")
    if name in NUMBERS and not _NUMBER.fullmatch(value):
        raise InvalidInput(f"{what} must be a whole number")
    if name == "port" and not all(is_port(port) for port in value.split(",") if port):
        raise InvalidInput(f"{what} is not a number from 1 to 65535")
    if name == "hostaddr" and not all(_is_address(item) for item in value.split(",") if item):
        raise InvalidInput(f"{what} is not an IP address")


def is_port(text: str) -> bool:
    """A number from 1 to 65535."""
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _is_address(text: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def with_search_path(options: str, path: str) -> str:
    """The options of the session, as libpq's `options` has them, and the search path after them."""
    escaped = re.sub(r"([\\\s])", r"\\\1", path)
    return f"{options} -csearch_path={escaped}".strip()


def _split(query: str) -> dict[str, str]:
    """As libpq reads it: a + is no blank."""
    given: dict[str, str] = {}
    for item in filter(None, query.split("&")):
        name, _, value = item.partition("=")
        name = unquote(name)
        if name in given:
            raise InvalidInput(f"the option {visible(name)} stands twice in the database URL")
        given[name] = unquote(value)
    return given


def _translate_ssl(given: dict[str, str]) -> None:
    """`ssl` of asyncpg and JDBC, and `sslmode=no-verify` of node."""
    if given.get("sslmode") == "no-verify":
        given["sslmode"] = "require"
    if "ssl" not in given:
        return
    text = given.pop("ssl")
    mode = _SSL.get(text.lower(), text)
    if mode not in CHOICES["sslmode"]:
        known = ", ".join(("true", "false", *CHOICES["sslmode"]))
        raise InvalidInput(f"the option ssl of the database URL must be one of {known}")
    if given.setdefault("sslmode", mode) != mode:
        raise InvalidInput("the options ssl and sslmode of the database URL contradict each other; keep one")


def _search_path(name: str, text: str) -> str:
    """The value of search_path. `schema` is one name, as it is written; the others are a list, as SQL has it."""
    if not text.strip():
        raise InvalidInput(f"the option {name} of the database URL is empty")
    if name != "schema" or _PLAIN_NAME.fullmatch(text):
        return text
    quoted = text.replace('"', '""')
    return f'"{quoted}"'
