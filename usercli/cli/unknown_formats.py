"""What is said when the value of -o is no format; read only then."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from usercli.cli.app import root_command
from usercli.cli.commands.export_users import FORMAT_OF_SUFFIX
from usercli.cli.hints import REACH, without_options
from usercli.cli.output.writer import FORMATS
from usercli.cli.synonyms import FILES
from usercli.cli.unknown_words import command_at, is_user, options_and_words
from usercli.text import suggestion, visible

#: What is meant as the name of a file, and the endings of a page.
_FILE = re.compile(r".*[./\\].*\w", re.DOTALL)
_PAGES = frozenset({"html", "htm"})
_OUTPUT = frozenset({"--output", "-o"})


def explain_format(given: str, command: str, arguments: Sequence[str]) -> str:
    """What to say of a value of -o that is no format: where it is the name of a file, the command that writes it.

    `command` are the words that name the command that was run, `arguments` all that was typed.
    """
    known = f"(known: {', '.join(FORMATS)})"
    if given.rpartition(".")[2].lower() == "xlsx" and command != "export":
        return f"no such output format: {given}; only usercli export writes a workbook {known}"
    if not _FILE.fullmatch(given):
        return f"no such output format: {given}{suggestion(given, FORMATS)} {known}"
    line = _line_writing(given, command, without_options(arguments, {*_OUTPUT, *REACH}))
    meant = f"; did you mean: {line}" if line else f" {known}"
    return f"no such output format: {given}; -o takes a format, not a file{meant}"


def _line_writing(file: str, command: str, arguments: Sequence[str]) -> str | None:
    """The command line that writes a file; None where what else was typed cannot be repeated."""
    path = command.split()
    found = options_and_words(command_at(root_command(), command), arguments[len(path) :])
    if list(arguments[: len(path)]) != path or found is None:
        return None
    options, words = found
    if not all(map(is_user, words)) or visible(file) != file or "://" in file:  # it may be a secret
        return None
    line = ["usercli", *path, *map(shlex.quote, words)]
    suffix = file.rpartition(".")[2].lower()
    option = FILES.get(command)
    if option == "":
        return None if words else " ".join([*line, shlex.quote(file), *options])
    if option and suffix in _PAGES:
        return " ".join([*line, *options, option, shlex.quote(file)])
    form = FORMAT_OF_SUFFIX.get(suffix)
    return " ".join([*line, *options, *(["-o", form] if form else []), ">", shlex.quote(file)])
