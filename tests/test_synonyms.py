"""Words of other programs lead to the command that is meant, none to another that changes something."""

from __future__ import annotations

import json
import random
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest
import typer

from tests.conftest import Cli, run_here
from tests.test_cli_process import all_commands
from usercli.cli.app import root_command
from usercli.cli.synonyms import ARGUMENTS, COMMANDS, FILTERS, OPTIONS, READING
from usercli.cli.unknown_words import near_commands, suggested_options
from usercli.cli.user_filters import KEYS
from usercli.schemas.users import UserView

ADA, BOB = "ada@example.com", "bob@example.com"
CANARY = "CanarySecret42"
CHANGE, ID = "01a21c81", "01a21c81-4eda-72b4-aac4-5a88a3ec13fb"
ASKED = "a password is asked for, or given with --password-stdin, never as an argument"
NAMED = "a name is given with --name, a password with --password-stdin or --generate, a role with --role"

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])

ROWS = [
    (group, key, word) for group, keys in COMMANDS.items() for key, words in keys.items() for word in words.split()
]


def command_at(path: Sequence[str]) -> Any:
    found = root_command()
    for word in path:
        lazy = getattr(found, "lazy", {})
        found = lazy[word].load() if word in lazy else found.commands[word]
    return found


def names_in(group: str) -> list[str]:
    return [name for name, command in command_at(group.split()).commands.items() if not command.hidden]


def command_of(key: str) -> list[str]:
    """The words of a row's key that name the command."""
    return [word for word in key.split("--")[0].split() if word.islower()]


# -- the table of commands


def test_every_word_of_the_table_is_told_its_command(clean_environment: Path) -> None:
    for group, key, word in ROWS:
        code, out, err = run_here(*group.split(), word)
        assert (code, out, err.count("\n")) == (2, "", 1), word
        assert err.startswith(f"error: no such command '{word}'; did you mean: usercli "), err
        assert f"usercli {key}" in err or len([row for row in ROWS if row[0] == group and row[2] == word]) > 1, err
        assert err.endswith(f"; see: {' '.join(['usercli', *group.split()])} --help\n"), err


def test_no_word_of_the_table_is_a_command_and_none_stands_twice_in_a_row() -> None:
    for group, keys in COMMANDS.items():
        names = {*names_in(group), "help", *({"version", "user", "users"} if not group else ())}
        for key, words in keys.items():
            assert len(set(words.split())) == len(words.split()), key
            assert set(words.split()) & names == set(), key


def test_what_the_table_says_to_type_is_a_command_line() -> None:
    values = {"USER...": ADA, "USER": ADA, "EMAIL": ADA, "TIME": "30d"}
    for _, key, _ in ROWS:
        path = command_of(key)
        command = command_at(path)
        rest = [values.get(word, word) for word in key.split()[len(path) :]]
        command.make_context("x", rest, parent=typer.Context(root_command(), info_name="usercli"))


