"""From a database's error to a domain error, by the constraint's name or the SQLSTATE, in one place.

Messages are our own: a driver's text may hold the row, its hash, or the password of the connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from usercli.database.asyncpg_errors import AsyncpgError, in_psycopgs_form, is_of_asyncpg
from usercli.database.sqlite_errors import sqlite_error, unreadable_row
from usercli.database.statement_errors import missing_column, missing_privilege, no_such_character, tables_of
from usercli.database.url import DatabaseUrl, name_of_user
from usercli.database.url_options import LIBPQ
from usercli.errors import (
    BrokenRow,
    ChangedMeanwhile,
    Conflict,
    ConstraintViolated,
    DatabaseUnavailable,
    DatabaseUnreachable,
    EmailTaken,
    InvalidInput,
    LockTimeout,
    Refused,
    UserCliError,
)

if TYPE_CHECKING:
    from usercli.database.postgres_causes import Cause

#: What a violated constraint means. SQLite names columns for unique indexes, so these stand here too.
VIOLATIONS: dict[str, type[UserCliError] | UserCliError] = {
    "uq_users_email_key": EmailTaken,
    "users.email_key": EmailTaken,
    "pk_audit_events": ChangedMeanwhile("another program wrote to the audit log; run the command again"),
    "uq_roles_name": Conflict("a role with this name exists already"),
    "roles.name": Conflict("a role with this name exists already"),
    "fk_user_roles_role_id_roles": Conflict("the role is granted to users; revoke it first"),
    "pk_users": Conflict("a user with this id exists already"),
    "users.id": Conflict("a user with this id exists already"),
    "ck_users_deleted_is_inactive": InvalidInput("a deleted user cannot be active"),
    "ck_users_version_positive": InvalidInput("a version is a positive number"),
}

_LOG = DatabaseUnavailable("the audit log refuses the change: it is append-only; run: usercli audit verify")
_OPTIONS = "the server refuses the options of the database URL, or of PGOPTIONS"
_ROLE = "no server is what target_session_attrs demands"
_CONNECTING = (
    ("password authentication failed", "the server refused the password of user {user}"),
    ("no password supplied", "the server requires a password for user {user}; see usercli config show"),
    ("no pg_hba.conf entry", "the server does not let user {user} in from this machine"),
    ("pg_hba.conf rejects", "the server does not let user {user} in from this machine"),
    ("role ", "the server has no user {user}"),
    (
        "permission denied for database",
        "the role {user} lacks CONNECT on the database; its owner grants it: GRANT CONNECT",
    ),
    ("database ", "the server has no database {database}; create it first"),
    ("definition of service", "no service file has the service that PGSERVICE names"),
    ("service file", "the service file of libpq cannot be read; see PGSERVICE and PGSERVICEFILE"),
    ("invalid command-line argument", _OPTIONS),
    ("unrecognized configuration parameter", _OPTIONS),
    ("invalid value for parameter", _OPTIONS),
    ("channel binding required", "the server has no channel binding, which channel_binding demands"),
    ("authentication method requirement", "the server wants another authentication than require_auth allows"),
    ("gssapi encryption required", "there is no GSSAPI encryption, which gssencmode demands"),
    ("hot standby", _ROLE),
    ("session is read-only", _ROLE),
    ("session is not read-only", _ROLE),
    (
        "root certificate file",
        "there is no root certificate; sslrootcert names its file",
    ),
    ("certificate verify failed", "the certificate of the server is not signed by the root certificate"),
    ("server certificate for", "the certificate of the server is for another host name"),
    ("invalid ssl protocol version range", "ssl_min_protocol_version is above ssl_max_protocol_version"),
    ("weak sslmode", "sslnegotiation=direct needs sslmode=require or a stricter one"),
    ("failed to resolve host", "the host name is unknown; see: usercli config show"),
    ("could not translate host name", "the host name is unknown; see: usercli config show"),
    ("connection refused", "nothing listens there; check that the server runs, and its port"),
    ("no such file or directory", "there is no such socket; check that the server runs, and the path"),
    ("does not support ssl", "the server does not support SSL, which the database URL demands"),
    ("timeout", "the server did not answer in time; check that it runs, and the network"),
    ("unreachable", "there is no route to the server; check the network"),
    ("no route to host", "there is no route to the server; check the network"),
    ("too many", "the server has no connection left; try again later"),
    ("starting up", "the server is starting up; try again later"),
)
_PARAMETER = re.compile(r"startup parameter(?: in options)?: (\w+)")
#: A setting of the server or of PgBouncer, in a text of any language.
_SETTING = re.compile(r"\b((?:max|temp|idle|query|client|transaction|suspend)(?:_[a-z]+)+)\b")
_BAD_OPTION = re.compile(r"(?:^|: )(?:invalid (?:connection option|\S+ value)|bad value for) ?")
_FUNCTION = re.compile(r"PL/pgSQL (function [^\s(]+)")
_COLUMN = re.compile(r'column "([^"]+)"')
_OPTION = re.compile(r"(?:invalid |bad value for |connection option )\W?([a-z][a-z0-9_]+)")


def translate_errors(engine: Engine, url: DatabaseUrl) -> None:
    """Raise a domain error wherever the driver raises its own: connect, flush, execute, fetch, commit."""

    @event.listens_for(engine, "handle_error")
    def _raise_domain_error(context: ExceptionContext) -> None:
        if context.is_pre_ping:  # a pool looks whether a connection still lives, and opens another one
            return
        original = context.original_exception
        is_connected = context.connection is not None
        error = _lock_timeout(context) or statement_error(
            original, url, context.statement or "", context.parameters, connected=is_connected
        )
        if error is not None:
            original.args = ()  # SQLAlchemy chains it as the cause, and whoever logs that would print the row
            raise error from None


def _lock_timeout(context: ExceptionContext) -> LockTimeout | None:
    """The error with the table that the server named while it was waited for; the statement may tell another."""
    connection = context.connection
    if (
        getattr(context.original_exception, "sqlstate", None) != "55P03"
        or connection is None
        or connection.invalidated
    ):
        return None
    found = getattr(connection.connection.driver_connection, "waited_for", None)
    return LockTimeout([found.relation], found.holder) if found is not None and found.relation else None


def statement_error(
    original: BaseException,
    url: DatabaseUrl,
    statement: str = "",
    parameters: Any = None,
    *,
    connected: bool = True,
) -> UserCliError | None:
    """The domain error; it says more where the statement is known."""
    if is_of_asyncpg(original) or (url.driver == "asyncpg" and isinstance(original, OSError)):
        original = in_psycopgs_form(original)
    state = getattr(original, "sqlstate", None)
    if state == "42501":
        return missing_privilege(original, url, statement)
    if state in {"22021", "22P05"}:
        return no_such_character(original, parameters)
    if state == "55P03" and (tables := tables_of(statement)):
        return LockTimeout(tables)
    if state is None and _is_of_postgresql(original):
        return _without_state(original, url, connected=connected)
    return domain_error(original, url)


def domain_error(original: BaseException, url: DatabaseUrl) -> UserCliError | None:
    """What a driver's exception means to us; None when it is not the database's."""
    if _is_of_postgresql(original):
        return _from_postgresql(original, url)
    if type(original).__module__ == "sqlite3":
        return _from_sqlite(original, url)
    if url.engine == "sqlite" and isinstance(original, UnicodeDecodeError):  # of a name, or of what SQLite says
        return _from_sqlite(original, url)
    if isinstance(original, OverflowError) and "SQLite" in str(original):
        return InvalidInput("a number is larger than the database can hold")
    if url.engine == "sqlite" and isinstance(original, ValueError | TypeError):
        return unreadable_row(original, url)
    return None


def _is_of_postgresql(original: BaseException) -> bool:
    return isinstance(original, AsyncpgError) or type(original).__module__.startswith("psycopg")


def _from_postgresql(original: Any, url: DatabaseUrl) -> UserCliError:
    state = original.sqlstate
    cause = _cause(state, str(original))
    if cause is not None:
        return _of_cause(cause, original, url)
    handlers = (_HANDLERS.get(state[:length]) for length in (5, 2))  # the state itself, or its class
    handler = next(filter(None, handlers), _unexpected)
    return handler(original, url)


def _cause(state: str, text: str) -> Cause | None:
    from usercli.database.postgres_causes import CANCELLED, CAUSES, Cause

    if state == "57014":
        return next(cause for sign, cause in CANCELLED if sign in text)
    if state == "08P01" and (sentence := _of_pooler(text)):
        return Cause(sentence, DatabaseUnreachable)
    return CAUSES.get(state) or CAUSES.get(state[:2])


def _of_pooler(text: str) -> str | None:
    from usercli.database.postgres_causes import POOLER

    lowered = text.lower()
    return next((sentence for sign, sentence in POOLER if sign in lowered), None)


def _of_cause(cause: Cause, original: BaseException, url: DatabaseUrl) -> UserCliError:
    return cause.kind(_filled(cause.sentence, str(original), url))


def _filled(sentence: str, text: str, url: DatabaseUrl) -> str:
    found = _PARAMETER.search(text) or _SETTING.search(text)
    limit = found[1] if found else "a setting"
    return sentence.format(where=url.where, user=_user(url), database=url.database, limit=limit)


def _user(url: DatabaseUrl) -> str:
    return url.user or name_of_user() or "(none)"


def _without_state(original: Any, url: DatabaseUrl, *, connected: bool) -> UserCliError:
    """What the driver itself raised: there was no answer of the server."""
    from usercli.database.postgres_causes import CAUSES, ENDED, SILENT, Cause

    text = str(original)
    if _BAD_OPTION.search(text):
        return InvalidInput(_bad_option(text))
    if "NUL" in text:  # refused by the driver: PostgreSQL has no such character
        return InvalidInput("a text contains a NUL character")
    if type(original).__name__ == "DataError":  # Python has no such value, as infinity in a time
        return BrokenRow("another program wrote a value that usercli cannot read")
    if not connected:
        return DatabaseUnreachable(f"cannot use the database at {url.where}: {_why(text, url)}")
    if sentence := _of_pooler(text):
        return _of_cause(Cause(sentence, DatabaseUnreachable), original, url)
    if text.startswith("timeout"):  # of bounded_connection
        return _of_cause(SILENT, original, url)
    state = next((state for sign, state in ENDED if sign in text), "08006")
    return _of_cause(CAUSES[state], original, url)


def _bad_option(text: str) -> str:
    names = [name for name in _OPTION.findall(text) if name in LIBPQ]
    place = "the database URL, or a variable of libpq, has"
    return (
        f"{place} a wrong value of the option {names[0]}"
        if names
        else f"{place} an option that libpq does not take"
    )


def _invalid_value(_: Any, __: DatabaseUrl) -> UserCliError:
    return InvalidInput("the database refused a value as invalid")


def _null(original: Any, _: DatabaseUrl) -> UserCliError:
    return _missing_value(original.diag.column_name)


def _constraint(original: Any, _: DatabaseUrl) -> UserCliError:
    return _violation(original.diag.constraint_name or "")


def _foreign_key(original: Any, url: DatabaseUrl) -> UserCliError:
    if original.diag.constraint_name in VIOLATIONS:
        return _constraint(original, url)
    return Refused(f"rows of other tables refer to what would be removed: {original.diag.table_name}")


def _privilege(original: Any, url: DatabaseUrl) -> UserCliError:
    return missing_privilege(original, url)


def _character(original: Any, _: DatabaseUrl) -> UserCliError:
    return no_such_character(original)


def _column(original: Any, url: DatabaseUrl) -> UserCliError:
    return missing_column(str(original), url)


def _trigger(original: Any, url: DatabaseUrl) -> UserCliError:
    """What a function of PL/pgSQL raised; not its words, which may repeat a value."""
    if "audit_events" in str(original):
        return _fresh(_LOG)
    found = _FUNCTION.search(original.diag.context or "")
    return Conflict(f"the database refused the change: {found[1]}") if found else _unexpected(original, url)


def _computed(original: Any, url: DatabaseUrl) -> UserCliError:
    found = _COLUMN.search(original.diag.message_primary or "")
    if found is None:
        return _unexpected(original, url)
    return Refused(f"the column {found[1]} is computed by the database and cannot be written")


def _unexpected(original: Any, _: DatabaseUrl) -> UserCliError:
    return UserCliError(f"unexpected database error (SQLSTATE {original.sqlstate})")


#: By SQLSTATE, or by how it begins: the first two characters are its class.
_HANDLERS: dict[str, Callable[[Any, DatabaseUrl], UserCliError]] = {
    "22": _invalid_value,
    "22021": _character,
    "22P05": _character,
    "23": _constraint,
    "23001": _foreign_key,
    "23502": _null,
    "23503": _foreign_key,
    "428C9": _computed,
    "42501": _privilege,
    "42703": _column,
    "P0001": _trigger,
}


def _why(text: str, url: DatabaseUrl) -> str:
    lowered = text.lower()
    if sentence := _of_pooler(text):
        return _filled(sentence, text, url)
    for sign, reason in _CONNECTING:
        if sign in lowered and (not sign.endswith(" ") or "does not exist" in lowered):
            return reason.format(user=_user(url), database=url.database)
    return "the connection failed or broke"


def _from_sqlite(original: BaseException, url: DatabaseUrl) -> UserCliError:
    found = sqlite_error(original, url)
    return _violation(found) if isinstance(found, str) else found


def _missing_value(column: str) -> UserCliError:
    return InvalidInput(f"the database refused the change: no value for {column}")


def _violation(name: str) -> UserCliError:
    meaning = VIOLATIONS.get(name)
    if meaning is None:
        return ConstraintViolated(name)
    return meaning() if isinstance(meaning, type) else _fresh(meaning)


def _fresh(error: UserCliError) -> UserCliError:
    """One of its own: an error that is raised twice would carry the first one's traceback along."""
    return type(error)(*error.args)
