"""batch: many commands in one process, over one connection."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli.context import Invocation
from usercli.cli.error_text import INTERRUPTED, describe_error
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output
from usercli.errors import (
    DatabaseUnavailable,
    ExitCode,
    InvalidInput,
    TransactionAborted,
    UserCliError,
    interruption,
)
from usercli.text import json_safe

if TYPE_CHECKING:
    from usercli.database.unit_of_work import Database, UnitOfWork

#: What makes no sense inside: they work on the schema, ask for a transaction of their own, or run batches.
_NOT_INSIDE = frozenset({"batch", "db", "migrate", "config", "import"})


@command
def batch(
    invocation: Invocation,
    file: Annotated[str, typer.Argument(metavar="FILE", help="One usercli command a line; - is standard input.")],
    atomic: Annotated[
        bool, typer.Option("--atomic", help="One transaction: all commands or none.", show_default=False)
    ] = False,
    continue_: Annotated[
        bool, typer.Option("--continue", help="Go on after a failure; exit with 7.", show_default=False)
    ] = False,
) -> int:
    """Run commands from a file in one process: one a line, quoted as in a shell, # begins a comment.

    Prints a JSON object for each command: line, code, result, messages.
    Stops at the first failure and exits with its code.

    \b
    Examples:
      usercli batch changes.txt
      usercli batch changes.txt --atomic --reason "spring cleaning"
    """
    from usercli.schemas.batch import BATCH_FIELDS

    output = Output(invocation.options, BATCH_FIELDS)
    if atomic and continue_:
        raise InvalidInput("--atomic is all or nothing; it excludes --continue")
    from usercli.cli.user_filters import criteria_of  # noqa: F401 - loaded once, before the first command
    from usercli.readers.text_source import open_source

    uow = invocation.changing()
    with open_source(file) as source:
        runner = _CommandRunner(invocation, uow, atomic)
        if atomic:
            _run_atomic(runner, uow, _lines(source), output)
        else:
            try:
                for line in runner.lines(_lines(source), go_on=continue_):
                    output.text([line])  # now, and not with the next ones: what follows may be interrupted
            except BaseException as error:
                if interruption(error):
                    runner.tell_what_stands()
                raise
    undone = "; nothing was changed" if invocation.dry_run or (atomic and runner.failed) else ""
    if invocation.dry_run and not atomic and runner.failed and runner.ran > 1:
        undone += "; each was tried without those before it: to try them as one, add --atomic"
    invocation.info(f"ran {runner.ran} commands, {len(runner.failed)} failed, on {invocation.target}{undone}")
    if not runner.failed:
        return ExitCode.OK
    return ExitCode.PARTIAL if continue_ and len(runner.failed) < runner.ran else runner.failed[0]


def _run_atomic(
    runner: _CommandRunner, uow: UnitOfWork, commands: Iterator[tuple[int, str]], output: Output
) -> None:
    """Run all in one transaction, again if it was aborted; the results are printed when it has ended."""
    results: list[str] = []
    read: list[tuple[int, str]] = []

    def kept() -> Iterator[tuple[int, str]]:
        for command_line in commands:
            read.append(command_line)
            yield command_line

    def attempt() -> None:
        results.clear()
        runner.begin()
        with uow:
            results.extend(runner.lines(chain(tuple(read), kept()), go_on=False))
            if not runner.failed:
                uow.commit()
        if runner.lost is not None:
            raise runner.lost

    try:
        uow.retrying(attempt)
    except UserCliError as error:
        if error is not runner.lost:  # that one is a result
            raise
    finally:
        output.text(results)


class _BatchInvocation(Invocation):
    """The invocation of one command of a batch: the batch's database and connection, its own options."""

    def __init__(self, outer: Invocation, database: Database, joined: UnitOfWork | None) -> None:
        super().__init__()
        self._outer, self._shared, self._joined = outer, database, joined
        self.messages: list[str] = []
        self.options.output = "json"
        self.options.no_input = True
        for name in ("target", "dry_run", "reason", "ticket", "actor", "retry"):
            setattr(self.options, name, getattr(outer.options, name))
        self.__dict__["settings"], self.__dict__["target"] = outer.settings, outer.target

    def merge(self, given: dict[str, Any]) -> None:
        if given.get("profile") or given.get("database_url"):
            raise InvalidInput("a batch works on one database; give --profile or --database-url to batch itself")
        if given.get("dry_run") and not self._outer.dry_run:
            raise InvalidInput("give --dry-run to batch itself")
        super().merge(given)
        if self.options.target is not None:
            self.settings.require_target(self.options.target)

    def info(self, text: str) -> None:
        self.messages.append(text)

    def _unit_of_work(self, *, read_only: bool = False) -> UnitOfWork:
        return self._joined or super()._unit_of_work(read_only=read_only)

    def open_database(self, *, pooled: bool = False) -> Database:  # noqa: ARG002 - it is the batch's, pooled
        return self._shared


