"""docs/embedding.md is real: its Python runs as it stands, block after block, and prints what the page shows."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import audit_log
from tests.apps.user_service.errors import STATUS
from tests.conftest import Database
from usercli import errors
from usercli.errors import UserCliError
from usercli.services import auth, policy

pytestmark = pytest.mark.either_engine

PAGE = (Path(__file__).parent.parent / "docs" / "embedding.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"```python\n(.*?)```\n(?:```text\n(.*?)```)?", re.DOTALL)


def run_page(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run every block of the page; the names that they leave."""
    names: dict[str, Any] = {"__name__": "embedding"}
    for code, output in _BLOCK.findall(PAGE):
        exec(compile(code, "docs/embedding.md", "exec", dont_inherit=True), names)
        assert capsys.readouterr().out == output
    names["engine"].dispose()
    return names


def test_the_page_runs_and_its_web_service_answers(
    environment: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    app = run_page(capsys)["app"]

    async def ask() -> list[tuple[int, Any]]:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
                body = {"email": "eve@example.com", "full_name": "Eve", "roles": ["admin"]}
                answers = [await client.post("/users", json=body) for _ in range(2)]
                for email in ("EVE@example.com", "nobody@example.com", ""):
                    answers.append(await client.get("/users/by-email", params={"email": email}))
                for wrong in ({"email": "CANARY"}, {"email": ["CANARY"]}):
                    answers.append(await client.post("/users", json=wrong))
                return [(answer.status_code, answer.json()) for answer in answers]

    created, again, shown, missing, empty, *bad = asyncio.run(ask())
    assert (created[0], created[1]["roles"]) == (201, [])
    assert shown == (200, created[1])
    assert again == (409, {"error": "a user with the email eve@example.com exists already"})
    assert missing == (404, {"error": "no such user: email:nobody@example.com"})
    assert [status for status, _ in (empty, *bad)] == [422] * 3
    assert "CANARY'" not in str(bad[1])
    assert {event.tool for event in audit_log.events(database)} == {"shop 1.0"}
    assert audit_log.verify(database).ok


def test_the_page_has_examples_for_threads_and_for_loops() -> None:
    code = "".join(code for code, _ in _BLOCK.findall(PAGE))
    words = set(re.findall(r"\w+", code))
    assert {"open_pooled_engine", "AsyncDatabase", "ThreadedHasher", "FastAPI"} <= words


def test_the_page_has_examples_of_passwords_and_of_health() -> None:
    words = set(re.findall(r"\w+", "".join(code for code, _ in _BLOCK.findall(PAGE))))
    assert {"NewPassword", "configured_policy", "set_new_password", "must_change_password"} <= words
    assert {"require_current", "checkedout", "migrations"} <= words


def test_the_table_of_errors_is_what_the_whole_service_does() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {name: int(status) for name, status, _ in rows} == {code.name: status for code, status in STATUS.items()}
    for name, _, raised in rows:
        for kind in re.findall(r"`(\w+)`", raised):
            found = next(getattr(place, kind) for place in (errors, auth, policy) if hasattr(place, kind))
            assert issubclass(found, UserCliError)
            assert found.exit_code.name == name
