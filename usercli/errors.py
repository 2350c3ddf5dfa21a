"""The error tree: every error is a finished sentence and an exit code.

Errors are raised where the rule lives and become output at one place, `usercli.cli.run`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum, auto
from uuid import UUID


class ExitCode(IntEnum):
    """What a script reads from `$?`; the table stands in docs/scripting.md."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    DATABASE = 5
    REFUSED = 6
    PARTIAL = 7
    NO = 8


#: What each exit code means, those of signals too; the table in docs/scripting.md says the same.
MEANINGS = {
    ExitCode.OK: "done, or nothing to do",
    ExitCode.FAILURE: "unexpected failure, or stdout cannot be written; --debug prints where, without values",
    ExitCode.USAGE: "wrong usage or invalid input",
    ExitCode.NOT_FOUND: "no such user, role, change, revision or profile",
    ExitCode.CONFLICT: "conflict: it exists already, was changed meanwhile, or several match (they are listed)",
    ExitCode.DATABASE: "the database cannot be reached, is not there, or its schema is not current",
    ExitCode.REFUSED: (
        "refused by a rule: the password policy, the last administrator, a protected target, too many changes"
    ),
    ExitCode.PARTIAL: (
        "done in part (--continue, import --skip-bad, undecided rows of access-review apply), "
        "or a check found something (db check, doctor, audit verify, password audit --fail-on)"
    ),
    ExitCode.NO: "the answer is no (exists, password verify)",
    129: "hung up",
    130: "interrupted, or a question answered with no",
    143: "terminated",
}


class Hint(StrEnum):
    """What would help. The command line says the option for it; other programs have other words."""

    ABANDON = auto()
    ALLOW_NO_ADMIN = auto()
    ALLOW_NO_ADMIN_OR_EACH = auto()
    ANONYMISE = auto()
    COLUMN_DEFAULT = auto()
    CREATE_ROLES = auto()
    DATE_ORDER = auto()
    DAY_NUMBER = auto()
    EMAIL_DOMAIN = auto()
    EXPORT_FITTING = auto()
    FORMAT_JSONL = auto()
    FORMAT_XLSX = auto()
    HASH_PASSWORDS = auto()
    IN_BIN = auto()
    MAP_COLUMN = auto()
    MAP_EMAIL = auto()
    MAP_HASH = auto()
    MAP_ID = auto()
    MAX_CHANGES = auto()
    NAME_DATABASE = auto()
    NAME_FORMAT = auto()
    NAME_MANAGER = auto()
    NO_PASSWORD = auto()
    ONLY_UNCHANGED = auto()
    ON_CONFLICT = auto()
    PRESERVE = auto()
    REASON = auto()
    RESUME_ANEW = auto()
    REVOKE_ROLE = auto()
    ROLE_UPDATE_HELP = auto()
    SKIP_BAD = auto()
    UPDATE_HELP = auto()
    VALUE = auto()


class UserCliError(Exception):
    """Base of all: the message is one line, lower case, without a full stop; `hint` says what would help."""

    exit_code: ExitCode = ExitCode.FAILURE

    def __init__(self, *args: object, hint: Hint | None = None) -> None:
        super().__init__(*args)
        self.hint = hint

    @property
    def message(self) -> str:
        return str(self.args[0]) if self.args else (self.__doc__ or "").strip().rstrip(".").lower()


class Declined(Exception):
    """The person said no; nothing was changed."""


class Ended(KeyboardInterrupt):
    """A signal asked the process to end. As after Ctrl-C, the driver leaves off what it waits for."""

    def __init__(self, number: int) -> None:
        self.number = number


def interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interrupt or signal behind an error: what fails while a command is being ended is no news."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error


class OutputFailed(UserCliError):
    """Standard output cannot be written."""


class BrokenRow(UserCliError):
    """A row that another program wrote breaks the rules of docs/table.md."""


class DamagedRow(BrokenRow):
    """A row whose bytes are no values: the database file is damaged."""

    exit_code = ExitCode.DATABASE


class InvalidInput(UserCliError, ValueError):
    """What was given is not valid. A ValueError too, so that Pydantic collects it by field."""

    exit_code = ExitCode.USAGE


class NoSuchFormat(InvalidInput):
    """There is no output format of this name, which is the message."""


class WrongEncoding(InvalidInput):
    """A text has another encoding than it is read in; `likely` is which, if that can be told."""

    def __init__(self, message: str, likely: str | None = None) -> None:
        super().__init__(message)
        self.likely = likely


class NotFound(UserCliError):
    """There is no such thing."""

    exit_code = ExitCode.NOT_FOUND


