"""What is said, or done, when a word is no command or an option does not exist; read only then.

The words of other programs come first (synonyms.py), then what is very near by its letters. A suggestion is typed
without reading: one that changes something must be the one that was meant, or none.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from usercli.cli.context import COMMON
from usercli.cli.output.writer import FORMATS
from usercli.cli.synonyms import (
    ARGUMENTS,
    COMMANDS,
    EXTRA,
    FILTERS,
    NO_ARGUMENTS,
    OF_USERS,
    OPTIONS,
    OTHER_COMMANDS,
    READING,
    VERBS,
)
from usercli.text import visible

_READING = frozenset(READING.split())
#: As other programs have them.
_HELP = frozenset({"help", "/?", "-?", "-help"})
#: `usercli user list` is `usercli list`.
_USERS = frozenset({"user", "users"})
_PLACEHOLDER = re.compile(r"[A-Z]+(\.\.\.)?$")
_ADDRESS = re.compile(
    r"(email:)?[^\s@:/'\"]+@[\w-]+(\.[\w-]+)+|(id:)?[\da-fA-F]{8}(-[\da-fA-F]{4}){3}-[\da-fA-F]{12}"
)
#: The id of a change, or the beginning of one.
_CHANGE = re.compile(r"[\da-fA-F]{8}[\da-fA-F-]{0,28}")
_WORD = re.compile(r"[\w.,:/~+-]{1,60}")
#: Letters by which a word may differ from a command that is suggested, and from one that forbids it.
_NEAR = 2
#: Of a command that changes something so many must have been typed: `app` is none of `apply`.
_TYPED = 4
#: Options that lift a guard, or destroy: a likeness of less than this many letters is chance.
_LIFTING = frozenset({"--allow-no-admin", "--purge", "--target"})
_TYPED_OF_LIFTING = len("--allow")


# -- commands


def resolve(group: Any, context: Any, arguments: Sequence[str]) -> tuple[str, Any, list[str]]:
    """The command that an unknown word stands for, and its arguments; else an error that says what to type."""
    word, rest = arguments[0], list(arguments[1:])
    root = context.find_root()
    if word in _HELP:
        return word, root.command.lazy["help"].load(), [*_path(context), *rest]
    if group is root.command:
        if word == "version":
            return word, group, ["--version"]
        if word in _USERS and rest:
            # options may follow: they are read by the same group once more
            return (word, group, rest) if rest[0].startswith("-") else group.resolve_command(context, rest)
    found = suggested_commands(group, context, word, rest)
    hint = f"; did you mean: {', or '.join(found)}" if found else ""
    context.fail(f"No such command {visible(word)!r}{hint}")
    raise AssertionError


def _path(context: Any) -> list[str]:
    """The group that a context is in, as it is typed after `usercli`."""
    return [word for word in context.command_path.split()[1:] if word not in _USERS]


def suggested_commands(group: Any, context: Any, word: str, rest: Sequence[str] = ()) -> list[str]:
    """The command lines, or the names of commands, that an unknown word may mean."""
    path = " ".join(_path(context))
    if targets := [key for key, words in COMMANDS.get(path, {}).items() if word in words.split()]:
        return _command_lines(context, targets, rest)
    if word in _USERS and not path:
        return _command_lines(context, ["list"], ())
    if is_user(word) and path in OF_USERS:
        return _command_lines(context, [OF_USERS[path]], [word, *rest])
    names = [name for name, command in group.commands.items() if not command.hidden]
    return [repr(name) for name in near_commands(word, names)]


def near_commands(word: str, names: Sequence[str]) -> list[str]:
    """The commands that are very near.

    One that changes something only if no other is within two letters, and the first letter is its own: `watch` is
    no slip for `batch`.
    """
    begun = {name for name in names if len(word) > 2 and name.startswith(word)}
    distances = {name: _distance(word, name) for name in names if abs(len(word) - len(name)) <= _NEAR}
    around = {name for name, distance in distances.items() if distance <= _NEAR}
    close = {name for name in around if distances[name] <= (_NEAR if len(name) > 7 and name in _READING else 1)}
    nearest = min((distances[name] for name in close), default=0)
    best = begun or {name for name in close if distances[name] == nearest}
    if len(word) < _TYPED or (best and min(best)[0] != word[0]):
        return sorted(best & _READING)
    return sorted(name for name in best if name in _READING or best | around == {name})


def _distance(one: str, other: str) -> int:
    """How many letters are inserted, left out, replaced or exchanged with a neighbour (Damerau and Levenshtein)."""
    far = len(one) + len(other)
    rows: list[list[int]] = [[far] * (len(other) + 2), [far, *range(len(other) + 1)]]
    seen: dict[str, int] = {}  # the last row of each letter
    for i, letter in enumerate(one, 1):
        row = [far, i]
        column = 0
        for j, wanted in enumerate(other, 1):
            exchanged = rows[seen.get(wanted, 0)][column] + (i - seen.get(wanted, 0)) + (j - column) - 1
            row.append(min(rows[i][j] + (letter != wanted), row[j] + 1, rows[i][j + 1] + 1, exchanged))
            if letter == wanted:
                column = j
        rows.append(row)
        seen[letter] = i
    return rows[-1][-1]


def _command_lines(context: Any, targets: Iterable[str], rest: Sequence[str]) -> list[str]:
    """The targets as they are to be typed; where the arguments that were given fit one of them, that one alone.

    They fit best where nothing is left to be filled in.
    """
    start = " ".join(["usercli", *_options_before(context)])
    names = list(targets)
    filled = [found for name in names if (found := _filled(context, name, rest)) is not None]
    whole = [text for text, is_whole in filled if is_whole]
    return [f"{start} {text}" for text in whole or [text for text, _ in filled] or names]


def _options_before(context: Any) -> Iterator[str]:
    """The options of all commands that stand before the command, so that it reaches the same database."""
    if context.parent is not None:
        yield from _options_before(context.parent)
    for option in context.command.params:
        value = context.params.get(option.name)
        if getattr(option, "rich_help_panel", None) != COMMON or value is None:
            continue
        yield option.opts[0]
        if not option.is_flag:
            hidden = option.name == "database_url" or visible(str(value)) != str(value)  # it may hold a secret
            yield option.metavar if hidden else shlex.quote(str(value))


def _filled(context: Any, target: str, rest: Sequence[str]) -> tuple[str, bool] | None:
    """The target with what was given in its places, shell-quoted; None where it does not fit or may be a secret.

    A place for which nothing was given stays; the second is whether there is none.
    """
    if list(rest) == ["--help"]:
        return f"{' '.join(word for word in target.split() if not _PLACEHOLDER.match(word))} --help", True
    sorted_out = options_and_words(command_at(context.find_root().command, target), rest)
    if sorted_out is None:
        return None
    options, left = sorted_out
    line: list[str] = []
    is_whole = True
    for part in target.split():
        if not _PLACEHOLDER.match(part):
            line.append(part)
            continue
        fitting = [word for word in left if _fits(part, word)] or [word for word in left if part == "TEXT"]
        taken = fitting if part.endswith("...") else fitting[:1]
        if not all(is_user(word) or _WORD.fullmatch(word) for word in taken):
            return None
        line += [shlex.quote(word) for word in taken] or [part]
        is_whole = is_whole and bool(taken)
        for word in taken:
            left.remove(word)
    return None if left else (" ".join([*line, *options]), is_whole)


def _fits(place: str, word: str) -> bool:
    """Whether a word may stand in the place of USER, CHANGE or another."""
    if place == "CHANGE":
        return _CHANGE.fullmatch(word) is not None
    return is_user(word) is place.startswith(("USER", "EMAIL"))


def options_and_words(command: Any, rest: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The options of a command that were given, shell-quoted, and the other words; None if one is not known."""
    known = {name: item for item in command.params for name in (*item.opts, *item.secondary_opts)}
    options: list[str] = []
    words: list[str] = []
    left = list(rest)
    while left:
        word = left.pop(0)
        name, equals, _ = word.partition("=")
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        option = known.get(name)
        if option is None or option.name == "database_url" or (option.is_flag and equals):
            return None
        given = [word] if option.is_flag or equals else [word, *left[: option.nargs]]
        if visible("".join(given)) != "".join(given) or "://" in "".join(given):  # a URL may hold a password
            return None
        options += [shlex.quote(item) for item in given]
        del left[: len(given) - 1]
    return options, words


