"""What a profile says is the floor: .env, which lies where the command is called, may tighten it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import run_here
from usercli.config import Settings

pytestmark = pytest.mark.usefixtures("clean_environment")

RULES = """\
require_reason = true
max_changes = 2
password_min_length = 16
bcrypt_cost = 12
password_scheme = "bcrypt_sha256"
blocklist = "/etc/blocklist"
service_name = "Example"
special_use_domains = ["local", "test"]
pool_size = 3
"""

#: For each setting of RULES: what .env says, and whether that holds.
CASES = [
    ("require_reason", "no", False),
    ("require_reason", "yes", True),
    ("max_changes", "0", False),
    ("max_changes", "3", False),
    ("max_changes", "1", True),
    ("password_min_length", "15", False),
    ("password_min_length", "17", True),
    ("bcrypt_cost", "11", False),
    ("bcrypt_cost", "13", True),
    ("password_scheme", "bcrypt", False),
    ("blocklist", "/tmp/empty", False),
    ("service_name", "Other", False),
    ("special_use_domains", "local,invalid", False),
    ("special_use_domains", "test", True),
    ("pool_size", "50", True),
]


def settings(folder: Path, rules: str, dotenv: str, **environ: str) -> Settings:
    (folder / "c.toml").write_text(rules)
    (folder / ".env").write_text(dotenv)
    return Settings(profile="p", environ={"USERCLI_CONFIG": str(folder / "c.toml"), **environ}, folder=folder)


@pytest.mark.parametrize("where", ["profile p", "configuration file"])
@pytest.mark.parametrize(("name", "value", "holds"), CASES)
def test_dotenv_tightens_a_profile_and_never_loosens_it(
    clean_environment: Path, name: str, value: str, holds: bool, where: str
) -> None:
    section = '[profiles.p]\nurl = "sqlite:///p.db"\nprotected = true\n'
    rules = section + RULES if where == "profile p" else RULES + section
    found = settings(clean_environment, rules, f"USERCLI_{name.upper()}={value}\n").get(name)
    assert found.source == (f".env USERCLI_{name.upper()}" if holds else where)


def test_the_environment_goes_before_a_profile_and_dotenv_before_a_default(clean_environment: Path) -> None:
    section = '[profiles.p]\nurl = "sqlite:///p.db"\nmax_changes = 2\n'
    dotenv = "USERCLI_MAX_CHANGES=9\nUSERCLI_PASSWORD_MIN_LENGTH=8\n"
    found = settings(clean_environment, section, dotenv, USERCLI_MAX_CHANGES="8")
    assert [found.get(name).value for name in ("max_changes", "password_min_length")] == [8, 8]


def test_a_folder_s_dotenv_undoes_no_rule_of_production(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = clean_environment / "c.toml"
    url = f'[profiles.production]\nurl = "sqlite:///{clean_environment}/p.db"\nprotected = true\n'
    config.write_text(url + "require_reason = true\nmax_changes = 1\npassword_min_length = 15\n")
    monkeypatch.setenv("USERCLI_CONFIG", str(config))
    (clean_environment / ".env").write_text(
        "USERCLI_REQUIRE_REASON=no\nUSERCLI_MAX_CHANGES=1000\nUSERCLI_PASSWORD_MIN_LENGTH=8\n"
    )
    here = ("--profile", "production", "--target", "production")
    assert run_here(*here, "db", "upgrade", "--reason", "x")[0] == 0
    reason = "error: changes here need a reason; add --reason TEXT\n"
    assert run_here(*here, "create", "a@example.com", "--no-password") == (2, "", reason)
    for name in "ab":
        assert run_here(*here, "create", f"{name}@example.com", "--no-password", "--reason", "x")[0] == 0
    short = ("password", "set", "a@example.com", "--password-stdin", "--reason", "x")
    assert run_here(*here, *short, stdin="tenletters\n")[0] == 6
    assert run_here(*here, "update", "--match", "search=@", "--inactive", "--yes", "--reason", "x")[0] == 6