def test_the_commands_that_change_nothing_are_commands() -> None:
    assert {path[-1] for path in all_commands() if path} >= {*READING.split()}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (f"rm {ADA}", f"delete {ADA}"),
        (f"remove {ADA} {BOB} --yes", f"delete {ADA} {BOB} --yes"),
        ("del", "delete USER..."),
        (f"get {ADA} -o json", f"show {ADA} -o json"),
        ("add", "create EMAIL"),
        (f"add {ADA} --no-password", f"create {ADA} --no-password"),
        ("ls", "list"),
        ("ls --active", "list --active"),
        ("find lovelace", "list --search lovelace"),
        (f"edit {ADA} --name 'Ada King'", f"update {ADA} --name 'Ada King'"),
        (f"rename {ADA} {BOB}", f"update {ADA} --email {BOB}"),
        (f"unlock {ADA}", f"activate {ADA}"),
        (f"lock {ADA} --reason=left", f"deactivate {ADA} --reason=left"),
        (f"passwd {ADA}", f"password set {ADA}"),
        (f"grant editor {ADA} {BOB}", f"role grant editor {ADA} {BOB}"),
        (f"grant {ADA} editor", f"role grant editor {ADA}"),
        (f"revoke editor {ADA}", f"role revoke editor {ADA}"),
        ("report", "stats"),
        ("count", "list --count"),
        ("logs", "audit log"),
        ("status", "db check"),
        ("init", "db upgrade"),
        ("whoami", "config show"),
        ("user rm " + ADA, f"delete {ADA}"),
        ("users", "list"),
        (ADA, f"show {ADA}"),
        (f"password {ADA}", f"password set {ADA}"),
        (f"role {ADA}", f"show {ADA}"),
        (f"audit {ADA}", f"history {ADA}"),
        (f"audit show {CHANGE}", f"audit log --change {CHANGE}"),
        (f"revert {ID}", f"undo {ID}"),
        (f"expire {ADA}", f"update {ADA} --expires TIME"),
        (f"expire {ADA} 30d", f"update {ADA} --expires 30d"),
        (f"rename {ADA}", f"update {ADA} --email EMAIL"),
        ("role add EDITOR", "role create EDITOR"),
        ("role add editor", "role create editor"),
        (f"role add editor {ADA}", f"role grant editor {ADA}"),
        (f"role assign {ADA} editor", f"role grant editor {ADA}"),
        ("role members editor", "list --role editor"),
        ("role show editor", "list --role editor"),
        ("role rename editor writer", "role update editor --name writer"),
        ("role rm editor", "role delete editor"),
        (f"role remove editor {ADA}", f"role revoke editor {ADA}"),
        ("role ls", "role list"),
        ("db init", "db upgrade"),
        ("db migrate", "db upgrade"),
        ("db status", "db current"),
        ("help rm", "delete --help"),
    ],
)
def test_what_was_given_stands_in_the_command_to_type(clean_environment: Path, typed: str, meant: str) -> None:
    code, out, err = run_here(*shlex.split(typed))
    assert (code, out) == (2, "")
    assert re.search("; did you mean: (.*); see: ", err)[1] == f"usercli {meant}"  # type: ignore[index]  # None fails the test, too


def test_the_command_to_type_reaches_the_same_database(clean_environment: Path) -> None:
    err = run_here("--profile", "my old", "-q", "role", "--dry-run", "add", "x", "--debug")[2]
    assert "did you mean: usercli --profile 'my old' --quiet --dry-run role create x --debug; see:" in err
    err = run_here("--database-url", f"postgresql://a:{CANARY}@b/c", "rm", ADA)[2]
    assert f"did you mean: usercli --database-url URL delete {ADA}; see:" in err


@pytest.mark.parametrize(
    "typed",
    [
        f"passwd {ADA} {CANARY}",
        f"passwd {ADA} {CANARY}@example.com",
        f"add {ADA} {CANARY}",
        f"add {ADA} --password {CANARY}",
        f"add {ADA} --password={CANARY}",
        f"add {ADA} -p{CANARY}",
        f"rm {ADA} --database-url postgresql://a:{CANARY}@b/c",
        f"log {CANARY}",
        f"disable {CANARY}",
        f"list --pw {CANARY}",
    ],
)
def test_what_may_be_a_secret_is_not_said(clean_environment: Path, typed: str) -> None:
    code, out, err = run_here(*typed.split())
    assert (code, out, CANARY in err) == (2, "", False)


# -- words that simply work


def test_help_is_what_the_option_prints(clean_environment: Path) -> None:
    for path in ([], ["create"], ["role"], ["role", "grant"], ["db", "sql"]):
        printed = run_here(*path, "--help")
        assert printed[0] == 0
        assert run_here("help", *path) == run_here("-o", "json", "help", *path) == printed
    assert run_here("role", "help", "grant") == run_here("role", "grant", "--help")
    assert run_here("help", "user", "list")[1].startswith("Usage: usercli list ")
    assert run_here("version") == run_here("-q", "version") == run_here("--version")
    code, out, err = run_here("help", "list", "all")
    assert (code, out, err) == (
        2,
        "",
        "error: usercli list has no commands; 'all' is too much; see: usercli list --help\n",
    )


@on_sqlite
def test_user_before_a_command_is_left_out(cli: Cli, ada: UserView) -> None:
    listed = cli("list", "-o", "json")
    for line in (
        "user list -o json",
        "users list -o json",
        "-o json user list",
        "user -o json list",
        "users user list -o json",
    ):
        assert cli(*line.split()) == listed, line
    assert cli("--dry-run", "user", "-q", "delete", ADA)[:2] == (0, f"{ada.id}\n")
    assert cli("list", "-q")[1] == f"{ada.id}\n"
    assert cli("user", "--help")[1].startswith("Usage: usercli user [OPTIONS] COMMAND")


