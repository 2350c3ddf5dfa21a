"""What an error says on the command line, and its exit code."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import typer

from usercli.cli.context import Invocation, write_line
from usercli.errors import (
    DatabaseUnavailable,
    Declined,
    Ended,
    ExitCode,
    FileNotCreated,
    Hint,
    InvalidInput,
    OutcomeUnknown,
    ProtectedTarget,
    RoleNotFound,
    UserCliError,
    WrongEncoding,
)
from usercli.text import counted

#: The place of an error about a whole file, as readers tell it.
_LINE = re.compile(r"line (\d+): ")

#: What Typer returns for an interrupt.
INTERRUPTED = 130


#: The options, by what would help; each goes on with the message.
_OPTIONS = {
    Hint.ALLOW_NO_ADMIN: ", or add --allow-no-admin and --reason",
    Hint.ALLOW_NO_ADMIN_OR_EACH: ", add --allow-no-admin and --reason, or add --continue, which keeps the last one",
    Hint.ANONYMISE: "; see --anonymise",
    Hint.ABANDON: "; to take it back: usercli db adopt --abandon",
    Hint.COLUMN_DEFAULT: "; give one: --default COLUMN=VALUE",
    Hint.CREATE_ROLES: "; see --create-roles",
    Hint.DATE_ORDER: "; add --date-order dmy, mdy or ymd",
    Hint.DAY_NUMBER: "; read it so with --date-order excel",
    Hint.EMAIL_DOMAIN: "; --email-domain makes one",
    Hint.EXPORT_FITTING: (
        "; import reads an export; "
        "for one that fits here name the fields, as in usercli export FILE.csv --fields email,full_name,roles, "
        "and then the state, as in usercli plan FILE.csv --name NAME"
    ),
    Hint.FORMAT_JSONL: "; objects line by line are read with --from jsonl",
    Hint.FORMAT_XLSX: "; a workbook is read with --from xlsx",
    Hint.HASH_PASSWORDS: "; it needs --hash-passwords",
    Hint.IN_BIN: " (show --deleted, restore)",
    Hint.MAP_COLUMN: "; use --map THEIRS=OURS or --unknown-to-attributes",
    Hint.MAP_EMAIL: "; use --map THEIRS=email",
    Hint.MAP_HASH: ", as with --map COLUMN=hashed_password",
    Hint.MAP_ID: "; use --map id=attributes.old_id or --skip-column id",
    Hint.MAX_CHANGES: "; raise --max-changes",
    Hint.NAME_DATABASE: ": --database-url",
    Hint.NAME_FORMAT: "; name the format with --from",
    Hint.NAME_MANAGER: ", or for CSV give --name NAME",
    Hint.NO_PASSWORD: "; use --no-password",
    Hint.ON_CONFLICT: "; to leave users who exist add --on-conflict skip, to change them --on-conflict update",
    Hint.ONLY_UNCHANGED: "; --only-unchanged does the rest",
    Hint.PRESERVE: "; import it with --preserve",
    Hint.REASON: "; add --reason TEXT",
    Hint.RESUME_ANEW: ", or leave out --resume",
    Hint.REVOKE_ROLE: ", or add --revoke",
    Hint.ROLE_UPDATE_HELP: "; see usercli role update --help",
    Hint.SKIP_BAD: "; to import the others add --skip-bad --reject-file FILE",
    Hint.UPDATE_HELP: "; see usercli update --help",
    Hint.VALUE: "; say what it means, as in --value COLUMN:WORD=true",
}


def file_name(file: str) -> str:
    """How messages name a file; - is standard input."""
    return "standard input" if file == "-" else Path(file).name


def name_file(error: InvalidInput, file: str) -> None:
    """Let an error about a line name its file, as those about records do: users.csv:1: ..."""
    if found := _LINE.match(error.message):
        error.args = (f"{file_name(file)}:{found[1]}: {error.message[found.end() :]}", *error.args[1:])


def name_encoding(error: WrongEncoding) -> None:
    """Let it say the option for a command that has one."""
    named = f"add: --encoding {error.likely}" if error.likely else "name it, as in: --encoding windows-1251"
    error.args = (f"{error.message}; {named}", *error.args[1:])


def with_option(text: str, hint: Hint | None) -> str:
    """A message, with the option that helps."""
    return text + _OPTIONS[hint] if hint else text


def sentence(error: UserCliError, invocation: Invocation | None = None) -> str:
    """What an error says, with the option that helps where it was raised."""
    if isinstance(error, ProtectedTarget):
        return f"{error.message}; to change it add: --target {shlex.quote(error.profile)}"
    if isinstance(error, OutcomeUnknown) and error.change_id is not None:
        return f"{error.message}; run: usercli audit log --change {error.change_id}"
    if isinstance(error, RoleNotFound) and error.to_give is not None:
        return (
            f"{error.message}; {_way_to_role(error.to_give, guards=invocation is None or invocation.roles_guard)}"
        )
    return with_option(error.message, error.hint)


def _way_to_role(name: str, *, guards: bool) -> str:
    if "@" in name:
        return "the role comes before the users"
    if set(name) & set(",;"):
        return "name each role on its own"
    from usercli.services.last_administrator import sounds_administrative

    option = " --administrative" if guards and sounds_administrative(name) else ""
    return f"to make it, run: usercli role create {shlex.quote(name)}{option}"


def print_error(line: str) -> None:
    write_line(sys.stderr, line)


def describe_error(error: BaseException, invocation: Invocation) -> tuple[int, str]:
    """The exit code of an error, and its line for stderr (perhaps none)."""
    if isinstance(error, UserCliError):
        text = sentence(error, invocation)
        if isinstance(error, FileNotCreated) and invocation.target.source == "default":
            text += "; set DATABASE_URL or HOME, or use --database-url"
        if isinstance(error, DatabaseUnavailable):
            text = invocation.named(text)
        return error.exit_code, "" if error.exit_code is ExitCode.NO else f"error: {invocation.addressed(text)}"
    if isinstance(error, Declined):
        return INTERRUPTED, "nothing was changed"
    if isinstance(error, Ended):
        ended = "hung up" if error.number == signal.SIGHUP else "terminated"
        return 128 + error.number, f"{ended}{_outcome(invocation)}"
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return INTERRUPTED, f"interrupted{_outcome(invocation)}"
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, SystemExit):
        return int(error.code or 0), ""
    if _is_validation_error(error):
        return ExitCode.USAGE, f"error: {_sentences(error)}"
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return ExitCode.USAGE, "error: what was given is not valid UTF-8"
    if isinstance(error, OSError):
        return ExitCode.FAILURE, f"error: {(error.strerror or type(error).__name__).lower()}"
    return ExitCode.FAILURE, f"error: unexpected {type(error).__name__}; run again with --debug to see where"


def _outcome(invocation: Invocation) -> str:
    """What became of the change that was under way, and of those before it; nothing unless more is said."""
    change, count = invocation.change, invocation.committed
    if change is None or not (change.is_committing or change.has_committed):
        return "; nothing was changed" if invocation.command == "batch" else ""
    look = f"usercli audit log --change {change.change_id}"
    some = counted(count or 0, "command")
    if change.is_committing:
        before = f"; what {some} committed before stands" if count else ""
        return invocation.with_reach(f" while committing: the outcome is unknown; to look, run: {look}{before}")
    if count is None:
        return invocation.with_reach(f"; what was committed stands; to see it, run: {look}")
    look = look if count == 1 else f"usercli changes --limit {count}"
    return invocation.with_reach(f"; what {some} committed stands; to see it, run: {look}")


def _usage(error: Any) -> tuple[int, str]:
    text = error.format_message().strip()
    if text.startswith("Usage: "):  # no sub-command: the message is the help
        for line in text.splitlines():
            print_error(line)
        return error.exit_code, ""
    text = text.replace("Input should be", "it should be").removesuffix(", unable to parse string as an integer")
    text = text[:1].lower() + re.sub(r"(?<!\.)\.$", "", text[1:])
    path = error.ctx.command_path if getattr(error, "ctx", None) else "usercli"
    return error.exit_code, f"error: {text}; see: {path} --help"


def _is_validation_error(error: BaseException) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(error, pydantic.ValidationError)


def _sentences(error: Any) -> str:
    """A sentence per field, without the input: it may be a secret."""
    found = []
    for item in error.errors(include_input=False, include_url=False):
        raised = item.get("ctx", {}).get("error")
        text = sentence(raised) if isinstance(raised, UserCliError) else item["msg"].removeprefix("Value error, ")
        if item["type"] != "value_error":
            text = f"{'.'.join(str(part) for part in item['loc']) or 'input'}: {text[:1].lower()}{text[1:]}"
        found.append(text)
    return "; ".join(found)
