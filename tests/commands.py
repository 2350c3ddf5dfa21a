"""Every command of the tool with arguments that work, walked from the command tree.

Proofs about all commands (no secret shows, nothing hangs) take their cases from here; a command without a
case fails them, so that a new one is not forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from usercli.cli.app import COMMANDS
from usercli.writers import SYSTEMS


@dataclass(frozen=True)
class Case:
    """A command line that works on a database of `SETUP`, in the order of the table.

    `stdin` is what it reads. `answer` are the arguments that answer what it would ask: without them it asks,
    and where nobody can be asked its error names `flag`. In arguments, {name} stands for a file or a value.
    """

    arguments: str
    stdin: str = ""
    answer: str = ""
    flag: str = ""
    code: int = 0

    @property
    def asking(self) -> list[str]:
        """The arguments without an answer."""
        return self.arguments.split()

    @property
    def complete(self) -> list[str]:
        """The arguments with the answer."""
        return f"{self.arguments} {self.answer}".split()


#: Run before the cases: users to work on.
SETUP = (
    "role create admin --administrative",
    "role create editor",
    "create ada@example.com --no-password --role admin --name Ada",
    "role create writer",
    "create bob@example.com --no-password --role writer",
    "create old@example.com --no-password",
    "delete old@example.com --yes",
    "create binned@example.com --no-password",
    "delete binned@example.com --yes",
)

PASSWORD, HASH, STDIN = "{password}\n", "{hash}\n", "--password-stdin"

CASES: dict[str, list[Case]] = {
    "create": [
        Case("create eve@example.com", PASSWORD, STDIN, STDIN),
        Case("create tom@example.com", HASH, "--password-hash-stdin", "--password-hash-stdin"),
        Case("create ida@example.com", "", "--password-file {password_file}", "--password-file"),
        Case("create uma@example.com --generate", "", "--secret-out {new_file}", "--secret-out"),
    ],
    "list": [Case("list"), Case("list --sort -email --where a=b --expired")],
    "show": [Case("show eve@example.com tom@example.com"), Case("show eve@example.com --related")],
    "update": [Case("update bob@example.com --name Bob --attribute a=b")],
    "delete": [
        Case("delete tom@example.com", "", "--yes", "--yes"),
        Case("delete ida@example.com --purge", "", "--confirm ida@example.com", "--confirm"),
    ],
    "restore": [Case("restore tom@example.com")],
    "exists": [Case("exists eve@example.com"), Case("exists eve@example.com x@example.com", code=8)],
    "password set": [
        Case("password set eve@example.com", PASSWORD, STDIN, STDIN),
        Case("password set bob@example.com", HASH, "--password-hash-stdin", "--password-hash-stdin"),
    ],
    "password reset": [
        Case("password reset bob@example.com --yes", "", "--secret-out {new_file}", "--secret-out"),
        Case("password reset bob@example.com tom@example.com --secret-out {new_file}", "", "--yes", "--yes"),
    ],
    "password verify": [Case("password verify eve@example.com --record-login", PASSWORD, STDIN, STDIN)],
    "password expire": [Case("password expire eve@example.com")],
    "password generate": [Case("password generate --count 2")],
    "password audit": [Case("password audit --older-than 1d")],
    "password calibrate": [Case("password calibrate --target 1ms")],
    "role list": [Case("role list")],
    "role create": [Case("role create reader --description Reads")],
    "role update": [Case("role update reader --description Looks")],
    "role grant": [Case("role grant reader bob@example.com tom@example.com")],
    "role revoke": [Case("role revoke reader bob@example.com")],
    "role delete": [Case("role delete reader --revoke", "", "--yes", "--yes")],
    "access-review export": [Case("access-review export")],
    "access-review apply": [Case("access-review apply {review_file}", "", "--yes", "--yes")],
    "activate": [Case("activate bob@example.com")],
    "deactivate": [Case("deactivate bob@example.com")],
    "expire run": [Case("expire run")],
    "import": [Case("import {users_file}")],
    "plan": [Case("plan {desired_file} --exit-code", code=7)],
    "apply": [Case("apply {desired_file}", "", "--yes", "--yes")],
    "export": [
        Case("export"),
        Case("export {export_file} --with-hashes"),
        *(Case(f"export --to {system}") for system in SYSTEMS),
        Case("export {export_file} --to auth0 --with-hashes"),
    ],
    "stats": [Case("stats"), Case("stats --by attributes.a --top 3 --since 3mo --active")],
    "batch": [Case("batch -", "update bob@example.com --name Bobby\n")],
    "history": [Case("history eve@example.com")],
    "changes": [Case("changes")],
    "undo": [Case("undo {change}", "", "--yes", "--yes")],
    "audit log": [Case("audit log"), Case("audit log --refused")],
    "audit verify": [Case("audit verify")],
    "audit checkpoint": [Case("audit checkpoint")],
    "audit export": [Case("audit export")],
    "privacy export": [Case("privacy export eve@example.com")],
    "privacy erase": [Case("privacy erase binned@example.com", "", "--confirm binned@example.com", "--confirm")],
    "purge": [Case("purge --deleted-before 0s", "", "--confirm {database}", "--confirm")],
    "db upgrade": [Case("db upgrade")],
    "db current": [Case("db current")],
    "db history": [Case("db history")],
    "db check": [Case("db check")],
    "db inspect": [Case("db inspect")],
    "db sql": [Case("db sql")],
    "db seed": [Case("db seed --count 2")],
    "db stamp": [Case("db stamp head")],
    "db adopt": [Case("db adopt --apply --export-way", code=2)],
    "db revision": [Case("db revision -m x --dry-run", code=2)],
    "migrate": [Case("migrate")],
    "config show": [Case("config show")],
    "config path": [Case("config path")],
    "config profiles": [Case("config profiles")],
    "config init": [Case("config init --dry-run")],
    "doctor": [Case("doctor")],
    "completion": [Case("completion bash")],
    "help": [Case("help role grant")],
    "__complete": [Case("__complete fish -- li")],
    "schema": [Case("schema"), Case("schema password audit"), Case("schema --all")],
    "db downgrade": [Case("db downgrade base", "", "--confirm {database}", "--confirm")],
}


def review_of(role: str) -> str:
    """An access review that revokes a role from all who hold it, as CSV."""
    from tests.conftest import run_here

    _, out, _ = run_here("access-review", "export", "-o", "csv")
    header, *rows = out.splitlines()
    return "".join([f"{header}\n", *(f"{row}revoke\n" for row in rows if f",{role}," in row)])


def names() -> list[str]:
    """Every command, as it is typed."""
    return [name for lazy in COMMANDS for name in _walk(lazy.load(), lazy.name)]


def _walk(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path
        return
    for name, child in children.items():
        stub = getattr(command, "lazy", {}).get(name)
        yield from _walk(stub.load() if stub else child, f"{path} {name}")


def without_a_case() -> list[str]:
    """The commands that the table forgets."""
    return sorted(set(names()) - set(CASES))


def cases() -> Iterator[Case]:
    """The cases of the commands that there are, in an order in which each works."""
    there = set(names())
    for name, some in CASES.items():
        if name in there:
            yield from some
