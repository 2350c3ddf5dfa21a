"""Whether a token still lets its user in. How tokens look, and how they are signed, is the service's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from fastapi import FastAPI, HTTPException
from fastapi.requests import HTTPConnection

from usercli.embedding import Origin, UserView
from usercli.times import rfc3339

#: What a token says: `sub` and `pwd` as `claims_of` gave them, and whatever the service added.
Claims: TypeAlias = Mapping[str, Any]


def claims_of(user: UserView) -> dict[str, str]:
    """What a token has to carry: `sub`, the id, and `pwd`, when the password was set: a new one ends the token."""
    changed_at = user.password_changed_at
    return {"sub": str(user.id), "pwd": rfc3339(changed_at) if changed_at else ""}


def let_in(user: UserView, claims: Claims | None) -> UserView:
    """The user, if they may sign in and the password is still that of the token. Raises HTTPException 401."""
    if not user.may_sign_in() or not claims or claims.get("pwd") != claims_of(user)["pwd"]:
        raise not_signed_in()
    return user


def subject(claims: Claims | None) -> str:
    """The id of the user. Raises HTTPException 401 if there is no token, or none that names a user."""
    found = claims.get("sub") if claims else None
    if not isinstance(found, str):
        raise not_signed_in()
    return found


def not_signed_in() -> HTTPException:
    """The same for a token that is missing, forged, expired or ended."""
    return HTTPException(401, "not signed in", {"WWW-Authenticate": "Bearer"})


def require(role: str, user: UserView) -> UserView:
    """The user, if they have the role. Raises HTTPException 403."""
    if role not in user.roles:
        raise HTTPException(403, f"the role {role} is required")
    return user


def origin_of(connection: HTTPConnection, actor: str | None = None) -> Origin:
    """Who acts, for the audit log: a user, or else the application, from the client's host."""
    app: FastAPI = connection.app
    host = connection.client.host if connection.client else ""
    return Origin(actor=actor or app.title, host=host, tool=f"{app.title} {app.version}")
