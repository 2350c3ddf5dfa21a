"""What the commands on the database show."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

State = Literal["current", "behind", "ahead", "drifted", "missing"]


class RevisionView(BaseModel):
    """A revision of the schema."""

    revision: str
    down_revision: str | None
    description: str


class NewRevision(BaseModel):
    """The file of a revision that was just written."""

    path: str


class SchemaState(BaseModel):
    """Where the schema of a database stands: `at` is its revision, `head` the one this program wants."""

    at: str | None
    head: str
    state: State


class SchemaReport(SchemaState):
    """What `db check` found; `bad_keys` counts the users whose email_key breaks the rule of docs/table.md."""

    bad_keys: int


class Seeded(BaseModel):
    """What seeding did."""

    created: int
    skipped: int
    dry_run: bool


REVISION_FIELDS = tuple(RevisionView.model_fields)
NEW_REVISION_FIELDS = tuple(NewRevision.model_fields)
STATE_FIELDS = tuple(SchemaState.model_fields)
REPORT_FIELDS = tuple(SchemaReport.model_fields)
SEEDED_FIELDS = tuple(Seeded.model_fields)
