"""From a database's error to a domain error, by the constraint's name or the SQLSTATE, in one place.

Messages are our own: a driver's text may hold the row, its hash, or the password of the connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from usercli.database.sqlite_errors import sqlite_error, unreadable_row
from usercli.database.statement_errors import missing_column, missing_privilege, no_such_character
from usercli.database.url import DatabaseUrl, name_of_user
from usercli.database.url_options import LIBPQ
from usercli.errors import (
    BrokenRow,
    ChangedMeanwhile,
    Conflict,
    DatabaseReadOnly,
    DatabaseUnavailable,
    DatabaseUnreachable,
    EmailTaken,
    InvalidInput,
    Refused,
    SchemaNotCurrent,
    TransactionAborted,
    UserCliError,
)

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

_BEHIND = SchemaNotCurrent("the schema is not complete; run: usercli db check")
_LOG = DatabaseUnavailable("the audit log refuses the change: it is append-only; run: usercli audit verify")
#: The SQLSTATEs that mean the same whatever the error is about.
_STATES: dict[str, UserCliError] = {
    "25006": DatabaseReadOnly("the database is read-only; connect to the primary server"),
    "40001": TransactionAborted("another transaction changed the same rows; run the command again"),
    "40P01": TransactionAborted("another transaction locked the same rows; run the command again"),
    "42P01": _BEHIND,
    "42P07": Conflict("a table or index of this name exists already; this is not a usercli database"),
    "53100": DatabaseUnavailable("the disk of the database server is full; nothing was changed"),
    "53300": DatabaseUnavailable("the database server has no connection left; try again later"),
    "55P03": DatabaseUnavailable("another session holds a lock on this data; try again later"),
    "57014": DatabaseUnavailable("the database cancelled the statement (time limit); nothing was changed"),
}
_OPTIONS = "the server refuses the options of the database URL, or of PGOPTIONS"
_ROLE = "no server is what target_session_attrs demands"
_CONNECTING = (
    ("password authentication failed", "the server refused the password of user {user}"),
    ("no password supplied", "the server requires a password for user {user}; see usercli config show"),
    ("no pg_hba.conf entry", "the server does not let user {user} in from this machine"),
    ("pg_hba.conf rejects", "the server does not let user {user} in from this machine"),
    ("role ", "the server has no user {user}"),
    ("database ", "the server has no database {database}; create it first"),
    ("definition of service", "no service file has the service that PGSERVICE names"),
    ("service file", "the service file of libpq cannot be read; see PGSERVICE and PGSERVICEFILE"),
    ("unsupported startup parameter: options", "a pooler refuses the option schema or options of the database URL"),
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
_BAD_OPTION = re.compile(r"(?:^|: )(?:invalid (?:connection option|\S+ value)|bad value for) ?")
_OPTION = re.compile(r"(?:invalid |bad value for |connection option )\W?([a-z][a-z0-9_]+)")


def translate_errors(engine: Engine, url: DatabaseUrl) -> None:
    """Raise a domain error wherever the driver raises its own: connect, flush, execute, fetch, commit."""

    @event.listens_for(engine, "handle_error")
    def _raise_domain_error(context: ExceptionContext) -> None:
        if context.is_pre_ping:  # a pool looks whether a connection still lives, and opens another one
            return
        original = context.original_exception
        error = _of_statement(context, url) or domain_error(original, url)
        if error is not None:
            original.args = ()  # SQLAlchemy chains it as the cause, and whoever logs that would print the row
            raise error from None


def _of_statement(context: ExceptionContext, url: DatabaseUrl) -> UserCliError | None:
    """What is said better where the statement is known."""
    original: Any = context.original_exception
    state = getattr(original, "sqlstate", None)
    if state == "42501":
        return missing_privilege(original, url, context.statement or "")
    if state in {"22021", "22P05"}:
        return no_such_character(original, context.parameters)
    return None


def domain_error(original: BaseException, url: DatabaseUrl) -> UserCliError | None:
    """What a driver's exception means to us; None when it is not the database's."""
    if type(original).__module__.startswith("psycopg"):
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


def _from_postgresql(original: Any, url: DatabaseUrl) -> UserCliError:
    state = original.sqlstate
    if state is None:
        return _without_state(original, url)
    if state in _STATES:
        return _fresh(_STATES[state])
    handlers = (_HANDLERS.get(state[:length]) for length in (5, 3, 2))  # the state itself, part of a class, a class
    handler = next(filter(None, handlers), _unexpected)
    return handler(original, url)


def _without_state(original: Any, url: DatabaseUrl) -> UserCliError:
    """What the driver itself raised: there was no answer of the server."""
    if _BAD_OPTION.search(str(original)):
        return InvalidInput(_bad_option(str(original)))
    if "NUL" in str(original):  # refused by the driver: PostgreSQL has no such character
        return InvalidInput("a text contains a NUL character")
    if type(original).__name__ == "DataError":  # Python has no such value, as infinity in a time
        return BrokenRow("another program wrote a value that usercli cannot read")
    return DatabaseUnreachable(f"cannot use the database at {url.where}: {_why(str(original), url)}")


def _bad_option(text: str) -> str:
    names = [name for name in _OPTION.findall(text) if name in LIBPQ]
    place = "the database URL, or a variable of libpq, has"
    return (
        f"{place} a wrong value of the option {names[0]}"
        if names
        else f"{place} an option that libpq does not take"
    )


def _broken_connection(_: Any, url: DatabaseUrl) -> UserCliError:
    return DatabaseUnreachable(f"the connection to {url.where} broke; nothing was changed")


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


def _column(original: Any, _: DatabaseUrl) -> UserCliError:
    return missing_column(str(original))


def _trigger(original: Any, url: DatabaseUrl) -> UserCliError:
    return _fresh(_LOG) if "audit_events" in str(original) else _unexpected(original, url)


def _unexpected(original: Any, _: DatabaseUrl) -> UserCliError:
    return UserCliError(f"unexpected database error (SQLSTATE {original.sqlstate})")


#: By SQLSTATE, or by how it begins: the first two characters are its class.
_HANDLERS: dict[str, Callable[[Any, DatabaseUrl], UserCliError]] = {
    "08": _broken_connection,
    "22": _invalid_value,
    "22021": _character,
    "22P05": _character,
    "23": _constraint,
    "23001": _foreign_key,
    "23502": _null,
    "23503": _foreign_key,
    "42501": _privilege,
    "42703": _column,
    "57P": _broken_connection,
    "P0001": _trigger,
}


def _why(text: str, url: DatabaseUrl) -> str:
    lowered = text.lower()
    for sign, reason in _CONNECTING:
        if sign in lowered and (not sign.endswith(" ") or "does not exist" in lowered):
            return reason.format(user=url.user or name_of_user() or "(none)", database=url.database)
    return "the connection failed or broke"


def _from_sqlite(original: BaseException, url: DatabaseUrl) -> UserCliError:
    found = sqlite_error(original, url)
    return _violation(found) if isinstance(found, str) else found


def _missing_value(column: str) -> UserCliError:
    return InvalidInput(f"the database refused the change: no value for {column}")


def _violation(name: str) -> UserCliError:
    meaning = VIOLATIONS.get(name)
    if meaning is None:
        return Conflict(f"the database refused the change: constraint {name or 'without a name'}")
    return meaning() if isinstance(meaning, type) else _fresh(meaning)


def _fresh(error: UserCliError) -> UserCliError:
    """One of its own: an error that is raised twice would carry the first one's traceback along."""
    return type(error)(*error.args)