class _CommandRunner:
    """Runs the commands and remembers how they ended."""

    def __init__(self, outer: Invocation, uow: UnitOfWork, atomic: bool) -> None:
        from usercli.cli.app import root_command

        self._outer, self._joined = outer, uow if atomic else None
        self._database = outer.open_database(pooled=True)
        self._usercli = root_command()
        #: How many commands were committed by themselves, the last of them, and the one that runs.
        self._done: tuple[int, UnitOfWork | None, Invocation | None] = 0, None, None
        self.begin()
        if not atomic:
            self._look_at_schema(outer.options.retry or 0)

    def _look_at_schema(self, retry: int) -> None:
        """Once, before the first command."""
        uow = self._database.unit_of_work(read_only=True, retry=retry)

        def look() -> None:
            with uow:
                pass

        uow.retrying(look)

    def begin(self) -> None:
        """Forget an attempt before."""
        self.ran = 0
        self.failed: list[int] = []
        #: What ended the transaction of all commands, where it may be run again.
        self.lost: UserCliError | None = None

    def tell_what_stands(self) -> None:
        """Let the batch know, as it was interrupted, what its commands committed by themselves."""
        self._note_end()
        self._outer.committed, last, running = self._done
        change = running and running.change
        self._outer.change = change if change and change.is_committing else last

    def _note_end(self) -> None:
        """Count the command that ran, if it committed something."""
        count, _, running = self._done
        change = running and running.change
        if change and change.has_committed and not change.is_committing:
            self._done = count + 1, change, None

    def lines(self, commands: Iterator[tuple[int, str]], *, go_on: bool) -> Iterator[str]:
        """A JSON line for each command, until one fails."""
        from usercli.schemas.batch import BatchResult

        for number, text in commands:
            words = _words(text, number)
            if not words:
                continue
            code, result, messages = self._run(words)
            self.ran += 1
            outcome = BatchResult(line=number, code=code, result=result, messages=messages)
            yield json_safe(json.dumps(dict(outcome), ensure_ascii=False)) + "\n"
            if code != ExitCode.OK:
                self.failed.append(int(code))
                if not go_on:
                    return

    def _run(self, words: list[str]) -> tuple[int, Any, list[str]]:
        inner = _BatchInvocation(self._outer, self._database, self._joined)
        inner.arguments = words
        self._note_end()
        self._done = (*self._done[:2], inner)
        with _captured_stdout() as out:
            try:
                if words[0] in _NOT_INSIDE:
                    raise InvalidInput(f"{words[0]} cannot be run in a batch")
                code = self._usercli.main(args=words, prog_name="usercli", standalone_mode=False, obj=inner) or 0
                if code == INTERRUPTED:
                    raise KeyboardInterrupt  # Typer makes an exit code of it, but it is meant for the batch
            except (KeyboardInterrupt, GeneratorExit):
                raise
            except Exception as error:
                code, line = describe_error(error, inner)
                if self._joined is not None and isinstance(error, TransactionAborted | DatabaseUnavailable):
                    self.lost = error
                if line:
                    inner.messages.append(line)
        return int(code), _result(out.getvalue()), inner.messages


def _lines(source: Any) -> Iterator[tuple[int, str]]:
    from usercli.readers.text_source import BadLine, numbered_lines

    for number, line in numbered_lines(source):
        if isinstance(line, BadLine):
            raise InvalidInput(f"line {number}: {line.reason}")
        yield number, line


def _words(text: str, number: int) -> list[str]:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        raise InvalidInput(f"line {number}: a quote is opened and not closed") from None
    words = words[1:] if words[:1] == ["usercli"] else words
    while len(words) > 1 and words[0] in {"user", "users"}:  # user list is list
        words = words[1:]
    return words


@contextmanager
def _captured_stdout() -> Iterator[io.BytesIO]:
    """What the block writes to stdout; it reads nothing from stdin, which is the batch's own."""
    held = io.BytesIO()
    text = io.TextIOWrapper(held, encoding="utf-8", write_through=True)
    before = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = None, text
    try:
        yield held
    finally:
        sys.stdin, sys.stdout = before
        text.detach()  # else it would close what it wrote into


def _result(data: bytes) -> Any:
    text = data.decode("utf-8", "replace").strip()
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
