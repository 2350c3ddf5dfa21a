"""What is wrong without being an error, as a record of `usercli.warnings`; the command line shows it on stderr."""

from __future__ import annotations

import logging

LOGGER = logging.getLogger("usercli.warnings")


def warn(what: str) -> None:
    """Say what is wrong."""
    LOGGER.warning("%s", what)
