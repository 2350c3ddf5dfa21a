"""Groups that list their commands without loading them, and the layout of help.

Scripts start usercli once per user, so start-up time counts: `--help` and a typo load no command, and a command
loads only its own module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from usercli.errors import InvalidInput

#: The `rich_help_panel` of the options of every command; help lists them last.
COMMON = "Options of all commands"


_LOADED: dict[str, Any] = {}


@dataclass(frozen=True)
class Lazy:
    """A command that is not loaded yet.

    `target` is `module:function`, or `module:app` for a group, in usercli.cli.commands.
    """

    name: str
    target: str
    help: str
    section: str = "Commands"
    hidden: bool = False

    def load(self) -> Any:
        """The command; loaded once, since a batch calls it many times."""
        if self.target not in _LOADED:
            _LOADED[self.target] = self._import()
        return _LOADED[self.target]

    def _import(self) -> Any:
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(f"usercli.cli.commands.{module}"), attribute)
        if not isinstance(found, typer.Typer):
            found = single_command_app(found, self.name)
        command = typer.main.get_command(found)
        command.name = self.name
        return command


class ErrorContextMixin:
    """Attaches the context to a parser's error, so that the message names the command."""

    def make_parser(self, ctx: Any) -> Any:
        """A parser to which both sides of `--active/--inactive` are a contradiction, where the last would win."""
        parser = super().make_parser(ctx)  # type: ignore[misc]  # of TyperCommand, TyperGroup
        for option in {
            id(item): item for item in (*parser._long_opt.values(), *parser._short_opt.values())
        }.values():
            if getattr(option.obj, "secondary_opts", None):
                _refuse_contradiction(option, ctx)
        return parser

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]  # of TyperCommand, TyperGroup
        except typer.TyperException as error:
            if getattr(error, "ctx", ctx) is None:
                error.ctx = ctx  # type: ignore[attr-defined]  # a usage error has one
            raise
        return rest


def _refuse_contradiction(option: Any, ctx: Any) -> None:
    process = option.process

    def once(value: Any, state: Any) -> None:
        if state.opts.get(option.dest, option.const) != option.const:
            pair = f"{option.obj.opts[0]} and {option.obj.secondary_opts[0]}"
            raise InvalidInput(f"{pair} contradict each other; see: {ctx.command_path} --help")
        process(value, state)

    option.process = once


class Command(ErrorContextMixin, TyperCommand):
    """A command whose help lists its own options before the options of all commands."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_parameters(self, ctx, formatter)


class Group(ErrorContextMixin, TyperGroup):
    """A group of commands, loaded when called, listed by section."""

    lazy: dict[str, Lazy] = {}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name in self.lazy:
            command = self.lazy[name].load()
        return name, command, rest

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        _write_parameters(self, ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            if not command.hidden:
                section = self.lazy[name].section if name in self.lazy else "Commands"
                sections.setdefault(section, []).append((name, command.get_short_help_str(100)))
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl(rows)


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    arguments, own, common = [], [], []
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is None:
            continue
        if parameter.param_type_name == "argument":
            arguments.append(record)
        elif parameter.rich_help_panel == COMMON:
            common.append(record)
        else:
            own.append(record)
    for title, records in (("Arguments", arguments), ("Options", own), (COMMON, common)):
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def new_app(help: str, lazy: Iterable[Lazy] = (), **settings: Any) -> typer.Typer:  # noqa: A002 - Typer's word
    """A Typer app with lazily loaded commands and our settings."""
    stubs = {item.name: item for item in lazy}
    group = type("Group", (Group,), {"lazy": stubs})
    app = typer.Typer(
        help=help,
        cls=group,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )
    for item in stubs.values():
        app.command(item.name, help=item.help, hidden=item.hidden)(_stub)
    return app


def single_command_app(function: Callable[..., Any], name: str) -> typer.Typer:
    """An app with a single command."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    add_command(app, function, name)
    return app


def add_command(
    app: typer.Typer, function: Callable[..., Any], name: str, cls: type[TyperCommand] = Command
) -> None:
    """Add a command to an app."""
    app.command(name, cls=cls, context_settings={"help_option_names": ["-h", "--help"]})(function)


def _stub() -> NoReturn:
    raise AssertionError("a lazy command was called before it was loaded")


def flag(name: str, help: str) -> Any:  # noqa: A002 - Typer's word
    """An option without a value, False by default."""
    return typer.Option(name, help=help, show_default=False)
