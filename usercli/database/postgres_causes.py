"""What a SQLSTATE of PostgreSQL, or a refusal of a pooler, means: the sentence and the kind of error, as data.

Sentences may name {where}, {user}, {database}, and {limit}, a setting that the server's own words name.
"""

from __future__ import annotations

from typing import NamedTuple

from usercli.errors import (
    Conflict,
    DatabaseLocked,
    DatabaseReadOnly,
    DatabaseUnavailable,
    DatabaseUnreachable,
    SchemaNotCurrent,
    StatementTimeout,
    TransactionAborted,
    UserCliError,
)

_UNDONE = "; nothing was changed"


class Cause(NamedTuple):
    """What is said, and as which error; DatabaseUnreachable at COMMIT leaves the outcome open."""

    sentence: str
    kind: type[UserCliError] = DatabaseUnavailable


_BROKEN = Cause(f"the connection to {{where}} broke{_UNDONE}", DatabaseUnreachable)
SILENT = Cause(
    f"the server at {{where}} did not answer in time{_UNDONE}; check that it runs, and the network",
    DatabaseUnreachable,
)
_CHANGED = Cause("another transaction changed the same rows; run the command again", TransactionAborted)
_BEHIND = Cause("the schema of {where} is not complete; run: usercli db check", SchemaNotCurrent)
_MODE = Cause(
    f"the server is in another state of the transaction than it should be{_UNDONE}; "
    "a pooler must be in session or transaction mode"
)
_ENDED = f"an administrator ended the session on {{where}}, or it shuts down{_UNDONE}"
_IDLE = "it was idle in the transaction for longer than idle_in_transaction_session_timeout allows"

#: By SQLSTATE; a class (its first two characters) is for those that a newer server may add.
CAUSES: dict[str, Cause] = {
    "08": _BROKEN,
    "08000": _BROKEN,
    "08001": Cause("the server at {where} cannot be reached", DatabaseUnreachable),
    "08003": _BROKEN,
    "08004": Cause("the server at {where} refused the connection", DatabaseUnreachable),
    "08006": _BROKEN,
    "08007": Cause("the server does not know how the transaction ended", DatabaseUnreachable),
    "08P01": _BROKEN,
    "25": _MODE,
    "25000": _MODE,
    "25001": _MODE,
    "25002": _MODE,
    "25003": _MODE,
    "25004": _MODE,
    "25005": _MODE,
    "25006": Cause("the database is read-only; connect to the primary server", DatabaseReadOnly),
    "25007": _MODE,
    "25008": _MODE,
    "25P01": _MODE,
    "25P02": _MODE,
    "25P03": Cause(f"the server ended the session: {_IDLE}{_UNDONE}"),
    "25P04": Cause(f"the server ended the session: it worked for longer than transaction_timeout allows{_UNDONE}"),
    "28": Cause("the server does not let user {user} in"),
    "28000": Cause("the server does not let user {user} in"),
    "28P01": Cause("the server refused the password of user {user}"),
    "3D": Cause("the server has no database {database}; create it first"),
    "3D000": Cause("the server has no database {database}; create it first"),
    "3F000": Cause(
        "no schema of the search path exists; create it (CREATE SCHEMA name), or name another in the database URL"
    ),
    "40": _CHANGED,
    "40000": _CHANGED,
    "40001": _CHANGED,
    "40002": _CHANGED,
    "40003": Cause("the server does not know whether the statement was done", DatabaseUnreachable),
    "40P01": Cause("another transaction locked the same rows; run the command again", TransactionAborted),
    "42P01": _BEHIND,
    "42P07": Cause("a table or index of this name exists already; this is not a usercli database", Conflict),
    "53": Cause(f"the database server lacks resources{_UNDONE}"),
    "53000": Cause(f"the database server lacks resources{_UNDONE}"),
    "53100": Cause(f"the disk of the database server is full{_UNDONE}"),
    "53200": Cause(f"the database server is out of memory{_UNDONE}"),
    "53300": Cause("the database server has no connection left; try again later"),
    "53400": Cause(f"the change needs more than {{limit}} of the database server allows{_UNDONE}"),
    "55": Cause(f"the database server cannot do this now{_UNDONE}"),
    "55000": Cause(f"the database server cannot do this now{_UNDONE}"),
    "55006": Cause(f"other sessions use what would be changed{_UNDONE}; try again later"),
    "55P02": Cause(f"the database server does not let this session set what it needs{_UNDONE}"),
    "55P03": Cause("another session holds a lock on this data; try again later", DatabaseLocked),
    "55P04": Cause(f"the database server cannot do this now{_UNDONE}"),
    "57": Cause(f"an administrator stopped the statement{_UNDONE}"),
    "57000": Cause(f"an administrator stopped the statement{_UNDONE}"),
    "57P01": Cause(
        f"an administrator ended the session on {{where}}, or it shuts down{_UNDONE}", DatabaseUnreachable
    ),
    "57P02": Cause(f"{{where}} ended the session, because another one crashed{_UNDONE}", DatabaseUnreachable),
    "57P03": Cause("the server is starting up or shutting down; try again later", DatabaseUnreachable),
    "57P04": Cause(f"the database {{database}} was dropped{_UNDONE}", DatabaseUnreachable),
    "57P05": Cause(f"the server ended the session: it was idle for too long (idle_session_timeout){_UNDONE}"),
}

