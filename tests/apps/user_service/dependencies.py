"""What a route asks for: the service's parts, and a unit of work of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from usercli.config import Settings
from usercli.database.async_unit_of_work import AsyncDatabase, AsyncUnitOfWork
from usercli.database.threaded_hasher import ThreadedHasher
from usercli.origin import Origin
from usercli.passwords import PasswordHasher
from usercli.services.auth import AuthService
from usercli.services.policy import PasswordPolicy


class Service:
    """What lives as long as the process."""

    def __init__(self, settings: Settings) -> None:
        scheme, cost = settings.password_scheme, settings.bcrypt_cost
        self.database = AsyncDatabase.configured(settings)
        self.auth = AuthService(self.database.unit_of_work, ThreadedHasher(scheme, cost))
        self.special_use_domains = settings.special_use_domains
        self._hasher = PasswordHasher(scheme, cost)
        self._policy = PasswordPolicy(
            settings.password_min_length,
            Path(settings.blocklist) if settings.blocklist else None,
            settings.service_name or None,
        )

    async def hash_password(self, password: str, *about: str) -> str:
        """The hash of a password that the policy allows. Raises PasswordRefused, InvalidInput."""
        await asyncio.to_thread(self._policy.check, password, *about)
        return await asyncio.to_thread(self._hasher.hash, password)


async def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def session_of(
    request: Request, service: Annotated[Service, Depends(service_of)]
) -> AsyncIterator[AsyncUnitOfWork]:
    """A unit of work whose events name this service; usercli's services commit it."""
    host = request.client.host if request.client else ""
    origin = Origin(actor="user-service", host=host, tool="user-service 1.0")
    async with service.database.session(origin=origin) as session:
        yield session


async def reader_of(service: Annotated[Service, Depends(service_of)]) -> AsyncIterator[AsyncUnitOfWork]:
    """A unit of work that only reads: it waits for no writer."""
    async with service.database.session(read_only=True) as session:
        yield session


ServiceDep = Annotated[Service, Depends(service_of)]
SessionDep = Annotated[AsyncUnitOfWork, Depends(session_of)]
ReaderDep = Annotated[AsyncUnitOfWork, Depends(reader_of)]
