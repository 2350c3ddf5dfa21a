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


class RevisionWithApplication(BaseModel):
    """A revision of usercli's tables or of an application's, where some are configured.

    `down_revision` is an array where the revision merges heads; `branches` are the labels that lead to it.
    """

    revision: str
    down_revision: str | list[str] | None
    description: str
    application: str
    branches: list[str]


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


class ApplicationState(BaseModel):
    """Where an application's own tables stand; several heads are joined by commas."""

    at: str | None
    head: str
    state: State


class StateWithApplications(SchemaState):
    """Where the schema stands, and the tables of the applications that are configured and at hand, by name."""

    applications: dict[str, ApplicationState]


class ReportWithApplications(SchemaReport):
    """What `db check` found, also in the tables of the applications that are configured and at hand, by name."""

    applications: dict[str, ApplicationState]


class Seeded(BaseModel):
    """What seeding did."""

    created: int
    skipped: int
    dry_run: bool


REVISION_FIELDS = tuple(RevisionView.model_fields)
REVISION_WITH_APPLICATION_FIELDS = tuple(RevisionWithApplication.model_fields)
NEW_REVISION_FIELDS = tuple(NewRevision.model_fields)
STATE_FIELDS = tuple(SchemaState.model_fields)
REPORT_FIELDS = tuple(SchemaReport.model_fields)
STATE_WITH_APPLICATIONS_FIELDS = tuple(StateWithApplications.model_fields)
REPORT_WITH_APPLICATIONS_FIELDS = tuple(ReportWithApplications.model_fields)
SEEDED_FIELDS = tuple(Seeded.model_fields)
