"""Write docs/reference.md and the man pages anew from the commands themselves: scripts/reference

scripts/reference            write them
scripts/reference --check    write nothing; exit with 1 if one of them is not as it would be written
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from usercli.cli.app import app
from usercli.cli.context import COMMON
from usercli.errors import MEANINGS

ROOT = Path(__file__).resolve().parent.parent
MARKDOWN = ROOT / "docs" / "reference.md"
MAN = ROOT / "man"

#: Of the form of the man pages; mandoc wants one, and what they say has its date in the changelog.
_DATE = "2026-11-21"
_LINE = 79

INTRODUCTION = """\
# Reference

Every command with its arguments and options, as `--help` shows them. This page and the man pages are made of the
commands by `scripts/reference`; what scripts may rely on besides is in [For scripts](scripting.md), and the form of
every output in `usercli schema`.
"""

Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """A command as its help describes it; a group has entries of its own."""

    path: str
    usage: str
    paragraphs: Sequence[str]
    examples: Sequence[str]
    arguments: Rows
    options: Rows
    common: Rows
    children: Sequence[Entry] = ()
    section: str = ""

    @property
    def summary(self) -> str:
        """The first sentence."""
        return re.split(r"(?<=[.;:]) ", self.paragraphs[0])[0].rstrip(".;:")


def entry_of(command: Any, path: str, section: str = "") -> Entry:
    """What the help of a command says, without its layout."""
    context = typer.Context(command, info_name=path, **command.context_settings)
    arguments, options, common = _parameters(command, context)
    paragraphs, examples = _text(inspect.cleandoc(command.help or ""))
    usage = " ".join([path, "[OPTIONS]", *(name for name, _ in arguments)])
    if hasattr(command, "commands"):
        usage += " COMMAND [ARGS]..."
    return Entry(path, usage, paragraphs, examples, arguments, options, common, _children(command, path), section)


def _children(group: Any, path: str) -> list[Entry]:
    lazy = getattr(group, "lazy", {})
    return [
        entry_of(
            lazy[name].load() if name in lazy else child,
            f"{path} {name}",
            lazy[name].section if name in lazy else "",
        )
        for name, child in getattr(group, "commands", {}).items()
        if not child.hidden
    ]


def _parameters(command: Any, context: Any) -> tuple[list[Any], list[Any], list[Any]]:
    arguments, options, common = [], [], []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        name, said = record
        row = name, " ".join(said.split())
        if parameter.param_type_name == "argument":
            arguments.append((_as_typed(parameter), parameter.help))
        elif parameter.rich_help_panel == COMMON:
            common.append(row)
        else:
            options.append(row)
    return arguments, options, common


def _as_typed(argument: Any) -> str:
    name: str = argument.metavar
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _text(help_text: str) -> tuple[list[str], list[str]]:
    """The paragraphs of a help text, and the command lines of its examples."""
    paragraphs, examples = [], []
    for block in help_text.split("\n\n"):
        if block.startswith("\b"):
            examples += [line.strip() for line in block.splitlines()[2:]]
        else:
            paragraphs.append(" ".join(block.split()))
    return paragraphs, examples


# -- Markdown


def markdown(root: Entry) -> str:
    """The whole reference as one page."""
    parts = [INTRODUCTION, "## Options of all commands\n\nBefore or after the sub-command; the inner one wins.\n"]
    parts += [_table("option", root.common), "## Exit codes\n"]
    parts.append(_table("code", [(str(int(code)), meaning) for code, meaning in MEANINGS.items()]))
    for section in dict.fromkeys(child.section for child in root.children):
        parts.append(f"## {section}\n")
        for child in root.children:
            if child.section == section:
                parts += _entries(child)
    return "\n".join(parts)


def _entries(entry: Entry) -> Iterator[str]:
    if entry.children:
        for child in entry.children:
            yield from _entries(child)
        return
    yield f"### {entry.path}\n"
    yield "\n\n".join(_in_markdown(paragraph) for paragraph in entry.paragraphs) + "\n"
    yield f"```sh\n{entry.usage}\n```\n"
    for kind, rows in (("argument", entry.arguments), ("option", entry.options)):
        if rows:
            yield _table(kind, rows)
    yield "Examples:\n\n```sh\n" + "\n".join(entry.examples) + "\n```\n"


def _table(kind: str, rows: Rows) -> str:
    lines = [f"| {kind} | |", "|---|---|"]
    lines += [f"| `{name.replace('|', chr(92) + '|')}` | {_in_markdown(said)} |" for name, said in rows]
    return "\n".join(lines) + "\n"


def _in_markdown(text: str) -> str:
    return re.sub(r"([\\|<>*_\[\]`])", r"\\\1", text)


# -- man pages (the macros of man(7), as GNU troff and mandoc know them)


def man_pages(root: Entry) -> Iterator[tuple[str, str]]:
    """The name and the text of every page: one of the whole, and one for each command at the top."""
    yield "usercli.1", _page(root, _overview(root))
    for child in root.children:
        name = child.path.replace(" ", "-")
        yield f"{name}.1", _page(child, _of_group(child) if child.children else _of_command(child, "SH"))


def _page(entry: Entry, body: Iterator[str]) -> str:
    name = entry.path.replace(" ", "-")
    head = [
        '.\\" made by scripts/reference; do not edit',
        f'.TH {_roff(name.upper())} 1 {_DATE} usercli "User Commands"',
        ".SH NAME",
        f"{_roff(name)} \\-",
        *_wrapped(entry.summary[:1].lower() + entry.summary[1:]),
    ]
    foot = [] if entry.path == "usercli" else [".SH SEE ALSO", ".BR usercli (1)"]
    return "\n".join([*head, *body, *foot]) + "\n"


def _overview(root: Entry) -> Iterator[str]:
    yield from (".SH SYNOPSIS", _roff(root.usage), ".SH DESCRIPTION", *_prose(root.paragraphs))
    for section in dict.fromkeys(child.section for child in root.children):
        yield f".SS {_quoted(section)}"
        for child in root.children:
            if child.section == section:
                page = child.path.replace(" ", "-")
                yield from (".TP", f".BR {_roff(page)} (1)", *_wrapped(child.summary))
    yield from (".SH OPTIONS", *_definitions(root.options), ".SS Options of all commands")
    yield "They may stand before or after the sub-command; the inner one wins."
    yield from _definitions(root.common)
    yield ".SH EXIT STATUS"
    yield from _definitions([(str(int(code)), meaning) for code, meaning in MEANINGS.items()])
    yield from (".SH EXAMPLES", *_verbatim(root.examples))


def _of_group(group: Entry) -> Iterator[str]:
    yield from (".SH SYNOPSIS", _roff(group.usage), ".SH DESCRIPTION", *_prose(group.paragraphs))
    for child in group.children:
        yield f".SH {_quoted(child.path.removeprefix('usercli ').upper())}"
        yield from _of_command(child, "SS")


def _of_command(entry: Entry, level: str) -> Iterator[str]:
    yield from (f".{level} {_title('Synopsis', level)}", _roff(entry.usage))
    yield from (f".{level} {_title('Description', level)}", *_prose(entry.paragraphs))
    if rows := [*entry.arguments, *entry.options]:
        yield from (f".{level} {_title('Options', level)}", *_definitions(rows))
    yield from (".PP", "The options of all commands are told in", ".BR usercli (1).")
    yield from (f".{level} {_title('Examples', level)}", *_verbatim(entry.examples))


def _title(text: str, level: str) -> str:
    return text.upper() if level == "SH" else text


def _prose(paragraphs: Sequence[str]) -> Iterator[str]:
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        yield from _wrapped(paragraph)


def _definitions(rows: Rows) -> Iterator[str]:
    for name, said in rows:
        yield from (".TP", f".B {_roff(name)}", *_wrapped(said))


def _verbatim(lines: Sequence[str]) -> Iterator[str]:
    yield from (".nf", *(_roff(line) for line in lines), ".fi")


_ESCAPES = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
    '"': "\\(dq",
}


def _wrapped(text: str) -> list[str]:
    words = _roff(text)
    lines = textwrap.wrap(words, _LINE, break_long_words=False, break_on_hyphens=False)
    return [f"\\&{line}" if line.startswith(".") else line for line in lines]


def _roff(text: str) -> str:
    """Text as it is: no escapes, no requests, and hyphens that can be copied."""
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def _quoted(text: str) -> str:
    return f'"{_roff(text)}"'


# -- writing them


def pages() -> dict[Path, str]:
    """Every page that there is to be, with its text."""
    root = entry_of(typer.main.get_command(app), "usercli")
    return {MARKDOWN: markdown(root), **{MAN / name: text for name, text in man_pages(root)}}


def main(arguments: Sequence[str]) -> int:
    made = pages()
    there = {MARKDOWN, *MAN.glob("*.1")}
    stale = sorted(
        path
        for path in made.keys() | there
        if not path.exists() or path.read_text(encoding="utf-8") != made.get(path)
    )
    if "--check" in arguments:
        for path in stale:
            print(f"error: {path.relative_to(ROOT)} is stale; run: scripts/reference", file=sys.stderr)
        return 1 if stale else 0
    MAN.mkdir(exist_ok=True)
    for path in stale:
        if path in made:
            path.write_text(made[path], encoding="utf-8")
        else:
            path.unlink()
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
