"""The options that set attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from usercli.errors import InvalidInput

AttributeOpt = Annotated[
    list[str] | None,
    typer.Option("--attribute", metavar="KEY=VALUE", help="Set an attribute to a text; repeat it."),
]
AttributeJsonOpt = Annotated[
    list[str] | None,
    typer.Option("--attribute-json", metavar="KEY=JSON", help="Set an attribute to a JSON value; repeat it."),
]


def attributes_of(texts: Sequence[str] | None, values: Sequence[str] | None) -> dict[str, Any]:
    """`k=v` as text and `k=JSON` as JSON; a key given twice is a mistake. Raises InvalidInput."""
    from usercli.validation import read_json

    found: dict[str, Any] = {}
    for option, given in (("--attribute", texts or ()), ("--attribute-json", values or ())):
        for item in given:
            key, equals, value = item.partition("=")
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
