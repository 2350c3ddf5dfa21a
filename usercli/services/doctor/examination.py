"""All checks, the machine's beside the database's, at an end in time whatever does not answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Protocol

from usercli.config import Settings
from usercli.database.probe import Probe
from usercli.database.sqlite_errors import RESTORE
from usercli.database.url import DatabaseUrl
from usercli.errors import (
    DamagedRow,
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseUnreachable,
    LockTimeout,
    StatementTimeout,
    UserCliError,
)
from usercli.passwords import PasswordHasher
from usercli.schemas.health import CheckView
from usercli.services.doctor import contents, machine, server
from usercli.services.doctor.findings import Check, Finding, fail, not_checked
from usercli.services.password_rules import configured_hasher

#: After so many seconds checks are left that have not ended.
SECONDS = 5.0

#: So long may a connect take, and each statement: shorter than all together, so that it is told which one it was.
_STEP_SECONDS = 3

_DATABASE: tuple[Check[server.Patient], ...] = (*server.CHECKS, *contents.CHECKS)
_TRY = "check that the server runs, and the network"


def examine(settings: Settings, *, seconds: float = SECONDS) -> list[CheckView]:
    """Every check of the machine, the configuration and the database of these settings. Changes nothing."""
    database = _DatabaseRound(lambda: settings.target.url, lambda: configured_hasher(settings))
    return _run([_MachineRound(settings), database], seconds)


def examine_database(
    url: DatabaseUrl, *, hasher: PasswordHasher | None = None, seconds: float = SECONDS
) -> list[CheckView]:
    """The checks of a database alone: for a service. Changes nothing, and raises no error of the database.

    `hasher` has the scheme and the cost below which a hash is weak.
    """
    return _run([_DatabaseRound(lambda: url, lambda: hasher or PasswordHasher())], seconds)


class _Round(Protocol):
    """Checks that are made one after the other."""

    checks: Sequence[Check[Any]]

    def steps(self) -> Iterator[list[Finding]]:
        """What each check finds, in order; fewer where the rest has no sense."""

    def late(self, check: Check[Any], seconds: float) -> Finding:
        """What to say of a check that has not ended."""

    def break_off(self) -> None:
        """End the waits of `steps`, from another thread."""


class _Thread(threading.Thread):
    """Makes a round. A daemon: whatever it waits for, the process can end."""

    def __init__(self, checks: _Round) -> None:
        super().__init__(name="usercli-doctor", daemon=True)
        self._round, self._found = checks, list[list[Finding]]()
        self._has_ended = False

    def run(self) -> None:
        for findings in self._round.steps():
            self._found.append(findings)
        self._has_ended = True

    def views(self, seconds: float) -> list[CheckView]:
        """What was found; of a check that has not ended, and of those behind it, that they were not made."""
        has_ended, found, checks = self._has_ended, list(self._found), self._round.checks
        if not has_ended:
            late = self._round.late(checks[len(found)], seconds) if len(found) < len(checks) else None
            self._round.break_off()
            is_alone = (
                late is not None and late.state == "fail" and not found
            )  # no connection: nothing else has sense
            rest = [] if is_alone else checks[len(found) + 1 :]
            found += [[late]] if late else []
            found += [[not_checked("the check before it did not end")] for _ in rest]
        return [
            CheckView(check=check.name, state=item.state, said=item.said, do=item.do)
            for check, findings in zip(checks, found, strict=False)
            for item in findings
        ]


def _run(rounds: Sequence[_Round], seconds: float) -> list[CheckView]:
    until = monotonic() + seconds
    threads = [_Thread(checks) for checks in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))
    return [view for thread in threads for view in thread.views(seconds)]


class _MachineRound:
    checks: Sequence[Check[Any]] = machine.CHECKS

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def steps(self) -> Iterator[list[Finding]]:
        for check in self.checks:
            yield _made(check, self._settings)

    def late(self, check: Check[Any], seconds: float) -> Finding:  # noqa: ARG002 - as the other round
        return not_checked(f"it did not end within {seconds:g} s")

    def break_off(self) -> None:
        """A file system that does not answer cannot be woken up."""


class _DatabaseRound:
    """Without a connection one check says why, and the others are left out."""

    checks: Sequence[Check[Any]] = _DATABASE

    def __init__(self, url: Callable[[], DatabaseUrl], hasher: Callable[[], PasswordHasher]) -> None:
        self._url, self._hasher = url, hasher
        self._probe: Probe | None = None

    def steps(self) -> Iterator[list[Finding]]:
        first, *others = self.checks
        try:
            self._probe = Probe(self._url(), _STEP_SECONDS)
            patient = server.Patient(self._probe, self._hasher)
            connected = list(first.run(patient))
        except UserCliError as error:
            yield [_of_error(error, not_checked if isinstance(error, DatabaseLocked) else fail)]
        except Exception as error:  # the message may hold a secret
            yield [fail(f"unexpected {type(error).__name__}")]
        else:
            yield connected
            for check in others:
                yield self._step(check, patient)
        finally:
            if self._probe is not None:
                self._probe.close()

    def _step(self, check: Check[Any], patient: server.Patient) -> list[Finding]:
        if patient.is_gone:
            return [not_checked("the database does not answer any more")]
        if check.needs_schema and patient.is_current is False:
            return [not_checked("the schema is not the one of this version")]
        try:
            return _made(check, patient)
        except DatabaseUnreachable as error:
            patient.is_gone = True
            return [_of_error(error, fail)]

    def late(self, check: Check[Any], seconds: float) -> Finding:
        if self._is_silent(check):
            return fail(f"the database did not answer within {seconds:g} s", _TRY)
        if check.unbounded:
            return not_checked(f"there is more to look at than {seconds:g} s allow", check.unbounded)
        return not_checked(f"it did not end within {seconds:g} s; the server works on it")

    def _is_silent(self, check: Check[Any]) -> bool:
        if self._probe is None:
            return True
        return self._probe.is_silent() if self._probe.url.engine == "postgresql" else not check.unbounded

    def break_off(self) -> None:
        if self._probe is not None:
            self._probe.break_off()


def _made(check: Check[Any], subject: object) -> list[Finding]:
    """What a check finds, or why it could not be made. Raises DatabaseUnreachable."""
    try:
        return list(check.run(subject))
    except DatabaseUnreachable:
        raise
    except (DatabaseDamaged, DamagedRow) as error:
        return [_of_error(error, fail)]
    except StatementTimeout:
        return [not_checked(f"a statement took longer than {_STEP_SECONDS} s", check.unbounded)]
    except UserCliError as error:
        return [_of_error(error, not_checked)]
    except Exception as error:  # one check that fails does not end the others
        return [not_checked(f"unexpected {type(error).__name__}")]


def _of_error(error: UserCliError, kind: Callable[[str, str], Finding]) -> Finding:
    if isinstance(error, LockTimeout) and error.holder:
        return kind(f"the table {error.tables[0]} is {error.holder}", "try again later")
    text = error.message.removesuffix("; nothing was changed")
    parts = re.fullmatch(r"(.*?); ((?:to make a new one, )?run: .*)", text)
    said, command = parts.groups() if parts else (text, "")
    if isinstance(error, DatabaseDamaged | DamagedRow) and said.endswith(f"; {RESTORE}"):
        return kind(said.removesuffix(f"; {RESTORE}"), RESTORE)
    return kind(said, command)
