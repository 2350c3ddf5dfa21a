"""What `db inspect` says of tables that hold users."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from usercli.schemas.passwords import Scheme


class InspectedColumn(BaseModel):
    """A column; `field` is what it holds by our name, null where that is not known."""

    name: str
    type: str
    nullable: bool
    default: str | None
    field: str | None


class Collision(BaseModel):
    """Users whose addresses are the same to usercli; at most ten of their ids are named."""

    email_key: str
    users: int
    ids: list[str]


class Way(BaseModel):
    """What can be done with a table: take it over, administer it as it is, or import its users.

    `command` is what to run, null where the way is closed; `reason` says why, or what goes with it.
    """

    way: Literal["adopt", "map", "import"]
    command: str | None
    reason: str


class InspectedTable(BaseModel):
    """A table that holds users.

    `rows` is an estimate unless `exact`, and null where they may not be read. Then nothing is known of the hashes
    and addresses either. `fields` leads from our field to its column.
    """

    table: str
    framework: str | None
    rows: int | None
    exact: bool
    id_type: str
    fields: dict[str, str]
    columns: list[InspectedColumn]
    primary_key: list[str]
    unique: list[str]
    referenced_by: list[str]
    hashes: list[Scheme]
    without_email: int | None
    colliding: int | None
    collisions: list[Collision]
    ways: list[Way]


INSPECTED_FIELDS = tuple(InspectedTable.model_fields)
