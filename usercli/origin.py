"""Who acts, from where, with what, and why: kept with every change."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from usercli import __version__
from usercli.validation import require_utf8


@dataclass(frozen=True)
class Origin:
    """The origin of a change. A service that embeds usercli gives its own."""

    actor: str = ""
    host: str = ""
    tool: str = f"usercli {__version__}"
    reason: str | None = None
    ticket: str | None = None

    @classmethod
    def of_process(
        cls,
        *,
        actor: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Origin:
        """The operator from --actor, USERCLI_ACTOR, SUDO_USER or the system's user; this machine's name.

        Raises InvalidInput for bytes that are not UTF-8: the log could not hold them.
        """
        name = actor or environ.get("USERCLI_ACTOR") or environ.get("SUDO_USER") or _system_user()
        for what, value in (("the actor's name", name), ("the reason", reason), ("the ticket", ticket)):
            require_utf8(value or "", what)
        return cls(actor=name, host=socket.gethostname(), reason=reason, ticket=ticket)


def _system_user() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name
    except (ImportError, KeyError):  # not POSIX, or a container's user without a name
        return str(os.geteuid()) if hasattr(os, "geteuid") else ""
