"""Clocks that are wrong: the server's counts where there is one, and times do not go back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.users import UserView

HOUR = timedelta(hours=1)
#: The modules that ask for the time of a change.
ASKING = (
    "usercli.models.clock",
    "usercli.database.postgres_transaction",
    "usercli.database.unit_of_work",
    "usercli.repositories.audit",
)


def set_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """The clock of the machine that runs usercli is wrong."""
    for module in ASKING:
        monkeypatch.setattr(f"{module}.utcnow", lambda: datetime.now(UTC) + by)


def times(database: Database) -> dict[str, datetime]:
    names = ("created_at", "updated_at", "deleted_at", "password_changed_at")
    with database.uow(read_only=True) as uow:
        [user] = uow.users.by_id([row[0] for row in uow.session.execute(_ids())])
        return {name: value for name in names if (value := getattr(user, name)) is not None}


def _ids() -> object:
    from sqlalchemy import select

    from usercli.models.user import User

    return select(User.id)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("by", [-HOUR, 30 * 24 * HOUR])
def test_the_times_of_users_are_the_server_s(
    by: timedelta, cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, by)
    for line in (
        "create ada@example.com --no-password",
        "password reset ada@example.com --yes --generate --secret-out secret",
        "update ada@example.com --name Ada",
        "role create reader",
        "update ada@example.com --add-role reader",
        "delete ada@example.com --yes",
    ):
        assert cli(*line.split())[0] == 0, line
    found = times(database)
    assert len(found) == 4
    for name, value in found.items():
        assert abs(value - datetime.now(UTC)) < timedelta(minutes=5), name
    [(granted,)] = database.rows("SELECT granted_at FROM user_roles")
    assert isinstance(granted, datetime)
    assert abs(granted - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("line", ["update ada@example.com --name X", "update ada@example.com --add-role reader"])
def test_nobody_is_updated_before_created(
    line: str, cli: Cli, database: Database, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("role", "create", "reader")[0] == 0
    set_clock(monkeypatch, -HOUR)
    assert cli(*line.split())[0] == 0
    found = times(database)
    assert found["updated_at"] >= found["created_at"]


def test_an_update_of_nothing_changes_no_time(cli: Cli, database: Database, ada: UserView) -> None:
    before = times(database)
    assert cli("update", "ada@example.com", "--name", ada.full_name)[0] == 0
    assert times(database) == before


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_log_that_is_ahead_of_the_clock_is_warned_about(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = cli("create", "ada@example.com", "--no-password")
    assert (code, "warning" in err) == (0, False)
    set_clock(monkeypatch, -HOUR)
    code, _, err = cli("create", "bob@example.com", "--no-password")
    assert code == 0
    assert err.count("warning: the last event of the audit log is of 20") == 1
    assert "new events get its time until the clock has caught up" in err
