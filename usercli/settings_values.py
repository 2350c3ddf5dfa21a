"""The settings besides the database: their types, bounds and defaults.

Pydantic is loaded here, so whoever reads no setting imports this module late or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from usercli.database.pool import PoolSettings
from usercli.database.timeouts import Timeouts
from usercli.errors import InvalidInput
from usercli.password_costs import MAX_BCRYPT_COST
from usercli.schemas.user_fields import STORED
from usercli.validation import BOOLEAN_WORDS

_PLACE = re.compile(r"(?P<table>[a-z_][a-z0-9_]{0,62}) *= *(?P<place>/[^=]*|[^\W\d]\w*(?:\.[^\W\d]\w*)*)", re.ASCII)
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_NAME_BYTES = 63  # of a name in PostgreSQL
_OUT_OF_BOUNDS = frozenset({"greater_than_equal", "less_than_equal", "int_parsing_size"})


def _split(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise InvalidInput("must be a list of texts")


def _digits(value: Any) -> Any:
    if isinstance(value, bool) or not str(value).isascii() or not str(value).isdigit():
        raise InvalidInput("must be a whole number")
    return value


def _boolean(value: Any) -> bool:
    found = BOOLEAN_WORDS.get(str(value).lower())
    if found is None:
        raise InvalidInput("must be true or false")
    return found


def _places(entries: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for entry in entries:
        match = _PLACE.fullmatch(entry)
        if match is None:
            raise InvalidInput("must be VERSION_TABLE=PACKAGE or VERSION_TABLE=/ABSOLUTE/FOLDER")
        table = match["table"]
        if table in found or table in {"alembic_version", "usercli_version"}:
            raise InvalidInput(f"{table} is taken; each application has a version table of its own")
        found[table] = match["place"]
    return tuple(f"{table}={place}" for table, place in found.items())


def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _COLUMN.fullmatch(name):
            raise InvalidInput("must be names of columns: letters, digits and _")
        if name in {"email_key", *STORED}:
            raise InvalidInput(f"{name} is a column of usercli's")
    return names


def _schema(name: str) -> str:
    if name.startswith("pg_") or name == "information_schema":
        raise InvalidInput("must not be a schema of the system")
    if not name.isprintable() or len(name.encode()) > _NAME_BYTES:
        raise InvalidInput(f"must be one name of at most {_NAME_BYTES} bytes")
    return name


Texts = Annotated[tuple[str, ...], BeforeValidator(_split)]
WholeNumber = Annotated[int, BeforeValidator(_digits)]
YesNo = Annotated[bool, BeforeValidator(_boolean)]


class SettingsValues(BaseModel):
    """Every setting besides the database. A variable gives a text, the configuration file what TOML has."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    special_use_domains: Texts = ()
    password_scheme: Literal["bcrypt", "bcrypt_sha256"] = "bcrypt"  # noqa: S105 - a scheme's name
    bcrypt_cost: WholeNumber = Field(12, ge=4, le=MAX_BCRYPT_COST)
    password_min_length: WholeNumber = Field(15, ge=8, le=128)
    blocklist: str = ""
    pepper_file: str = ""
    service_name: str = ""
    require_reason: YesNo = False
    max_changes: WholeNumber = Field(0, ge=0, le=1_000_000_000)
    pool_size: WholeNumber = Field(PoolSettings.size, ge=1, le=1000)
    pool_overflow: WholeNumber = Field(PoolSettings.overflow, ge=0, le=1000)
    pool_timeout: WholeNumber = Field(PoolSettings.timeout, ge=1, le=3600)
    pool_recycle: WholeNumber = Field(PoolSettings.recycle, ge=1, le=86_400)
    connect_timeout: WholeNumber = Field(Timeouts.connect, ge=1, le=3600)
    lock_timeout: WholeNumber = Field(int(Timeouts.lock), ge=1, le=86_400)
    statement_timeout: WholeNumber = Field(Timeouts.statement, ge=0, le=86_400)
    network_timeout: WholeNumber = Field(Timeouts.network, ge=1, le=86_400)
    schema_: Annotated[str, AfterValidator(_schema)] = Field("", alias="schema")
    version_table: Literal["alembic_version", "usercli_version"] = "alembic_version"
    migrations: Annotated[Texts, AfterValidator(_places)] = ()
    echo: YesNo = False
    user_columns: Annotated[Texts, AfterValidator(_columns)] = ()


#: The settings by name, with their defaults. A profile's section, the top of the configuration file and
#: USERCLI_<NAME> may give them.
KNOWN: dict[str, Any] = {field.alias or name: field.default for name, field in SettingsValues.model_fields.items()}


#: Settings that are rules, and when one value is as strict as another; of the others neither is.
_AS_STRICT: dict[str, Callable[[Any, Any], bool]] = {
    "require_reason": lambda value, floor: value or not floor,
    "max_changes": lambda value, floor: not floor or 0 < value <= floor,
    "password_min_length": lambda value, floor: value >= floor,
    "bcrypt_cost": lambda value, floor: value >= floor,
    "special_use_domains": lambda value, floor: set(value) <= set(floor),
}
_NO_RULES = frozenset(
    {
        *("pool_size", "pool_overflow", "pool_timeout", "pool_recycle"),
        *("connect_timeout", "lock_timeout", "statement_timeout", "network_timeout", "echo"),
    }
)


def is_as_strict(name: str, value: Any, floor: Any) -> bool:
    """Whether a setting's value forbids all that the other one does; always for one that is no rule."""
    if name in _NO_RULES:
        return True
    return _AS_STRICT[name](value, floor) if name in _AS_STRICT else value == floor or not floor


def parse_setting(name: str, value: Any) -> Any:
    """A setting's value as it was given, checked and typed. Raises InvalidInput."""
    try:
        return SettingsValues.model_validate({name: value}).model_dump(by_alias=True)[name]
    except ValidationError as error:
        raise InvalidInput(_reason(name, dict(error.errors(include_url=False)[0]))) from None


def _reason(name: str, error: dict[str, Any]) -> str:
    if error["type"] in _OUT_OF_BOUNDS:
        bounds = SettingsValues.model_json_schema()["properties"][name]
        return f"must be from {bounds['minimum']} to {bounds['maximum']}"
    if error["type"] == "literal_error":
        return f"must be {error['ctx']['expected'].replace(chr(39), '')}"
    if error["type"] == "string_type":
        return "must be a text"
    return str(error["ctx"]["error"])
