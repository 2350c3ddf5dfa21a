"""completion: scripts that make a shell complete commands, options and values."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from importlib.resources import files
from typing import Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output
from usercli.errors import InvalidInput

SHELLS = ("bash", "zsh", "fish")

#: Word breaks that belong to the word after them (rl_special_prefixes in bash's readline).
_PREFIX_BREAKS = "$@"


@command
def completion(
    invocation: Invocation,
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print a script that makes a shell complete commands, options, roles, emails and more.

    Put it where the shell reads it at its start, as in: source <(usercli completion bash) in ~/.bashrc, the same
    in ~/.zshrc after compinit, or usercli completion fish > ~/.config/fish/completions/usercli.fish

    \b
    Examples:
      usercli completion bash
      usercli completion zsh > _usercli
    """
    output = Output(invocation.options, ("script",))
    if shell not in SHELLS:
        raise InvalidInput(f"no completion for: {shell} (known: {', '.join(SHELLS)})")
    output.text([files("usercli").joinpath("data", f"completion.{shell}").read_text("utf-8")])


def complete(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORD...", help="Those after usercli; for bash where words end, and the line."),
    ],
) -> None:
    """Print what the last word may become, a line each; the completion scripts ask this. Never fails.

    \b
    Example:
      usercli __complete fish -- db up
    """
    from usercli.cli.completer import FILES, suggest

    with suppress(Exception):  # an error message would disturb the line being typed
        typed, cut = _bash_words(*words) if shell == "bash" else (words, 0)
        for value in suggest(typed):
            sys.stdout.write(f"{value if value == FILES else value[cut:]}\n")


def _bash_words(breaks: str, line: str) -> tuple[list[str], int]:
    """The words of a line as typed so far, and the length of the start of the last one that bash keeps.

    In bash @, = and : end a word, too (COMP_WORDBREAKS); only the text after the last of them is replaced,
    including an @ itself.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    is_quoted = False
    try:
        words.extend(lexer)
    except ValueError:  # in the middle of a quoted word
        words.append(lexer.token)
        is_quoted = True
    if not is_quoted and line[-1:].isspace():
        words.append("")
    ends = [] if is_quoted else [words[-1].rfind(mark) + (mark not in _PREFIX_BREAKS) for mark in breaks]
    return words[1:], max(ends, default=0)
