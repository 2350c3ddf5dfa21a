"""Complete a command line for the shells (completion.py).

Only values that no shell and no terminal would interpret are suggested: they are inserted without quotes.

Where the values of an option come from is looked up by its name or metavar, not passed to each option: a metavar
means the same in every command, and loading a command must not load what only completion needs.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from usercli.cli.context import Invocation
from usercli.cli.output.writer import FORMATS

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork

#: Stands for file names, which the shell completes itself.
FILES = ":files"

MAX_SUGGESTIONS = 50
_TIMEOUT_SECONDS = 0.3

#: Characters besides letters and digits that a suggestion may contain.
_SAFE = frozenset("._+-@=,:/%")


@dataclass
class Line:
    """A command line as typed so far, and the option or argument that its last word belongs to."""

    command: Any
    word: str
    path: tuple[str, ...] = ()
    arguments: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    #: What the word is a value of; None where a command or the name of an option is expected.
    parameter: Any = None
    #: What precedes the value in the same word: `--output=`.
    prefix: str = ""
    #: An option that takes the next word as its value.
    pending: Any = None
    #: After `--` no word is an option.
    options_ended: bool = False

    def is_option(self, word: str) -> bool:
        return word.startswith("-") and word != "-" and not self.options_ended


def suggest(words: Sequence[str]) -> list[str]:
    """At most MAX_SUGGESTIONS completions of the last word; `words` are all words after `usercli`."""
    line = _read(words)
    found = _options(line) if line.parameter is None and line.word.startswith("-") else _values(line)
    safe = (value for value in found if value == FILES or _is_safe(value))
    matching = [value for value in safe if value == FILES or value.startswith(line.word)]
    return [value if value == FILES else line.prefix + value for value in matching[:MAX_SUGGESTIONS]]


def _is_safe(value: str) -> bool:
    return value.isprintable() and all(letter.isalnum() or letter in _SAFE for letter in value)


# -- reading the line


def _read(words: Sequence[str]) -> Line:
    from usercli.cli.app import app

    *earlier, word = words
    line = Line(typer.main.get_command(app), word)
    for item in earlier:
        if not _take(line, item):
            line.parameter = _NO_PARAMETER
            return line
    if line.pending is not None:
        line.parameter = line.pending
    elif word.startswith("--") and "=" in word and not line.options_ended:
        name, _, line.word = word.partition("=")
        line.prefix, line.parameter = f"{name}=", _option(line.command, name) or _NO_PARAMETER
    elif not _children(line.command) and not line.is_option(word):
        line.parameter = _argument(line.command, len(line.arguments))
    return line


def _take(line: Line, word: str) -> bool:
    """Add a complete word to the line; False if it should name a command and does not."""
    if line.pending is not None:
        line.options[line.pending.name], line.pending = word, None
    elif word == "--" and not line.options_ended:
        line.options_ended = True
    elif line.is_option(word):
        _take_option(line, word)
    elif not (children := _children(line.command)):
        line.arguments.append(word)
    elif word in children:
        line.command, line.path = _child(line.command, word), (*line.path, word)
    else:
        return False
    return True


def _take_option(line: Line, word: str) -> None:
    name, equals, value = word.partition("=")
    option = _option(line.command, name)
    if option is None or option.is_flag:
        return
    if equals:
        line.options[option.name] = value
    else:
        line.pending = option


def _option(command: Any, name: str) -> Any:
    options = (item for item in command.params if item.param_type_name == "option")
    return next((item for item in options if name in (*item.opts, *item.secondary_opts)), None)


class _NoParameter:
    """In place of a missing argument; has no values."""

    name = metavar = ""
    opts = ()


_NO_PARAMETER = _NoParameter()


def _argument(command: Any, position: int) -> Any:
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    for item in arguments[: position + 1]:
        if item.nargs == -1:
            return item
    return arguments[position] if position < len(arguments) else _NO_PARAMETER


def _children(group: Any) -> list[str]:
    """The names of a group's commands; empty for a command."""
    return [name for name, command in getattr(group, "commands", {}).items() if not command.hidden]


def _child(group: Any, name: str) -> Any:
    lazy = getattr(group, "lazy", {})
    return lazy[name].load() if name in lazy else group.commands[name]


# -- values


def _options(line: Line) -> Iterator[str]:
    for item in line.command.params:
        if item.param_type_name == "option" and not item.hidden:
            yield from (name for name in (*item.opts, *item.secondary_opts) if name.startswith("--"))
    yield "--help"


def _values(line: Line) -> Iterable[str]:
    if line.parameter is None:
        return _children(line.command)
    for kind in (*line.parameter.opts, line.parameter.metavar):
        if kind in _SOURCES:
            return _SOURCES[kind](line)
    return ()


def _import_formats(line: Line) -> Iterable[str]:
    from usercli.readers import OURS, SYSTEMS

    return (*OURS, *SYSTEMS) if line.path == ("import",) else ()


