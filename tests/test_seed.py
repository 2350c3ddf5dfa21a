"""Sample users: the same ones every time, in constant memory, never on a protected database."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.users import UserView
from usercli.services.seed import people

pytestmark = pytest.mark.process

SCRIPT = Path(__file__).parent.parent / "scripts" / "seed.py"


def seed(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        **{"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **options},  # type: ignore[call-overload, no-any-return]  # options as given
    )


def test_the_same_people_every_time_and_a_longer_run_begins_like_a_shorter_one() -> None:
    assert list(people(50)) == list(people(50)) == list(islice(people(5000), 50))
    assert list(people(50, seed=2)) != list(people(50))


def test_print_streams_json_lines(clean_environment: Path) -> None:
    done = seed("--count", "2", "--print", "jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        '{"email":"user1@example.com","full_name":"Chloé Silva","is_active":true,'
        '"attributes":{"team":"blue","number":1}}\n'
        '{"email":"user2@example.com","full_name":"Grace Cortés","is_active":true,'
        '"attributes":{"team":"violet","number":2}}\n'
    )


def test_print_csv_says_the_same_as_json_lines(clean_environment: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(seed("--count", "30", "--print", "csv").stdout, newline="")))
    for row, line in zip(rows, seed("--count", "30", "--print", "jsonl").stdout.splitlines(), strict=True):
        user = json.loads(line)
        assert (row["email"], row["full_name"]) == (user["email"], user["full_name"])
        assert json.loads(row["is_active"]) is user["is_active"]
        assert json.loads(row["attributes"]) == user["attributes"]


def test_print_ends_quietly_when_the_reader_leaves(clean_environment: Path) -> None:
    shell = f"'{sys.executable}' '{SCRIPT}' --count 20000 --print jsonl | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert (done.stdout.splitlines()[1:], done.stderr) == (["0"], "")


def test_print_to_a_full_disk_says_so(clean_environment: Path) -> None:
    with open("/dev/full", "w") as full:
        done = seed("--print", "jsonl", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (
        1,
        "error: cannot write to standard output: no space left on device\n",
    )


def test_print_takes_no_database(clean_environment: Path) -> None:
    done = seed("--print", "csv", "--profile", "staging")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "seed.py: error: not together with --print: --profile staging"


def test_seeding_again_adds_only_what_is_missing(environment: Path, database: Database, cli: Cli) -> None:
    done = [cli("db", "seed", "--count", count, "-o", "json")[1] for count in ("20", "20", "25")]
    assert [json.loads(out) for out in done] == [
        {"created": 20, "skipped": 0, "dry_run": False},
        {"created": 0, "skipped": 20, "dry_run": False},
        {"created": 5, "skipped": 20, "dry_run": False},
    ]
    assert cli("list", "--count", "-o", "json")[:2] == (0, '{"count":25}\n')


@pytest.mark.slow_on("postgresql")
def test_the_script_and_the_command_make_the_same_users(environment: Path, cli: Cli) -> None:
    assert seed("--count", "10").returncode == 0
    _, stored, _ = cli("list", "--sort", "id", "-o", "jsonl", "--fields", "email,full_name,is_active,attributes")
    wanted = [json.loads(line) for line in seed("--count", "10", "--print", "jsonl").stdout.splitlines()]
    assert sorted(map(json.loads, stored.splitlines()), key=str) == sorted(wanted, key=str)
    assert cli("db", "seed", "--count", "10", "-o", "json")[1] == '{"created":0,"skipped":10,"dry_run":false}\n'


def test_seeding_leaves_a_user_who_is_there(make_user: Callable[..., UserView], cli: Cli) -> None:
    make_user("USER1@example.com", full_name="Not a sample")
    assert cli("db", "seed", "--count", "3", "-o", "json")[1] == '{"created":2,"skipped":1,"dry_run":false}\n'
    assert cli("show", "user1@example.com", "--fields", "email,full_name", "-o", "jsonl")[1] == (
        '{"email":"USER1@example.com","full_name":"Not a sample"}\n'
    )


def test_a_dry_run_adds_nobody(environment: Path, cli: Cli) -> None:
    code, out, _ = cli("db", "seed", "--count", "3", "--dry-run", "-o", "json")
    assert (code, out) == (0, '{"created":3,"skipped":0,"dry_run":true}\n')
    assert cli("list", "--count")[1] == "count\n0\n"


@pytest.mark.parametrize("target", [(), ("--target", "production")])
@pytest.mark.each_once
def test_a_protected_database_takes_no_sample_users(
    environment: Path, database: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch, target: tuple[str, ...]
) -> None:
    config = environment / "config.toml"
    config.write_text(f'[profiles.production]\nurl = "{database.text}"\nprotected = true\n')
    monkeypatch.setenv("USERCLI_CONFIG", str(config))
    done = seed("--count", "3", *target)
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == f"error: {database.url.where} is protected; it takes no sample users\n"
    assert cli("list", "--count")[1] == "count\n0\n"


def test_printing_takes_the_same_memory_for_few_and_many(clean_environment: Path) -> None:
    assert peak_megabytes(30_000) - peak_megabytes(1_000) < 4


@pytest.mark.slow
def test_printing_a_million_takes_the_memory_of_a_thousand(clean_environment: Path) -> None:
    assert peak_megabytes(1_000_000) - peak_megabytes(1_000) < 4


def peak_megabytes(count: int) -> float:
    """The peak memory of printing so many users, as the kernel saw it."""
    # the process asks for itself: to its parent its peak would be at least the parent's own
    code = (
        f"import runpy, sys; sys.argv[1:] = ['--count', '{count}', '--print', 'jsonl']\n"
        f"try: runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "print(open('/proc/self/status').read(), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
    )
    line = next(line for line in done.stderr.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
