"""Users inside a FastAPI service with an event loop; for threads `usercli.fastapi.threads` (docs/embedding.md)."""

try:
    import fastapi  # noqa: F401 - what follows would not say where it comes from

    import usercli.database.async_extra  # noqa: F401 - which would name another extra
except ImportError:
    raise ImportError("usercli.fastapi needs more packages; run: pip install 'usercli[fastapi]'") from None

from usercli.fastapi.dependencies import (
    SessionDep,
    UsersDep,
    current_user,
    get_session,
    get_users,
    lifespan,
    require_role,
)
from usercli.fastapi.problems import Problem, add_error_handlers
from usercli.fastapi.routers import account_router, users_router
from usercli.fastapi.tokens import Claims, claims_of

__all__ = [
    "Claims",
    "Problem",
    "SessionDep",
    "UsersDep",
    "account_router",
    "add_error_handlers",
    "claims_of",
    "current_user",
    "get_session",
    "get_users",
    "lifespan",
    "require_role",
    "users_router",
]
