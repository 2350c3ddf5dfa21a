"""Characters that hide or turn text are escapes wherever a person reads; the joiners pass in names."""

import json
import sys
import unicodedata

import pytest
import yaml

from tests.conftest import Cli, Database
from usercli.schemas.users import UserView
from usercli.text import json_safe, visible, yaml_safe

pytestmark = pytest.mark.either_engine

JOINERS = {"\u200c", "\u200d"}
HIDING = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or 0xE0000 <= code <= 0xE007F
]


def test_every_format_character_is_an_escape() -> None:
    assert [f"{ord(char):x}" for char in HIDING if visible(char) == char] == []
    assert {char for char in HIDING if visible(char, joiners=True) == char} == JOINERS
    assert visible("a\U000e0041b\u200bc\xadd") == "a\\U000e0041b\\u200bc\\xadd"


def test_what_people_write_names_with_passes() -> None:
    for name in (
        "Łukasz",
        "山田太郎",
        "محمد",
        "मोहन",
        "नक़्शा",
        "👩\u200d💻",
        "\u0645\u06cc\u200c\u062e\u0648",
        "🏳️\u200d🌈",
        "e\u0301",
    ):
        assert visible(name, joiners=True) == name


def test_json_and_yaml_decode_to_the_same_text() -> None:
    for char in HIDING:
        if unicodedata.category(char) == "Cs":
            continue
        text = json.dumps(f"a{char}b", ensure_ascii=False)
        safe = json_safe(text)
        assert json.loads(safe) == f"a{char}b"
        if unicodedata.category(char) != "Cc":
            assert yaml.safe_load(yaml_safe(f'"a{char}b"')) == f"a{char}b"


@pytest.mark.parametrize("char", ["\u200b", "\u2060", "\ufeff", "\xad", "\U000e0041", "\u202e", "\u200d"])
def test_an_address_with_an_invisible_character_is_refused_and_shown(
    cli: Cli, database: Database, char: str
) -> None:
    email = f"a{char}nn@example.com"
    code, out, err = cli("create", email, "--no-password")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: invalid email {visible(email)}: ")
    assert char not in err
    assert cli("show", email) == (3, "", f"error: no such user: {visible(email)}\n")


@pytest.mark.parametrize("char", ["\u200b", "\ufeff", "\U000e0041", "\u200d"])
@pytest.mark.parametrize(
    "line", [["list"], ["list", "-o", "tsv"], ["list", "-o", "csv"], ["show", "ID"]], ids=" ".join
)
def test_an_address_that_another_program_wrote_is_shown_with_escapes(
    cli: Cli, database: Database, ada: UserView, line: list[str], char: str
) -> None:
    database.rows("UPDATE users SET email = :email, email_key = :email", email=f"a{char}da@example.com")
    code, out, _ = cli(*(str(ada.id) if word == "ID" else word for word in line), terminal=True)
    assert code == 0
    assert char not in out
    assert visible(char) in out


def test_joiners_pass_in_a_name_on_a_terminal(cli: Cli, ada: UserView, database: Database) -> None:
    name = "👩\u200d💻 \u0645\u06cc\u200c\u062e\u0648"
    assert cli("update", str(ada.id), "--name", name)[0] == 0
    assert name in cli("show", str(ada.id), terminal=True)[1]
    assert name in cli("history", str(ada.id), terminal=True)[1]
