"""Where a setting comes from, which one wins, and what never shows."""

from __future__ import annotations

import json
import logging
import os
import pwd
import re
import shlex
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import run_here
from usercli.cli import hints
from usercli.config import Settings
from usercli.database import url as database_url
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, ProfileNotFound, ProtectedTarget
from usercli.settings_values import KNOWN
from usercli.targets import Target

SECRET = "s3CANARYret"
AT_THE_TOP = sorted({*KNOWN, "default_profile", "profiles"})

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def configured(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write the configuration file that this run reads."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = clean_environment / "usercli.toml"
        path.write_text(text, "utf-8")
        path.chmod(mode)
        monkeypatch.setenv("USERCLI_CONFIG", str(path))
        return path

    return write


Configured = Callable[..., Path]
PROFILES = """\
default_profile = "local"
[profiles.local]
url = "sqlite:////tmp/local.db"
[profiles.staging]
url = "postgresql://staging.example/app"
[profiles.production]
url = "postgresql://db.example:5432/app"
protected = true
"""


# -- the order

#: Everything that can name a database, the strongest first, and where it then leads.
LADDER: list[tuple[str, dict[str, str], str]] = [
    ("--database-url", {"option": "postgresql://h/option"}, "h/option"),
    ("--profile", {"profile": "given"}, "h/profile-option"),
    ("environment USERCLI_PROFILE", {"USERCLI_PROFILE": "variable"}, "h/profile-variable"),
    ("environment USERCLI_DATABASE_URL", {"USERCLI_DATABASE_URL": "postgresql://h/usercli"}, "h/usercli"),
    ("environment DATABASE_URL", {"DATABASE_URL": "postgresql://h/plain"}, "h/plain"),
    ("environment POSTGRES_*", {"POSTGRES_HOST": "h", "POSTGRES_DB": "parts"}, "h/parts"),
    ("environment PG*", {"PGHOST": "h", "PGDATABASE": "libpq"}, "h/libpq"),
    (".env USERCLI_PROFILE", {".env USERCLI_PROFILE": "dotenv"}, "h/profile-dotenv"),
    (".env USERCLI_DATABASE_URL", {".env USERCLI_DATABASE_URL": "postgresql://h/e1"}, "h/e1"),
    (".env DATABASE_URL", {".env DATABASE_URL": "postgresql://h/e2"}, "h/e2"),
    (".env POSTGRES_*", {".env POSTGRES_HOST": "h", ".env POSTGRES_DB": "e3"}, "h/e3"),
    (".env PG*", {".env PGHOST": "h", ".env PGDATABASE": "e4"}, "h/e4"),
    ("configuration file default_profile", {"default_profile": "default"}, "h/profile-default"),
    ("default", {}, "usercli.db"),
]


@pytest.mark.parametrize("rung", range(len(LADDER)), ids=[rung[0] for rung in LADDER])
def test_each_source_wins_over_all_below_it(rung: int, clean_environment: Path) -> None:
    given = {name: value for _, values, _ in LADDER[rung:] for name, value in values.items()}
    names = {"given": "option", "variable": "variable", "dotenv": "dotenv", "default": "default"}
    profiles = "".join(f'[profiles.{n}]\nurl = "postgresql://h/profile-{where}"\n' for n, where in names.items())
    default = f'default_profile = "{given.pop("default_profile")}"\n' if "default_profile" in given else ""
    config = clean_environment / "c.toml"
    config.write_text(default + profiles)
    dotenv = "".join(f"{name[5:]}={value}\n" for name, value in given.items() if name.startswith(".env "))
    (clean_environment / ".env").write_text(dotenv)
    settings = Settings(
        database_url=given.get("option"),
        profile=given.get("profile"),
        environ={"USERCLI_CONFIG": str(config), **{n: v for n, v in given.items() if n.isupper()}},
        folder=clean_environment,
    )
    source, _, where = LADDER[rung]
    assert settings.target.source == source
    assert settings.target.url.where.endswith(where)


def test_an_explicit_profile_never_reaches_the_database_that_a_variable_names(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(PROFILES)
    monkeypatch.setenv("USERCLI_DATABASE_URL", "sqlite:////tmp/other.db")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////tmp/another.db")
    code, out, err = run_here("config", "show", "--profile", "staging", "-o", "json")
    rows = {row["name"]: (row["value"], row["source"]) for row in json.loads(out)}
    assert (code, err) == (0, "")
    assert rows["database_url"] == ("postgresql://staging.example:5432/app", "--profile")
    assert rows["profile"] == ("staging", "--profile")


def test_empty_variables_are_not_set() -> None:
    for name in ("POSTGRES_HOST", "PGHOST", "PGSERVICE", "PGPASSWORD"):
        assert Settings(environ={name: ""}).target.source == "default"


def test_an_empty_option_is_a_mistake_and_not_the_default() -> None:
    for line in (["--database-url", ""], ["--profile", ""]):
        code, out, err = run_here(*line, "list")
        assert (code, out) == (2, "")
        assert err == f"error: {line[0]} is empty; leave it out to use the configured database\n"


@pytest.mark.parametrize(
    ("variables", "masked"),
    [
        ({"POSTGRES_HOST": "h"}, "postgresql://postgres@h:5432/postgres"),
        ({"POSTGRES_DB": "d"}, "postgresql://postgres@localhost:5432/d"),
        ({"POSTGRES_USER": "u"}, "postgresql://u@localhost:5432/u"),
        ({"POSTGRES_USER": "u", "POSTGRES_PASSWORD": SECRET}, "postgresql://u:***@localhost:5432/u"),
        (
            {"POSTGRES_HOST": "h", "POSTGRES_PORT": "6432", "POSTGRES_DB": "d", "POSTGRES_USER": "u@x"},
            "postgresql://u@x@h:6432/d",
        ),
    ],
)
def test_the_parts_of_a_database_make_its_url(variables: dict[str, str], masked: str) -> None:
    assert Settings(environ=variables).target.url.masked == masked


@pytest.mark.parametrize("name", ["POSTGRES_PORT", "POSTGRES_PASSWORD"])
def test_a_port_or_a_password_alone_names_no_database(name: str) -> None:
    assert Settings(environ={name: "5433"}).target.source == "default"


def test_a_password_with_special_characters_is_taken_as_it_is() -> None:
    url = Settings(environ={"POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p@ss/w%rd#?:"}).target.url
    assert url.password == "p@ss/w%rd#?:"


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1", "\u0663", "5 432", "9" * 5000])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(InvalidInput, match="environment POSTGRES_PORT is not a number from 1 to 65535"):
        _ = Settings(environ={"POSTGRES_HOST": "h", "POSTGRES_PORT": port}).target


def test_the_embedded_file_stands_in_the_data_folder(clean_environment: Path) -> None:
    assert Settings().target.url.database == str(clean_environment / ".local/share/usercli/usercli.db")


# -- .env


def test_a_user_without_a_home_folder_and_a_name_gives_the_database(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless(uid: int) -> NoReturn:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", nameless)
    database = (
        "error: there is no home folder for the embedded database; set HOME, or name a database: --database-url\n"
    )
    assert run_here("list") == (2, "", database)
    configuration = "error: there is no home folder; set HOME, or name the file: USERCLI_CONFIG\n"
    assert run_here("config", "path") == (2, "", configuration)
    monkeypatch.setenv("USERCLI_CONFIG", "~/config.toml")
    assert run_here("config", "path") == (2, "", configuration)
    monkeypatch.delenv("USERCLI_CONFIG")
    monkeypatch.setenv("USERCLI_DATABASE_URL", f"sqlite:///{clean_environment}/users.db")
    assert run_here("db", "upgrade", "-q")[0] == 0
    assert run_here("list", "--count") == (0, "count\n0\n", "")
    code, out, err = run_here("config", "show")
    assert (code, err, out.splitlines()[4]) == (0, "", "config_file\t\tno home folder")


def test_dotenv_is_read_from_the_working_folder_without_interpolation(clean_environment: Path) -> None:
    (clean_environment / ".env").write_text(
        "# comment\nexport POSTGRES_HOST=h\nPOSTGRES_USER='u'\nPOSTGRES_PASSWORD=\"a${HOME}b\"\n"
    )
    (clean_environment / ".env").chmod(0o600)
    url = Settings().target.url
    assert (url.hosts, url.user, url.password) == ((("h", 5432),), "u", "a${HOME}b")
    (clean_environment / "below").mkdir()
    assert Settings(folder=clean_environment / "below").target.source == "default"


def test_dotenv_does_not_mix_with_the_environment(clean_environment: Path) -> None:
    """Half of one database and half of another would be a third one."""
    (clean_environment / ".env").write_text("POSTGRES_HOST=dotenv\nPOSTGRES_DB=dotenv\n")
    assert Settings(environ={"POSTGRES_PASSWORD": "x", "POSTGRES_PORT": "1"}).target.url == DatabaseUrl(
        "postgresql", "dotenv", (("dotenv", 5432),), "postgres"
    )
    assert Settings(environ={"POSTGRES_DB": "shell"}).target.url.where == "localhost/shell"


def test_a_dotenv_that_is_no_text_is_named(clean_environment: Path) -> None:
    (clean_environment / ".env").write_bytes(b"DATABASE_URL=\xff\xfe\n")
    assert run_here("list") == (2, "", "error: cannot read .env; it must be UTF-8 text\n")


# -- the configuration file


def test_a_profile_that_is_not_there_lists_those_that_are(configured: Configured) -> None:
    configured(PROFILES)
    with pytest.raises(ProfileNotFound, match=r"no such profile: it \(known: local, staging, production\)"):
        _ = Settings(profile="it").target
    error = "no such profile: stag; did you mean: staging (known: local, staging, production)"
    assert run_here("list", "--profile", "stag") == (3, "", f"error: {error}\n")
    assert run_here("list", "--database-url", "sqlite:///a.db", "--target", "stag") == (3, "", f"error: {error}\n")


def test_a_profile_without_a_file_says_how_to_make_one(clean_environment: Path) -> None:
    path = clean_environment / ".config/usercli/config.toml"
    error = f"no such profile: x; none are configured; to write a sample of {path}, run: usercli config init"
    assert run_here("list", "--profile", "x") == (3, "", f"error: {error}\n")
    assert run_here("config", "init")[0] == 0
    error = f"no such profile: x; none are configured in {path}: a profile is a section [profiles.NAME] with a url"
    assert run_here("list", "--profile", "x") == (3, "", f"error: {error}\n")


def test_a_profile_that_is_not_there_says_who_named_it(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured('default_profile = "prod"\n[profiles.production]\nurl = "sqlite:///a.db"\n')
    missing = "no such profile: prod; did you mean: production (known: production)"
    assert run_here("list") == (3, "", f"error: configuration file default_profile: {missing}\n")
    monkeypatch.setenv("USERCLI_PROFILE", "prod")
    assert run_here("list") == (3, "", f"error: environment USERCLI_PROFILE: {missing}\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[profiles\n\n",
            "PATH:1:10: this is not valid TOML: expected ']' at the end of a table declaration; mend it there",
        ),
        (
            "\n[profiles.a]\r\nurl = sqlite:///a.db\n",
            "PATH:3:7: this is not valid TOML: invalid value; a text stands in quotes; mend it there",
        ),
        (
            "echo = true\necho = true\n",
            "PATH:2:12: this is not valid TOML: cannot overwrite a value; mend it there",
        ),
        (
            "migrations = [\n# é\n'a'\n\n",
            "PATH:3:4: this is not valid TOML: unclosed array; mend it there",
        ),
        (
            "colour = 1",
            f"unknown setting in PATH: colour (known: {', '.join(AT_THE_TOP)})",
        ),
        (
            "special_use_domain = 1",
            "unknown setting in PATH: special_use_domain; did you mean: special_use_domains",
        ),
        (
            'database_url = "sqlite:///a.db"',
            "unknown setting in PATH: database_url; url belongs into a profile: [profiles.NAME]",
        ),
        (
            "protected = true",
            "unknown setting in PATH: protected; protected belongs into a profile: [profiles.NAME]",
        ),
        ("profiles = 1", "profiles in the configuration file must be sections: [profiles.name]"),
    ],
)
def test_a_mistake_in_the_file_is_named(configured: Configured, text: str, sentence: str) -> None:
    path = configured(text)
    code, out, err = run_here("config", "show")
    assert (code, out) == (2, "")
    assert err == f"error: {sentence.replace('PATH', str(path))}\n"


def test_a_file_in_another_encoding_is_named(configured: Configured) -> None:
    path = configured("")
    path.write_bytes("# usercli\n# à la carte".encode("latin-1"))
    said = f"error: {path}:2:3: this is not UTF-8 text; mend it there\n"
    assert run_here("list") == (2, "", said)
    assert run_here("config", "path") == (0, f"{path}\n", "")


MISTAKES = [
    (
        "[profiles.a]",
        "the profile a has no url in the configuration file; "
        'add one, as in: url = "postgresql://user@host:5432/database"',
    ),
    (
        "[profiles.a]\nurl = 1",
        "the profile a has no url in the configuration file; "
        'add one, as in: url = "postgresql://user@host:5432/database"',
    ),
    ("[profiles]\na = 1", "the profile a must be a section: [profiles.a]"),
    (
        '[profiles.a]\ndatabase_url = "sqlite:///a.db"',
        "unknown setting in profile a: database_url; did you mean: url",
    ),
    ('[profiles.a]\nurl = "x.db"\nprotectd = true', "profile a: the database URL names neither PostgreSQL nor"),
    ('[profiles.a]\nurl = "sqlite:///a.db"\nport = 1', "unknown setting in profile a: port (known: bcrypt_cost, "),
    ('[profiles.a]\nurl = "sqlite:///a.db"\nprotected = "no"', "protected in profile a must be true or false"),
    (
        f'[profiles.a]\nurl = "mysql://u:{SECRET}@h/d"',
        "profile a: the database URL names neither PostgreSQL nor SQLite; "
        "write postgresql://user@host:5432/database or sqlite:///path/to/file.db",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_a_mistake_in_a_profile_stops_only_who_uses_it(configured: Configured, text: str, sentence: str) -> None:
    configured(f'{text}\n[profiles.b]\nurl = "sqlite:///b.db"\n')
    for line in (["list", "--profile", "a"], ["config", "show", "--profile", "a"]):
        code, out, err = run_here(*line)
        assert (code, out) == (2, "")
        assert err.startswith(f"error: {sentence}")
        assert SECRET not in err
    assert run_here("list", "--profile", "b")[0] == 5  # there is no database


def test_mistakes_in_profiles_are_named_where_profiles_are_looked_at(configured: Configured) -> None:
    text = '[profiles.a]\ndatabase_url = "sqlite:///a.db"\n[profiles.b]\nurl = "sqlite:////b.db"\n'
    configured(f'{text}[profiles.c]\nurl = "sqlite:////c.db"\nprotected = true\nread_url = 1\n[profiles]\nd = 1\n')
    mistake = "unknown setting in profile a: database_url; did you mean: url"
    shown = (
        "name\tdatabase\tprotected\tread_url\tmistake\n"
        f"a\t\tfalse\t\t{mistake}\n"
        "b\tsqlite:////b.db\tfalse\t\t\n"
        "c\tsqlite:////c.db\ttrue\t\tread_url in profile c must be a URL\n"
        "d\t\tfalse\t\tthe profile d must be a section: [profiles.d]\n"
    )
    assert run_here("config", "profiles") == (0, shown, "")
    configured(text)
    out = run_here("doctor", "--profile", "b", "--no-header")[1]
    do = "mend it in the file that this names: usercli --profile b config path"
    assert out.startswith(f"configuration\twarn\t{mistake}\t{do}\n")


def test_no_change_is_made_where_a_mistake_hides_whether_a_profile_protects(
    configured: Configured, clean_environment: Path
) -> None:
    here = f"sqlite:///{clean_environment}/b.db"

    def refusal(section: str) -> str:
        configured(f'[profiles.a]\n{section}\n[profiles.b]\nurl = "{here}"\n')
        assert run_here("db", "upgrade", "--profile", "b", "--dry-run")[0] == 0
        code, out, err = run_here("create", "ada@example.com", "--no-password", "--profile", "b")
        assert (code, out) in {(2, ""), (5, "")}  # refused; there is no database
        return err if code == 2 else ""

    hidden = "error: a mistake hides whether a profile protects this database: "
    unknown = f"{hidden}unknown setting in profile a: "
    assert refusal(f'url = "{here}"\nprotectd = true') == f"{unknown}protectd; did you mean: protected\n"
    assert refusal(f'url = "{here}"\nprotected = false\nprotectd = true').startswith(f"{unknown}protectd")
    assert refusal(f'database_url = "{here}"\nprotected = true') == f"{unknown}database_url; did you mean: url\n"
    assert refusal('url = "x"\nPROTECTED = true').startswith(f"{hidden}profile a: the database URL names neither")
    assert not refusal('url = "sqlite:////other.db"\nprotectd = true')
    assert not refusal(f'database_url = "{here}"\nprotected = false')
    assert not refusal(f'database_url = "{here}"')


def test_a_password_of_any_profile_that_others_can_read_is_refused(configured: Configured) -> None:
    path = configured(
        f'[profiles.a]\nurl = "postgresql://u:{SECRET}@h/d"\ncolour = 1\n[profiles.b]\nurl = "sqlite:///b.db"\n',
        0o644,
    )
    error = f"error: {path} contains a password and others can read it; run: chmod 600 {path}\n"
    assert run_here("list", "--profile", "b") == (2, "", error)
    unreadable = f'[profiles.a]\nurl = "postgresql://u:{SECRET}@h:port/d"\n[profiles.b]\nurl = "sqlite:///b.db"\n'
    assert configured(unreadable, 0o644) == path
    assert run_here("list", "--profile", "b") == (2, "", error)


def test_a_key_that_is_a_url_is_not_shown(configured: Configured) -> None:
    configured(f'[profiles.a]\n"postgresql://u:{SECRET}@h/d" = 1\n')
    code, out, err = run_here("config", "profiles")
    assert (code, SECRET in out + err, "unknown setting in profile a: a URL" in out) == (0, False, True)


def test_a_file_that_cannot_be_read_is_named(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_CONFIG", str(clean_environment))
    assert run_here("config", "show") == (2, "", f"error: cannot read {clean_environment}: is a directory\n")


@pytest.mark.parametrize("mode", [0o640, 0o440, 0o660])
def test_a_password_that_the_group_can_read_is_warned_of(configured: Configured, mode: int) -> None:
    """As containers mount secrets."""
    path = configured(f'[profiles.a]\nurl = "postgresql://u:{SECRET}@127.0.0.1:1/d"\n', mode)
    code, _, err = run_here("list", "--profile", "a")
    assert code == 5
    assert err.startswith(f"warning: {path} contains a password and its group can read it\nerror: ")


def test_a_warning_about_the_file_is_a_line_also_where_it_is_the_first(configured: Configured) -> None:
    logging.getLogger("usercli.warnings").handlers.clear()
    path = configured(f'[profiles.a]\nurl = "postgresql://u:{SECRET}@127.0.0.1:1/d"\n', 0o640)
    warning = f"warning: {path} contains a password and its group can read it\n"
    assert run_here("config", "show", "--profile", "a")[2] == warning


@pytest.mark.parametrize(("mode", "wanted"), [(0o644, 2), (0o604, 2), (0o640, 0), (0o600, 0)])
@pytest.mark.parametrize("line", [f"DATABASE_URL=postgresql://u:{SECRET}@h/d", f"PGHOST=h\nPGPASSWORD={SECRET}"])
def test_a_password_in_dotenv_that_others_can_read_is_refused(
    clean_environment: Path, line: str, mode: int, wanted: int
) -> None:
    path = clean_environment / ".env"
    path.write_text(f"{line}\n")
    path.chmod(mode)
    code, out, err = run_here("config", "show")
    assert code == wanted
    assert SECRET not in out + err
    if wanted:
        assert err == "error: .env contains a password and others can read it; run: chmod 600 .env\n"


def test_dotenv_without_a_password_may_be_read_by_all(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clean_environment / ".env"
    path.write_text("PGHOST=h\n")
    path.chmod(0o644)
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert run_here("config", "show")[0] == 0


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666])
def test_a_password_that_others_can_read_is_refused(configured: Configured, mode: int) -> None:
    path = configured(f'[profiles.a]\nurl = "postgresql://u:{SECRET}@h/d"\n', mode)
    assert run_here("config", "show", "--profile", "a") == (
        2,
        "",
        f"error: {path} contains a password and others can read it; run: chmod 600 {path}\n",
    )


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_password_that_nobody_else_can_read_is_fine(configured: Configured, mode: int) -> None:
    configured(f'[profiles.a]\nurl = "postgresql://u:{SECRET}@h/d"\n', mode)
    assert Settings(profile="a").target.url.password == SECRET


def test_a_file_without_a_password_may_be_read_by_all(configured: Configured) -> None:
    configured(PROFILES, 0o644)
    assert Settings(profile="staging").target.url.where == "staging.example/app"


def test_a_setting_is_taken_from_the_nearest_place(configured: Configured, clean_environment: Path) -> None:
    config = configured('special_use_domains = ["top"]\n[profiles.a]\nurl = "sqlite:///a.db"\n')
    places = {"USERCLI_CONFIG": str(config)}

    def found(**options: object) -> tuple[object, str]:
        setting = Settings(**options).get("special_use_domains")  # type: ignore[arg-type]  # one of both
        return setting.value, setting.source

    assert found(environ={}) == ((), "default")
    assert found(environ=places) == (("top",), "configuration file")
    assert found(environ=places, profile="a") == (("top",), "configuration file")
    config.write_text(config.read_text() + 'special_use_domains = ["profile"]\n')
    assert found(environ=places, profile="a") == (("profile",), "profile a")
    assert found(environ=places) == (("top",), "configuration file")
    (clean_environment / ".env").write_text("USERCLI_SPECIAL_USE_DOMAINS=dotenv\n")
    assert found(environ=places) == (("dotenv",), ".env USERCLI_SPECIAL_USE_DOMAINS")
    assert found(environ=places, profile="a") == (("profile",), "profile a")  # .env may not allow another
    places["USERCLI_SPECIAL_USE_DOMAINS"] = "one, two"
    assert found(environ=places, profile="a") == (("one", "two"), "environment USERCLI_SPECIAL_USE_DOMAINS")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("special_use_domains", '["a", 1]', "must be a list of texts"),
        ("special_use_domains", "1", "must be a list of texts"),
        ("password_scheme", '"argon2"', "must be bcrypt or bcrypt_sha256"),
        ("password_scheme", '["bcrypt"]', "must be bcrypt or bcrypt_sha256"),
        ("bcrypt_cost", "true", "must be a whole number"),
        ("bcrypt_cost", "12.0", "must be a whole number"),
        ("bcrypt_cost", '"+12"', "must be a whole number"),
        ("bcrypt_cost", "3", "must be from 4 to 15"),
        ("bcrypt_cost", f'"{"9" * 5000}"', "must be from 4 to 15"),
        ("max_changes", "1_000_000_001", "must be from 0 to 1000000000"),
        ("pool_timeout", '"3601"', "must be from 1 to 3600"),
        ("service_name", "1", "must be a text"),
        ("require_reason", '"on"', "must be true or false"),
        ("require_reason", "2", "must be true or false"),
        ("migrations", '"coachbot"', "must be VERSION_TABLE=PACKAGE or VERSION_TABLE=/ABSOLUTE/FOLDER"),
    ],
)
def test_a_value_that_is_not_valid_is_named_with_its_source(
    configured: Configured, monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.delenv("USERCLI_BCRYPT_COST")  # the tests' own
    configured(f"{name} = {value}\n")
    error = f"error: the setting {name} (configuration file) is not valid: {reason}\n"
    assert run_here("config", "show") == (2, "", error)


# -- config show, path, profiles, init


def test_show_prints_every_setting_and_its_source_and_no_secret(configured: Configured) -> None:
    path = configured(f'[profiles.a]\nurl = "postgresql://u:{SECRET}@h/d?sslpassword={SECRET}"\nprotected = true\n')
    code, out, err = run_here("config", "show", "--profile", "a", "-o", "json")
    assert (code, err) == (0, "")
    rows = json.loads(out)
    assert rows[:4] == [
        {"name": "database_url", "value": "postgresql://u:***@h:5432/d", "source": "--profile"},
        {"name": "profile", "value": "a", "source": "--profile"},
        {"name": "protected_by", "value": "a", "source": "configuration file"},
        {"name": "config_file", "value": str(path), "source": "file"},
    ]
    assert {row["name"] for row in rows[4:]} == set(KNOWN)
    assert SECRET not in out


def test_profiles_are_listed_without_their_secrets(configured: Configured) -> None:
    configured(PROFILES + f'[profiles.p]\nurl = "postgresql://u:{SECRET}@h/d"\n')
    code, out, err = run_here("config", "profiles")
    assert (code, err) == (0, "")
    assert out == (
        "name\tdatabase\tprotected\tread_url\tmistake\n"
        "local\tsqlite:////tmp/local.db\tfalse\t\t\n"
        "staging\tpostgresql://staging.example:5432/app\tfalse\t\t\n"
        "production\tpostgresql://db.example:5432/app\ttrue\t\t\n"
        "p\tpostgresql://u:***@h:5432/d\tfalse\t\t\n"
    )


def test_path_tells_where_the_file_would_be(clean_environment: Path) -> None:
    assert run_here("config", "path") == (0, f"{clean_environment}/.config/usercli/config.toml\n", "")


def test_init_writes_a_private_sample_that_is_valid_and_changes_nothing(clean_environment: Path) -> None:
    path = clean_environment / ".config/usercli/config.toml"
    assert run_here("config", "init", "--dry-run") == (0, "", f"would have written {path}\n")
    assert not path.exists()
    before = os.umask(0)
    try:
        assert run_here("config", "init") == (0, "", f"wrote {path}\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Settings().file == {}
    written = path.read_text()
    path.write_text(written + "# mine\n")
    assert run_here("config", "init") == (
        4,
        "",
        f"error: {path} exists already; edit it, or remove it first\n",
    )
    assert path.read_text() == written + "# mine\n"


def test_the_sample_is_valid_with_every_line_in_force(clean_environment: Path, configured: Configured) -> None:
    from usercli.config_file import SAMPLE

    lines = [
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in SAMPLE.splitlines()
    ]
    configured("\n".join(lines) + "\n")
    settings = Settings()
    assert list(settings.profiles) == ["local", "production"]
    named = {line.partition(" ")[0] for line in lines if " = " in line and not line.startswith("#")}
    assert named - {"default_profile", "url", "read_url", "protected"} == set(KNOWN)
    for name in KNOWN:
        settings.get(name)


# -- protection belongs to the target


@pytest.mark.parametrize(
    "reached",
    [
        "postgresql://127.0.0.1:6543/app",
        "postgresql://localhost:6543/app",
        "postgresql://LOCALHOST:6543/app",
        "postgresql://localhost.:6543/app",
        "postgresql://[::1]:6543/app",
        "postgres://someone:else@127.0.0.1:6543/app?sslmode=disable",
        "postgresql+psycopg://127.0.0.1:6543/app",
        "postgresql:///app?host=127.0.0.1&port=6543",
        "postgresql://elsewhere/app?host=localhost&port=6543",
        "postgresql://elsewhere/app?hostaddr=127.0.0.1&port=6543",
        "postgresql:///app?host=/var/run/postgresql&port=6543",
        "postgresql://127.0.0.1:6543/%61pp",
        "postgresql://127.0.0.1:6543/?dbname=app",
        "postgresql://other:5432,127.0.0.1:6543/app",
        "postgresql://127.0.0.2,127.0.0.1/app?port=5432,6543",
    ],
)
def test_a_protected_database_is_protected_however_it_is_reached(configured: Configured, reached: str) -> None:
    configured('[profiles.production]\nurl = "postgresql://127.0.0.1:6543/app"\nprotected = true\n')
    settings = Settings(database_url=reached)
    assert settings.protection == "production"
    with pytest.raises(ProtectedTarget):
        settings.require_unprotected(None)
    with pytest.raises(ProtectedTarget):
        settings.require_unprotected("another")
    settings.require_unprotected("production")


@pytest.mark.parametrize(
    "reached",
    [
        "postgresql://127.0.0.1:6544/app",
        "postgresql://127.0.0.1:6543/application",
        "postgresql://192.0.2.1:6543/app",
        "sqlite:///app",
    ],
)
def test_its_neighbours_are_not(configured: Configured, reached: str) -> None:
    configured('[profiles.production]\nurl = "postgresql://127.0.0.1:6543/app"\nprotected = true\n')
    settings = Settings(database_url=reached)
    assert settings.protection is None
    settings.require_unprotected(None)


def test_another_profile_of_the_same_database_is_no_way_round(configured: Configured) -> None:
    configured(
        '[profiles.mine]\nurl = "postgresql://me@localhost/app"\n'
        '[profiles.production]\nurl = "postgresql://app@127.0.0.1/app"\nprotected = true\n'
    )
    assert Settings(profile="mine").protection == "production"


def test_libpq_s_variables_are_no_way_round(configured: Configured) -> None:
    path = configured('[profiles.production]\nurl = "postgresql://db.example:6543/app"\nprotected = true\n')
    environ = {
        "USERCLI_CONFIG": str(path),
        "PGHOST": "db.example",
        "PGPORT": "6543",
        "PGDATABASE": "app",
        "DATABASE_URL": "postgresql://",
    }
    assert Settings(environ=environ).protection == "production"


def test_a_protected_file_is_protected_through_links_and_dots(
    configured: Configured, clean_environment: Path
) -> None:
    (clean_environment / "real.db").touch()
    (clean_environment / "link.db").symlink_to("real.db")
    configured(f'[profiles.p]\nurl = "sqlite:///{clean_environment}/real.db"\nprotected = true\n')
    for path in ("real.db", "./real.db", "link.db", f"{clean_environment}/../home/real.db", "re%61l.db"):
        assert Settings(database_url=f"sqlite:///{path}").protection == "p", path
    assert Settings(database_url="sqlite:///other.db").protection is None


@pytest.mark.parametrize(
    "line",
    [
        ["create", "a@example.com", "--no-password"],
        ["update", "a@example.com", "--name", "x"],
        ["delete", "a@example.com", "--yes"],
        ["restore", "a@example.com"],
        ["db", "upgrade"],
        ["db", "downgrade", "base", "--yes"],
        ["db", "stamp", "head"],
    ],
    ids=" ".join,
)
def test_every_change_of_a_protected_database_needs_its_name(
    configured: Configured, clean_environment: Path, line: list[str]
) -> None:
    where = clean_environment / "p.db"
    configured(f'[profiles.production]\nurl = "sqlite:///{where}"\nprotected = true\n')
    sentence = f"error: {where} is protected by the profile production; to change it add: --target production\n"
    for reached in (["--profile", "production"], ["--database-url", f"sqlite:///{where}"]):
        assert run_here(*reached, *line) == (6, "", sentence)
        unknown = "error: no such profile: staging (known: production)\n"
        assert run_here(*reached, *line, "--target", "staging") == (3, "", unknown)
        assert run_here(*reached, *line, "--target", "production")[0] != 6
        where.unlink(missing_ok=True)


def test_a_target_that_is_not_the_database_in_use_changes_nothing(
    configured: Configured, clean_environment: Path
) -> None:
    here = clean_environment / "s.db"
    configured(
        f'default_profile = "staging"\n[profiles.staging]\nurl = "sqlite:///{here}"\n'
        f'[profiles.production]\nurl = "sqlite:///{clean_environment}/p.db"\nprotected = true\n'
    )
    other = (
        f"error: --target names production ({clean_environment}/p.db), but the database in use is staging ({here}) "
        "(configuration file default_profile); to work on production add: --profile production\n"
    )
    for line in (["db", "upgrade"], ["list"], ["create", "a@example.com", "--no-password", "--dry-run"]):
        assert run_here(*line, "--target", "production") == (6, "", other)
        assert run_here(*line, "--target", "nosuch")[0] == 3
        assert run_here(*line, "--target", "")[0] == 2
    assert not here.exists()
    assert run_here("db", "upgrade", "--target", "staging")[0] == 0


def test_each_protected_profile_of_a_database_names_it(configured: Configured, clean_environment: Path) -> None:
    (clean_environment / "one.db").touch()
    (clean_environment / "hard.db").hardlink_to(clean_environment / "one.db")
    configured(
        f'[profiles.a]\nurl = "sqlite:///{clean_environment}/one.db"\nprotected = true\n'
        f'[profiles.b]\nurl = "sqlite:///{clean_environment}/hard.db"\nprotected = true\n'
    )
    for name in ("a", "b"):
        Settings(profile="a").require_target(name)
        Settings(profile="a").require_unprotected(name)


def test_a_hint_leads_to_the_database_that_it_is_about(configured: Configured, clean_environment: Path) -> None:
    old = clean_environment / "o.db"
    configured(f'[profiles."the old"]\nurl = "sqlite:///{old}"\n')
    old.touch()
    for line in (["--profile", "the old", "list"], ["--profile", "the old", "role", "list"]):
        sentence = "has no usercli schema yet; run: usercli --profile 'the old' db upgrade"
        assert run_here(*line) == (5, "", f"error: the database the old ({old}) {sentence}\n")
    code, _, err = run_here("--database-url", "sqlite:///o.db", "list")
    assert (code, err) == (
        5,
        f"error: the database {old} has no usercli schema yet; "
        "run: usercli --database-url sqlite:///o.db db upgrade\n",
    )
    secret = f"postgresql://u:{SECRET}@nowhere.invalid/d"
    err = run_here("--database-url", secret, "list")[2]
    assert SECRET not in err
    assert err.endswith("see: usercli config show (with the same --database-url)\n")


def proposed(err: str) -> list[list[str]]:
    """The commands that a message proposes, as they are typed after `usercli`."""
    return [shlex.split(part)[1:] for part in re.findall(r"(?<=: )usercli .*?(?=; |\n|$)", err)]


@pytest.mark.parametrize("reached", ["profile", "url", "default"])
def test_a_proposed_change_of_a_protected_database_is_accepted(
    configured: Configured, clean_environment: Path, reached: str
) -> None:
    where = clean_environment / "p.db"
    default = 'default_profile = "my own"\n' if reached == "default" else ""
    configured(f'{default}[profiles."my own"]\nurl = "sqlite:///{where}"\nprotected = true\n')
    ways = {"profile": ["--profile", "my own"], "url": ["--database-url", f"sqlite:///{where}"]}
    to = ways.get(reached, [])
    way = to or ["--profile", "my own"]
    run = [*to, "--target", "my own"]

    [upgrade] = proposed(run_here(*to, "list")[2])
    assert upgrade == [*way, "--target", "my own", "db", "upgrade"]
    assert run_here(*upgrade)[0] == 0
    [create] = proposed(run_here(*run, "create", "a@example.com", "--no-password", "--role", "r")[2])
    assert create == [*way, "--target", "my own", "role", "create", "r"]
    assert run_here(*create)[0] == 0
    assert run_here(*run, "create", "a@example.com", "--no-password", "--expires", "1s")[0] == 0
    while run_here(*to, "list", "--expired", "--count", "-q")[1] != "1\n":
        time.sleep(0.1)
    [update] = proposed(run_here(*run, "activate", "a@example.com")[2])
    assert update == [*way, "--target", "my own", "update", "a@example.com", "--expires", "never"]
    assert run_here(*update)[0] == 0
    (clean_environment / "u.yaml").write_text("name: n\nusers:\n- email: b@example.com\n")
    [apply] = proposed(run_here(*to, "plan", "u.yaml", "--save", "a plan.json")[2])
    assert apply == [*way, "--target", "my own", "apply", "a plan.json"]
    assert run_here(*apply, "--yes")[0] == 0
    (clean_environment / "u.csv").write_text("email,x\nc@example.com,1\n")
    [take] = proposed(run_here(*run, "import", "u.csv")[2])
    assert take.count("--target") == 1
    assert run_here(*take)[0] == 0
    [look] = proposed(run_here(*to, "show", "nobody")[2])
    assert look == [*way, "list", "--search", "nobody"]  # reading needs no name


def test_a_hint_says_the_target_that_was_given(configured: Configured, clean_environment: Path) -> None:
    configured(
        f'[profiles.a]\nurl = "sqlite:///{clean_environment}/p.db"\nprotected = true\n'
        f'[profiles.b]\nurl = "sqlite:///{clean_environment}/p.db"\nprotected = true\n'
    )
    [upgrade] = proposed(run_here("--profile", "a", "--target", "b", "list")[2])
    assert upgrade == ["--profile", "a", "--target", "b", "db", "upgrade"]


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("db check", False),
        ("db inspect", False),
        ("db sql --grants r", False),
        ("db adopt", False),
        ("db adopt --abandon", True),
        ("audit log --change 1", False),
        ("history ada@example.com", False),
        ("list --search x", False),
        ("expire run", True),
        ("undo 0123abcd", True),
        ("password reset ada@example.com", True),
        ("password audit", False),
        ("role list", False),
        ("role grant r ada@example.com", True),
    ],
)
def test_only_a_command_that_changes_something_names_its_target(line: str, changes: bool) -> None:
    target = Target(database_url.parse("sqlite:///p.db"), "profile p", "p")
    more = "--target p " if changes else ""
    for end in ("", "; or not", ", or not"):
        assert (
            hints.with_reach(f"run: usercli {line}{end}", target, "p")
            == f"run: usercli --profile p {more}{line}{end}"
        )


def test_sample_users_never_go_into_a_protected_database(configured: Configured, clean_environment: Path) -> None:
    where = clean_environment / "p.db"
    configured(f'[profiles.production]\nurl = "sqlite:///{where}"\nprotected = true\n')
    code, out, err = run_here("--profile", "production", "db", "seed", "--target", "production")
    assert (code, out) == (6, "")
    assert err == f"error: production ({where}) is protected; it takes no sample users\n"
    assert not where.exists()


def test_reading_and_dry_runs_need_no_name(configured: Configured, clean_environment: Path) -> None:
    where = clean_environment / "p.db"
    configured(f'default_profile = "p"\n[profiles.p]\nurl = "sqlite:///{where}"\nprotected = true\n')
    assert run_here("db", "upgrade", "--target", "p")[0] == 0
    for line in (["list"], ["create", "a@example.com", "--no-password", "--dry-run"], ["db", "check"]):
        assert run_here(*line)[0] == 0


# -- malformed URLs, which hold secrets all the same


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (f"postgresql://u:{SECRET}@x@h/d", "the user name or password in the database URL contains"),
        (f"postgresql://u:a/{SECRET}@h/d", "the user name or password in the database URL contains"),
        (f"postgresql://u:a#{SECRET}@h/d", "the user name or password in the database URL contains"),
        (f"postgresql://u:12?{SECRET}@h/d", "the user name or password in the database URL contains"),
        (f"postgresql://u:1/a?{SECRET}@h/d", "the user name or password in the database URL contains"),
        (f"postgresql://u:{SECRET}%@h/d", "the database URL contains a % that is not an escape; write it as %25"),
        (f"postgresql://u:%zz{SECRET}@h/d", "the database URL contains a % that is not an escape; write it as %25"),
        (f"postgresql://u:{SECRET}@h:port/d", "the port in the database URL is not a number from 1 to 65535"),
        (f"postgresql://u:{SECRET}@h:0/d", "the port in the database URL is not a number from 1 to 65535"),
        (f"postgresql://u:{SECRET}@h:65536/d", "the port in the database URL is not a number from 1 to 65535"),
        (f"postgresql://:{SECRET}@h", "the database URL names no database"),
        (f"postgresql://u:{SECRET}@[::1/d", "the database URL cannot be read"),
        (f"postgresql://u:{SECRET}@h/d?service=x", "there is no service x in ~/.pg_service.conf"),
        (f"postgresql://u:{SECRET}@h/d?foo={SECRET}", "the database URL has an unknown option: foo"),
        (f"postgresql://u:{SECRET}@h/d\nX={SECRET}", "the database URL contains a line end or another control"),
        (f"'postgresql://u:{SECRET}@h/d'", "the database URL has quotes around it; remove them"),
        (f"mysql://u:{SECRET}@h/d", "the database URL names neither PostgreSQL nor SQLite"),
        (f"u:{SECRET}@h/d", "the database URL names neither PostgreSQL nor SQLite"),
        (SECRET, "the database URL names neither PostgreSQL nor SQLite"),
        (f"sqlite://u:{SECRET}@h/d", "a SQLite URL names a file"),
        ("sqlite://", "a SQLite URL names a file"),
        ("sqlite:///:memory:", "a SQLite URL names a file"),
        (f"sqlite:////tmp/x.db?key={SECRET}", "a SQLite URL names a file"),
        (f"postgresql://u:{SECRET}%00@h/d", "the database URL contains a NUL character"),
    ],
)
def test_a_malformed_url_is_refused_without_a_word_of_it(
    url: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput) as caught:
        database_url.parse(url, {})
    assert caught.value.message.startswith(sentence)
    runs = [run_here("list", "--database-url", url)]
    monkeypatch.setenv("DATABASE_URL", url)
    runs += [run_here("list"), run_here("list", "--debug"), run_here("config", "show")]
    for code, out, err in runs:
        assert (code, out) == (2, "")
        assert SECRET not in err
        assert sentence in err
    assert runs[1][2].startswith(f"error: environment DATABASE_URL: {sentence}")


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        (
            "postgresql://u%40x:p%40%2F%23%3A%25@h:1/d%20b",
            DatabaseUrl("postgresql", "d b", (("h", 1),), "u@x", "p@/#:%"),
        ),
        ("postgresql://h", DatabaseUrl("postgresql", "me", (("h", 5432),), "me")),
        ("postgres://[2001:db8::1]:6/d", DatabaseUrl("postgresql", "d", (("2001:db8::1", 6),), "me")),
        ("postgresql://a:1,b:2/d", DatabaseUrl("postgresql", "d", (("a", 1), ("b", 2)), "me")),
        ("postgresql://a,b/d?port=7", DatabaseUrl("postgresql", "d", (("a", 7), ("b", 7)), "me")),
        (
            "postgresql:///d?host=/run/pg&user=x&password=y&sslmode=require",
            DatabaseUrl("postgresql", "d", (("/run/pg", 5432),), "x", "y", (("sslmode", "require"),)),
        ),
        ("postgresql://?host=/run/pg&dbname=d", DatabaseUrl("postgresql", "d", (("/run/pg", 5432),), "me")),
        ("sqlite:////a/b%20c.db", DatabaseUrl("sqlite", "/a/b c.db")),
    ],
)
def test_a_url_is_taken_apart(url: str, parsed: DatabaseUrl) -> None:
    assert database_url.parse(url, {"PGUSER": "me"}) == parsed


