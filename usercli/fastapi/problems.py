"""Errors as problem details, RFC 9457: at one place, so that no route knows a status of failure."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import responses
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.utils import is_body_allowed_for_status_code
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from usercli.embedding import InvalidFields, PasswordRefused, SignInRefused
from usercli.errors import DamagedRow, ExitCode, LastAdministrator, OutcomeUnknown, TransactionAborted, UserCliError
from usercli.schemas.mistakes import mistakes
from usercli.services.related_rows import Blocked
from usercli.text import visible

#: The status of each category of errors; of all others 500.
STATUS = {
    ExitCode.USAGE: HTTPStatus.UNPROCESSABLE_ENTITY,
    ExitCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ExitCode.CONFLICT: HTTPStatus.CONFLICT,
    ExitCode.DATABASE: HTTPStatus.SERVICE_UNAVAILABLE,
    ExitCode.REFUSED: HTTPStatus.FORBIDDEN,
    ExitCode.NO: HTTPStatus.NOT_FOUND,
}
#: Errors that have another one.
STATUS_OF_KIND: dict[type[UserCliError], HTTPStatus] = {
    SignInRefused: HTTPStatus.UNAUTHORIZED,
    PasswordRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    LastAdministrator: HTTPStatus.CONFLICT,
    Blocked: HTTPStatus.CONFLICT,
    TransactionAborted: HTTPStatus.SERVICE_UNAVAILABLE,
    DamagedRow: HTTPStatus.INTERNAL_SERVER_ERROR,
}
MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger("usercli.fastapi")
_ADVICE = re.compile(r"[;,] (?:or )?(?:run|see|list them): .*")
_COMMAND_LINE = re.compile(r"\busercli [a-z]|(?<![\w-])--[a-z]")
_UNAVAILABLE = "the database cannot be used at the moment; try again later"
_UNKNOWN = "the connection broke: the change may have taken place; look before it is repeated"


class Mistake(BaseModel):
    """What is wrong with a field."""

    field: str
    detail: str


class Problem(BaseModel):
    """Why it did not work: `code` says which error it is, for programs."""

    title: str
    status: int
    detail: str | None = None
    code: str | None = None
    errors: list[Mistake] | None = None


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error with a problem, and describe it for the routes that are added afterwards.

    What the service is to blame for is told to the logger `usercli.fastapi` alone.
    """
    for kind, handler in (
        (UserCliError, _of_usercli),
        (ValidationError, _of_validation),
        (RequestValidationError, _of_validation),
        (HTTPException, _of_http),
        (Exception, _unexpected),
    ):
        app.add_exception_handler(kind, handler)
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    for statuses, description in (("4XX", "The request is to blame."), ("5XX", "The service is to blame.")):
        app.router.responses.setdefault(statuses, {"description": description, "content": content})


def status_of(error: UserCliError) -> HTTPStatus:
    """The status that an error is answered with."""
    for kind in type(error).__mro__:
        if kind in STATUS_OF_KIND:
            return STATUS_OF_KIND[kind]
    return STATUS.get(error.exit_code, HTTPStatus.INTERNAL_SERVER_ERROR)


async def _of_usercli(request: Request, error: Any) -> Response:
    status = status_of(error)
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s %s: %s", request.method, request.url.path, visible(error.message))
        told = _UNKNOWN if isinstance(error, OutcomeUnknown) else _UNAVAILABLE
        return _answer(status, told if status == HTTPStatus.SERVICE_UNAVAILABLE else None, code=code)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    fields = error.fields if isinstance(error, InvalidFields) else ()
    return _answer(status, _sentence(error), fields, code=code, headers=headers)


def _sentence(error: UserCliError) -> str:
    """What it says, without the commands that would help at a shell."""
    text = _ADVICE.sub("", error.message)
    return (type(error).__doc__ or "").strip() if _COMMAND_LINE.search(text) else text


async def _of_validation(_: Request, error: Any) -> Response:
    """FastAPI's own answer would repeat what was given, passwords too."""
    fields = [
        (_field(item["loc"], str(item["type"])) if isinstance(error, RequestValidationError) else name, text)
        for item, (name, text) in zip(error.errors(), mistakes(error), strict=True)
    ]
    sentence = "; ".join(f"{name}: {text}" if name else text for name, text in fields)
    return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, sentence, fields, code="invalid_input")


def _field(place: Sequence[object], kind: str) -> str:
    """The name of a field without the part of the request; what is no JSON has a position instead."""
    return "" if kind == "json_invalid" else ".".join(map(str, place[1:]))


async def _of_http(_: Request, error: Any) -> Response:
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    return _answer(error.status_code, str(error.detail), headers=error.headers)


async def _unexpected(_: Request, __: Exception) -> Response:
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer(
    status: int,
    detail: str | None = None,
    fields: Sequence[tuple[str, str]] = (),
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    title = responses.get(status, "Error")
    problem = Problem(
        title=title,
        status=status,
        detail=visible(detail) if detail and detail != title else None,
        code=code,
        errors=[Mistake(field=visible(name), detail=visible(text)) for name, text in fields] or None,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status, headers, MEDIA_TYPE)
