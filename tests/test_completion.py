"""Shells complete commands, options and values: soon, in silence, and with nothing that they would obey."""

from __future__ import annotations

import os
import pty
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer

from tests.conftest import Cli, Database, run_here
from tests.test_cli_process import all_commands
from tests.test_startup import loaded
from usercli.cli.app import app
from usercli.cli.completer import _SOURCES, MAX_SUGGESTIONS, suggest
from usercli.schemas.users import UserView

pytestmark = [pytest.mark.process, pytest.mark.either_engine]

ROOT = Path(__file__).parent.parent
DATA = ROOT / "usercli" / "data"
PROGRAMS = Path(sys.executable).parent

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])

MakeUser = Callable[..., UserView]
Run = Callable[..., subprocess.CompletedProcess[str]]


def suggested(line: str) -> list[str]:
    """What the last word of a line may become; a blank at the end begins a new word."""
    return suggest(line.split(" "))


# -- what does not depend on a database


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("li", ["list"]),
        ("db up", ["upgrade"]),
        ("password ver", ["verify"]),
        ("pass", ["password"]),
        ("--prof", ["--profile"]),
        ("list --out", ["--output"]),
        ("list -o js", ["json", "jsonl"]),
        ("list --output=js", ["--output=json", "--output=jsonl"]),
        ("-o cs", ["csv"]),
        ("-q list --cou", ["--count"]),
        ("list --sort -em", ["-email"]),
        ("list --sort vers", ["version"]),
        ("list --fields em", ["email"]),
        ("list --fields id,em", ["id,email"]),
        ("list --fields email,em", []),
        ("changes --fields sum", ["summary"]),
        ("audit verify --fields bro", ["broken_at"]),
        ("list --match rol", ["role="]),
        ("update --match inactive=", ["inactive=true", "inactive=false"]),
        ("list --match=inactive=t", ["--match=inactive=true"]),
        ("import --from ke", ["keycloak"]),
        ("audit verify --from ", []),
        ("import --on-conflict s", ["skip"]),
        ("password audit --fail-on wea", ["weak"]),
        ("completion z", ["zsh"]),
        ("schema aud", ["audit"]),
        ("schema audit ver", ["verify"]),
        ("schema exit", ["exit-codes"]),
        ("import ", [":files"]),
        ("import users", [":files"]),
        ("create --password-file ", [":files"]),
        ("create ", []),
        ("list --search ", []),
        ("list --search -", []),
        ("list surplus", []),
        ("db sql --grants ", []),
        ("nonsense ", []),
        ("nonsense --", []),
        ("list --nonsense=", []),
        ("__comp", []),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else None,
)
def test_a_word_is_completed(clean_environment: Path, line: str, values: list[str]) -> None:
    assert suggested(line) == values


def test_every_command_and_option_is_completed(clean_environment: Path) -> None:
    for path in all_commands():
        if path == ["__complete"]:
            continue
        if path:
            assert path[-1] in suggest(path), path
        command = _command(path)
        names = {
            name
            for item in command.params
            if item.param_type_name == "option"
            for name in (*item.opts, *item.secondary_opts)
            if name.startswith("--")
        }
        assert set(suggest([*path, "--"])) == names | {"--help"}, path


def test_every_kind_of_value_is_one_that_some_command_takes() -> None:
    there = {
        kind for path in all_commands() for item in _command(path).params for kind in (*item.opts, item.metavar)
    }
    assert set(_SOURCES) <= there


def _command(path: list[str]) -> Any:
    found = typer.main.get_command(app)
    for name in path:
        lazy = getattr(found, "lazy", {})
        found = lazy[name].load() if name in lazy else found.commands[name]  # type: ignore[attr-defined]  # a group
    return found


