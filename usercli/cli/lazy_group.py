"""Groups that list their commands without loading them.

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

_LOADED: dict[str, Any] = {}


@dataclass(frozen=True)
class Lazy:
    """A command that is not loaded yet; `help` are a few words for the list of all commands.

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


class UsageMixin:
    """Reads a command line as a person means it, and says what to type where it cannot be read."""

    def make_parser(self, ctx: Any) -> Any:
        """A parser that is strict with flags."""
        parser = super().make_parser(ctx)  # type: ignore[misc]  # of TyperCommand, TyperGroup
        for option in {
            id(item): item for item in (*parser._long_opt.values(), *parser._short_opt.values())
        }.values():
            if getattr(option.obj, "is_flag", False) and not option.obj.is_eager:
                _be_strict(option, ctx)
        return parser

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]  # of TyperCommand, TyperGroup
        except typer.TyperException as error:
            if getattr(error, "ctx", ctx) is None:
                error.ctx = ctx  # type: ignore[attr-defined]  # a usage error has one
            kind = type(error).__name__
            if kind == "BadOptionUsage":
                _name_opposite(error, ctx)
            from usercli.cli import unknown_words

            if kind == "UsageError" and error.message.startswith("Got unexpected extra argument"):
                error.message = unknown_words.explain_extra(ctx, given)
            if kind != "NoSuchOption":
                raise
            # the parser takes words away from the front of `args`; the last one is the option
            if other := unknown_words.translated(ctx, given, len(given) - len(args) - 1):
                return self.parse_args(ctx, other)
            name = error.option_name  # type: ignore[attr-defined]  # NoSuchOption has it
            error.message = unknown_words.explain_option(ctx, name, given)
            error.possibilities = None  # type: ignore[attr-defined]  # NoSuchOption has it
            raise
        return rest

    def get_help(self, ctx: Any) -> str:
        from usercli.cli.help_text import help_of

        return help_of(self, ctx)


def _be_strict(option: Any, ctx: Any) -> None:
    """Refuse both sides of `--active/--inactive`, where the last would win, and `--active true`."""
    process = option.process

    def once(value: Any, state: Any) -> None:
        name, other = option._long_opts[0], option.obj.secondary_opts
        if state.opts.get(option.dest, option.const) != option.const:
            pair = f"{option.obj.opts[0]} and {other[0]}"
            raise InvalidInput(f"{pair} contradict each other; see: {ctx.command_path} --help")
        if state.rargs and state.rargs[0].lower() in {"true", "false"}:
            raise _no_value(option.obj, name, ctx)
        process(value, state)

    option.process = once


def _no_value(option: Any, name: str, ctx: Any) -> InvalidInput:
    """`--active true`, `--active=false`."""
    others = {*option.opts, *option.secondary_opts} - {name}
    opposite = f"; the opposite is {others.pop()}" if option.secondary_opts else ""
    return InvalidInput(f"{name} takes no value{opposite}; see: {ctx.command_path} --help")


def _name_opposite(error: Any, ctx: Any) -> None:
    """Raise InvalidInput for a flag that was given a value."""
    if "does not take a value" not in error.message:
        return
    for option in ctx.command.params:
        if error.option_name in (*option.opts, *option.secondary_opts):
            raise _no_value(option, error.option_name, ctx) from None


class Command(UsageMixin, TyperCommand):
    """A command."""


class Group(UsageMixin, TyperGroup):
    """A group of commands, loaded when called."""

    lazy: dict[str, Lazy] = {}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-"):
            from usercli.cli.unknown_words import resolve

            return resolve(self, ctx, args)
        name, command, rest = super().resolve_command(ctx, args)
        if name in self.lazy:
            command = self.lazy[name].load()
        return name, command, rest


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
