"""Users inside a service: `Users` for threads, `AsyncUsers` for an event loop (docs/embedding.md).

Everything is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from usercli.config import Settings
    from usercli.embedding.application_migrations import run_migrations
    from usercli.embedding.async_repository import AsyncUserRepository, close_db_sessions, get_db_session
    from usercli.embedding.async_users import AsyncUsers
    from usercli.embedding.operations import InvalidFields, PoolStatus, UserPage
    from usercli.embedding.users import Users
    from usercli.errors import (
        ChangedMeanwhile,
        DatabaseUnavailable,
        EmailTaken,
        InvalidInput,
        LastAdministrator,
        RoleNotFound,
        UserCliError,
        UserNotFound,
    )
    from usercli.origin import Origin
    from usercli.schemas.users import UserKey, UserView
    from usercli.services.auth import SignIn, SignInRefused
    from usercli.services.policy import PasswordRefused

__all__ = [
    "AsyncUserRepository",
    "AsyncUsers",
    "ChangedMeanwhile",
    "DatabaseUnavailable",
    "EmailTaken",
    "InvalidFields",
    "InvalidInput",
    "LastAdministrator",
    "Origin",
    "PasswordRefused",
    "PoolStatus",
    "RoleNotFound",
    "Settings",
    "SignIn",
    "SignInRefused",
    "UserCliError",
    "UserKey",
    "UserNotFound",
    "UserPage",
    "UserView",
    "Users",
    "close_db_sessions",
    "get_db_session",
    "run_migrations",
]

#: Where each name comes from, unless it is one of usercli.errors.
_PLACES = {
    "AsyncUserRepository": "embedding.async_repository",
    "AsyncUsers": "embedding.async_users",
    "InvalidFields": "embedding.operations",
    "Origin": "origin",
    "PasswordRefused": "services.policy",
    "PoolStatus": "embedding.operations",
    "Settings": "config",
    "SignIn": "services.auth",
    "SignInRefused": "services.auth",
    "UserKey": "schemas.users",
    "UserPage": "embedding.operations",
    "UserView": "schemas.users",
    "Users": "embedding.users",
    "close_db_sessions": "embedding.async_repository",
    "get_db_session": "embedding.async_repository",
    "run_migrations": "embedding.application_migrations",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"usercli.embedding has no {name}")
    return getattr(import_module(f"usercli.{_PLACES.get(name, 'errors')}"), name)
