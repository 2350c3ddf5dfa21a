"""What an operation waits for, as a record of the logger `usercli.waits`; the command line shows it on stderr."""

from __future__ import annotations

import logging

LOGGER = logging.getLogger("usercli.waits")


def tell(what: str) -> None:
    """Say what is waited for."""
    LOGGER.warning("waiting for %s", what)
