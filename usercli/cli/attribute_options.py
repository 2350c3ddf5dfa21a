"""The options that set attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from usercli.errors import InvalidInput
from usercli.schemas.user_fields import ATTRIBUTE

AttributeOpt = Annotated[
    list[str] | None,
    typer.Option("--attribute", metavar="KEY=VALUE", help="Set an attribute to a text; repeat it."),
]
AttributeJsonOpt = Annotated[
    list[str] | None,
    typer.Option("--attribute-json", metavar="KEY=JSON", help="Set an attribute to a JSON value; repeat it."),
]


def attribute_name(key: str) -> str:
    """The name of an attribute, which may be given as its column in a table is called: `attributes.team`."""
    return key.removeprefix(ATTRIBUTE)


def attributes_of(texts: Sequence[str] | None, values: Sequence[str] | None) -> dict[str, Any]:
    """`k=v` as text and `k=JSON` as JSON; a key given twice is a mistake. Raises InvalidInput."""
    from usercli.validation import read_json

    found: dict[str, Any] = {}
    for option, given in (("--attribute", texts or ()), ("--attribute-json", values or ())):
        for item in given:
            key, equals, value = item.partition("=")
            key = attribute_name(key)
            if not (key and equals):
                raise InvalidInput(f"{option} must be KEY=VALUE, not: {item}")
            if key in found:
                raise InvalidInput(f"the attribute {key} is given twice")
            if option == "--attribute":
                found[key] = value
                continue
            mistake = f"--attribute-json {key}= must be a JSON value (put a text in quotes)"
            found[key] = read_json(value, mistake)
    return found
