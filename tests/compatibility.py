"""Tells a compatible change of the published schemas (usercli schema --all) from a breaking one.

Who reads what usercli prints must go on reading it: fields stay, with their types; there may be more of them. Who
writes files for usercli must go on being read: what was accepted stays so; there may be more that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

Json = dict[str, Any]
Level = Literal["none", "minor", "major"]

#: What says nothing about values.
_REMARKS = {"$comment", "$id", "$schema", "description", "title"}
_HANDLED = {*_REMARKS, "type", "enum", "const", "properties", "required", "additionalProperties", "items"}


def level(old: Json, new: Json) -> tuple[Level, list[str]]:
    """Which number of the version must go up, and what breaks."""
    broken = list(breaks(old, new))
    if broken:
        return "major", broken
    return ("none" if _bare(old) == _bare(new) else "minor"), []


def is_right_version(old: str, new: str, needed: Level) -> bool:
    """Has the version gone up as much as it must, and not without need?"""
    before, after = (tuple(int(part) for part in version.split(".")) for version in (old, new))
    if needed == "major":
        return after == (before[0] + 1, 0)
    if needed == "minor":
        return after == (before[0], before[1] + 1)
    return after == before


def breaks(old: Json, new: Json) -> Iterator[str]:
    """What a script that relies on the old contract could fail on."""
    for name, forms in old["commands"].items():
        for form, schema in forms.items():
            if (now := new["commands"].get(name, {}).get(form)) is None:
                yield f"usercli {name}: {form} is gone"
            else:
                yield from _Fit(new, old).misfits(now, schema, f"usercli {name} ({form})")
    for name, schema in old["files_written"].items():
        if (now := new["files_written"].get(name)) is None:
            yield f"{name} is gone"
        else:
            yield from _Fit(new, old).misfits(now, schema, name)
    for name, schema in old["files_read"].items():
        if (now := new["files_read"].get(name)) is None:
            yield f"{name} is gone"
        else:
            yield from _Fit(old, new).misfits(schema, now, name)
    codes, codes_now = (
        {item["const"]: item.get("title") for item in it["exit_codes"]["oneOf"]} for it in (old, new)
    )
    yield from (f"exit code {code} is another" for code in codes if codes_now.get(code, "") != codes[code])


class _Fit:
    """Does everything that one document's schemas allow fit those of the other?"""

    def __init__(self, given: Json, expected: Json) -> None:
        self._given, self._expected = given["$defs"], expected["$defs"]

    def misfits(self, given: Json, expected: Json, path: str) -> list[str]:
        """Where a value may be that does not fit."""
        found: list[str] = []
        choices = list(_choices(expected, self._expected))
        for value in _choices(given, self._given):
            tried = [list(self._one(value, choice, path)) for choice in choices]
            if all(tried):  # none is without a misfit
                found += min(tried, key=len)
        return found

    def _one(self, given: Json, expected: Json, path: str) -> Iterator[str]:
        if "enum" in expected or "const" in expected:
            more = [value for value in _values(given) if value not in _values(expected)]
            if more or not _values(given):
                yield f"{path}: may be {more or 'anything'}"
        if expected.get("type", given.get("type")) != given.get("type"):
            yield f"{path}: {expected['type']} became {given.get('type', 'anything')}"
            return
        for rule in sorted(expected.keys() - _HANDLED):
            if given.get(rule) != expected[rule]:
                yield f"{path}: {rule} {expected[rule]} became {given.get(rule, 'anything')}"
        yield from self._fields(given, expected, path)
        if "items" in expected:
            yield from self.misfits(given.get("items", {}), expected["items"], f"{path}[]")

    def _fields(self, given: Json, expected: Json, path: str) -> Iterator[str]:
        for name in expected.get("required", ()):
            if name not in given.get("required", ()):
                yield f"{path}.{name}: may be missing"
        there, wanted = given.get("properties", {}), expected.get("properties", {})
        for name in there.keys() & wanted.keys():
            yield from self.misfits(there[name], wanted[name], f"{path}.{name}")
        others = expected.get("additionalProperties", True)
        if others is False:
            yield from (f"{path}.{name}: is not taken" for name in there.keys() - wanted.keys())
            patterns = given.get("patternProperties", {}).keys() - expected.get("patternProperties", {}).keys()
            yield from (f"{path}.{pattern}: is not taken" for pattern in patterns)
        elif isinstance(others, dict):
            yield from self.misfits(_others(given), others, f"{path}.*")


def _others(schema: Json) -> Json:
    others = schema.get("additionalProperties", True)
    return others if isinstance(others, dict) else {}


def _choices(schema: Json, shared: Json) -> Iterator[Json]:
    """The schema without references and alternatives: each as one of its own."""
    if "$ref" in schema:
        yield from _choices(shared[schema["$ref"].rpartition("/")[2]], shared)
    elif "anyOf" in schema:
        for choice in schema["anyOf"]:
            yield from _choices(choice, shared)
    else:
        yield schema


def _values(schema: Json) -> list[Any]:
    return schema.get("enum", [schema["const"]] if "const" in schema else [])


def _bare(document: Json) -> Json:
    """The document without its version and without remarks."""
    parts = {name: part for name, part in document.items() if name not in {"version", *_REMARKS}}
    parts["exit_codes"] = _bare_schema(parts["exit_codes"])
    for name in ("files_read", "files_written", "$defs"):
        parts[name] = {key: _bare_schema(schema) for key, schema in parts[name].items()}
    parts["commands"] = {
        name: {form: _bare_schema(schema) for form, schema in forms.items()}
        for name, forms in parts["commands"].items()
    }
    return parts


def _bare_schema(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bare_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {name: value for name, value in schema.items() if name not in _REMARKS}
    for name in bare.keys() & {"properties", "patternProperties"}:  # these hold names, not rules
        bare[name] = {key: _bare_schema(value) for key, value in bare[name].items()}
    return {
        name: value if name in {"properties", "patternProperties"} else _bare_schema(value)
        for name, value in bare.items()
    }
