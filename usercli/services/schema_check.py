"""Is the database what this program expects, its schema and its keys?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from usercli.database import migrations, schema_state, schema_version
from usercli.database.engine import READ_ONLY, open_engine, sessions
from usercli.database.log_triggers import wrong_triggers
from usercli.database.sqlite_file import require_undamaged
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.repositories.extra_columns import missing_of_applications
from usercli.repositories.unreadable_times import unreadable_elsewhere, unreadable_of_users
from usercli.repositories.users import UserRepository
from usercli.schemas.database import (
    ApplicationState,
    ReportWithApplications,
    SchemaState,
    State,
    StateWithApplications,
)
from usercli.schemas.stored_times import UnreadableTimes
from usercli.services.last_administrator import is_unadministered

if TYPE_CHECKING:
    from usercli.database.applications import Application


#: What the states are called in the scripting contract.
_STATES: dict[schema_state.State, State] = {
    "empty": "missing",
    "foreign": "missing",
    "current": "current",
    "behind": "behind",
    "ahead": "ahead",
    "several": "drifted",
    "incomplete": "drifted",
    "unstamped": "drifted",
}


class SchemaCheck:
    """A look at the database that changes nothing."""

    def __init__(self, url: DatabaseUrl, applications: Sequence[Application] = ()) -> None:
        self._url, self._applications = url, applications
        self.unreadable = UnreadableTimes()  # of the last check
        self._engine = open_engine(url).execution_options(**{READ_ONLY: True})  # waits for no writer

    def state(self) -> StateWithApplications:
        """Where the schema stands, without looking at rows."""
        with self._engine.connect() as connection:
            return self._state(connection, schema_state.look(connection))

    def check(self) -> tuple[ReportWithApplications, list[str]]:
        """The whole check; the report, and what is wrong, a sentence each. Times are noted in `unreadable`.

        Raises DatabaseDamaged, if a page of a SQLite file is broken.
        """
        with self._engine.connect() as connection:
            found = schema_state.look(connection)
            report = ReportWithApplications(**dict(self._state(connection, found)), bad_keys=0)
            if report.state != "current":
                return report, [found.sentence]
            if self._url.engine == "sqlite":
                require_undamaged(connection, self._url)
            wrong = []
            if lacking := schema_state.lacking(connection):
                wrong.append(lacking)
            if drift := migrations.differences(connection):
                report.state = "drifted"
                wrong += [f"the schema differs from the program's: {sentence}" for sentence in drift]
            if missing := missing_of_applications(connection, self._url.user_columns):
                report.state = "drifted"
                wrong += [
                    f"users lacks the column {name}, which the setting user_columns names" for name in missing
                ]
            if off := wrong_triggers(connection):
                report.state = "drifted"
                wrong += off
            for application in self._applications:
                wrong += _wrong_tables(application, report.applications[application.name], connection)
        bad = self._bad_keys()
        for key_id in bad:
            if report.bad_keys < 10:
                wrong.append(f"user id:{key_id} has an email_key that breaks the rule of docs/table.md")
            report.bad_keys += 1
        if lacking:
            return report, wrong
        with sessions(self._engine)() as session:
            self.unreadable.note(unreadable_of_users(session))
            self.unreadable.note(unreadable_elsewhere(session))
        return report, wrong

    def copies(self) -> list[str]:
        """A sentence for each copy of a SQLite file that a migration which has not ended left."""
        return migrations.left_copies(self._url, self._applications)

    def is_unadministered(self) -> bool:
        """There are users and roles, but nobody administers."""
        return is_unadministered(UnitOfWork(sessions(self._engine), read_only=True))

    def _bad_keys(self) -> Iterator[str]:
        with sessions(self._engine)() as session:
            yield from (str(user_id) for user_id in UserRepository(session).with_bad_key())

    def _state(self, connection: sa.Connection, found: schema_state.SchemaState) -> StateWithApplications:
        applications = {item.name: _of_application(item, connection) for item in self._applications}
        return StateWithApplications(**dict(_state(found)), applications=applications)


def _of_application(application: Application, connection: sa.Connection) -> ApplicationState:
    at, heads = application.current(connection), application.heads()
    state: State = "current" if at == heads else "behind" if at else "missing"
    if not application.knows(at):
        state = "ahead"
    return ApplicationState(at=",".join(at) or None, head=",".join(heads), state=state)


def _wrong_tables(application: Application, report: ApplicationState, connection: sa.Connection) -> list[str]:
    name = application.name
    if report.state == "ahead":
        return [f"the tables of {name} are at revision {report.at}, which its migrations here do not know"]
    if report.state != "current":
        return [f"the tables of {name} are behind its migrations; run: usercli db upgrade"]
    drift = application.differences(connection)
    if drift:
        report.state = "drifted"
    return [f"the tables of {name} differ from its models: {sentence}" for sentence in drift]


def _state(found: schema_state.SchemaState) -> SchemaState:
    return SchemaState(at=",".join(found.at) or None, head=schema_version.head(), state=_STATES[found.state])
