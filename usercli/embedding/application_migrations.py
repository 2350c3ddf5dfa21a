"""What the env.py of an application's migrations calls (docs/application-tables.md)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from usercli.config import Settings
from usercli.errors import InvalidInput

if TYPE_CHECKING:
    from usercli.database.applications import Application
    from usercli.database.url import DatabaseUrl
    from usercli.models import Base


def run_migrations(context: Any, models: Iterable[type[Base]]) -> None:
    """Run the migrations of an application whose tables these models are; plain `alembic` only looks at them."""
    from usercli.database import applications  # which loads Alembic

    applications.run(context, models, _configured)


def _configured(folder: Path) -> tuple[Application, DatabaseUrl]:
    from usercli.database.applications import Application

    settings = Settings()
    for entry in settings.migrations:
        application = Application.parse(entry)
        if application.folder is not None and application.folder.resolve() == folder.resolve():
            return application, settings.target.url
    raise InvalidInput(f"the setting migrations does not name the folder {folder}; see: usercli config show")