@on_sqlite
def test_a_batch_refuses_the_same_commands_after_user(cli: Cli, ada: UserView) -> None:
    Path("lines.txt").write_text("user import x.csv\n")
    code, out, _ = cli("batch", "lines.txt")
    assert (code, json.loads(out)["messages"]) == (2, ["error: import cannot be run in a batch"])


# -- options


@on_sqlite
def test_a_format_by_its_name_is_taken_as_output(cli: Cli, ada: UserView) -> None:
    for kind in ("json", "jsonl", "csv", "tsv", "yaml", "table", "ids"):
        wanted = cli("list", "-o", kind)
        for line in (f"list --{kind}", f"list --format {kind}", f"list --format={kind}", f"--{kind} list"):
            assert cli(*line.split()) == wanted, line
    assert cli("role", "--json", "list") == cli("role", "list", "-o", "json")
    assert cli("list", "--format", "xml")[2].startswith("error: no such output format: xml (known: table, json")


@on_sqlite
def test_a_value_that_looks_like_the_format_stays_a_value(cli: Cli, ada: UserView) -> None:
    assert json.loads(cli("update", ADA, "--name", "--json", "--json")[1])["users"][0]["full_name"] == "--json"
    assert cli("show", ADA, "--", "--json")[:2] == (3, "")


def test_the_format_of_a_file_is_not_that_of_the_output(clean_environment: Path) -> None:
    code, out, err = run_here("import", "users.txt", "--format", "csv")
    assert (code, out) == (2, "")
    assert "; did you mean: --output FORMAT, --from FORMAT; see: " in err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (f"list --email {ADA}", "--search TEXT"),
        (f"create --email {ADA}", "usercli create EMAIL"),
        (f"show --user {ADA}", "usercli show USER..."),
        ("list --filter active", "--match KEY=VALUE"),
        ("list --query ada", "--search TEXT"),
        ("list --since 30d", "--created-after TIME"),
        ("list --expiring 30d", "--expires-before TIME"),
        ("deactivate --expires-before 30d", "--match expires-before=TIME"),
        ("list --status active", "--active, --inactive"),
        ("list --last 5", "--limit N"),
        ("list -n 5", "--limit N"),
        ("list --columns id", "--fields A,B"),
        ("deactivate --inactive-for 90d", "--match inactive-for=TIME"),
        ("deactivate --role editor", "--match role=ROLE"),
        ("deactivate --all", "--match KEY=VALUE"),
        (f"delete {ADA} --force", "--yes"),
        (f"delete {ADA} -f", "--yes"),
        (f"create {ADA} --password x", "--password-stdin, --password-file FILE, --generate"),
        (f"create {ADA} --full-name x", "--name TEXT"),
        (f"create {ADA} --group x", "--role ROLE"),
        ("role create admin --admin", "--administrative"),
        ("role create x --desc y", "--description"),
        (f"update {ADA} --disabled", "--inactive"),
        ("audit log --email x", "--user USER"),
        ("list --dryrun", "--dry-run"),
        ("list --db x", "--database-url URL"),
        ("list --activ", "--active"),
        ("--yess list", "--yes"),
        ("list --iactive", "--active, --inactive"),
        (f"update {ADA} --password x", f"usercli password set {ADA}"),
        ("update --match role=x --passwd y", "usercli password set USER"),
    ],
)
def test_an_option_of_other_programs_is_told_ours(clean_environment: Path, typed: str, meant: str) -> None:
    code, out, err = run_here(*typed.split())
    assert (code, out) == (2, "")
    assert re.search("; did you mean: (.*); see: ", err)[1] == meant  # type: ignore[index]  # None fails the test, too


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("restore --match role=editor", "usercli list --deleted --match role=editor -q | usercli restore -"),
        ("restore --role=editor", "usercli list --deleted --role=editor -q | usercli restore -"),
        ("restore --deleted", "usercli list --deleted -q | usercli restore -"),
        ("restore --match role=editor --yes", "usercli list --deleted --match KEY=VALUE -q | usercli restore -"),
        (f"restore {ADA} --search ada", "usercli list --deleted --match search=TEXT -q | usercli restore -"),
        ("show --active", "usercli list --active -q | usercli show -"),
        (
            "--profile p history --match search=ada",
            "usercli --profile p list --match search=ada -q | usercli --profile p history -",
        ),
    ],
)
def test_a_filter_that_a_command_has_not_is_told_the_list_to_give(
    clean_environment: Path, typed: str, meant: str
) -> None:
    code, out, err = run_here(*typed.split())
    assert (code, out) == (2, "")
    assert re.search("; did you mean: (.*); see: ", err)[1] == meant  # type: ignore[index]  # None fails the test, too


