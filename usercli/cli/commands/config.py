"""config show, path, profiles, init."""

from __future__ import annotations

from dataclasses import asdict

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import add_command, new_app
from usercli.cli.output.writer import Output
from usercli.config import SETTING_FIELDS
from usercli.targets import PROFILE_FIELDS

app = new_app("Show where settings come from.")


@app.callback()
@command
def config(invocation: Invocation) -> None:
    """Show where settings come from."""


@command
def show(invocation: Invocation) -> None:
    """Print every setting, its value and where it comes from; secrets are masked.

    \b
    Example:
      usercli config show
    """
    output = Output(invocation.options, SETTING_FIELDS)
    output.many(asdict(setting) for setting in invocation.settings.shown())


@command
def path(invocation: Invocation) -> None:
    """Print where the configuration file is, or would be.

    \b
    Example:
      usercli config path
    """
    Output(invocation.options, ("path",)).text([f"{invocation.settings.path}\n"])


@command
def profiles(invocation: Invocation) -> None:
    """List the profiles of the configuration file, and what is wrong with them.

    \b
    Example:
      usercli config profiles -o json
    """
    output = Output(invocation.options, PROFILE_FIELDS)
    output.many(asdict(profile) for profile in invocation.settings.profiles.shown())


@command
def init(invocation: Invocation) -> None:
    """Write a commented sample configuration file.

    \b
    Example:
      usercli config init
    """
    from usercli.config_file import write_sample

    path = invocation.settings.path
    if not invocation.dry_run:
        write_sample(path)
    invocation.info(f"{'would have written' if invocation.dry_run else 'wrote'} {path}")


for _name, _function in (("show", show), ("path", path), ("profiles", profiles), ("init", init)):
    add_command(app, _function, _name)
