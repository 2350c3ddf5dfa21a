"""schema: the outputs and files that scripts rely on, as JSON Schema."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output
from usercli.errors import InvalidInput


@command
def schema(
    invocation: Invocation,
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]", help="A command, a file, or exit-codes; none: list them."),
    ] = None,
    line: Annotated[
        bool, typer.Option("--line", help="Of a line of -o jsonl, not of -o json.", show_default=False)
    ] = False,
    all_: Annotated[
        bool, typer.Option("--all", help="All in one document, with its version.", show_default=False)
    ] = False,
) -> None:
    """Print the JSON Schema of what a command prints, or of a file; what scripts may rely on.

    Without a NAME it lists what there is a schema of. The schemas have a version of their own: its first number
    goes up when a script that relies on the former one could fail.

    \b
    Examples:
      usercli schema
      usercli schema list
      usercli schema password audit
      usercli schema list --line
      usercli schema --all
    """
    from usercli.cli import contract

    output = Output(invocation.options, contract.NAME_FIELDS)
    if (all_ and (name or line)) or (line and not name):
        raise InvalidInput("--line requires a NAME, and --all excludes both")
    if all_:
        _show(output, contract.everything())
    elif name:
        _show(output, contract.schema_of(" ".join(name), line=line))
    else:
        output.many(asdict(item) for item in contract.names())


def _show(output: Output, document: dict[str, Any]) -> None:
    if output.format in {"jsonl", "yaml"}:
        output.document(document)
    else:  # a schema is JSON, also where other commands print a table
        output.text([json.dumps(document, indent=2, ensure_ascii=False) + "\n"])