def test_the_list_that_is_told_restores_them(cli: Cli, ada: UserView, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("delete", ADA, "--yes")[0] == 0
    line = re.search("usercli (.*) \\| usercli (.*);", cli("restore", "--match", "search=ada")[2])
    assert line
    found = cli(*line[1].split())[1]
    assert cli(*line[2].split(), stdin=found)[2].startswith(f"restored {ADA} on ")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (f"list {ADA}", f"did you mean: usercli show {ADA}, or usercli list --search {ADA}; see: usercli list"),
        (f"list {CANARY}", "did you mean: usercli show USER..., or usercli list --search TEXT; see: usercli list"),
        (
            f"list {ADA} {CANARY}",
            "did you mean: usercli show USER..., or usercli list --search TEXT; see: usercli list",
        ),
        (f"changes {ADA}", f"did you mean: usercli changes --user {ADA}; see: usercli changes"),
        (f"changes {CHANGE}", f"did you mean: usercli audit log --change {CHANGE}; see: usercli changes"),
        (f"changes show {CHANGE}", f"did you mean: usercli audit log --change {CHANGE}; see: usercli changes"),
        (
            f"changes show {ID}",
            f"did you mean: usercli audit log --change {ID}, or usercli changes --user {ID}; see: usercli changes",
        ),
        (
            f"changes show {CANARY}",
            "did you mean: usercli audit log --change CHANGE, or usercli changes --user USER; see: usercli changes",
        ),
        ("changes list", "did you mean: usercli changes; see: usercli changes"),
        (f"role list show {ADA}", f"did you mean: usercli show {ADA}; see: usercli role list"),
        (f"audit log {CHANGE}", f"did you mean: usercli audit log --change {CHANGE}; see: usercli audit log"),
        (f"audit log {ADA}", f"did you mean: usercli history {ADA}; see: usercli audit log"),
        (f"password set {ADA} {CANARY}", f"{ASKED}; see: usercli password set"),
        (f"create {ADA} Ada L", f"{NAMED}; see: usercli create"),
        ("import a.csv b.csv", "files are imported one by one; see: usercli import"),
        (f"db current {CANARY} {CANARY}", "see: usercli db current"),
    ],
)
def test_an_argument_too_many_is_told_what_to_type(clean_environment: Path, typed: str, said: str) -> None:
    assert run_here(*typed.split()) == (2, "", f"error: too many arguments; {said} --help\n")


@pytest.mark.parametrize("typed", ["-help", "/?", "-?", "list -help", "role grant -help"])
def test_other_spellings_of_help(clean_environment: Path, typed: str) -> None:
    *path, _ = typed.split()
    assert run_here(*typed.split()) == run_here(*path, "--help")


@pytest.mark.parametrize("name", ["--frobnicate", "--actual", "--restore", "-x", "--a"])
def test_what_is_not_near_is_told_nothing(clean_environment: Path, name: str) -> None:
    assert "did you mean" not in run_here("list", name)[2]


@pytest.mark.parametrize(
    "typed", ["import --all", "apply --al", "role delete --all", "delete --pure", "undo --all x"]
)
def test_what_lifts_a_guard_is_not_offered_by_chance(clean_environment: Path, typed: str) -> None:
    assert not re.search("did you mean: .*--(allow-no-admin|purge)", run_here(*typed.split())[2])


def test_every_option_and_argument_of_the_tables_is_there() -> None:
    commands = [command_at(path) for path in all_commands()]
    options = {name for item in commands for param in item.params for name in (*param.opts, *param.secondary_opts)}
    assert {key.split()[0] for key in OPTIONS} <= options
    metavars = {param.metavar.strip("[]") for item in commands for param in item.params if param.metavar}
    assert set(ARGUMENTS) <= metavars
    assert set(FILTERS) == set(KEYS)
    for table in (OPTIONS, ARGUMENTS):
        for key, words in table.items():
            assert len(set(words.split())) == len(words.split()), key


