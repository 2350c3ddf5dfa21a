"""One command, one unit of work, one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.exc import StaleDataError

from usercli.database.engine import READ_ONLY
from usercli.errors import ChangedMeanwhile, DatabaseUnreachable, OutcomeUnknown
from usercli.models.base import new_id
from usercli.origin import Origin
from usercli.repositories.roles import RoleRepository
from usercli.repositories.users import UserRepository


class UnitOfWork:
    """A transaction with its repositories.

    `with uow:` begins, `uow.commit()` commits, leaving the block any other way rolls back. A block inside
    a block joins: it is a savepoint, and its commit keeps the changes for the outer one. `dry_run` does
    everything but keep it: every rule and constraint speaks, then the transaction is rolled back.

    Errors of the database surface as domain errors (usercli.database.integrity).
    """

    def __init__(
        self,
        sessions: Callable[[], Session],
        *,
        read_only: bool = False,
        dry_run: bool = False,
        origin: Origin | None = None,
        on_connect: Callable[[Connection], None] | None = None,
    ) -> None:
        self._sessions = sessions
        self._levels: list[SessionTransaction] = []
        self.session: Session
        self._on_connect = on_connect
        self.origin = origin or Origin()
        self.read_only = read_only
        self.dry_run = dry_run
        self.change_id: uuid.UUID = new_id()

    def __enter__(self) -> Self:
        if self._levels:
            self._levels.append(self.session.begin_nested())
        else:
            self.session = self._sessions()
            self._levels.append(self.session.begin())
            try:
                self._connect()
            except BaseException:
                self._levels.pop()
                self.session.close()
                raise
            self.users = UserRepository(self.session)
            self.roles = RoleRepository(self.session)
        return self

    def _connect(self) -> None:
        options = {READ_ONLY: True, "postgresql_readonly": True} if self.read_only else {}
        connection = self.session.connection(execution_options=options)
        if self._on_connect is not None:
            self._on_connect(connection)
            self._on_connect = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        level = self._levels.pop()
        try:
            # a failed flush leaves a level that is neither active nor over: the outer one could not go on
            if level is (self.session.get_nested_transaction() or self.session.get_transaction()):
                level.rollback()
        finally:
            if not self._levels:
                self.session.close()
        if isinstance(error, StaleDataError):
            raise ChangedMeanwhile("the user was changed by somebody else; look again and retry") from None

    def flush(self) -> None:
        """Send what is pending, so that constraints speak now."""
        self.session.flush()

    def commit(self) -> None:
        """Keep the changes of this block. Raises OutcomeUnknown when the connection breaks meanwhile."""
        self.session.flush()
        level = self._levels[-1]
        if len(self._levels) > 1:
            level.commit()
        elif self.dry_run:
            level.rollback()
        else:
            self._commit_outermost(level)

    def _commit_outermost(self, level: SessionTransaction) -> None:
        try:
            level.commit()
        except DatabaseUnreachable:
            raise OutcomeUnknown(
                "the connection broke while committing: the outcome is unknown; "
                "look whether the change is there before you run the command again"
            ) from None
