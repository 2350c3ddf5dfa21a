"""The time of a change: the database server's where there is one, so that all clients have one clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from usercli.times import UnreadableTime, rfc3339, utcnow
from usercli.warning_log import warn

_AHEAD = "usercli_server_ahead"

#: A last event so far ahead was written under a wrong clock, or this one is wrong.
_FAR_AHEAD = timedelta(minutes=1)

#: The server's time in SQL, in a form that depends on no setting of the session.
SERVER_TIME = "extract(epoch FROM clock_timestamp())"


def set_clock(connection: Any, server_time: Any, asked: datetime) -> None:
    """Keep by how much the server's clock, as SERVER_TIME gave it, is ahead of this machine's.

    It was read between the question and now: if that fits, the clocks agree.
    """
    told = datetime.fromtimestamp(float(server_time), UTC)
    connection.info[_AHEAD] = min(told - asked, timedelta()) or max(told - utcnow(), timedelta())


def server_ahead(connection: Connection) -> timedelta:
    """By how much the server's clock is ahead of this machine's; nothing on SQLite."""
    ahead: timedelta = connection.info.get(_AHEAD, timedelta())
    return ahead


def now(connection: Connection) -> datetime:
    """The current time in UTC, by the server's clock."""
    return utcnow() + server_ahead(connection)


def not_before(moment: datetime, floor: datetime) -> datetime:
    """The later one of two times; a stored one that cannot be read does not count."""
    return moment if isinstance(floor, UnreadableTime) else max(moment, floor)


def next_time(last: datetime, moment: datetime) -> datetime:
    """The time of an event after the last one, now or as late as that; warns where that is far ahead."""
    found = not_before(moment, last)
    if found > moment + _FAR_AHEAD:
        warn(
            f"the last event of the audit log is of {rfc3339(last)}, ahead of the clock; "
            "new events get its time until the clock has caught up"
        )
    return found


def default_now(context: Any) -> datetime:
    """The same as the default of a column."""
    return now(context.root_connection)