def test_no_option_is_offered_that_the_command_has_not() -> None:
    words = sorted({word for row in OPTIONS.values() for word in row.split()})
    chance = random.Random(8)
    for path in all_commands():
        command = command_at(path)
        known = {name for item in command.params for name in (*item.opts, *item.secondary_opts)}
        context = typer.Context(command, info_name=" ".join(["usercli", *path]))
        for word in chance.sample(words, 12):
            found = suggested_options(context, f"--{word}")
            assert {item.split()[0] for item in found} - {"usercli"} <= known, (path, word)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (f"update {ADA} --active true", "--active takes no value; the opposite is --inactive; see: usercli update"),
        (
            f"update --inactive False {ADA}",
            "--inactive takes no value; the opposite is --active; see: usercli update",
        ),
        ("list --deleted true", "--deleted takes no value; see: usercli list"),
        (f"update {ADA} --active=true", "--active takes no value; the opposite is --inactive; see: usercli update"),
        ("list --count=yes", "--count takes no value; see: usercli list"),
        ("--dry-run true list", "--dry-run takes no value; see: usercli"),
    ],
)
def test_a_flag_takes_no_value(clean_environment: Path, typed: str, said: str) -> None:
    assert run_here(*typed.split()) == (2, "", f"error: {said} --help\n")


# -- formats


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("export -o users.csv", "export users.csv"),
        ("export --active -o users.xlsx", "export users.xlsx --active"),
        ("access-review export --output=./review.csv", "access-review export ./review.csv"),
        ("stats --active -o page.html", "stats --active --html page.html"),
        ("stats -o numbers.json", "stats -o json > numbers.json"),
        ("-o users.ndjson list --search 'ada b'", "list --search 'ada b' -o jsonl > users.ndjson"),
        (f"show {ADA} -o/tmp/ada", f"show {ADA} > /tmp/ada"),
        ("config show -o 'my settings.yml'", "config show -o yaml > 'my settings.yml'"),
    ],
)
def test_a_file_in_place_of_a_format_is_told_what_writes_it(
    clean_environment: Path, typed: str, meant: str
) -> None:
    code, out, err = run_here(*shlex.split(typed))
    given = re.findall(r"no such output format: (.*); -o takes a format, not a file; did you mean: (.*)\n", err)
    assert (code, out, [line for _, line in given]) == (2, "", [f"usercli {meant}"])


def test_the_command_that_writes_a_file_reaches_the_same_database(clean_environment: Path) -> None:
    err = run_here("--database-url", "sqlite:///my.db", "export", "-o", "a.csv")[2]
    assert err.endswith("; did you mean: usercli --database-url sqlite:///my.db export a.csv\n")
    err = run_here("export", "-o", "a.csv", "--database-url", f"postgresql://a:{CANARY}@b/c")[2]
    assert err.endswith("; did you mean: usercli export a.csv (with the same --database-url)\n")


@pytest.mark.parametrize(
    "typed",
    [
        ("import", "--from-table", f"postgresql://bob:{CANARY}@h/d", "accounts", "-o", "users.csv"),
        ("show", f"postgresql://bob:{CANARY}@h/d", "-o", "a.csv"),
        ("password", "set", ADA, CANARY, "-o", "a.csv"),
    ],
)
def test_the_command_that_writes_a_file_repeats_no_secret(clean_environment: Path, typed: tuple[str, ...]) -> None:
    code, out, err = run_here(*typed)
    assert (code, CANARY in out + err) == (2, False), err


def test_another_word_in_place_of_a_format_is_told_the_formats(clean_environment: Path) -> None:
    known = "(known: table, json, jsonl, csv, tsv, yaml, ids)"
    for given, said in (
        ("yml", f"; did you mean: yaml {known}"),
        ("xml", f" {known}"),
        ("v1.2", "; -o takes a format, not a file; did you mean: usercli list > v1.2"),
        ("a.xlsx", f"; only usercli export writes a workbook {known}"),
    ):
        assert run_here("list", "-o", given) == (2, "", f"error: no such output format: {given}{said}\n")
    two = f"error: no such output format: b.csv; -o takes a format, not a file {known}\n"
    assert run_here("export", "a.csv", "-o", "b.csv") == (2, "", two)


