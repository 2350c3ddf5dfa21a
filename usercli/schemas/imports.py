"""What an import answers, and what goes out with users that are made."""

from __future__ import annotations

import uuid

from pydantic import BaseModel


class ImportSummary(BaseModel):
    """What an import did; the shape of the scripting contract."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    change_id: uuid.UUID | None = None


#: The columns of a file of generated passwords.
SECRET_FIELDS = ("email", "password")
SUMMARY_FIELDS = tuple(ImportSummary.model_fields)
