"""The application: made for each process, with the database open as long as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tests.apps.user_service.dependencies import Service
from tests.apps.user_service.errors import add_error_handlers
from tests.apps.user_service.routes import router
from usercli.config import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service over the database of these settings; it does not start on one that is not at head."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = service = Service(settings or Settings())
        await service.database.check()
        yield
        await service.database.close()

    app = FastAPI(title="user-service", version="1.0", lifespan=lifespan)
    add_error_handlers(app)
    app.include_router(router)
    return app