# -- no suggestion names another command that changes something


def one_letter_off(word: str, letters: str) -> set[str]:
    found = set()
    for place in range(len(word) + 1):
        found |= {word[:place] + letter + word[place:] for letter in letters}
        found |= {word[:place] + letter + word[place + 1 :] for letter in letters}
        found |= {
            word[:place] + word[place + 1 :],
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
        }
    return found


def changing(words: Sequence[str]) -> set[str]:
    return set(words) - {*READING.split()}


@pytest.mark.parametrize("group", ["", "role", "password", "db"])
@pytest.mark.parametrize(
    ("letters", "once", "twice"),
    [("aeort", 40, 40), pytest.param(ascii_lowercase, 1000, 1000, marks=pytest.mark.slow)],
    ids=["some", "all"],
)
def test_a_typo_is_never_answered_with_another_command_that_changes_something(
    group: str, letters: str, once: int, twice: int
) -> None:
    names = names_in(group)
    chance = random.Random(8)
    for name in names:
        first = sorted(one_letter_off(name, letters))
        second = {typo for _ in range(twice) for typo in [chance.choice(first)]}
        second = {chance.choice(sorted(one_letter_off(typo, chance.choice(letters)))) for typo in second}
        for typo in {*chance.sample(first, min(once, len(first))), *second} - {*names}:
            assert changing(near_commands(typo, names)) <= {name}, (name, typo)


def test_most_typos_are_told_the_command() -> None:
    names = names_in("")
    for typo, name in (
        ("creat", "create"),
        ("craete", "create"),
        ("lsit", "list"),
        ("udpate", "update"),
        ("delte", "delete"),
        ("deactivte", "deactivate"),
        ("deact", "deactivate"),
        ("activat", "activate"),
        ("undoo", "undo"),
        ("restor", "restore"),
        ("imprt", "import"),
        ("pasword", "password"),
        ("histroy", "history"),
    ):
        assert near_commands(typo, names) == [name], typo


#: Verbs that mean nothing here, and those that the tables know where a group does not.
VERBS = (
    "promote demote remote approve archive publish merge split copy clone move start stop restart enable "
    "disable lock unlock suspend resume remove revoke grant rename report reset repair rotate renew refresh "
    "register release reload replace replay reject reopen request require resolve retire retry return review "
    "rewind run undone undelete unset update2 upgrade-all export2 implode inspect ignore deploy deliver deny "
    "depart derive desert delay delegate prune pause purify play plant explain expose expel accept activity "
    "action adapt bash batches watch catch match latch hatch surge app "
)


@pytest.mark.parametrize("group", ["", "role", "password", "db", "audit", "config", "privacy"])
def test_no_verb_is_answered_with_a_command_that_changes_something_by_its_letters(group: str) -> None:
    names = names_in(group)
    for verb in VERBS.split():
        if verb not in names:
            assert changing(near_commands(verb, names)) <= {verb.rstrip("2s")}, verb


# -- the page


def table_of(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def quoted(words: str, *, options: bool = False) -> str:
    names = [(f"--{word}" if len(word) > 1 else f"-{word}") if options else word for word in words.split()]
    return ", ".join(f"`{name}`" for name in names)


def tables_of_the_page() -> str:
    found = [
        table_of(
            (f"after `{f'usercli {group}'.strip()}`", "is"),
            [(quoted(words), f"`{key}`") for key, words in keys.items()],
        )
        for group, keys in COMMANDS.items()
    ]
    rows = [(quoted(words, options=True), f"`{key}`") for key, words in OPTIONS.items()]
    return "\n".join([*found, table_of(("option", "is"), rows)])


def test_the_page_lists_the_tables() -> None:
    there = Path(__file__).parent.parent / "docs" / "synonyms.md"
    tables = "\n".join(re.findall(r"(?:^\|.*\n)+", there.read_text(encoding="utf-8"), re.MULTILINE))
    assert tables == tables_of_the_page()


def test_the_tables_are_read_only_when_a_word_was_not_found(clean_environment: Path) -> None:
    code = (
        "import sys\nfrom usercli.cli.main import run\nrun(['config', 'path'])\n"
        "print(*(name for name in sys.modules if name.endswith(('synonyms', 'unknown_words', 'help_text'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[1:] == [""]