#: SQLSTATE 57014, by a sign in the server's own words; where the server speaks another language, the last one.
CANCELLED: tuple[tuple[str, Cause], ...] = (
    (
        "statement timeout",
        Cause(f"the statement ran for longer than statement_timeout allows{_UNDONE}", StatementTimeout),
    ),
    ("user request", Cause(f"an administrator cancelled the statement{_UNDONE}")),
    (
        "",
        Cause(
            f"the statement was cancelled, by statement_timeout or by an administrator{_UNDONE}", StatementTimeout
        ),
    ),
)

#: The SQLSTATE behind what the driver says of a connection that broke, by a sign in the server's last words.
ENDED = (
    ("due to administrator command", "57P01"),
    ("crash of another server process", "57P02"),
    ("idle-in-transaction timeout", "25P03"),
    ("transaction timeout", "25P04"),
    ("idle-session timeout", "57P05"),
)

_POOLER_FULL = "the pooler has no connection left ({limit}); try again later"
_POOLER_MODE = "the pooler must be in session or transaction mode"
_POOLER_LOGIN = "the pooler cannot log in to the server; see the pooler's log"
_POOLER_CONFIGURATION = "the pooler is not set up for this; see the pooler's log"
_POOLER_REFUSES = "the pooler refuses the option {limit} of the database URL, or of a variable of libpq"
_POOLER_TIMEOUT = f"the pooler ended the session ({{limit}}){_UNDONE}"
#: What PgBouncer says by itself, in lower case, by its beginning; it has one SQLSTATE for all, 08P01.
POOLER: tuple[tuple[str, str], ...] = (
    ("unsupported startup parameter in options", _POOLER_REFUSES),
    ("unsupported startup parameter: options", "a pooler refuses the option schema or options of the database URL"),
    ("unsupported startup parameter", _POOLER_REFUSES),
    ("unsupported options startup parameter", "a pooler refuses the option options of the database URL"),
    ("no more connections allowed", _POOLER_FULL),
    ("client connections exceeded", _POOLER_FULL),
    ("pgbouncer cannot connect to server", "the pooler cannot connect to the server; check that the server runs"),
    ("client_login_timeout", "the pooler cannot connect to the server; check that the server runs"),
    ("server login has been failing", _POOLER_LOGIN),
    ("server login failed", _POOLER_LOGIN),
    ("server_login_retry", _POOLER_LOGIN),
    ("no such database", "the pooler has no database {database}"),
    ("no such user", "the pooler has no user {user}"),
    ("query_wait_timeout", "no connection of the pooler became free in time (query_wait_timeout); try again later"),
    ("query_timeout", _POOLER_TIMEOUT),
    ("query timeout", _POOLER_TIMEOUT),
    ("idle transaction timeout", _POOLER_TIMEOUT),
    ("idle_transaction_timeout", _POOLER_TIMEOUT),
    ("transaction_timeout", _POOLER_TIMEOUT),
    ("transaction timeout", _POOLER_TIMEOUT),
    ("client_idle_timeout", _POOLER_TIMEOUT),
    ("suspend_timeout", _POOLER_TIMEOUT),
    ("bouncer config error", _POOLER_CONFIGURATION),
    ("bouncer resources exhaustion", "the pooler lacks resources; see the pooler's log"),
    ("no memory for", "the pooler lacks resources; see the pooler's log"),
    (
        "transaction blocks not allowed in statement pooling mode",
        "the pooler must be in session or transaction mode",
    ),
    ("pqexec disallowed", _POOLER_CONFIGURATION),
    ("ssl required", "the pooler requires SSL; add sslmode=require to the database URL"),
    ("sasl authentication failed", "the server refused the password of user {user}"),
    ("certificate authentication failed", "the pooler refuses the client's certificate"),
    ("unix socket login rejected", "the pooler does not let user {user} in from this machine"),
    ("login rejected", "the pooler does not let user {user} in from this machine"),
    ('"trust" authentication failed', "the pooler has no user {user}"),
    ("server shutting down", "the pooler is shutting down; try again later"),
    ("the pooler is shutting down", "the pooler is shutting down; try again later"),
    ("pooler is shutting down", "the pooler is shutting down; try again later"),
    ("admin forced shutdown", "the pooler is shutting down; try again later"),
    ("database configuration changed", f"the pooler's configuration was changed{_UNDONE}"),
    ("database removed", "the pooler has no database {database} any more"),
    ("server conn crashed", f"the pooler lost its connection to the server{_UNDONE}"),
    ("server connection terminated", f"the pooler lost its connection to the server{_UNDONE}"),
)
