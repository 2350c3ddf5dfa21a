"""One run of the command line: its options, settings, database and the words it says on stderr."""

from __future__ import annotations

import contextlib
import gc
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from usercli.cli import colors, hints
from usercli.errors import Declined, InvalidInput, UserCliError
from usercli.text import visible, with_database

if TYPE_CHECKING:
    from usercli.config import Settings, Target
    from usercli.database.unit_of_work import Database, UnitOfWork
    from usercli.schemas.user_table import UserTable
    from usercli.services.mapped_users import MappedUsers


#: The `rich_help_panel` of the options of all commands.
COMMON = "Options of all commands"
#: So many characters of a command are repeated in a question.
_COMMAND_SHOWN = 200


@dataclass
class Options:
    """The options of all commands, after merging both sides of the sub-command."""

    profile: str | None = None
    database_url: str | None = None
    target: str | None = None
    output: str | None = None
    fields: str | None = None
    quiet: bool | None = None
    no_header: bool | None = None
    raw: bool | None = None
    yes: bool | None = None
    no_input: bool | None = None
    dry_run: bool | None = None
    reason: str | None = None
    ticket: str | None = None
    actor: str | None = None
    retry: int | None = None
    no_color: bool | None = None
    debug: bool | None = None


class Invocation:
    """What a command is given: it parses, calls one service, and shows the result through this."""

    def __init__(self) -> None:
        self.options = Options()
        self.arguments: list[str] = []  # as they were typed
        self.change: UnitOfWork | None = None
        self.committed: int | None = None  # so many commands of a batch were, each by itself; the last is `change`
        self.warnings: list[str] = []  # of the change that is made
        self.command = ""  # the words that name it
        self._is_named = False  # the protected target, by whom was asked
        self._is_heard = False  # by the library, which warns

    def merge(self, given: dict[str, Any]) -> None:
        """Take options of a level further in; those given there win. Raises InvalidInput if they contradict."""
        if given.get("quiet") and given.get("output") not in {None, "ids"}:
            raise InvalidInput(f"-q and -o {given['output']} contradict each other: -q is short for -o ids")
        if given.get("output") is not None and not given.get("quiet"):
            self.options.quiet = None  # the inner -o wins over an outer -q
        for option in fields(Options):
            if given.get(option.name) is not None:
                setattr(self.options, option.name, given[option.name])

    # -- where

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run; warns once about a password that the process list shows."""
        settings = self._read_settings()
        if self.options.database_url and settings.target.url.password:
            self.warn(
                "a password in --database-url shows in the process list; "
                "use a profile, USERCLI_DATABASE_URL or ~/.pgpass"
            )
        if self.options.target is not None:
            settings.require_target(self.options.target)
        return settings

    def _read_settings(self) -> Settings:
        from usercli.config import Settings

        if not self._is_heard:
            from usercli.cli.wait_lines import show_waits, show_warnings

            self._is_heard = True
            show_waits(self.info)
            show_warnings(self.warn)
        return Settings(database_url=self.options.database_url, profile=self.options.profile)

    @property
    def target(self) -> Target:
        """The database of this run. Raises Refused for a command that is not offered on a mapped table."""
        self.require_offered()
        return self._target

    def require_offered(self) -> None:
        """Raise Refused for a command that is not offered on the table that is mapped, if one is."""
        if (table := self._mapped_table) is not None:
            from usercli.cli.mapped_mode import require_offered

            require_offered(self.command, table, self.settings.target.url.engine)

    @property
    def own_command(self) -> Callable[..., Any] | None:
        """What runs in place of this command on the table that is mapped; None where none is, or itself runs."""
        from usercli.cli.mapped_mode import OWN, own_command

        if self.command not in OWN or self._mapped_table is None:
            return None
        return own_command(self.command)

    @property
    def roles_guard(self) -> bool:
        """Whether a role may be administrative: one beside a table of another program guards nobody."""
        return self._mapped_table is None

    @cached_property
    def _mapped_table(self) -> UserTable | None:
        try:
            settings = vars(self).get("settings") or self._read_settings()
            return settings.user_table
        except UserCliError:  # of the settings; whoever needs them says so
            return None

    @cached_property
    def mapped_users(self) -> MappedUsers | None:
        """The users of the table of another program that is mapped; None for tables of our own."""
        if self.settings.user_table is None:
            return None
        from usercli.services.mapped_users import MappedUsers

        found = MappedUsers(self.target.url, self.settings.user_table)
        enable_garbage_collector()
        _keep_libraries_quiet()
        return found

    @cached_property
    def _target(self) -> Target:
        """The same; warns once about options of its URL that mean nothing here."""
        target = self.settings.target
        if target.url.ignored:
            options = ", ".join(target.url.ignored)
            self.warn(f"options of the database URL ({target.source}) that usercli ignores: {options}")
        return target

    def read_from_replica(self) -> None:
        """Let all that this command reads come from the profile's replica, and say how far that is behind."""
        from usercli.database.replica import replica_state
        from usercli.times import rfc3339

        if self.target.read_url is None:
            raise InvalidInput("no replica is configured for this database; give its profile a read_url")
        self._target = replace(self.target, url=self.target.read_url)
        state = replica_state(self.target.url)
        if not state.is_replica:
            self.warn(f"{self.target.url.where} is no replica; it takes changes itself")
        elif state.last_change is None:
            self.info(f"reading from the replica {self.target.url.where}")
        else:
            seconds = max((state.asked_at - state.last_change).total_seconds(), 0)
            self.info(
                f"reading from the replica {self.target.url.where}; its last change is of "
                f"{rfc3339(state.last_change)}, {seconds:,.0f} s ago"
            )

    @property
    def dry_run(self) -> bool:
        return bool(self.options.dry_run)

    def reading(self) -> UnitOfWork:
        """A unit of work that only reads."""
        return self._unit_of_work(read_only=True)

    def changing(self, *, planned: bool = False) -> UnitOfWork:
        """A unit of work for a change, or its dry run. Raises ProtectedTarget.

        Of a change that is `planned`, confirm() asks for the name, with the plan before the eyes.
        """
        if not (planned and self._may_name):
            self.require_unprotected()
        if self.settings.require_reason and not (self.options.reason or self.dry_run):
            raise InvalidInput("changes here need a reason; add --reason TEXT")
        self.change = uow = self._unit_of_work()
        self.warnings = uow.warnings
        return uow

    def require_unprotected(self) -> None:
        """A change of a protected target needs its name. Raises ProtectedTarget."""
        if self._may_name:
            self._ask_for_name(self._typed_command)
        elif not (self.dry_run or self._is_named):
            self.settings.require_unprotected(self.options.target)

    @property
    def _may_name(self) -> bool:
        """A protected target is to be named, and a person may be asked to."""
        if self.dry_run or self._is_named or self.options.target is not None or not self.can_ask:
            return False
        return self.settings.protection is not None

    def _ask_for_name(self, what: str) -> None:
        self._ask_for(self.settings.protection or "", f"{what} on {self.target}, which is protected")
        self._is_named = True

    @property
    def _typed_command(self) -> str:
        """What was typed, without where and why."""
        words = hints.without_options(self.arguments, {*hints.REACH, "--reason", "--ticket", "--actor"})
        line = shlex.join(words)
        return line if len(line) <= _COMMAND_SHOWN else f"{line[:_COMMAND_SHOWN]}..."

    def signing_in(self, *, read_only: bool = False) -> UnitOfWork:
        """A unit of work of a sign-in, which is not a change."""
        return self._unit_of_work(read_only=read_only)

    def _unit_of_work(self, *, read_only: bool = False) -> UnitOfWork:
        from usercli.origin import Origin

        given = self.options
        if given.actor == "":
            raise InvalidInput("--actor is empty; leave it out to act as the system user")
        database = self.open_database()
        enable_garbage_collector()
        _keep_libraries_quiet()
        origin = Origin.of_process(actor=given.actor, reason=given.reason, ticket=given.ticket)
        return database.unit_of_work(
            origin=origin, read_only=read_only, dry_run=self.dry_run, retry=given.retry or 0
        )

    def open_database(self, *, pooled: bool = False) -> Database:
        """The database of this run; `pooled` keeps the connections for the next unit of work."""
        from usercli.config import PoolSettings
        from usercli.database.unit_of_work import Database

        return Database(self.target.url, PoolSettings() if pooled else None)

    # -- what is said

    def info(self, text: str) -> None:
        """One line for the person, on stderr."""
        write_line(sys.stderr, text)

    def warn(self, text: str) -> None:
        """A line that starts with `warning:`."""
        self.info(f"warning: {self.addressed(text)}")

    def named(self, text: str) -> str:
        """A message about the database of this run, which it names as success messages do."""
        target = self._reached
        return text if target is None else with_database(text, str(target), target.url.where)

    def addressed(self, text: str) -> str:
        """A message whose commands reach the database of this run, and are accepted there."""
        return self._with_commands(text, hints.addressed)

    def with_reach(self, text: str) -> str:
        """A message whose commands have the options that this database needs."""
        return self._with_commands(text, hints.with_reach)

    def _with_commands(self, text: str, complete: Callable[[str, Target, str | None], str]) -> str:
        target = self._reached if hints.has_command(text) else None
        return text if target is None else complete(text, target, self._confirmed)

    @property
    def _reached(self) -> Target | None:
        try:
            return self.target
        except UserCliError:  # the message is about that
            return None

    @property
    def _confirmed(self) -> str | None:
        """The protected profile that a command which changes something must name."""
        with contextlib.suppress(UserCliError):  # a mistake hides which it is
            return self.options.target or self.settings.protection
        return None

    def success(self, verb: str, names: Sequence[str] = (), *, number: int | None = None) -> None:
        """Say, after the commit, what was done and where; `number` where not all are named."""
        number = len(names) if number is None else number
        what = f"{number:,} users" if number > 1 else "".join(names)
        verb = verb.replace("undid", "undone", 1) if self.dry_run else verb
        would = "would have " if self.dry_run else ""
        self.info(f"{would}{' '.join(filter(None, (verb, what)))} on {self.target}")

    # -- what is asked

    @property
    def can_ask(self) -> bool:
        """A person sits at both ends of the question, and may be asked."""
        return not self.options.no_input and _is_terminal(sys.stdin) and _is_terminal(sys.stderr)

    @property
    def is_to_confirm(self) -> bool:
        """A change is asked about first."""
        return self._may_name or not (self.options.yes or self.dry_run)

    def confirm(self, question: str) -> None:
        """Ask yes or no. Raises Declined; InvalidInput without a terminal."""
        if self._may_name:
            self._ask_for_name(question)
            return
        if not self.is_to_confirm:
            return
        if not self.can_ask:
            raise InvalidInput(f"{question}: this needs a confirmation; add --yes")
        if self.ask(f"{question} on {self.target}? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise Declined

    def require_typed(self, wanted: Sequence[str], what: str, option: str, given: Iterable[str]) -> None:
        """What cannot be undone wants its name, given as an option or typed. Raises Declined, InvalidInput."""
        missing = [name for name in wanted if name not in set(given)]
        if not missing or self.dry_run:
            return
        if not self.can_ask:
            listed = " ".join(f"{option} {name}" for name in missing)
            raise InvalidInput(f"{what}; to go on add {listed}")
        for name in missing:
            self._ask_for(name, f"{what} on {self.target}")

    def _ask_for(self, name: str, what: str) -> None:
        if self.ask(f"{what}; type {name} to go on: ").strip() not in {name, visible(name)}:
            raise Declined

    def ask(self, question: str) -> str:
        """The line that is answered. Raises Declined if there is none."""
        try:
            sys.stderr.write(visible(question))
            sys.stderr.flush()
            _wait_for_line(sys.stdin)
            answer = sys.stdin.readline()
        except UnicodeDecodeError:
            raise Declined from None
        except BaseException:  # a signal: what is said next starts on a line of its own
            self.info("")
            raise
        if not answer:
            self.info("")
            raise Declined
        return answer


def write_line(stream: TextIO, text: str) -> None:
    """One line for a person, hostile characters escaped. Nobody may listen; the exit code still tells."""
    with contextlib.suppress(OSError, ValueError):
        shown = visible(text)
        stream.write((colors.message(shown) if colors.wanted(stream) else shown) + "\n")
        stream.flush()


#: Rows of a table come and go without cycles; looking for some every 700 objects costs a quarter of an import.
_GC_THRESHOLD = 100_000


def _wait_for_line(stream: TextIO) -> None:
    """Wait until a read would not block: a signal just before a blocking read would wait for the answer."""
    import select

    with contextlib.suppress(OSError, ValueError):  # a stream without a descriptor
        while not select.select([stream], [], [], 0.2)[0]:
            pass


def enable_garbage_collector() -> None:
    """The heavy imports are done: let the garbage collector work, on what is new."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        gc.enable()


def _keep_libraries_quiet() -> None:
    """What libraries log unasked is not for stderr: SQLAlchemy's stacks of connections that fail to close."""
    import logging

    logging.lastResort = logging.NullHandler()


def _is_terminal(stream: Any) -> bool:
    return stream is not None and stream.isatty()
