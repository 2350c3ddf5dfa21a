"""docs/embedding.md is real: its Python runs as it stands, block after block, and prints what the page shows."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import audit_log
from tests.conftest import Database
from usercli import errors
from usercli.embedding import Users, operations
from usercli.errors import UserCliError
from usercli.fastapi.problems import STATUS, STATUS_OF_KIND
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
    return names


def test_the_page_runs_and_its_web_service_answers(
    environment: Path, database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "a secret of 32 bytes or more, for tests")
    app = run_page(capsys)["app"]
    with Users.configured() as users:
        users.create_role("admin", administrative=True)

    async def ask() -> None:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
                await sign_up_and_out(client)
                await administer(client)

    asyncio.run(ask())
    assert {event.tool for event in audit_log.events(database) if event.target_email == "eve@example.com"} >= {
        "shop 1.0"
    }
    assert audit_log.verify(database).ok


async def sign_up_and_out(client: httpx.AsyncClient) -> None:
    eve = {"email": "eve@example.com", "password": "a kettle sings at dawn"}
    assert [(await client.post("/sign-up", json=eve)).status_code for _ in range(2)] == [201, 409]
    for wrong in ({**eve, "email": 7}, {**eve, "password": ["CANARY"]}, {**eve, "password": "CANARY"}):
        answer = await client.post("/sign-up", json=wrong)
        assert (answer.status_code, "CANARY" in answer.text) == (422, False)
    token = (await client.post("/sign-in", json=eve)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert (await client.get("/greeting", headers=headers)).json() == "Hello eve@example.com"
    assert (await client.post("/sign-out", headers=headers)).status_code == 204
    assert (await client.get("/greeting", headers=headers)).status_code == 401
    assert (await client.get("/greeting", headers={"authorization": "Bearer x"})).status_code == 401
    assert (await client.get("/greeting")).status_code == 401


async def administer(client: httpx.AsyncClient) -> None:
    team = ["grace@example.com", "henry@example.com"]
    before = (await client.post("/teams", json=team)).json()
    assert (await client.post("/teams", json=["ian@example.com", "EVE@example.com"])).status_code == 409
    assert (await client.post("/teams", json=[])).json() == before, "ian is not there"
    eve = {"email": "eve@example.com", "password": "a kettle sings at dawn"}
    headers = {"authorization": f"Bearer {(await client.post('/sign-in', json=eve)).json()['access_token']}"}
    assert (await client.get("/users", headers=headers)).status_code == 403
    with Users.configured() as users:
        users.update(users.get((await client.get("/me", headers=headers)).json()["id"]), add_roles=["admin"])
    assert (await client.get("/users", headers=headers)).status_code == 200


def test_the_page_begins_with_ten_lines_of_fastapi() -> None:
    first, _ = _BLOCK.findall(PAGE)[0]
    assert len([line for line in first.splitlines() if line]) <= 10


def test_the_page_has_examples_for_threads_and_for_loops() -> None:
    code = "".join(code for code, _ in _BLOCK.findall(PAGE))
    words = set(re.findall(r"\w+", code))
    assert {"Users", "AsyncUsers", "Database", "AsyncDatabase", "FastAPI"} <= words


def test_the_page_has_examples_of_passwords_and_of_health() -> None:
    words = set(re.findall(r"\w+", "".join(code for code, _ in _BLOCK.findall(PAGE))))
    assert {"sign_up", "sign_in", "change_password", "claims_of"} <= words
    assert {"check", "migrate", "pool_status"} <= words


def test_the_table_of_errors_is_what_the_handlers_do() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {name: int(status) for name, status, _ in rows} == {code.name: status for code, status in STATUS.items()}
    places = (errors, auth, policy, operations)
    for name, usual, raised in rows:
        for status, kind in re.findall(r"(?:(\d+) for )?`(\w+)`", raised):
            if kind == "ValidationError":  # Pydantic's
                continue
            found = next(getattr(place, kind) for place in places if hasattr(place, kind))
            assert issubclass(found, UserCliError)
            assert found.exit_code.name == name
            assert STATUS_OF_KIND.get(found, int(usual)) == int(status or usual), kind


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) >= 10
    for file, name in named:
        assert f"def {name}(" in (Path(__file__).parent / file).read_text("utf-8"), name
