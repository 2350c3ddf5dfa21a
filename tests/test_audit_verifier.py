"""The verifier of docs/audit.md, which knows nothing of usercli, says what `audit verify` says."""

from __future__ import annotations

import ast
import hashlib
import json
import random
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit_log import fill, keys, tampering, uow, verify
from tests.conftest import Cli, Database
from usercli.hash_chain import BODY_FIELDS
from usercli.schemas.audit import RAW_FIELDS
from usercli.services import privacy

PAGE = (Path(__file__).parent.parent / "docs" / "audit.md").read_text(encoding="utf-8")
[VERIFIER] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def text(cli: Cli) -> str:
    """What the verifier says of an export, run as a third party would: by a bare Python, without our packages."""
    code, exported, err = cli("audit", "export")
    assert (code, err.startswith("exported ")) == (0, True)
    return judged(exported)


def judged(exported: str) -> str:
    command = [sys.executable, "-I", "-S", "-c", VERIFIER]
    return subprocess.run(command, input=exported, capture_output=True, text=True, check=True).stdout


def bad_for_the_page(cli: Cli) -> set[int]:
    """The numbers that an export leaves out, and those that the verifier names."""
    code, exported, err = cli("audit", "export")
    left_out = numbers(err.partition(": seq ")[2].partition(";")[0])
    assert code == (7 if left_out else 0), err
    return left_out | numbers(judged(exported).replace("broken at ", ""))


def numbers(text: str) -> set[int]:
    found: set[int] = set()
    for first, last in re.findall(r"(?m)(?:^|, )(-?\d+)(?: to (\d+))?(?=$|,)", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def bad_for_us(database: Database) -> set[int]:
    return {seq for part in verify(database).breaks for seq in range(part.first, part.last + 1)}


def ours(database: Database) -> str:
    found = verify(database)
    return f"whole, head {found.head}\n" if found.ok else f"broken at {found.broken_at}\n"


def test_the_verifier_is_short_and_needs_the_standard_library_alone() -> None:
    assert len([line for line in VERIFIER.splitlines() if line.strip()]) <= 66
    imported = {
        name.name for node in ast.walk(ast.parse(VERIFIER)) if isinstance(node, ast.Import) for name in node.names
    }
    assert imported == {"hashlib", "json", "re", "sys"}


def test_it_agrees_on_an_empty_a_clean_and_an_erased_log(database: Database, cli: Cli) -> None:
    assert text(cli) == ours(database) == f"whole, head {'0' * 64}\n"
    fill(database, rounds=2)
    assert text(cli) == ours(database)
    assert text(cli).startswith("whole, ")
    work = uow(database, reason="she asked for it")
    privacy.erase_person(keys("ada1@example.com")[0], work, aliases=["root"], allow_no_admin=True)
    assert database.rows("SELECT count(*) FROM audit_events WHERE personal IS NULL")[0][0] > 10
    assert text(cli) == ours(database)
    assert text(cli).startswith("whole, ")


def test_it_agrees_on_a_log_that_was_tampered_with(database: Database, cli: Cli) -> None:
    fill(database)
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    with tampering(database) as owner:
        for column in ("seq", "at", "after", "personal", "prev_hash"):
            wrong = owner.edit(5, column)
            bad = bad_for_us(database)
            assert wrong in bad
            assert bad_for_the_page(cli) == bad
            owner.restore()
        owner.erase_by_hand(2)
        assert text(cli) == ours(database) == "broken at 2\n"
        owner.restore()
        for _ in range(10):
            what, _ = owner.random_case(chance)
            assert bad_for_the_page(cli) == bad_for_us(database), f"seed {seed}: {what}"
            owner.restore()


@pytest.mark.slow_on("sqlite")
def test_it_agrees_on_forms_that_hash_well_but_are_not_ours(database: Database, cli: Cli) -> None:
    """Bytes moved over the border of salt and personal values; and numbers of erased events that are none."""
    fill(database)
    with tampering(database) as owner:
        for change in (owner.move_personal_into_salt, owner.upper_case_salt, owner.shift_one_byte):
            change(3)
            assert bad_for_the_page(cli) == bad_for_us(database) == {3}
            owner.restore()
        for erased in ("5", "[5]", "[[1]]", '[["a","b"]]', "[[1,40000000]]", "[[1.5,2]]", "[[true,3]]", "null"):
            owner.seal_erased(owner.count, erased)
            bad = bad_for_us(database)
            assert bad == (set() if "4000" in erased else {owner.count}), erased
            assert bad_for_the_page(cli) == bad
            owner.restore()


def test_the_page_lists_the_fields_of_an_event_and_of_its_body() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(RAW_FIELDS)
    eleven = PAGE.partition("eleven fields of the event:")[2].partition(".")[0]
    assert tuple(re.findall(r"`(\w+)`", eleven)) == BODY_FIELDS
    assert f'BODY = "{" ".join(BODY_FIELDS)}".split()' in VERIFIER


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_each_hash_of_an_export_is_what_the_page_says(database: Database, cli: Cli) -> None:
    """The sentences of the page once more, in other words than the verifier's."""
    fill(database)
    events = [json.loads(line) for line in cli("audit", "export")[1].splitlines()]
    before = "0" * 64
    for event in events:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["at"])
        assert event["prev_hash"] == before
        four = "".join(f"{line}\n" for line in (before, event["seq"], event["at"], event["body_hash"]))
        before = hashlib.sha256(four.encode()).hexdigest()
        assert event["hash"] == before
        if event["personal"] is not None:
            hashed = hashlib.sha256(bytes.fromhex(event["salt"]) + event["personal"].encode()).hexdigest()
            assert event["personal_hash"] == hashed
            assert re.fullmatch(r"[0-9a-f]{32}", event["salt"])
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["salt"] for event in events if event["salt"]}) == sum(1 for event in events if event["salt"])
