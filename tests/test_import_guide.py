"""import --guide: a question for each column, and the command that comes of the answers."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.conftest import Cli

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


@on_sqlite
def test_the_guide_asks_column_by_column_and_prints_the_command(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text(
        "Kontakt,Last Name,First Name,Team,Status,Notes,Valid until\n"
        "a@x.com,L,Ada,red,Here,,01/02/2127\nb@x.com,M,Bob,blue,Gone,,02/02/2127\n"
    )
    answers = ["", "", "", "nope", "attributes.group", "", "", "", "y", "n", "dmy"]
    code, _, err = cli("import", "p.csv", "--guide", stdin="\n".join(answers) + "\n", terminal=True)
    assert code == 0, err
    assert "  Team: red | blue\n" in err
    assert max(map(len, err.partition("Kontakt [")[0].splitlines())) <= 80
    assert "Kontakt [email]: " in err
    assert "Last Name [full_name]: " in err
    assert "Notes [-]: " in err
    assert "no such field: nope" in err
    command = err[err.index("run: usercli ") :].splitlines()[0]
    assert shlex.split(command)[2:] == [
        *("import", "p.csv", "--skip-column", "Notes", "--map", "Kontakt=email", "--map", "Team=attributes.group"),
        *("--value", "Status:Here=true,Gone=false", "--date-order", "dmy"),
    ]
    assert cli(*shlex.split(command)[2:])[0] == 0
    shown = json.loads(cli("show", "b@x.com", "-o", "json")[1])
    assert (shown["full_name"], shown["is_active"], shown["expires_at"]) == ("Bob M", False, "2127-02-02T00:00:00Z")


@on_sqlite
def test_the_guide_asks_what_an_empty_cell_of_a_ticked_column_means(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,active\na@x.com,x\nb@x.com,\nTotal,1\n")
    code, _, err = cli("import", "p.csv", "--guide", stdin="\n\ny\nn\n", terminal=True)
    assert (code, "active: does an empty cell mean is_active? [y/N]" in err) == (0, True), err
    command = shlex.split(err[err.index("run: usercli ") :].splitlines()[0])[2:]
    assert command[-2:] == ["--value", "active:x=true,=false"]


@on_sqlite
def test_the_guide_takes_no_field_twice(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("a,b\nx@x.com,y@x.com\n")
    code, _, err = cli("import", "p.csv", "--guide", stdin="email\nemail\n-\n", terminal=True)
    assert (code, "the column a gives email already" in err) == (0, True)
    assert "run: usercli import p.csv --skip-column b --map a=email" in err


@on_sqlite
def test_the_guide_needs_somebody_who_answers(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,x\na@x.com,1\n")
    message = "error: --guide asks questions: it needs a terminal, and a file that can be read again\n"
    assert cli("import", "p.csv", "--guide") == (2, "", message)
    assert cli("import", "p.csv", "--guide", "--no-input", terminal=True) == (2, "", message)
    assert cli("import", "p.csv", "--guide", stdin="", terminal=True)[0] == 130
