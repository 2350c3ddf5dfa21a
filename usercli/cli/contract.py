"""What scripts may rely on, as JSON Schema: what every command prints, what files hold, the exit codes.

All of it is made of the models that the code itself uses. `VERSION` goes up with it: the minor number for what
is added, the major one for what would break a reader or a file (tests/test_schema.py tells which).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from usercli.config import Setting
from usercli.errors import MEANINGS, ExitCode, InvalidInput
from usercli.schemas.access_review import DECISION_FIELDS, GrantView
from usercli.schemas.adoption import AdoptionStep
from usercli.schemas.audit import ChangeView, Checkpoint, EventView, RawEvent, Verification
from usercli.schemas.batch import BatchResult
from usercli.schemas.database import (
    NewRevision,
    ReportWithApplications,
    RevisionView,
    RevisionWithApplication,
    SchemaReport,
    SchemaState,
    Seeded,
    StateWithApplications,
)
from usercli.schemas.desired import Desired
from usercli.schemas.foreign_tables import InspectedTable
from usercli.schemas.health import CheckView
from usercli.schemas.import_rows import FIELDS, REJECT_FIELDS, ImportRecord
from usercli.schemas.imports import SECRET_FIELDS, ImportSummary
from usercli.schemas.mapped_users import MappedChange, MappedReport, MappedUserView
from usercli.schemas.passwords import CostView, GeneratedPassword, PasswordReport
from usercli.schemas.plans import Applied, Plan, PlannedChange
from usercli.schemas.privacy import PersonExport
from usercli.schemas.roles import RoleChange, RoleView
from usercli.schemas.statistics import StatView
from usercli.schemas.users import (
    Change,
    Count,
    ExtraUserView,
    RelatedExtraUserView,
    RelatedUserView,
    UserView,
    UserWithHash,
)
from usercli.targets import ProfileView
from usercli.text import suggestion

VERSION = "1.1"
EXIT_CODES = "exit-codes"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = f"urn:usercli:schema:{VERSION}"

Json = dict[str, Any]


@dataclass(frozen=True)
class SchemaName:
    """What there is a schema of."""

    name: str
    kind: str
    about: str


NAME_FIELDS = tuple(SchemaName.__dataclass_fields__)


@dataclass(frozen=True)
class Printed:
    """What a command writes to stdout: the type with `-o json`, that of a line with `-o jsonl`; or its text.

    `rows` is the type whose fields `--fields` chooses from.
    """

    json: Any = None
    jsonl: Any = None
    text: Json | None = None
    rows: Any = None


def _many(kind: Any) -> Printed:
    return Printed(json=list[kind], jsonl=kind, rows=kind)


def _one(kind: Any, rows: Any = None) -> Printed:
    return Printed(json=kind, jsonl=kind, rows=rows or kind)


_ShownUser = UserView | RelatedUserView | ExtraUserView | RelatedExtraUserView
_CHANGE = _one(Change, rows=UserView)
_REVISIONS = Printed(
    json=list[RevisionView] | list[RevisionWithApplication],
    jsonl=RevisionView | RevisionWithApplication,
    rows=RevisionWithApplication,
)
_NOTHING = Printed(text={"const": ""})
_TEXT = Printed(text={"type": "string"})

OUTPUTS: Mapping[str, Printed] = {
    "create": _CHANGE,
    "list": Printed(
        json=list[UserView] | list[ExtraUserView] | Count,
        jsonl=UserView | ExtraUserView | Count,
        rows=ExtraUserView,
    ),
    "show": Printed(
        json=_ShownUser | list[_ShownUser],
        jsonl=_ShownUser,
        rows=RelatedExtraUserView,
    ),
    "update": _CHANGE,
    "delete": _CHANGE,
    "restore": _CHANGE,
    "exists": _NOTHING,
    "password set": _CHANGE,
    "password reset": _CHANGE,
    "password verify": _NOTHING,
    "password expire": _CHANGE,
    "password generate": _many(GeneratedPassword),
    "password audit": _one(PasswordReport),
    "password calibrate": _many(CostView),
    "role list": _many(RoleView),
    "role create": _one(RoleChange, rows=RoleView),
    "role update": _one(RoleChange, rows=RoleView),
    "role delete": _CHANGE,
    "role grant": _CHANGE,
    "role revoke": _CHANGE,
    "access-review export": _many(GrantView),
    "access-review apply": _CHANGE,
    "activate": _CHANGE,
    "deactivate": _CHANGE,
    "expire run": _CHANGE,
    "import": _one(ImportSummary),
    "export": Printed(json=list[UserView] | list[UserWithHash], jsonl=UserView | UserWithHash, rows=UserWithHash),
    "plan": Printed(json=Plan, jsonl=PlannedChange, rows=PlannedChange),
    "apply": _one(Applied),
    "stats": _many(StatView),
    "batch": Printed(jsonl=BatchResult, rows=BatchResult),
    "history": _many(EventView),
    "changes": _many(ChangeView),
    "undo": _CHANGE,
    "audit log": _many(EventView),
    "audit verify": _one(Verification),
    "audit checkpoint": _one(Checkpoint),
    "audit export": _many(RawEvent),
    "purge": _CHANGE,
    "privacy export": _one(PersonExport),
    "privacy erase": _CHANGE,
    "db upgrade": _REVISIONS,
    "db downgrade": _REVISIONS,
    "db current": _one(SchemaState | StateWithApplications, rows=StateWithApplications),
    "db history": _REVISIONS,
    "db check": _one(SchemaReport | ReportWithApplications, rows=ReportWithApplications),
    "db inspect": _many(InspectedTable),
    "db revision": _many(NewRevision),
    "db stamp": _NOTHING,
    "db adopt": _many(AdoptionStep),
    "db sql": _TEXT,
    "db seed": _one(Seeded),
    "migrate": _REVISIONS,
    "config show": _many(Setting),
    "config path": _TEXT,
    "config profiles": _many(ProfileView),
    "config init": _NOTHING,
    "doctor": _many(CheckView),
    "completion": _TEXT,
    "help": _TEXT,
    "__complete": _TEXT,
    "schema": Printed(json=list[SchemaName] | Json, jsonl=SchemaName | Json, rows=SchemaName),
}

#: What commands print where the users are those of another program's table; all others print what they always do.
_MAPPED_CHANGES = (
    "create",
    "update",
    "activate",
    "deactivate",
    "password set",
    "password reset",
    "role grant",
    "role revoke",
    "undo",
)
MAPPED_OUTPUTS: Mapping[str, Printed] = {
    "mapped list": Printed(json=list[MappedUserView] | Count, jsonl=MappedUserView | Count, rows=MappedUserView),
    "mapped show": Printed(json=MappedUserView | list[MappedUserView], jsonl=MappedUserView, rows=MappedUserView),
    "mapped export": _many(MappedUserView),
    **{f"mapped {name}": _one(MappedChange, rows=MappedUserView) for name in _MAPPED_CHANGES},
    "mapped db check": _one(MappedReport),
}
_PRINTED = {**OUTPUTS, **MAPPED_OUTPUTS}

#: Files that commands read.
READ: Mapping[str, Any] = {
    "import-record": ImportRecord,
    "desired-state": Desired,
    "saved-plan": Plan,
}


def _row(*columns: str, required: tuple[str, ...] = (), **more: Any) -> Json:
    """A line of a table with a header: every value is a text."""
    properties = {name: {"type": "string"} for name in columns}
    return {"type": "object", "properties": properties, "required": list(required or columns), **more}


#: Tables that commands read and write, a line of each.
READ_ROWS: Mapping[str, Json] = {
    "import-row": _row(
        *FIELDS,
        *REJECT_FIELDS,
        required=("email",),
        patternProperties={"^attributes\\.": {"type": "string"}},
        additionalProperties=False,
    ),
    "review-row": _row(*DECISION_FIELDS),
}
WRITTEN_ROWS: Mapping[str, Json] = {
    "reject-row": _row(*FIELDS, *REJECT_FIELDS),
    "secret-row": _row(*SECRET_FIELDS),
}

_ABOUT = {
    "import-record": "a record of a JSON or JSON Lines file for import",
    "import-row": "a line of a CSV or TSV file for import",
    "desired-state": "a file of users and roles for plan and apply",
    "saved-plan": "a file that plan --save wrote, for apply",
    "review-row": "a line of the CSV or TSV file for access-review apply; other columns are ignored",
    "reject-row": "a line of the CSV file of import --reject-file",
    "secret-row": "a line of the CSV file of --secret-out",
    EXIT_CODES: "what the exit codes mean",
}


def names() -> list[SchemaName]:
    """All that there is a schema of."""
    outputs = [SchemaName(name, "output", f"what usercli {name} prints") for name in OUTPUTS]
    outputs += [
        SchemaName(name, "output", f"what usercli {name.removeprefix('mapped ')} prints of a mapped table")
        for name in MAPPED_OUTPUTS
    ]
    read = [SchemaName(name, "file read", _ABOUT[name]) for name in (*READ, *READ_ROWS)]
    written = [SchemaName(name, "file written", _ABOUT[name]) for name in WRITTEN_ROWS]
    return [*outputs, *read, *written, SchemaName(EXIT_CODES, "exit codes", _ABOUT[EXIT_CODES])]


def fields(command: str) -> list[str]:
    """What `--fields` of a command chooses from; nothing where there is no such choice."""
    rows = OUTPUTS[command].rows if command in OUTPUTS else None
    return list(TypeAdapter(rows).json_schema(mode="serialization")["properties"]) if rows else []


@cache
def everything() -> Json:
    """The whole contract as one document, not to be changed; its parts refer to `$defs`."""
    forms = [
        (name, form, kind)
        for name, printed in _PRINTED.items()
        for form, kind in (("json", printed.json), ("jsonl", printed.jsonl))
        if kind is not None
    ]
    inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        *((f"{name} {form}", "serialization", TypeAdapter(kind)) for name, form, kind in forms),
        *((name, "validation", TypeAdapter(kind)) for name, kind in READ.items()),
    ]
    found, shared = TypeAdapter.json_schemas(inputs, schema_generator=_Generator)
    commands: dict[str, Json] = {name: {} if p.text is None else {"text": p.text} for name, p in _PRINTED.items()}
    for name, form, _ in forms:
        commands[name][form] = found[f"{name} {form}", "serialization"]
    return {
        "$schema": _DIALECT,
        "$id": _ID,
        "version": VERSION,
        "commands": commands,
        "files_read": {**{name: found[name, "validation"] for name in READ}, **READ_ROWS},
        "files_written": dict(WRITTEN_ROWS),
        "exit_codes": {"oneOf": list(_exit_codes())},
        "$defs": shared["$defs"],
    }


def schema_of(name: str, *, line: bool = False) -> Json:
    """The JSON Schema of what a name stands for; `line` is that of a line of `-o jsonl`. Raises InvalidInput."""
    known = [item.name for item in names()]
    if name not in known:
        raise InvalidInput(f"no such schema: {name}{suggestion(name, known)}; usercli schema lists them")
    whole = everything()
    forms = whole["commands"].get(name, {})
    if line and "jsonl" not in forms:
        raise InvalidInput(f"{name} has no lines of JSON")
    part = forms.get("jsonl") if line else forms.get("json") or forms.get("text") or forms.get("jsonl")
    part = part or whole["files_read"].get(name) or whole["files_written"].get(name) or whole["exit_codes"]
    about = next(item.about for item in names() if item.name == name)
    used = _used(part, whole["$defs"])
    place = f"{_ID}:{name.replace(' ', '-')}{':line' if line else ''}"
    return {"$schema": _DIALECT, "$id": place, "title": about, **part, **({"$defs": used} if used else {})}


def _exit_codes() -> Iterator[Json]:
    for code, meaning in MEANINGS.items():
        title = {"title": code.name} if isinstance(code, ExitCode) else {}
        yield {"const": int(code), **title, "description": meaning}


def _used(part: Any, shared: Json) -> Json:
    """The definitions that a schema refers to, and those that these refer to."""
    used: Json = {}
    pending = [part]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            name = str(item.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in used:
                used[name] = shared[name]
                pending.append(shared[name])
            pending += item.values()
        elif isinstance(item, list):
            pending += item
    return dict(sorted(used.items()))


class _Generator(GenerateJsonSchema):
    """Pydantic's schemas without what says nothing: titles of fields, defaults.

    What is printed always has all its fields, and a later version may add some: no reader may rely on there being
    no others.
    """

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - Pydantic's signature
        return False

    def default_schema(self, schema: Any) -> Json:
        return self.generate_inner(schema["schema"])

    def field_is_required(self, field: Any, total: bool) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)

    def model_schema(self, schema: Any) -> Json:
        return self._published(super().model_schema(schema))

    def dataclass_schema(self, schema: Any) -> Json:
        return self._published(super().dataclass_schema(schema))

    def _published(self, found: Json) -> Json:
        if "description" in found:
            found["description"] = found["description"].partition("\n\n")[0].partition(". ")[0].removesuffix(".")
        if self.mode == "serialization":
            found.pop("additionalProperties", None)
        return found
