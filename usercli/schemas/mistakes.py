"""What is wrong with an input that Pydantic refused, without the input: it may be a secret."""

from __future__ import annotations

from typing import Any

from usercli.errors import UserCliError


def mistakes(error: Any) -> list[tuple[str, str]]:
    """The field and a sentence for each, of a ValidationError or what has `errors()` like one."""
    return [(".".join(map(str, item["loc"])), _sentence(item)) for item in error.errors()]


def _sentence(item: dict[str, Any]) -> str:
    raised = item.get("ctx", {}).get("error")
    if isinstance(raised, UserCliError):
        return raised.message
    text = str(item["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
