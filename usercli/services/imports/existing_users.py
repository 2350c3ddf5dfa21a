"""What an import makes of users who exist already.

Many on PostgreSQL are prepared before they are locked, as in user_changes: whoever needs one of them waits only
while the prepared rows are written. Those who were changed meanwhile are prepared again.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress
from sys import maxsize

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ExitCode, InvalidInput
from usercli.models.user_state import UserState
from usercli.schemas.attributes import as_stored, check_attributes, differ_once_stored
from usercli.schemas.import_rows import SomeAttributes, UserRow
from usercli.schemas.imports import ImportSummary
from usercli.schemas.user_fields import DISABLED_PASSWORD, UPDATABLE
from usercli.services import user_events
from usercli.services.imports.options import ImportOptions
from usercli.spool import Spool, packed

_ID_BYTES = 16


class ExistingUsers:
    """Gives users what the rows of a file say, and counts them in the summary.

    `hold_administrators` is called before users are locked, `role_ids` knows the roles that the rows name, and
    `reject` is told a row and why its user stays as it is.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        options: ImportOptions,
        summary: ImportSummary,
        hold_administrators: Callable[[], object],
        role_ids: Callable[[Iterable[str]], dict[str, uuid.UUID]],
        reject: Callable[[UserRow, str, ExitCode], object],
    ) -> None:
        self._uow, self._options, self._summary = uow, options, summary
        self._hold_administrators, self._role_ids, self._reject = hold_administrators, role_ids, reject
        self.begin()

    def begin(self) -> None:
        """At the start of a transaction."""
        self._is_ahead = False
        self._mark = 0
        self._kept: Spool[tuple[bytes, bytes]] = Spool()  # ids and rows of those who are not locked yet

    def update(self, rows: Sequence[UserRow], ids: Mapping[str, uuid.UUID]) -> None:
        """Write the users of these rows, or prepare it; the ids are by the keys of their emails."""
        wanted = [ids[row.email_key] for row in rows]
        if not self._is_ahead and self._uow.bulk_updates.is_worth_staging(len(wanted)):
            self._is_ahead, self._mark = True, self._uow.audit.mark()
            self._uow.bulk_updates.begin(staging=True)
        if self._is_ahead:
            self._keep(wanted, rows)
        else:
            self._hold_administrators()
            wanted = self._uow.users.existing_ids(wanted, lock=True)
            self._uow.bulk_updates.begin(staging=False)
        self._apply(rows, wanted)

    def finish(self) -> None:
        """Lock those who were prepared, prepare again who was changed meanwhile, and write them all."""
        if not self._is_ahead:
            return
        self._hold_administrators()
        if stale := self._uow.bulk_updates.lock_staged(maxsize):
            dropped = self._uow.bulk_updates.unstage(stale)
            self._uow.audit.drop(map(str, stale), self._mark, dropped)
            self._summary.updated -= dropped
            self._summary.unchanged -= len(stale) - dropped
            for rows, ids in self._kept_of(set(stale)):
                self._apply(rows, ids)
        self._uow.bulk_updates.finish(self._uow.now())
        self._uow.bulk_updates.refresh()

    def _keep(self, ids: Sequence[uuid.UUID], rows: Sequence[UserRow]) -> None:
        kept = b"".join(user_id.bytes for user_id in ids), pickle.dumps(rows, pickle.HIGHEST_PROTOCOL)
        self._kept.extend_packed(packed([kept]), 1)

    def _kept_of(self, wanted: set[uuid.UUID]) -> Iterator[tuple[list[UserRow], list[uuid.UUID]]]:
        """The rows of these users, some thousands at a time."""
        for id_bytes, data in chain.from_iterable(self._kept.batches()):
            ids = [uuid.UUID(bytes=id_bytes[at : at + _ID_BYTES]) for at in range(0, len(id_bytes), _ID_BYTES)]
            is_wanted = [user_id in wanted for user_id in ids]
            if any(is_wanted):
                rows = pickle.loads(data)  # noqa: S301 - written by this process, in a file that has no name
                yield list(compress(rows, is_wanted)), list(compress(ids, is_wanted))

    def _apply(self, rows: Sequence[UserRow], ids: Sequence[uuid.UUID]) -> None:
        updates, now = self._uow.bulk_updates, self._uow.now()
        users = {user.email_key: user for user in updates.read(ids) if user.deleted_at is None}
        settled, told = [], []
        for row in rows:
            user = users.get(row.email_key)
            if user is None:
                self._reject(row, f"the user {row.email} was changed meanwhile; try again", ExitCode.CONFLICT)
                continue
            try:
                password = self._give(user, row)
            except InvalidInput as error:  # what it has and what it gets are too much together
                self._reject(row, error.message, ExitCode.USAGE)
                continue
            if user.settle():
                user.saved(now)
                told.append((user, password))
            settled.append(user)
        self._summary.updated += len(told)
        self._summary.unchanged += len(settled) - len(told)
        user_events.record_each(
            self._uow,
            told,
            lambda item: user_events.state_draft("user.updated", item[0], password=item[1]),
        )
        if settled:
            updates.write(settled, now)
        if not self._is_ahead:
            updates.refresh()

    def _give(self, user: UserState, row: UserRow) -> bool:
        """Set what the row says; whether the password is another one. Raises InvalidInput."""
        for name in UPDATABLE:
            if name not in row.fields:
                continue
            if name == "roles":
                added = self._role_ids(row.roles)
                user.change_roles(added, [role for role in user.roles if role not in added])
            elif name == "attributes":
                stay = user.attributes if isinstance(row.fields[name], SomeAttributes) else {}
                given = {**stay, **row.attributes.value}
                if differ_once_stored(given, user.attributes):
                    user.attributes = as_stored(given)
                if stay:  # what the file has was checked by itself
                    check_attributes(as_stored(given))
            else:
                setattr(user, name, getattr(row, name))
        if (
            not row.hashed_password
            or row.hashed_password == user.hashed_password
            or not self._may_set_password(user)
        ):
            return False
        user.hashed_password, user.password_changed_at = row.hashed_password, self._uow.now()
        return True

    def _may_set_password(self, user: UserState) -> bool:
        return self._options.update_passwords or user.hashed_password == DISABLED_PASSWORD
