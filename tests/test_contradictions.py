"""Options that contradict each other, or mean something else, are refused: an empty answer would be believed."""

import json

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.users import USER_FIELDS, UserView

PAIRS = [
    (["list", "--active", "--inactive"], "--active and --inactive contradict each other; see: usercli list --help"),
    (["list", "--inactive", "--active"], "--active and --inactive contradict each other; see: usercli list --help"),
    (
        ["export", "--active", "--inactive"],
        "--active and --inactive contradict each other; see: usercli export --help",
    ),
    (
        ["update", "ada@example.com", "--active", "--inactive"],
        "--active and --inactive contradict each other; see: usercli update --help",
    ),
    (
        ["update", "ada@example.com", "--must-change", "--no-must-change"],
        "--must-change and --no-must-change contradict each other; see: usercli update --help",
    ),
    (
        ["role", "update", "ops", "--administrative", "--no-administrative"],
        "--administrative and --no-administrative contradict each other; see: usercli role update --help",
    ),
    (["list", "--inactive", "--match", "active=true"], "the filter active is given twice, with different values"),
    (
        ["list", "--deleted", "--active"],
        "--deleted and --active contradict each other: who is in the recycle bin is not active",
    ),
    (
        ["list", "--created-after", "1d", "--created-before", "2d"],
        "--created-after is not before --created-before: no user can match",
    ),
    (
        ["list", "--expires-after", "2d", "--expires-before", "1d"],
        "--expires-after is not before --expires-before: no user can match",
    ),
    (
        ["update", "ada@example.com", "--add-role", "ops", "--remove-role", "ops"],
        "a role cannot be both given and taken: ops",
    ),
    (
        ["update", "ada@example.com", "--attribute", "team=red", "--unset-attribute", "team"],
        "an attribute cannot be both set and unset: team",
    ),
    (["audit", "log", "--since", "1d", "--until", "2d"], "--since is not before --until: no event can match"),
    (["audit", "log", "--by", "root", "--actor", "ada"], "--by and --actor name two actors"),
    (["list", "-q", "-o", "json"], "-q and -o json contradict each other: -q is short for -o ids"),
    (["-o", "csv", "-q", "list"], "-q and -o csv contradict each other: -q is short for -o ids"),
    (
        ["list", "--no-header", "-o", "json"],
        "--no-header and -o json contradict each other: json has no header line",
    ),
    (
        ["--no-header", "update", "ada@example.com", "--inactive", "-o", "yaml"],
        "--no-header and -o yaml contradict each other: yaml has no header line",
    ),
    (
        ["list", "--count", "--fields", "email"],
        "--count and --fields contradict each other: --count counts all that match",
    ),
    (
        ["list", "--count", "--limit", "1"],
        "--count and --limit contradict each other: --count counts all that match",
    ),
    (
        ["export", "--to", "scim", "--no-header"],
        "--to decides format and fields; leave out -o, --fields, -q and --no-header",
    ),
]
NO_TIME = "not a time:  (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"
EMPTY = [
    (["list", "--after", ""], "the cursor is not one that usercli printed"),
    (["list", "--search", ""], "--search is empty; leave it out to select all users"),
    (["update", "--match", "search=", "--inactive", "-y"], "--search is empty; leave it out to select all users"),
    (["export", "--search", ""], "--search is empty; leave it out to select all users"),
    (["audit", "log", "--user", ""], "a USER is empty; name an id or an email"),
    (["audit", "log", "--by", ""], "--by is empty; leave it out to see all events"),
    (["changes", "--action", ""], "--action is empty; leave it out to see all events"),
    (["changes", "--since", ""], NO_TIME),
    (["changes", "--until", ""], NO_TIME),
    (["password", "audit", "--older-than", ""], "not a length of time:  (write 30d or 12h)"),
    (
        ["update", "ada@example.com", "--inactive", "--actor", ""],
        "--actor is empty; leave it out to act as the system user",
    ),
]


@pytest.mark.parametrize(
    ("line", "error"), [*PAIRS, *EMPTY], ids=lambda value: " ".join(value) if type(value) is list else ""
)
@pytest.mark.each_once
def test_contradictory_and_empty_options_are_wrong_usage(
    cli: Cli, ada: UserView, database: Database, line: list[str], error: str
) -> None:
    before = database.rows("SELECT * FROM users")
    assert cli(*line) == (2, "", f"error: {error}\n")
    assert database.rows("SELECT * FROM users") == before


def test_an_empty_change_is_not_the_whole_log(cli: Cli, ada: UserView) -> None:
    assert cli("audit", "log", "--change", "") == (3, "", "error: no such change: \n")


@pytest.mark.parametrize("line", [["list", "--active", "--active"], ["list", "--inactive", "--inactive"]])
def test_what_is_said_twice_is_no_contradiction(cli: Cli, ada: UserView, line: list[str]) -> None:
    assert cli(*line)[0] == 0


FILTERS = (
    *("active", "inactive", "deleted", "role", "search", "created-after"),
    *("expires-after", "never-signed-in", "inactive-for"),
)


@pytest.mark.parametrize("name", [*USER_FIELDS, *FILTERS])
@pytest.mark.each_once
def test_where_on_a_field_or_filter_is_refused_with_the_way(cli: Cli, ada: UserView, name: str) -> None:
    for line in (["list", "--where", f"{name}=x"], ["list", "--match", f"where={name}=x"]):
        code, out, err = cli(*line)
        assert (code, out) == (2, "")
        assert err.startswith(f"error: {name} is a field or filter, not an attribute; ")
        assert err.endswith(f" (an attribute of this name: --where attributes.{name}=VALUE)\n")


def test_an_attribute_with_the_name_of_a_field_is_found(cli: Cli, ada: UserView) -> None:
    assert cli("update", ada.email, "--attribute", "role=lead", "--attribute", "attributes.x=1")[0] == 0
    assert cli("list", "--where", "attributes.role=lead", "--count", "-o", "json") == (0, '{"count":1}\n', "")
    assert cli("list", "--where", "attributes.x=1", "--count", "-o", "json") == (0, '{"count":1}\n', "")
    assert json.loads(cli("list", "--where", "attributes.role=other", "-o", "json")[1]) == []


def test_an_attribute_may_be_named_as_its_column(cli: Cli, ada: UserView) -> None:
    assert cli("update", ada.email, "--attribute", "attributes.team=blue", "--attribute", "phone=1")[0] == 0
    assert json.loads(cli("show", ada.email, "-o", "json")[1])["attributes"] == {"team": "blue", "phone": "1"}
    for line in (
        ["--where", "team=blue"],
        ["--where", "attributes.team=blue"],
        ["--match", "attributes.team=blue"],
    ):
        assert cli("list", *line, "--count", "-o", "json") == (0, '{"count":1}\n', ""), line
    assert (
        cli("update", "--match", "attributes.team=blue", "--unset-attribute", "attributes.phone", "--yes")[0] == 0
    )
    assert json.loads(cli("show", ada.email, "-o", "json")[1])["attributes"] == {"team": "blue"}
    assert "; of an attribute: --match attributes.team=blue (keys: " in cli("list", "--match", "team=blue")[2]
    assert "; of an attribute: attributes.team (fields: " in cli("stats", "--by", "team")[2]
