"""Run one command line: the only place where errors become output."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import typer

from usercli.cli import colors
from usercli.cli.app import root_command
from usercli.cli.context import Invocation
from usercli.cli.error_text import INTERRUPTED, describe_error, print_error
from usercli.errors import ChangeNotFound, Ended, ExitCode, NoSuchFormat, OutputFailed, UserNotFound, interruption

#: The signals that came, since Typer makes a silent exit code of the exception.
_received: list[int] = []


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code. The only place where errors become output."""
    invocation = Invocation()
    _prepare_process()
    _received.clear()
    streams = sys.stdout, sys.stderr
    given = invocation.arguments = list(sys.argv[1:] if arguments is None else arguments)
    colors.refuse(colors.NO_COLOR in given)
    try:
        _require_stdout_for_help(given)
        result = root_command().main(
            args=given,
            prog_name="usercli",
            standalone_mode=False,
            obj=invocation,
        )
        if result == INTERRUPTED:
            raise Ended(_received[-1]) if _received else KeyboardInterrupt
        _flush()
        return result if isinstance(result, int) else ExitCode.OK
    except BaseException as error:  # noqa: BLE001, RUF100 - the edge: every error becomes a line and a code
        if _reader_is_gone(error):
            sys.stdout, sys.stderr = streams  # Typer puts wrappers in their place
            _abandon_stdout()
            return ExitCode.OK
        return _report(interruption(error) or error, invocation)


def _reader_is_gone(error: BaseException) -> bool:
    """Standard output is a closed pipe; Typer makes SystemExit(1) of that."""
    return isinstance(error.__context__ if isinstance(error, SystemExit) else error, BrokenPipeError)


def _require_stdout_for_help(arguments: Sequence[str]) -> None:
    if sys.stdout is None and not {"--help", "-h", "--version"}.isdisjoint(arguments):
        raise OutputFailed("standard output is closed")


def _report(error: BaseException, invocation: Invocation) -> int:
    code, line = describe_error(error, invocation)
    if isinstance(error, UserNotFound | ChangeNotFound):
        from usercli.cli.whereabouts import whereabouts

        line = "; ".join((line, *whereabouts(error, invocation)))
    if isinstance(error, NoSuchFormat):
        from usercli.cli.unknown_formats import explain_format

        text = explain_format(error.message, invocation.command, invocation.arguments)
        line = f"error: {invocation.with_reach(text)}"
    if invocation.options.debug and not isinstance(error, typer.TyperException | Ended):
        _print_stack(error)
    if line:
        print_error(line)
    try:
        _flush()
    except (BrokenPipeError, OSError):
        _abandon_stdout()
    return code


def _print_stack(error: BaseException) -> None:
    """Where it happened, without values and without messages that are not ours."""
    import traceback

    link: BaseException | None = error
    while link is not None:
        print_error(f"debug: {type(link).__module__}.{type(link).__name__}")
        for frame in traceback.extract_tb(link.__traceback__):
            print_error(f"debug:   {frame.filename}:{frame.lineno} in {frame.name}")
        link = link.__cause__ or link.__context__


def _prepare_process() -> None:
    if sys.stdin is None:  # closed by the caller; what is opened next must not take the place of 0 or 2
        sys.stdin = open(os.devnull)  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an 8-bit locale must not end in a traceback
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores SIGHUP, and stays so
            signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> NoReturn:
    _received.append(number)
    raise Ended(number)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _abandon_stdout() -> None:
    """The reader has gone: what is left in the buffer goes nowhere, also at interpreter exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
