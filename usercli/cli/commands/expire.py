"""expire run: for cron."""

from __future__ import annotations

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import add_command, new_app
from usercli.cli.user_actions import show_change, user_output

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
    from usercli.services.expiry import expire_overdue

    change = expire_overdue(invocation.changing())
    show_change(invocation, output, change, "deactivated")


add_command(app, run, "run")
