"""Other systems' own files through the command line: the users they hold, who sign in with their old passwords."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli, Database
from tests.test_formats_hashes import PASSWORD, VERIFIED
from tests.test_formats_peers import EXPECTED, PEERS
from usercli.hash_forms import identify
from usercli.readers import SYSTEMS
from usercli.times import rfc3339

pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")

TIMES = ("password_changed_at", "expires_at", "last_login_at", "created_at", "updated_at")


def options_of(case: dict[str, Any]) -> list[str]:
    """The options with which the command line reads this file."""
    options = []
    if domain := case["options"].get("email_domain"):
        options += ["--email-domain", domain]
    for name in case["options"].get("companions", ()):
        options += ["--companion", str(PEERS / name)]
    if any("password" in user for user in case["users"]):
        options.append("--hash-passwords")
    return options


def expected_user(user: dict[str, Any]) -> dict[str, Any]:
    """What an export must say of a user of the file."""
    found = {name: user[name] for name in ("email", "full_name", "is_active", "roles", "attributes")}
    found |= {name: rfc3339(datetime.fromisoformat(user[name])) for name in TIMES if name in user}
    if "password" not in user:
        found["hashed_password"] = user.get("hashed_password", "!")
    return found | {"roles": sorted(found["roles"])}


@pytest.mark.parametrize("case", EXPECTED, ids=[case["file"] for case in EXPECTED])
@pytest.mark.each_once
def test_every_file_imports_to_the_users_it_holds(
    cli: Cli, environment: Path, database: Database, case: dict[str, Any]
) -> None:
    arguments = ("import", str(PEERS / case["file"]), "--from", case["system"], *options_of(case))
    if "--hash-passwords" in arguments:  # of a demonstration, as weak as such are
        arguments = (*arguments, "--skip-policy", "--reason", "as they were")
    code, out, err = cli(*arguments, "--create-roles", "--preserve", "-o", "json")
    assert (code, json.loads(out)["created"]) == (0, len(case["users"])), err
    assert cli("export", "all.json", "--with-hashes")[0] == 0
    found = {user["email"]: user for user in json.loads((environment / "all.json").read_text())}
    assert len(found) == len(case["users"])
    for user in case["users"]:
        wanted = expected_user(user)
        assert {name: found[user["email"]][name] for name in wanted} == wanted
        if "password" in user:
            verify = ("password", "verify", user["email"], "--password-stdin")
            assert cli(*verify, stdin=user["password"] + "\n")[0] == 0
    unsupported = Counter(user["unsupported"] for user in case["users"] if "unsupported" in user)
    warnings = [line for line in err.splitlines() if line.startswith("warning: ")]
    assert warnings == [
        f"warning: {number} user{'s' * (number > 1)} came without their password: unsupported scheme {scheme}"
        for scheme, number in sorted(unsupported.items())
    ]


@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
@pytest.mark.parametrize("system", sorted({system for system, _ in VERIFIED.values()}))
def test_a_known_password_of_each_scheme_signs_in_once_and_is_hashed_anew(
    cli: Cli, environment: Path, database: Database, system: str
) -> None:
    verify = ("password", "verify", "ada@example.com", "--password-stdin", "--record-login")
    for name, (kind, data) in VERIFIED.items():
        if kind != system:
            continue
        (environment / "users").write_text(data if isinstance(data, str) else json.dumps(data))
        code, _, err = cli("import", "users", "--from", system)
        assert (code, "came without" in err) == (0, False), (name, err)
        [(before,)] = database.rows("SELECT hashed_password FROM users")
        assert cli(*verify, stdin=PASSWORD + "x\n")[0] == 8, name
        assert database.rows("SELECT hashed_password FROM users") == [(before,)], name
        assert cli(*verify, stdin=PASSWORD + "\n")[0] == 0, name
        [(after,)] = database.rows("SELECT hashed_password FROM users")
        assert identify(str(after)).scheme == "bcrypt", name
        assert identify(str(before)).scheme == "bcrypt" or after != before, name
        assert cli(*verify, stdin=PASSWORD + "\n")[0] == 0, name
        database.rows("DELETE FROM users")


def test_every_system_that_shows_hashes_has_a_scheme_that_is_proved() -> None:
    proved = {system for system, _ in VERIFIED.values()}
    assert set(SYSTEMS) - proved == {"firebase", "entra", "csvde"}  # a secret key is needed; no hash is ever shown
