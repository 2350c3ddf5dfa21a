"""Run one command line: the only place where errors become output."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import typer

from usercli.cli.app import root_command
from usercli.cli.context import Declined, Invocation, write_line
from usercli.errors import ExitCode, OutputFailed, UserCliError, interruption

#: What Typer returns for an interrupt.
INTERRUPTED = 130


#: The signals that came, since Typer makes a silent exit code of the exception.
_received: list[int] = []


class _Ended(KeyboardInterrupt):
    """A signal asked the process to end. As after Ctrl-C, the driver leaves off what it waits for."""

    def __init__(self, number: int) -> None:
        self.number = number


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code. The only place where errors become output."""
    invocation = Invocation()
    _prepare_process()
    _received.clear()
    streams = sys.stdout, sys.stderr
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _require_stdout_for_help(given)
        result = root_command().main(
            args=given,
            prog_name="usercli",
            standalone_mode=False,
            obj=invocation,
        )
        if result == INTERRUPTED:
            raise _Ended(_received[-1]) if _received else KeyboardInterrupt
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
    code, line = describe_error(error)
    if invocation.options.debug and not isinstance(error, typer.TyperException | _Ended):
        _print_stack(error)
    if line:
        print_error(line)
    try:
        _flush()
    except (BrokenPipeError, OSError):
        _abandon_stdout()
    return code


def describe_error(error: BaseException) -> tuple[int, str]:
    """The exit code of an error, and its line for stderr (perhaps none)."""
    if isinstance(error, UserCliError):
        return error.exit_code, "" if error.exit_code is ExitCode.NO else f"error: {error.message}"
    if isinstance(error, Declined):
        return INTERRUPTED, "nothing was changed"
    if isinstance(error, _Ended):
        return 128 + error.number, "hung up" if error.number == signal.SIGHUP else "terminated"
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return INTERRUPTED, "interrupted"
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, SystemExit):
        return int(error.code or 0), ""
    if _is_validation_error(error):
        return ExitCode.USAGE, f"error: {_sentences(error)}"
    if isinstance(error, OSError):
        return ExitCode.FAILURE, f"error: {(error.strerror or type(error).__name__).lower()}"
    return ExitCode.FAILURE, f"error: unexpected {type(error).__name__}; run again with --debug to see where"


def _usage(error: Any) -> tuple[int, str]:
    text = error.format_message().strip()
    if text.startswith("Usage: "):  # no sub-command: the message is the help
        for line in text.splitlines():
            print_error(line)
        return error.exit_code, ""
    if text.startswith("Got unexpected extra argument"):
        text = "too many arguments"  # whatever they are, they may be secrets
    text = re.sub(r"\.? \(?(?:Did you mean|Possible options:) (.*?)[?)]$", r"; did you mean: \1", text)
    text = text.replace("Input should be", "it should be").removesuffix(", unable to parse string as an integer")
    text = text[:1].lower() + text[1:].rstrip(".")
    path = error.ctx.command_path if getattr(error, "ctx", None) else "usercli"
    return error.exit_code, f"error: {text}; see: {path} --help"


def _is_validation_error(error: BaseException) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(error, pydantic.ValidationError)


def _sentences(error: Any) -> str:
    """A sentence per field, without the input: it may be a secret."""
    found = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        text = item["msg"].removeprefix("Value error, ")
        if item["type"] != "value_error":
            text = f"{'.'.join(str(part) for part in item['loc']) or 'input'}: {text[:1].lower()}{text[1:]}"
        found.append(text)
    return "; ".join(found)


def _print_stack(error: BaseException) -> None:
    """Where it happened, without values and without messages that are not ours."""
    import traceback

    link: BaseException | None = error
    while link is not None:
        print_error(f"debug: {type(link).__module__}.{type(link).__name__}")
        for frame in traceback.extract_tb(link.__traceback__):
            print_error(f"debug:   {frame.filename}:{frame.lineno} in {frame.name}")
        link = link.__cause__ or link.__context__


def print_error(line: str) -> None:
    write_line(sys.stderr, line)


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
    raise _Ended(number)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _abandon_stdout() -> None:
    """The reader has gone: what is left in the buffer goes nowhere, also at interpreter exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