class UserNotFound(NotFound):
    """No user has that id or email; `users` are the keys that fit nobody."""

    def __init__(self, users: Iterable[object]) -> None:
        self.users = list(users)
        super().__init__("no such user: " + ", ".join(map(_with_place, self.users)))


def _with_place(user: object) -> str:
    place = getattr(user, "place", "")
    return f"{user} ({place})" if place else str(user)


class RoleNotFound(NotFound):
    """No role has that name; `to_give` is the name of one that was to be given, if none is alike."""

    def __init__(self, message: str, to_give: str | None = None) -> None:
        super().__init__(message)
        self.to_give = to_give


class ChangeNotFound(NotFound):
    """No change has that id; `named` is what was given as one, if anything was."""

    def __init__(self, message: str, named: str | None = None) -> None:
        super().__init__(message)
        self.named = named


class ProfileNotFound(NotFound):
    """The configuration names no such profile."""


class RevisionNotFound(NotFound):
    """No migration has that revision."""


class Conflict(UserCliError):
    """The data says otherwise."""

    exit_code = ExitCode.CONFLICT


class ConstraintViolated(Conflict):
    """The database refused a change by a constraint, or unique index, of this name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"the database refused the change: constraint {constraint or 'without a name'}")
        self.constraint = constraint


class EmailTaken(Conflict):
    """A user with this email exists already."""

    def __init__(self, email: str | None = None) -> None:
        super().__init__(f"a user with the email {email} exists already" if email else None)

    @property
    def message(self) -> str:
        return self.args[0] or "a user with this email exists already"


class Ambiguous(Conflict):
    """Several users fit; the candidates are listed."""


class ChangedMeanwhile(Conflict):
    """The user was changed by somebody else."""


class TransactionAborted(ChangedMeanwhile):
    """The database aborted the transaction for the sake of another one: a deadlock, or no serial order."""


class DatabaseUnavailable(UserCliError):
    """The database cannot be used."""

    exit_code = ExitCode.DATABASE


class DatabaseReadOnly(DatabaseUnavailable):
    """The database takes no changes: it is a standby, or was made read-only."""


class DatabaseDamaged(DatabaseUnavailable):
    """The file of a SQLite database is damaged, or its disk does not give it back."""


class DiskFull(DatabaseUnavailable):
    """There is no room on the disk of a SQLite file for what reading or writing it needs."""


class DatabaseUnreachable(DatabaseUnavailable):
    """The database does not answer, or the connection broke."""


class FileNotCreated(DatabaseUnavailable):
    """The file of a SQLite database cannot be made."""


class OutcomeUnknown(DatabaseUnreachable):
    """The connection broke while the change was being committed, and the database does not say what became of it.

    `change_id` is under which the log has the change, if it took place; None if the log would not have it.
    """

    def __init__(self, *args: object, change_id: UUID | None = None) -> None:
        super().__init__(*args)
        self.change_id = change_id


class DatabaseLocked(DatabaseUnavailable):
    """Another session or program held a lock for too long."""


class StatementTimeout(DatabaseUnavailable):
    """The server ended a statement that took too long."""


class LockTimeout(DatabaseLocked):
    """Another session held a lock on this table, or on one of these, for too long.

    `holder` is who, if that is known: `locked by process 4711 (psql)`.
    """

    def __init__(self, tables: Iterable[str], holder: str = "") -> None:
        self.tables, self.holder = tuple(tables), holder
        named = f"{'one of the tables' if len(self.tables) > 1 else 'the table'} {', '.join(self.tables)}"
        super().__init__(f"another session holds a lock on {named}; try again later")


class SchemaNotCurrent(DatabaseUnavailable):
    """The schema is not the one that this program was written for."""


class Refused(UserCliError):
    """A rule forbids it."""

    exit_code = ExitCode.REFUSED


class TooManyChanges(Refused):
    """The change is about more users than was allowed."""

    def __init__(self, users: int, limit: int) -> None:
        super().__init__(
            f"this would change {users:,} users, more than the {limit:,} allowed", hint=Hint.MAX_CHANGES
        )


class LastAdministrator(Refused):
    """The change would leave nobody who may administer."""


class ProtectedTarget(Refused):
    """The database belongs to a protected profile."""

    def __init__(self, where: str, profile: str) -> None:
        super().__init__(f"{where} is protected by the profile {profile}")
        self.profile = profile


class WrongTarget(Refused):
    """The database in use is not the one that was named."""


class DoneInPart(UserCliError):
    """Some of it was done, or a check found something."""

    exit_code = ExitCode.PARTIAL


class AnswerIsNo(UserCliError):
    """The answer is no; nothing is printed."""

    exit_code = ExitCode.NO
