"""From usercli's errors to HTTP, at one place. No route knows a status of failure."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from tests.apps.user_service.schemas import Problem
from usercli.errors import ExitCode, UserCliError
from usercli.text import visible

STATUS = {
    ExitCode.USAGE: 422,
    ExitCode.NOT_FOUND: 404,
    ExitCode.CONFLICT: 409,
    ExitCode.DATABASE: 503,
    ExitCode.REFUSED: 422,
    ExitCode.NO: 401,
}

#: For the description of every route.
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, *sorted(set(STATUS.values())))
}


def add_error_handlers(app: FastAPI) -> None:
    """Answer every known error with its status and its sentence; what is not known stays a 500 without words."""
    for kind in (UserCliError, ValidationError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)


async def _answer(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, UserCliError):
        status, sentence = STATUS.get(error.exit_code, 500), error.message
    elif isinstance(error, HTTPException):  # the framework's own: no such path, a body that is not JSON
        status, sentence = error.status_code, error.detail
    else:
        status, sentence = 422, _sentence(error)
    return JSONResponse(Problem(error=visible(sentence)).model_dump(), status)


def _sentence(error: Any) -> str:
    """The fields and what is wrong with them, without what was given: it may be a password."""
    found = ((".".join(map(str, item["loc"])), item["msg"]) for item in error.errors())
    return "; ".join(f"{field}: {message}" for field, message in found)