def _findings(_: Line) -> Iterable[str]:
    from typing import get_args

    from usercli.schemas.passwords import Finding

    return (*get_args(Finding), "weak")


def _sortable(_: Line) -> Iterable[str]:
    from usercli.schemas.user_fields import SORTABLE

    return (*SORTABLE, *(f"-{name}" for name in SORTABLE))


def _groupings(line: Line) -> Iterable[str]:
    from usercli.schemas.statistics import FIELDS

    return FIELDS if line.path == ("stats",) else ()


def _fields(line: Line) -> Iterator[str]:
    """The list `a,b,` that is being typed, extended by each of the other fields."""
    from usercli.cli import contract

    chosen, comma, _ = line.word.rpartition(",")
    for name in contract.fields(" ".join(line.path)):
        if name not in [*chosen.split(","), "extra"]:  # which is there with the setting user_columns
            yield f"{chosen}{comma}{name}"


def _filters(line: Line) -> Iterator[str]:
    from usercli.cli.user_filters import KEYS, is_boolean_filter

    key, equals, _ = line.word.partition("=")
    if not equals:
        yield from (f"{name}=" for name in KEYS)
    elif key == "role":
        yield from (f"role={name}" for name in _roles(line))
    elif is_boolean_filter(key):
        yield from (f"{key}=true", f"{key}=false")


def _help_words(line: Line) -> Iterable[str]:
    """The commands below those typed before; the topic beside the commands at the top."""
    from usercli.cli.app import root_command
    from usercli.cli.commands.help import OPTIONS

    found = root_command()
    for word in line.arguments:
        if word not in _children(found):
            return ()
        found = _child(found, word)
    return _children(found) if line.arguments else (*_children(found), OPTIONS)


def _schema_names(line: Line) -> Iterable[str]:
    """The next word of each name that starts with the words typed before."""
    from usercli.cli import contract

    earlier = line.arguments
    names = [item.name.split() for item in contract.names()]
    return dict.fromkeys(name[len(earlier)] for name in names if name[: len(earlier)] == earlier != name)


def _profiles(line: Line) -> Iterable[str]:
    return _invocation(line).settings.profiles


def _roles(line: Line) -> Iterable[str]:
    from usercli.services.roles import role_names

    return _query(line, role_names)


def _users(line: Line) -> Iterable[str]:
    from usercli.services.users import suggest_emails

    kind, start = ("email:", line.word[6:]) if line.word.startswith("email:") else ("", line.word)
    binned = line.path == ("restore",)
    found = _query(line, lambda uow: suggest_emails(start, uow, MAX_SUGGESTIONS, deleted=binned))
    return (kind + email for email in found)


def _files(_: Line) -> Iterable[str]:
    return (FILES,)


def _fixed(*values: str) -> Callable[[Line], Iterable[str]]:
    return lambda _: values


#: The values of an option or argument, by the name of the option, else by the metavar.
_SOURCES: Mapping[str, Callable[[Line], Iterable[str]]] = {
    "--output": _fixed(*FORMATS),
    "--profile": _profiles,
    "--match": _filters,
    "--from": _import_formats,
    "--on-conflict": _fixed("fail", "skip", "update"),
    "--scheme": _fixed("bcrypt", "bcrypt_sha256"),
    "--confirm": lambda line: _users(line) if line.parameter.metavar == "EMAIL" else (),
    "--grants": _fixed(),
    "A,B": _fields,
    "COMMAND...": _help_words,
    "--by": _groupings,
    "FIELD": _sortable,
    "FINDING": _findings,
    "PROFILE": _profiles,
    "ROLE": _roles,
    "SHELL": _fixed("bash", "zsh", "fish"),
    "USER": _users,
    "USER...": _users,
    "[NAME]": _schema_names,
    "FILE": _files,
    "[FILE]": _files,
    "PLAN": _files,
}


# -- values from the configuration and the database


class _QuietInvocation(Invocation):
    """An invocation that prints nothing."""

    def info(self, text: str) -> None:
        pass


def _invocation(line: Line) -> Invocation:
    invocation = _QuietInvocation()
    for name in ("profile", "database_url"):
        setattr(invocation.options, name, line.options.get(name))
    return invocation


def _query(line: Line, question: Callable[[UnitOfWork], list[str]]) -> list[str]:
    uow = _invocation(line).reading()
    with _exit_after(_TIMEOUT_SECONDS):
        found = question(uow)
    return [value for value in found if not value.startswith("-")]  # it would be parsed as an option


@contextmanager
def _exit_after(seconds: float) -> Iterator[None]:
    """Exit silently if the block takes longer, even inside a driver that blocks signals."""
    with open(os.devnull, "w") as sink:
        faulthandler.dump_traceback_later(seconds, exit=True, file=sink)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
