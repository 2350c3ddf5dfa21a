"""expire run: for cron."""

from __future__ import annotations

from usercli.cli.acting import show_change, user_output
from usercli.cli.invocation import Invocation
from usercli.cli.lazy import add_command, new_app
from usercli.cli.options import command

app = new_app("Deactivate users whose expiry has passed.")


@app.callback()
@command
def expire(invocation: Invocation) -> None:
    """Deactivate users whose expiry has passed."""


@command
def run(invocation: Invocation) -> None:
    """Deactivate every active user whose expiry has passed; for cron, safe to repeat.

    \b
    Example:
      usercli expire run --reason "nightly expiry"
    """
    output = user_output(invocation)
    from usercli.services import users as service

    change = service.expire_overdue(invocation.changing())
    show_change(invocation, output, change, "deactivated")


add_command(app, run, "run")