def command_at(command: Any, target: str) -> Any:
    """The command below the top one that these words name."""
    for word in target.split():
        if word in getattr(command, "commands", {}):
            lazy = getattr(command, "lazy", {})
            command = lazy[word].load() if word in lazy else command.commands[word]
    return command


def is_user(word: str) -> bool:
    return _ADDRESS.fullmatch(word) is not None and visible(word) == word


# -- options


def translated(context: Any, arguments: Sequence[str], index: int) -> list[str] | None:
    """The arguments with `--json` or `--format json` at a place written as `--output json`; None if it is neither.

    Where a file is read, --format may mean the file's.
    """
    known = _option_names(context.command)
    name, equals, value = arguments[index].partition("=")
    rest = list(arguments[index + 1 :])
    if arguments[index] in _HELP:
        return [*arguments[:index], "--help", *rest]
    if "--output" not in known:
        return None
    if name.removeprefix("--") in FORMATS and not equals:
        return [*arguments[:index], "--output", name.removeprefix("--"), *rest]
    if name == "--format" and "--from" not in known and (equals or rest):
        return [*arguments[:index], "--output", *([value] if equals else []), *rest]
    return None


def explain_extra(context: Any, arguments: Sequence[str]) -> str:
    """What to say of more arguments than a command takes; they may be secrets, unless they are addresses."""
    path = " ".join(_path(context))
    sorted_out = options_and_words(context.command, arguments)
    words = sorted_out[1] if sorted_out is not None else []
    if path in NO_ARGUMENTS:
        verbs = [word for word in words[:1] if word in VERBS.split()]
        if verbs == words != []:
            return f"too many arguments; did you mean: {_command_lines(context.parent or context, [path], ())[0]}"
        del words[: len(verbs)]
        words = words if all(is_user(word) or _CHANGE.fullmatch(word) for word in words) else []
        found = _command_lines(context.parent or context, NO_ARGUMENTS[path].split("|"), words)
        return f"too many arguments; did you mean: {', or '.join(found)}"
    return f"too many arguments{EXTRA.get(path, '')}"


