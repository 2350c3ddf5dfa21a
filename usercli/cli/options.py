"""The options of all commands, on either side of the sub-command; the inner one wins."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from usercli.cli.invocation import Invocation
from usercli.cli.lazy import COMMON

_Text = str | None
_Flag = bool | None


def _option(*names: str, help: str, **settings: Any) -> Any:  # noqa: A002 - Typer's word
    return typer.Option(*names, help=help, rich_help_panel=COMMON, show_default=False, **settings)


COMMON_OPTIONS: dict[str, Any] = {
    "profile": Annotated[
        _Text, _option("--profile", metavar="NAME", help="Use this profile of the configuration.")
    ],
    "database_url": Annotated[
        _Text, _option("--database-url", metavar="URL", help="Use this database (wins over all else).")
    ],
    "target": Annotated[
        _Text,
        _option("--target", metavar="PROFILE", help="Name the protected profile that you mean to change."),
    ],
    "output": Annotated[
        _Text,
        _option("--output", "-o", metavar="FORMAT", help="table, json, jsonl, csv, tsv, yaml or ids."),
    ],
    "fields": Annotated[_Text, _option("--fields", metavar="A,B", help="Show only these fields, in this order.")],
    "quiet": Annotated[_Flag, _option("--quiet", "-q", help="Print ids only (-o ids).")],
    "raw": Annotated[_Flag, _option("--raw", help="CSV without the ' that guards spreadsheets.")],
    "yes": Annotated[_Flag, _option("--yes", "-y", help="Do not ask for confirmation.")],
    "no_input": Annotated[_Flag, _option("--no-input", help="Never ask anything; fail instead.")],
    "dry_run": Annotated[_Flag, _option("--dry-run", help="Check everything, change nothing.")],
    "reason": Annotated[_Text, _option("--reason", metavar="TEXT", help="Why; kept with the change.")],
    "ticket": Annotated[_Text, _option("--ticket", metavar="ID", help="The ticket; kept with the change.")],
    "actor": Annotated[_Text, _option("--actor", metavar="NAME", help="Who acts, if not the system user.")],
    "no_color": Annotated[_Flag, _option("--no-color", help="No colours (NO_COLOR does the same).")],
    "debug": Annotated[_Flag, _option("--debug", help="On an unexpected error print the stack, without values.")],
}


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common options and, as its first parameter, the Invocation they make.

    The help text is the docstring.
    """

    @functools.wraps(function)
    def wrapper(ctx: typer.Context, **given: Any) -> Any:
        invocation = ctx.find_root().ensure_object(Invocation)
        invocation.merge({name: given.pop(name) for name in COMMON_OPTIONS})
        return function(invocation, **given)

    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in COMMON_OPTIONS.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    parameters = [context, *own, *shared]
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # not in typeshed
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapper
