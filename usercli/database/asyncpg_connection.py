"""Connections of asyncpg, for AsyncDatabase with a URL postgresql+asyncpg:// (the extra `usercli[asyncpg]`)."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import uuid
from contextlib import suppress
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import URL

from usercli.database.asyncpg_errors import AsyncpgError, in_psycopgs_form
from usercli.database.errors import statement_error
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, UserCliError
from usercli.times import UnreadableTime

try:
    import asyncpg
except ImportError:
    raise ImportError(
        "a URL postgresql+asyncpg:// needs more packages; run: pip install 'usercli[asyncpg]', "
        "or write postgresql://"
    ) from None

#: Options of libpq that asyncpg knows as well; `options` goes to the server as it is.
_KNOWN = frozenset(
    {
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs", "passfile"),
        *("krbsrvname", "gsslib", "application_name", "options"),
    }
)
#: What is done otherwise, or is so in asyncpg anyway.
_OTHERWISE = frozenset(
    {
        *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("tcp_user_timeout", "host", "hostaddr", "client_encoding", "fallback_application_name"),
        *("sslcompression", "sslsni"),
    }
)


class BoundedAsyncpgConnection(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """A connection that knows its session; the system gives up a network that is down."""

    #: The session and transaction that the server's statistics show, also behind a pooler.
    session: str | None = None

    @classmethod
    async def open(cls, url: DatabaseUrl) -> BoundedAsyncpgConnection:
        """Connect. Raises DatabaseUnavailable, InvalidInput."""
        try:
            made: BoundedAsyncpgConnection = await _connected(cls, url)
            made._watch_link(url.timeouts.network)
            for kind in ("timestamptz", "timestamp"):
                await made.set_type_codec(
                    kind, schema="pg_catalog", encoder=_text_of, decoder=_time_of, format="text"
                )
        except Exception as error:
            raise _connect_error(error, url) from None
        return made

    def _watch_link(self, network_timeout: int) -> None:
        """Let the system close a connection whose other end is gone, as libpq's options do."""
        link = self._transport.get_extra_info("socket")
        times = {
            "TCP_KEEPIDLE": max(1, network_timeout // 2),
            "TCP_KEEPINTVL": max(1, network_timeout // 6),
            "TCP_KEEPCNT": 3,
            "TCP_USER_TIMEOUT": network_timeout * 1000,
        }
        with suppress(OSError, AttributeError):  # a socket of a file has none of these
            link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in times.items():
                if hasattr(socket, name):
                    link.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def _connected(kind: type[BoundedAsyncpgConnection], url: DatabaseUrl) -> Any:
    """Connect. If that is cancelled, it goes on and is closed then: asyncpg would log an error."""
    connecting = asyncio.ensure_future(asyncpg.connect(connection_class=kind, **_arguments(url)))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(_close_unused)
        raise


def _close_unused(connecting: asyncio.Future[Any]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().terminate()


def asyncpg_options(url: DatabaseUrl) -> dict[str, Any]:
    """What create_async_engine takes. Raises InvalidInput for an option that asyncpg does not have."""
    _require_known(url)
    return {
        "url": URL.create("postgresql+asyncpg"),
        "json_serializer": partial(json.dumps, ensure_ascii=False),
        "isolation_level": "READ COMMITTED",
        # prepared statements break behind a pooler in transaction mode, and so do names that several choose
        "connect_args": {
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"usercli_{uuid.uuid4().hex}",
        },
    }


def _arguments(url: DatabaseUrl) -> dict[str, Any]:
    query = {"application_name": "usercli", **{name: text for name, text in url.query if name in _KNOWN}}
    given = dict(url.query)
    return {
        "dsn": f"postgresql:///?{urlencode(query)}",
        "host": [host for host, _ in url.hosts],
        "port": [port for _, port in url.hosts],
        "user": url.user,
        "password": url.password,
        "database": url.database,
        "timeout": float(given.get("connect_timeout") or url.timeouts.connect),
        "statement_cache_size": 0,
    }


def _require_known(url: DatabaseUrl) -> None:
    for name, _ in url.query:
        if name not in _KNOWN | _OTHERWISE:
            raise InvalidInput(
                f"asyncpg has no option {name}, which the database URL or a variable of libpq gives; "
                "write postgresql:// to use it"
            )


def _text_of(value: datetime | str) -> str:
    return value if isinstance(value, str) else value.isoformat(sep=" ")


def _time_of(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return UnreadableTime.of(text, late=not (text.startswith("-") or text.endswith("BC")))


def _connect_error(error: Exception, url: DatabaseUrl) -> UserCliError:
    """What it means that there is no connection."""
    if isinstance(error, UserCliError):
        return error
    said = in_psycopgs_form(error)
    if said.sqlstate is None:
        said = AsyncpgError(None, f"{_sign(error)}{error}", SimpleNamespace())
    found = statement_error(said, url, connected=False)
    assert found is not None  # noqa: S101 - each has its sentence
    return found


def _sign(error: Exception) -> str:
    """The words of libpq for what the system or the library says."""
    for kind, sign in (
        (ConnectionRefusedError, "connection refused: "),
        (socket.gaierror, "failed to resolve host: "),
        (TimeoutError, "timeout: "),
        (FileNotFoundError, "no such file or directory: "),
        (ssl.SSLCertVerificationError, "certificate verify failed: "),
    ):
        if isinstance(error, kind):
            return sign
    if "rejected SSL upgrade" in str(error):
        return "server does not support SSL: "
    if type(error).__name__ == "TargetServerAttributeNotMatched":
        return "session is read-only: "
    return ""
