"""What --help says: the list of all commands, which fits a terminal of 80 x 24, and the help of each."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from usercli.cli.context import COMMON

_NARROWEST, _WIDEST = 50, 80
#: The widest name of an option beside which its text may stand.
_NAMES = 30
_GAP = 2

Rows = Sequence[tuple[str, str]]


def help_of(command: Any, context: Any) -> str:
    """The help of a command or group; of all commands for the one whose commands have sections."""
    usage = _usage(command, context)
    if getattr(command, "lazy", None):
        more = "More: usercli help COMMAND; the options of all commands: usercli help options"
        return "\n".join([*usage, "", *_overview(command), "", *_wrapped(more)])
    arguments, options, common = parameters(command)
    commands = [
        (name, child.get_short_help_str(100))
        for name, child in getattr(command, "commands", {}).items()
        if not child.hidden
    ]
    own = [*options, ("-h, --help", "Show this message and exit.")]
    lines = [*usage, "", *_description(command)]
    for title, rows in (("Arguments", arguments), ("Commands", commands), ("Options", own)):
        if rows:
            lines += ["", f"{title}:", *_table(rows)]
    if common:
        lines += ["", f"{COMMON}: usercli help options"]
    return "\n".join(lines)


def options_of_all_commands(root: Any) -> str:
    """The options that every command takes."""
    _, _, common = parameters(root)
    place = "They may stand before or after the command; the inner one wins."
    return "\n".join([f"{COMMON}:", "", *_wrapped(place, "  "), "", *_table(common)])


def parameters(command: Any) -> tuple[Rows, Rows, Rows]:
    """The arguments, the options of its own and those of all commands, each with its text."""
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    common: list[tuple[str, str]] = []
    for item in command.params:
        if item.hidden:
            continue
        if item.param_type_name == "argument":
            arguments.append((_argument_name(item), item.help or ""))
        else:
            rows = common if item.rich_help_panel == COMMON else options
            rows.append((_option_names(item), _option_text(item)))
    return arguments, options, common


def _argument_name(item: Any) -> str:
    name: str = item.metavar
    return name if item.required or name.startswith("[") else f"[{name}]"


def _option_names(item: Any) -> str:
    names = ", ".join(sorted(item.opts, key=len))
    if item.secondary_opts:
        return f"{names} / {', '.join(item.secondary_opts)}"
    return names if item.is_flag else f"{names} {item.metavar or item.name.upper()}"


def _option_text(item: Any) -> str:
    notes = ["required"] if item.required else []
    if item.show_default and item.default is not None and not item.is_flag:
        notes.append(f"default: {item.default}")
    if item.min:
        notes.append(f"at least {item.min}" if item.max is None else f"{item.min} to {item.max}")
    return f"{item.help} ({'; '.join(notes)})" if notes else item.help or ""


# -- layout


def _width() -> int:
    return max(min(shutil.get_terminal_size().columns, _WIDEST) - 2, _NARROWEST)


def _wrapped(text: str, indent: str = "", later: str | None = None) -> list[str]:
    """Lines that break between words alone: a name such as --secret-out stays whole."""
    return textwrap.wrap(
        text,
        _width(),
        initial_indent=indent,
        subsequent_indent=indent if later is None else later,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _usage(command: Any, context: Any) -> list[str]:
    words = ["[OPTIONS]", *(name for name, _ in parameters(command)[0])]
    if hasattr(command, "commands"):
        words.append(command.subcommand_metavar)
    return _wrapped(f"Usage: {context.command_path} {' '.join(words)}", later=" " * 7)


def _description(command: Any) -> Iterator[str]:
    """The paragraphs of the help text; one that begins with a backspace keeps its lines."""
    for number, paragraph in enumerate(inspect.cleandoc(command.help or "").split("\n\n")):
        if number:
            yield ""
        if paragraph.startswith("\b"):
            yield from (f"  {line}" for line in paragraph.splitlines()[1:])
        else:
            yield from _wrapped(" ".join(paragraph.split()), "  ")


def _table(rows: Rows) -> Iterator[str]:
    column = min(max(len(name) for name, _ in rows), _NAMES) + _GAP
    for name, text in rows:
        lines = _wrapped(text, " " * (2 + column))
        if lines and len(name) + _GAP <= column:
            lines[0] = f"  {name:{column}}{lines[0].strip()}"
        else:
            lines.insert(0, f"  {name}")
        yield from lines


def _overview(group: Any) -> Iterator[str]:
    """All commands by section, in two columns where there is room, the sections kept whole."""
    sections: dict[str, list[str]] = {}
    for item in group.lazy.values():
        if not item.hidden:
            sections.setdefault(item.section, []).append(f"  {item.name:{_longest(group)}}  {item.help}")
    blocks = [[f"{title}:", *lines] for title, lines in sections.items()]
    if _width() < _WIDEST - 2:
        yield from (line for block in blocks for line in block)
        return
    left, right = _balanced(blocks)
    for one, other in zip_longest(left, right, fillvalue=""):
        yield re.sub(" +$", "", f"{one:{_WIDEST // 2}}{other}")


def _longest(group: Any) -> int:
    return max(len(item.name) for item in group.lazy.values() if not item.hidden)


def _balanced(blocks: Sequence[list[str]]) -> tuple[list[str], list[str]]:
    """The blocks in two columns of nearly the same height, each in order."""

    def height(chosen: Iterable[list[str]]) -> int:
        return sum(len(block) for block in chosen)

    def columns(number: int) -> tuple[list[list[str]], list[list[str]]]:
        left = [block for place, block in enumerate(blocks) if number >> place & 1]
        return left, [block for place, block in enumerate(blocks) if not number >> place & 1]

    best = min(
        (columns(number) for number in range(1, 2 ** len(blocks), 2)), key=lambda pair: max(map(height, pair))
    )
    left, right = ([line for block in side for line in block] for side in best)
    return left, right
