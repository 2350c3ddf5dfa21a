"""What the pages in docs/ state in lists and tables is what the code does."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import Cli, run_here
from usercli import config_file
from usercli.cli.output.writer import FORMATS
from usercli.config import Settings
from usercli.errors import MEANINGS, ExitCode
from usercli.readers import SYSTEMS
from usercli.schemas.users import USER_FIELDS, Change, Failure
from usercli.settings_values import KNOWN

ROOT = Path(__file__).parent.parent
SCRIPTING = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def paragraph(page: str, start: str) -> str:
    return page[page.index(start) :].partition("\n\n")[0].removeprefix(start)


def test_the_page_lists_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d[\d, ]*) \| (.+) \|$", SCRIPTING, re.MULTILINE)
    told = {int(code): meaning.replace("`", "") for code, meaning in rows if "," not in code}
    assert told == {code: meaning for code, meaning in MEANINGS.items() if isinstance(code, ExitCode)}
    signals = [code for code in MEANINGS if not isinstance(code, ExitCode)]
    assert rows[-1] == (", ".join(map(str, signals)), "; ".join(MEANINGS[code] for code in signals))


def test_the_page_lists_the_formats_and_the_fields_in_their_order() -> None:
    assert tuple(quoted(paragraph(SCRIPTING, "`-o`, `--output`: "))[: len(FORMATS)]) == FORMATS
    assert tuple(quoted(paragraph(SCRIPTING, "The fields of a user, in this order:\n"))) == USER_FIELDS


def test_the_page_shows_the_shape_of_a_change() -> None:
    shape = re.findall(r'"(\w+)": ', SCRIPTING.partition("```json\n")[2].partition("```")[0])
    assert shape == [*(name for name, field in Change.model_fields.items() if not field.exclude), "id"]
    assert f"`{{{', '.join(f'{chr(34)}{name}{chr(34)}' for name in Failure.model_fields)}}}`" in SCRIPTING


def test_the_page_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", CONFIGURATION, re.MULTILINE)
    assert rows == [(name, _shown(default)) for name, default in KNOWN.items()]


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default else "none"


def test_the_sample_file_of_the_page_is_valid(clean_environment: Path) -> None:
    sample = CONFIGURATION.partition("```toml\n")[2].partition("```")[0]
    path = clean_environment / "config.toml"
    path.write_text(sample)
    settings = Settings(environ={"USERCLI_CONFIG": str(path)})
    assert (settings.target.profile, settings.special_use_domains) == ("local", ("local",))
    production = Settings(environ={"USERCLI_CONFIG": str(path)}, profile="production")
    assert (production.protection, production.special_use_domains) == ("production", ())


def test_the_written_sample_is_valid_with_every_line_switched_on() -> None:
    lines = re.sub(r"^# (?=[\w\[]+.*[=\]])", "", config_file.SAMPLE, flags=re.MULTILINE)
    found = tomllib.loads(lines)
    sections = [found, *found["profiles"].values()]
    names = {name for section in sections for name in section}
    assert names == {"default_profile", "profiles", "url", "read_url", "protected", *KNOWN}


ORDER = (
    ("--database-url", "sqlite:///option.db"),
    ("--profile", "by_option"),
    ("USERCLI_PROFILE", "by_variable"),
    ("USERCLI_DATABASE_URL", "sqlite:///usercli_url.db"),
    ("DATABASE_URL", "sqlite:///url.db"),
    ("POSTGRES_DB", "parts"),
    (".env USERCLI_PROFILE", "by_dotenv"),
    (".env USERCLI_DATABASE_URL", "sqlite:///dotenv_usercli_url.db"),
    (".env DATABASE_URL", "sqlite:///dotenv_url.db"),
    (".env POSTGRES_DB", "dotenv_parts"),
    ("default_profile", "by_default"),
    ("default", ""),
)


@pytest.mark.parametrize("winner", range(len(ORDER)), ids=[name for name, _ in ORDER])
def test_the_database_is_found_in_the_documented_order(
    winner: int, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = dict(ORDER[winner:])
    names = ("by_option", "by_variable", "by_dotenv", "by_default")
    profiles = "".join(f'[profiles.{name}]\nurl = "sqlite:///{name}.db"\n' for name in names)
    default = 'default_profile = "by_default"\n' if "default_profile" in given else ""
    (clean_environment / "config.toml").write_text(default + profiles)
    monkeypatch.setenv("USERCLI_CONFIG", str(clean_environment / "config.toml"))
    dotenv = ""
    for name, value in given.items():
        if name.startswith(".env "):
            dotenv += f"{name[5:]}={value}\n"
        elif name.isupper():
            monkeypatch.setenv(name, value)
    (clean_environment / ".env").write_text(dotenv)
    options = [text for name, value in given.items() if name.startswith("--") for text in (name, value)]
    code, out, _ = run_here("config", "show", *options, "-o", "tsv")
    database = out.splitlines()[1].split("\t")[1]
    assert code == 0
    wanted = ORDER[winner][1] or "usercli.db"
    if "POSTGRES" in ORDER[winner][0]:
        assert database == f"postgresql://postgres@localhost:5432/{wanted}"
    else:
        assert database.endswith(f"/{wanted.removeprefix('sqlite:///').removesuffix('.db')}.db")


def test_the_example_environment_names_the_server_that_compose_starts(clean_environment: Path) -> None:
    shutil.copy(ROOT / ".env.example", clean_environment / ".env")
    (clean_environment / ".env").chmod(0o600)
    settings = Settings(environ={}, folder=clean_environment)
    assert settings.target.url.masked == "postgresql://usercli:***@localhost:5432/users"
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["postgres"]
    assert service["image"] == "postgres:18"
    assert set(service["environment"]) <= set(settings.dotenv)
    assert service["ports"] == ["127.0.0.1:${POSTGRES_PORT:-5432}:5432"]
    assert service["healthcheck"]["test"][0] == "CMD-SHELL"


def test_the_example_environment_has_no_line_that_usercli_does_not_read() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    names = {match[1] for line in lines if (match := re.fullmatch(r"(?:# )?([A-Z_]+)=.*", line))}
    known = {
        "USERCLI_DATABASE_URL",
        "DATABASE_URL",
        "USERCLI_PROFILE",
        *(f"USERCLI_{name.upper()}" for name in KNOWN),
    }
    assert names <= known | {f"POSTGRES_{part}" for part in ("HOST", "PORT", "USER", "PASSWORD", "DB")}


def test_the_page_of_imports_lists_every_system_and_has_a_section_for_it() -> None:
    page = (ROOT / "docs" / "import-from.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == list(SYSTEMS)
    assert re.findall(r"^## ([\w-]+)$", page, re.MULTILINE) == list(SYSTEMS)


def test_a_value_that_a_spreadsheet_would_run_is_guarded(cli: Cli) -> None:
    for number, start in enumerate("=+-@'"):
        assert cli("create", f"u{number}@example.com", "--name", f"{start}1", "--no-password")[0] == 0
    guarded = cli("list", "--sort", "email", "-o", "csv", "--fields", "full_name")[1]
    assert guarded == "full_name\n'=1\n'+1\n'-1\n'@1\n''1\n"
    raw = cli("list", "--sort", "email", "-o", "csv", "--raw", "--fields", "full_name")[1]
    assert raw == "full_name\n=1\n+1\n-1\n@1\n'1\n"


def test_only_upgrade_and_seed_make_a_file(clean_environment: Path) -> None:
    file = clean_environment / "new.db"
    for command in (["list"], ["exists", "a@b.com"], ["create", "a@b.com", "--no-password"], ["db", "check"]):
        code, out, err = run_here("--database-url", f"sqlite:///{file}", *command)
        assert (code, out, file.exists()) == (5, "", False), command
        run = f"usercli --database-url sqlite:///{file} db upgrade"
        assert err == f"error: there is no database at {file}; to make a new one, run: {run}\n"
    assert run_here("--database-url", f"sqlite:///{file}", "db", "seed", "--count", "1")[0] == 0
    assert file.exists()