def explain_option(context: Any, name: str, arguments: Sequence[str] = ()) -> str:
    """What to say of an option that does not exist; `arguments` are all that were given."""
    found = suggested_options(context, name)
    elsewhere = OTHER_COMMANDS.get(" ".join(_path(context)), {})
    if not found and (targets := [key for key, words in elsewhere.items() if name.lstrip("-") in words.split()]):
        users = [word for word in arguments if is_user(word)]
        found = _command_lines(context.parent or context, targets, users)
    found = found or _piped(context, name, arguments)
    return f"No such option: {visible(name)}" + (f"; did you mean: {', '.join(found)}" if found else "")


def _piped(context: Any, name: str, arguments: Sequence[str]) -> list[str]:
    """For a command that takes users but no filter: the list of those who fit, as its input."""
    option = name.removeprefix("--")
    takes_users = any(item.metavar == "USER..." for item in context.command.params)
    if not takes_users or (option not in FILTERS and option != "match"):
        return []
    path = " ".join(_path(context))
    found = options_and_words(command_at(context.find_root().command, "list"), arguments)
    only = found is not None and not found[1] and sum(word.startswith("--") for word in found[0]) == 1
    given = " ".join(found[0]) if found is not None and only else f"--match {FILTERS.get(option, 'KEY=VALUE')}"
    start = " ".join(["usercli", *_options_before(context.parent or context)])
    binned = ["--deleted"] if path == "restore" and "deleted" not in given else []
    return [" ".join([start, "list", *binned, given, "-q", "|", start, path, "-"])]


def suggested_options(context: Any, name: str) -> list[str]:
    """What an unknown option may mean: options of the command, an argument, or a filter of --match."""
    command, word = context.command, name.lstrip("-")
    known = _option_names(command)
    arguments = [item.metavar for item in command.params if item.param_type_name == "argument"]
    found = [
        f"{context.command_path} {argument}"
        for argument in arguments
        if word in ARGUMENTS.get(argument.strip("[]"), "").split()
    ]
    found += [key for key, words in OPTIONS.items() if key.split()[0] in known and word in words.split()]
    if not found and word in FILTERS and "--match" in known:
        found = [f"--match {FILTERS[word]}"]
    return found or near_options(name, known)


def near_options(name: str, known: Iterable[str]) -> list[str]:
    """The options that begin so, else those that are nearest and very near."""
    if not name.startswith("--"):
        return []
    names = sorted(item for item in known if item.startswith("--"))
    if len(name) <= _TYPED_OF_LIFTING:
        names = [item for item in names if item not in _LIFTING]
    if len(name) > len("--no") and (begun := [item for item in names if item.startswith(name)]):
        return begun[:3]
    close = {item: distance for item in names if (distance := _distance(name, item)) <= (1 if len(item) < 8 else 2)}
    return [item for item, distance in close.items() if distance == min(close.values())][:3]


def _option_names(command: Any) -> set[str]:
    return {
        name
        for item in command.params
        if item.param_type_name == "option"
        for name in (*item.opts, *item.secondary_opts)
    }
