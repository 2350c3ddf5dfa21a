"""What is wrong without being an error, as a record of `usercli.warnings`; the command line shows it on stderr."""

from __future__ import annotations

NAME = "usercli.warnings"


def warn(what: str) -> None:
    """Say what is wrong."""
    import logging  # nothing is wrong, mostly

    logging.getLogger(NAME).warning("%s", what)
