"""The command line: commands parse, call one service, show the result.

Nothing heavy is imported here; every command is loaded when it is called.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Sequence
from functools import cache
from types import FrameType
from typing import Any, NoReturn

import typer

from usercli import __version__
from usercli.cli.context import Declined, Invocation, write_line
from usercli.cli.global_options import command
from usercli.cli.lazy_group import Lazy, new_app
from usercli.errors import ExitCode, OutputFailed, UserCliError, interruption

USERS, ACCESS, MANY, LOG, DATABASE, SETUP = (
    "Users",
    "Passwords, roles, account state",
    "Many users",
    "What happened",
    "Database",
    "Setup",
)

COMMANDS = (
    Lazy("create", "usercli.cli.commands.users:create", "Add a user.", USERS),
    Lazy("list", "usercli.cli.commands.users:list_users", "List users.", USERS),
    Lazy("show", "usercli.cli.commands.users:show", "Show users.", USERS),
    Lazy("update", "usercli.cli.commands.users:update", "Change fields of users.", USERS),
    Lazy("delete", "usercli.cli.commands.users:delete", "Move users to the bin, or remove them for good.", USERS),
    Lazy("restore", "usercli.cli.commands.users:restore", "Bring users back from the bin.", USERS),
    Lazy("exists", "usercli.cli.commands.users:exists", "Answer by exit code whether users exist.", USERS),
    Lazy("password", "usercli.cli.commands.passwords:app", "Set, reset, check and examine passwords.", ACCESS),
    Lazy("role", "usercli.cli.commands.roles:app", "Make roles, give and take them.", ACCESS),
    Lazy("activate", "usercli.cli.commands.users:activate", "Let users sign in again.", ACCESS),
    Lazy("deactivate", "usercli.cli.commands.users:deactivate", "Keep users out.", ACCESS),
    Lazy("expire", "usercli.cli.commands.expire:app", "Deactivate users whose expiry has passed.", ACCESS),
    Lazy(
        "access-review", "usercli.cli.commands.access_review:app", "Have it decided who keeps which role.", ACCESS
    ),
    Lazy("import", "usercli.cli.commands.import_users:import_", "Import users from a file, all or nothing.", MANY),
    Lazy("export", "usercli.cli.commands.export_users:export", "Write users to a file or stdout.", MANY),
    Lazy("plan", "usercli.cli.commands.plan_apply:plan", "Show what a file of users and roles would change.", MANY),
    Lazy("apply", "usercli.cli.commands.plan_apply:apply", "Make users and roles as a file says.", MANY),
    Lazy("batch", "usercli.cli.commands.batch:batch", "Run many commands in one process.", MANY),
    Lazy("history", "usercli.cli.commands.changes:history", "Show what happened to a user.", LOG),
    Lazy("changes", "usercli.cli.commands.changes:changes", "List the commands that changed something.", LOG),
    Lazy("undo", "usercli.cli.commands.changes:undo", "Take a change back.", LOG),
    Lazy("audit", "usercli.cli.commands.audit:app", "Read, verify and export the audit log.", LOG),
    Lazy("purge", "usercli.cli.commands.changes:purge", "Empty the bin of old users, for good.", LOG),
    Lazy("privacy", "usercli.cli.commands.privacy:app", "Hand a person's data over, or erase a person.", LOG),
    Lazy("db", "usercli.cli.commands.db:app", "Make, upgrade and check the database.", DATABASE),
    Lazy("migrate", "usercli.cli.commands.db:upgrade", "Short for: db upgrade.", DATABASE),
    Lazy("config", "usercli.cli.commands.config:app", "Show where settings come from.", SETUP),
    Lazy("schema", "usercli.cli.commands.schema:schema", "Print JSON Schema of outputs and files.", SETUP),
    Lazy("completion", "usercli.cli.commands.completion:completion", "Make a shell complete what is typed.", SETUP),
    Lazy(
        "__complete",
        "usercli.cli.commands.completion:complete",
        "Asked by the shells' completion.",
        SETUP,
        hidden=True,
    ),
)

app = new_app(
    """Administer the users of a service.

    \b
    Examples:
      usercli db upgrade
      usercli create ada@example.com --name "Ada Lovelace" --no-password
      usercli list --active -o json
    """,
    COMMANDS,
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"usercli {__version__}\n")
        raise typer.Exit


@app.callback()
@command
def root(
    invocation: Invocation,
    version: bool = typer.Option(
        False, "--version", help="Print the version.", callback=_version, is_eager=True, show_default=False
    ),
) -> None:
    """Take the options that stand before the sub-command."""


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
        result = _command().main(
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


@cache
def _command() -> Any:
    return typer.main.get_command(app)


def _reader_is_gone(error: BaseException) -> bool:
    """Standard output is a closed pipe; Typer makes SystemExit(1) of that."""
    return isinstance(error.__context__ if isinstance(error, SystemExit) else error, BrokenPipeError)


def _require_stdout_for_help(arguments: Sequence[str]) -> None:
    if sys.stdout is None and not {"--help", "-h", "--version"}.isdisjoint(arguments):
        raise OutputFailed("standard output is closed")


def _report(error: BaseException, invocation: Invocation) -> int:
    code, line = verdict(error)
    if invocation.options.debug and not isinstance(error, typer.TyperException | _Ended):
        _print_stack(error)
    if line:
        _complain(line)
    try:
        _flush()
    except (BrokenPipeError, OSError):
        _abandon_stdout()
    return code


def verdict(error: BaseException) -> tuple[int, str]:
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
            _complain(line)
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
        _complain(f"debug: {type(link).__module__}.{type(link).__name__}")
        for frame in traceback.extract_tb(link.__traceback__):
            _complain(f"debug:   {frame.filename}:{frame.lineno} in {frame.name}")
        link = link.__cause__ or link.__context__


def _complain(line: str) -> None:
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
