"""help: the same as --help, by name."""

from __future__ import annotations

from typing import Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output

#: The topic beside the commands.
OPTIONS = "options"


@command
def help_(
    invocation: Invocation,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND...", help="A command, or options: those that all commands take."),
    ] = None,
) -> None:
    """Show the help of a command, of a group, or of all of usercli.

    \b
    Examples:
      usercli help role grant
      usercli help options
    """
    output = Output(invocation.options, ("text",))
    from usercli.cli.app import root_command
    from usercli.cli.help_text import help_of, options_of_all_commands

    found = root_command()
    context = typer.Context(found, info_name="usercli", **found.context_settings)
    if words == [OPTIONS]:
        output.text([options_of_all_commands(found) + "\n"])
        return
    left = [*(words or []), "--help"]
    while left != ["--help"]:
        if not hasattr(found, "commands"):
            context.fail(f"{context.command_path} has no commands; {left[0]!r} is too much")
        name, found, left = found.resolve_command(context, left)
        context = typer.Context(found, info_name=name, parent=context, **found.context_settings)
    output.text([help_of(found, context) + "\n"])
