"""The options of all commands, on either side of the sub-command; the inner one wins."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import typer

from usercli.cli import mapped_mode
from usercli.cli.context import COMMON, Invocation

_Text = str | None
_Flag = bool | None


def _option(*names: str, help: str, **settings: Any) -> Any:  # noqa: A002 - Typer's word
    return typer.Option(*names, help=help, rich_help_panel=COMMON, show_default=False, **settings)


COMMON_OPTIONS: dict[str, Any] = {
    "profile": Annotated[
        _Text, _option("--profile", metavar="NAME", help="Use this profile of the configuration.")
    ],
    "database_url": Annotated[
        _Text, _option("--database-url", metavar="URL", help="Use this database (overrides all other settings).")
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
    "quiet": Annotated[_Flag, _option("--quiet", "-q", help="Print ids only (-o ids), or one field (--fields).")],
    "no_header": Annotated[
        _Flag, _option("--no-header", help="Without the header line that table, csv and tsv have.")
    ],
    "raw": Annotated[_Flag, _option("--raw", help="CSV without the ' that protects against formulas.")],
    "yes": Annotated[_Flag, _option("--yes", "-y", help="Do not ask for confirmation.")],
    "no_input": Annotated[_Flag, _option("--no-input", help="Never ask anything; fail instead.")],
    "dry_run": Annotated[_Flag, _option("--dry-run", help="Check everything, change nothing.")],
    "reason": Annotated[_Text, _option("--reason", metavar="TEXT", help="Why; kept with the change.")],
    "ticket": Annotated[_Text, _option("--ticket", metavar="ID", help="The ticket; kept with the change.")],
    "actor": Annotated[_Text, _option("--actor", metavar="NAME", help="Who acts, if not the system user.")],
    "retry": Annotated[
        int | None,
        _option("--retry", metavar="SECONDS", min=0, help="After a lost connection try again for so long."),
    ],
    "no_color": Annotated[_Flag, _option("--no-color", help="No colours (NO_COLOR does the same).")],
    "debug": Annotated[_Flag, _option("--debug", help="On an unexpected error print the stack, without values.")],
}


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common options and, as its first parameter, the Invocation they make.

    A parameter whose type is a dataclass stands for the options that are its fields. The help text is the
    docstring.
    """
    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[1:]
    taken = {item.name for item in own}  # a command may give a common name a meaning of its own
    common = {name: annotation for name, annotation in COMMON_OPTIONS.items() if name not in taken}
    bundles: dict[str, Any] = {item.name: item.annotation for item in own if is_dataclass(item.annotation)}

    @functools.wraps(function)
    def wrapper(ctx: typer.Context, **given: Any) -> Any:
        invocation = ctx.find_root().ensure_object(Invocation)
        invocation.command = _words(ctx)
        invocation.merge({name: given.pop(name) for name in common})
        if mapped_mode.is_limited(invocation.command) and ctx.invoked_subcommand is None:
            invocation.require_offered()  # before anything is asked for, or read
        for name, kind in bundles.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        return (invocation.own_command or function)(invocation, **given)

    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in common.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context]
    for parameter in own:
        if parameter.name in bundles:
            parameters += _unbundled(bundles[parameter.name])
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    parameters += shared
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # not in typeshed
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapper


_Replica = Annotated[
    bool, typer.Option("--replica", help="Read from the replica that the profile names.", show_default=False)
]


def reading_command(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command that only reads, and with --replica from the profile's `read_url`."""

    @functools.wraps(function)
    def reading(invocation: Invocation, *, replica: bool, **given: Any) -> Any:
        if replica:
            invocation.read_from_replica()
        return function(invocation, **given)

    signature = inspect.signature(function, eval_str=True)
    option = inspect.Parameter("replica", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_Replica)
    reading.__signature__ = signature.replace(  # type: ignore[attr-defined]  # not in typeshed
        parameters=[*signature.parameters.values(), option]
    )
    return command(reading)


def _words(ctx: typer.Context) -> str:
    """The words that name a command, as `password set`."""
    words: list[str] = []
    level: Any = ctx
    while level.parent is not None:
        words.insert(0, level.info_name or "")
        level = level.parent
    return " ".join(words)


def _unbundled(kind: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(kind)
    ]