@on_sqlite
def test_what_is_suggested_is_taken(cli: Cli, ada: UserView, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("email\nbob@example.com\n")
    reading = ["import", str(tmp_path / "users.csv"), "--dry-run"]
    lines = {
        "list --sort ": ["list", "--sort"],
        "list -o ": ["list", "-o"],
        "list --fields ": ["list", "--fields"],
        "list --match active=": ["list", "--match"],
        "import --on-conflict ": [*reading, "--on-conflict"],
        "password audit --fail-on ": ["password", "audit", "--fail-on"],
        "completion ": ["completion"],
        "create --scheme ": ["create", "eve@example.com", "--no-password", "--dry-run", "--scheme"],
    }
    for line, arguments in lines.items():
        values = suggested(line)
        assert len(values) > 1, line
        for value in values:
            assert cli(*arguments, value)[0] in {0, 7}, (line, value)
    for value in suggested("import --from "):
        assert "no such format" not in cli(*reading, "--from", value)[2], value


@pytest.mark.parametrize("words", [["li"], ["list", "--out"], ["completion", ""]], ids=" ".join)
def test_names_are_completed_without_loading_a_database(words: list[str], clean_environment: Path) -> None:
    assert loaded("__complete", "fish", "--", *words) <= {"pydantic"}


def test_a_line_is_taken_apart_as_bash_does(clean_environment: Path) -> None:
    breaks = " \t\n\"'@><=;|&(:"
    for line, out in (
        ("usercli li", "list\n"),
        ("usercli list --output=js", "json\njsonl\n"),
        ("usercli list '--output", "--output\n"),
        ("usercli list --match=inactive=t", "true\n"),
        ("usercli list --sort '-ema", "-email\n"),
        ("usercli  list   --sort   -ema", "-email\n"),
        ("usercli completion ", "bash\nzsh\nfish\n"),
        ("usercli", ""),
        ("", ""),
        ("usercli list \\", ""),
    ):
        assert run_here("__complete", "bash", "--", breaks, line) == (0, out, ""), line


# -- what stands in the database and in the configuration


@pytest.fixture
def peopled(cli: Cli, make_user: MakeUser) -> Iterator[None]:
    """Ada, Alan, Bob, Carol in the bin, two roles."""
    for email in ("ada@example.com", "Alan@example.com", "bob@example.com", "carol@example.com"):
        make_user(email)
    assert cli("delete", "carol@example.com", "--yes")[0] == 0
    assert cli("role", "create", "editor")[0] == 0
    assert cli("role", "create", "admin")[0] == 0
    return


@pytest.mark.usefixtures("peopled")
def test_emails_and_roles_come_from_the_database() -> None:
    assert suggested("show ") == ["ada@example.com", "Alan@example.com", "bob@example.com"]
    assert suggested("show ada@ex") == ["ada@example.com"]
    assert suggested("show Al") == ["Alan@example.com"]
    assert suggested("show email:b") == ["email:bob@example.com"]
    assert suggested("show id:") == suggested("show z") == suggested("show ca") == []
    assert suggested("restore ") == ["carol@example.com"]
    assert suggested("delete bob@example.com --purge --confirm b") == ["bob@example.com"]
    assert suggested("audit log --user b") == ["bob@example.com"]
    assert suggested("role grant ") == ["admin", "editor"]
    assert suggested("role grant admin b") == ["bob@example.com"]
    assert suggested("list --role ad") == ["admin"]
    assert suggested("list --role=ad") == ["--role=admin"]
    assert suggested("update --match role=") == ["role=admin", "role=editor"]


def test_only_so_many_are_suggested(cli: Cli, tmp_path: Path) -> None:
    emails = [f"u{number:03}@example.com" for number in range(MAX_SUGGESTIONS + 5)]
    (tmp_path / "users.csv").write_text("\n".join(["email", *emails]))
    assert cli("import", str(tmp_path / "users.csv"))[0] == 0
    assert suggested("show u") == emails[:MAX_SUGGESTIONS]
    assert suggested("show u053") == ["u053@example.com"]


HOSTILE = (
    "\x1b[2Jx@example.com",
    "`reboot`@example.com",
    "$HOME@example.com",
    "a|b@example.com",
    "a&b@example.com",
    "*@example.com",
    "'a@example.com",
    "{a,b}@example.com",
    "a b@example.com",
    "\u202ea@example.com",
    "!a@example.com",
    "~a@example.com",
    "a\n@example.com",
    "--actor=root@example.com",
)


def test_nothing_is_suggested_that_a_shell_or_a_terminal_would_obey(
    database: Database, environment: Path, make_user: MakeUser, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, email in enumerate(HOSTILE):
        user = make_user(f"user{number}@example.com")
        query = "UPDATE users SET email = :email, email_key = :email WHERE id = :id"
        database.rows(query, email=email, id=user.id.hex if database.engine == "sqlite" else user.id)
    make_user("jürgen@example.com")
    assert suggested("show ") == ["jürgen@example.com"]
    for name in ("may $(reboot)", "`id`", "a b", "ops", "-x"):
        assert cli("role", "create", "--", name)[0] == 0
    assert suggested("role grant ") == ["ops"]
    path = environment / "config.toml"
    path.write_text('[profiles."\\u001b[2J"]\nurl = "sqlite:///x.db"\n[profiles.local]\nurl = "sqlite:///y.db"\n')
    monkeypatch.setenv("USERCLI_CONFIG", str(path))
    assert suggested("--profile ") == ["local"]
    assert suggested("list --target ") == ["local"]


@on_sqlite
def test_the_line_itself_says_which_database(
    database: Database, clean_environment: Path, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clean_environment / "config.toml"
    path.write_text(f'[profiles.local]\nurl = "{database.text}"\n')
    monkeypatch.setenv("USERCLI_CONFIG", str(path))
    assert run_here("__complete", "fish", "--", "show", "") == (0, "", "")
    for line in ("--profile local show ", "show --profile=local ", f"--database-url {database.text} show a"):
        assert suggested(line) == ["ada@example.com"], line


# -- what goes wrong


@pytest.fixture
def ask(run: Run) -> Callable[..., float]:
    """Ask in a process of its own for what fits; it must say nothing at all. The seconds that it took."""

    def ask_(*words: str) -> float:
        start = time.monotonic()
        done = run("__complete", "fish", "--", *words)
        assert (done.stdout, done.stderr) == ("", "")
        return time.monotonic() - start

    return ask_


#: Loading takes a part of this, and much longer where everything else runs at once; the question itself 0.3.
SOON = 8.0


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_a_database_that_is_locked_is_not_waited_for(database: Database, ask: Callable[..., float]) -> None:
    with psycopg.connect(database.text) as connection:
        connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        assert ask("show", "a") < SOON


@on_sqlite
def test_a_server_that_does_not_answer_is_not_waited_for(
    environment: Path, ask: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("USERCLI_DATABASE_URL", f"postgresql://a:secret@127.0.0.1:{port}/b")
        assert ask("show", "a") < SOON


@on_sqlite
def test_a_file_that_somebody_holds_is_not_waited_for(
    database: Database, environment: Path, ask: Callable[..., float]
) -> None:
    with database.uow() as uow:
        uow.session.connection().exec_driver_sql("PRAGMA locking_mode=EXCLUSIVE")
        uow.session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        uow.session.connection().exec_driver_sql("COMMIT")
        uow.session.connection().exec_driver_sql("BEGIN EXCLUSIVE")
        assert ask("show", "a") < SOON


def test_what_is_not_there_is_not_made_and_not_told(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(**variables: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            return run_here("__complete", "fish", "--", "show", "a")

    broken = clean_environment / "broken.toml"
    broken.write_text("= no TOML")
    assert told() == (0, "", "")
    for url in ("sqlite:///new.db", "postgresql://a:secret@127.0.0.1:1/b", "mysql://a:secret@b/c", "nonsense"):
        assert told(USERCLI_DATABASE_URL=url) == (0, "", ""), url
    assert told(USERCLI_CONFIG=str(broken)) == (0, "", "")
    assert told(USERCLI_PROFILE="nowhere") == (0, "", "")
    secret = ["--database-url", "postgresql://a:secret@127.0.0.1:1/b", "show", "a"]
    assert run_here("__complete", "fish", "--", *secret) == (0, "", "")
    assert sorted(path.name for path in clean_environment.rglob("*")) == ["broken.toml"]


@on_sqlite
def test_an_old_schema_is_not_told(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(empty_database.url.database).touch()
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    assert run_here("__complete", "fish", "--", "show", "a") == (0, "", "")


# -- the scripts


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell: str, clean_environment: Path) -> None:
    script = (DATA / f"completion.{shell}").read_text(encoding="utf-8")
    assert run_here("completion", shell) == (0, script, "")


def test_other_shells_are_refused(clean_environment: Path) -> None:
    assert run_here("completion", "tcsh") == (2, "", "error: no completion for: tcsh (known: bash, zsh, fish)\n")


def test_shellcheck_has_nothing_to_say() -> None:
    done = subprocess.run(
        [PROGRAMS / "shellcheck", "-s", "bash", DATA / "completion.bash"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


class Terminal:
    """A shell on a terminal, to type into."""

    def __init__(self, *command: str, **environ: str) -> None:
        ours, theirs = pty.openpty()
        path = f"{PROGRAMS}:/usr/bin:/bin"
        variables = {**os.environ, "PATH": path, "TERM": "dumb", "PS1": "> ", **environ}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables, start_new_session=True
        )
        os.close(theirs)
        self._ours, self.seen = ours, ""

    def type(self, text: str, until: str) -> None:
        """Type, and wait until this is seen of what comes then."""
        self.seen = ""
        os.write(self._ours, text.encode())
        end = time.monotonic() + 20
        while until not in self.seen:
            assert time.monotonic() < end, (text, until, self.seen)
            if select.select([self._ours], [], [], 0.1)[0]:
                self.seen += os.read(self._ours, 65536).decode("utf-8", "replace")
                self.seen = self.seen.replace("\r", "").replace("\a", "")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_(*command: str, **environ: str) -> Terminal:
        opened.append(Terminal(*command, **environ))
        return opened[-1]

    yield open_
    for item in opened:
        item.close()


@on_sqlite
@pytest.mark.usefixtures("peopled")
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes(terminal: Callable[..., Terminal], environment: Path) -> None:
    (environment / "people.jsonl").touch()
    shell = terminal("bash", "--norc", "--noprofile", "-i")
    shell.type(
        "bind 'set enable-bracketed-paste off'; source <(usercli completion bash); echo do''ne\n", "done\n> "
    )
    shell.type("usercli show ada@ex\t", "example.com ")  # bash takes the @ for the end of a word
    shell.type("--fields email,is_a\t", "is_active ")
    shell.type("-o cs\t\n", "\nada@example.com,true\n")
    shell.type("usercli list --match act\t", "active=")
    shell.type("tr\t", "true ")
    shell.type("--fields=ema\t", "email ")
    shell.type("--sort '-ema\t", "-email' ")
    shell.type("-o csv\n", "\nbob@example.com\nada@example.com\nAlan@example.com\n")
    shell.type("usercli import --dry-run peo\t", "people.jsonl ")


@on_sqlite
@pytest.mark.usefixtures("peopled")
@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes(terminal: Callable[..., Terminal], environment: Path) -> None:
    (environment / "people.jsonl").touch()
    shell = terminal("zsh", "-f", "-i")
    start = "autoload -Uz compinit; compinit -u -D; unsetopt prompt_sp zle_bracketed_paste"
    shell.type(f"{start}; source <(usercli completion zsh); echo do''ne\n", "done\n")
    shell.type("usercli show ada@ex\t", "example.com ")
    shell.type("--fields email,is_a\t", "is_active ")
    shell.type("-o cs\t\n", "ada@example.com,true\n")
    shell.type("usercli list --match act\t", "active=")
    shell.type("tr\t", "true ")
    shell.type("--fields=ema\t", "email ")
    shell.type("-o csv\n", "ada@example.com\n")
    shell.type("usercli import --dry-run peo\t", "people.jsonl ")


@on_sqlite
@pytest.mark.usefixtures("peopled")
@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(environment: Path) -> None:
    (environment / "people.jsonl").touch()
    lines = {
        "usercli show ada@ex": ["ada@example.com"],
        "usercli list --fields email,is_a": ["email,is_active"],
        "usercli list --match inactive=f": ["inactive=false"],
        "usercli completion ": ["bash", "fish", "zsh"],
        "usercli import peo": ["people.jsonl"],
        "usercli create ": [],
    }
    asked = "; ".join(f"complete -C '{line}'; echo" for line in lines)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"usercli completion fish | source; {asked}"],
        env={**os.environ, "PATH": f"{PROGRAMS}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert [part.split("\n") if part else [] for part in done.stdout.strip("\n").split("\n\n")] == [
        values for values in lines.values() if values
    ]
