"""Administer the users of a service: the package behind the `usercli` command."""

__version__ = "0.1.0"