def test_a_url_never_shows_its_password() -> None:
    url = database_url.parse(f"postgresql://u:{SECRET}@h/d?password={SECRET}&sslpassword={SECRET}", {})
    for text in (repr(url), str(url), f"{url}", url.where, url.masked, url.name):
        assert SECRET not in text
    assert (url.where, url.masked, url.name) == ("h/d", "postgresql://u:***@h:5432/d", "d")


def test_a_password_on_the_command_line_is_warned_about_and_not_repeated() -> None:
    code, out, err = run_here("config", "show", "--database-url", f"postgresql://u:{SECRET}@h/d")
    assert code == 0
    assert err == (
        "warning: a password in --database-url shows in the process list; "
        "use a profile, USERCLI_DATABASE_URL or ~/.pgpass\n"
    )
    assert SECRET not in out


def test_an_unreachable_server_is_named_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:{SECRET}@127.0.0.1:1/d")
    for line in (["list"], ["list", "--debug"], ["db", "current"], ["db", "upgrade"]):
        code, out, err = run_here(*line)
        assert (code, out) == (5, "")
        assert SECRET not in err
        assert err.splitlines()[-1].startswith("error: cannot use the database at 127.0.0.1:1/d: ")


def test_an_unreachable_server_is_named_with_its_profile(configured: Configured) -> None:
    configured('[profiles.prod]\nurl = "postgresql://u@127.0.0.1:1/d"\n')
    for line in (["list"], ["show", "a"], ["db", "upgrade"]):
        err = run_here("--profile", "prod", *line)[2]
        assert err.startswith("error: cannot use the database at prod (127.0.0.1:1/d): "), err


def test_a_home_that_cannot_be_written_says_how_to_name_a_database(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean_environment / "file").write_text("")
    monkeypatch.setenv("HOME", str(clean_environment / "file"))
    place = f"{clean_environment}/file/.local/share/usercli/usercli.db"
    why = f"error: the database file {place} cannot be created: not a directory"
    for command in (["db", "upgrade"], ["db", "seed"]):
        assert run_here(*command) == (5, "", f"{why}; set DATABASE_URL or HOME, or use --database-url\n")
    assert run_here("--database-url", f"sqlite:///{place}", "db", "upgrade") == (5, "", f"{why}\n")


def test_every_setting_is_an_attribute_of_its_own_type(clean_environment: Path) -> None:
    settings = Settings(environ={"USERCLI_PASSWORD_MIN_LENGTH": "20", "USERCLI_MIGRATIONS": "shop_version=shop"})
    assert {name: getattr(settings, name) for name in KNOWN} == {name: settings.get(name).value for name in KNOWN}
    assert (settings.password_min_length, settings.migrations) == (20, ("shop_version=shop",))
