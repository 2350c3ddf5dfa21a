"""Active or not, until when, and what must change: commands, filters and the nightly run, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Cli, Database
from tests.table_dump import everything
from usercli.schemas.users import UserView

pytestmark = pytest.mark.either_engine

MakeUser = Callable[..., UserView]

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"


@pytest.fixture
def three(make_user: MakeUser) -> None:
    """Ada and Bob are active, Eve is not."""
    make_user(ADA)
    make_user(BOB)
    make_user(EVE, is_active=False)


def emails(out: str) -> list[str]:
    found = json.loads(out)
    return [user["email"] for user in (found["users"] if isinstance(found, dict) else found)]


def field(cli: Cli, user: str, name: str) -> object:
    return json.loads(cli("show", user, "-o", "json")[1])[name]


def found(cli: Cli, *filters: str) -> list[str]:
    code, out, err = cli("list", "--sort", "email", "--fields", "email", *filters)
    assert (code, err) == (0, "")
    return [email.partition("@")[0] for email in out.split()[1:]]


def set_time(database: Database, email: str, column: str, moment: datetime) -> None:
    """Put a user into the past, where no command leads."""
    from sqlalchemy import update

    from usercli.models import User

    with database.uow() as uow:
        values = {column: moment, "updated_at": User.updated_at}
        uow.session.execute(update(User).where(User.email == email).values(values))
        uow.commit()


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


# -- activate, deactivate


@pytest.mark.parametrize(
    ("verb", "changed", "same", "state"), [("activate", EVE, ADA, True), ("deactivate", ADA, EVE, False)]
)
def test_activate_and_deactivate_change_who_is_not_so_already(
    cli: Cli, three: None, database: Database, verb: str, changed: str, same: str, state: bool
) -> None:
    code, out, err = cli(verb, changed, same, "-o", "json")
    change = json.loads(out)
    assert (code, err) == (0, f"{verb}d {changed} on {database.url.where}\n")
    assert (change["changed"], change["unchanged"], emails(out)) == (1, 1, [changed, same])
    assert [user["is_active"] for user in change["users"]] == [state, state]
    assert [user["version"] for user in change["users"]] == [2, 1]
    before = everything(database)
    code, out, err = cli(verb, changed, same, "-o", "json")
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert (json.loads(out)["changed"], json.loads(out)["change_id"]) == (0, None)
    assert everything(database) == before


def test_activate_and_deactivate_are_all_or_none_and_know_no_one_in_the_bin(
    cli: Cli, three: None, database: Database
) -> None:
    cli("delete", BOB, "--yes")
    before = everything(database)
    for verb in ("activate", "deactivate"):
        missing = f"error: no such user: x@example.com, {BOB}; {BOB} is in the recycle bin since "
        code, out, err = cli(verb, ADA, "x@example.com", BOB, EVE)
        assert (code, out, err.startswith(missing)) == (3, "", True)
    assert everything(database) == before
    assert cli("deactivate", ADA, BOB, "--continue")[0] == 7
    assert (field(cli, ADA, "is_active"), cli("show", BOB)[0]) == (False, 3)


def test_a_dry_run_of_deactivate_writes_nothing(cli: Cli, three: None, database: Database) -> None:
    before = everything(database)
    code, out, err = cli("deactivate", ADA, "--dry-run", "-o", "json")
    change = json.loads(out)
    assert (code, err) == (0, f"would have deactivated {ADA} on {database.url.where}\n")
    assert (change["dry_run"], change["change_id"], change["users"][0]["is_active"]) == (True, None, False)
    assert everything(database) == before


def test_update_says_the_same_as_activate_and_deactivate(cli: Cli, three: None) -> None:
    assert cli("update", ADA, "--inactive")[0] == 0
    assert cli("update", EVE, "--active")[0] == 0
    assert (field(cli, ADA, "is_active"), field(cli, EVE, "is_active")) == (False, True)


def test_an_inactive_user_comes_back_from_the_bin_inactive(cli: Cli, three: None) -> None:
    cli("delete", ADA, EVE, "--yes")
    cli("restore", ADA, EVE)
    assert (field(cli, ADA, "is_active"), field(cli, EVE, "is_active")) == (True, False)


# -- expiry


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ("90s", {"seconds": 90}),
        ("15m", {"minutes": 15}),
        ("12h", {"hours": 12}),
        ("30d", {"days": 30}),
        ("2w", {"weeks": 2}),
    ],
)
@pytest.mark.each_once
def test_an_expiry_as_a_length_of_time_counts_from_now(
    cli: Cli, three: None, given: str, span: dict[str, int]
) -> None:
    start = datetime.now(UTC)
    assert cli("update", ADA, "--expires", given)[0] == 0
    expires = datetime.fromisoformat(str(field(cli, ADA, "expires_at")))
    assert start + timedelta(**span) <= expires <= datetime.now(UTC) + timedelta(**span)


def test_an_expiry_as_a_time_is_kept_in_utc_and_never_takes_it_away(cli: Cli, three: None) -> None:
    for given, kept in (
        ("2999-01-31", "2999-01-31T00:00:00Z"),
        ("2999-01-31T08:00:00Z", "2999-01-31T08:00:00Z"),
        ("2999-01-31T08:00:00+02:00", "2999-01-31T06:00:00Z"),
        ("2999-01-31T08:00:00.123456Z", "2999-01-31T08:00:00.123456Z"),
        ("2999-01-31t08:00:00z", "2999-01-31T08:00:00Z"),
    ):
        assert cli("update", ADA, "--expires", given)[0] == 0
        assert field(cli, ADA, "expires_at") == kept
    code, _, err = cli("update", ADA, "--expires", "2999-01-31t08:00:00z")
    assert (code, err.partition(" on ")[0]) == (0, "nothing to change")
    assert cli("update", ADA, "--expires", "never")[0] == 0
    assert field(cli, ADA, "expires_at") is None


def test_an_expiry_that_is_over_or_no_time_is_refused(cli: Cli, three: None, database: Database) -> None:
    before = everything(database)
    for given, message in (
        ("2020-01-01", "the expiry 2020-01-01T00:00:00Z lies in the past"),
        ("2020-01-01T08:00:00+02:00", "the expiry 2020-01-01T06:00:00Z lies in the past"),
        ("soon", "not a time: soon (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"),
        ("", "not a time:  (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"),
        ("30 dd", "not a time: 30 dd (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"),
        ("-1d", "not a time: -1d (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"),
        (
            "2999-01-31T08:00:00",
            "not a time: 2999-01-31T08:00:00 (write 2999-01-31T08:00:00Z)",
        ),
        ("999999w", "not a time: 999999w (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"),
    ):
        assert cli("update", ADA, f"--expires={given}") == (2, "", f"error: {message}\n")
        assert cli("create", "new@example.com", "--no-password", f"--expires={given}")[0] == 2
    code, _, err = cli("update", ADA, "--expires=0s")
    assert (code, err.endswith("lies in the past\n")) == (2, True)
    assert everything(database) == before


def test_list_expired_finds_whose_time_is_over(cli: Cli, make_user: MakeUser, database: Database) -> None:
    for name, moment in (("ada", ago(seconds=1)), ("bob", ago(days=-1)), ("eve", None), ("tom", ago(days=400))):
        make_user(f"{name}@example.com")
        if moment:
            set_time(database, f"{name}@example.com", "expires_at", moment)
    cli("deactivate", "tom@example.com")
    assert found(cli, "--expired") == ["ada", "tom"]
    assert found(cli, "--match", "expired=true") == ["ada", "tom"]
    assert found(cli, "--match", "expired=false") == ["bob", "eve"]
    assert found(cli, "--expired", "--active") == ["ada"]
    assert cli("list", "--expired", "--count") == (0, "count\n2\n", "")


@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql"], indirect=True)
def test_who_expires_before_or_after_a_time_is_found(cli: Cli, make_user: MakeUser, database: Database) -> None:
    on = datetime(2027, 1, 31, tzinfo=UTC)
    for name, moment in (
        ("ada", ago(days=1)),
        ("bob", on),
        ("eve", None),
        ("kim", ago(days=-10000)),
        ("tom", None),
    ):
        make_user(f"{name}@example.com")
        if moment:
            set_time(database, f"{name}@example.com", "expires_at", moment)
    for filters, wanted in (
        (["--expires-before", "2027-01-31"], "ada"),
        (["--expires-before", "2027-01-31T00:00:01Z"], "ada bob"),
        (["--expires-before", "9000d"], "ada bob"),
        (["--expires-after", "2027-01-31"], "bob kim"),
        (["--expires-after", "2 days ago"], "ada bob kim"),
        (["--expires-after", "9000d"], "kim"),
        (["--expires-after", "0s", "--expires-before", "9000d"], "bob"),
        (["--expired", "--expires-after", "2d ago"], "ada"),
    ):
        matches = [f"{key[2:]}={value}" for key, value in zip(filters[::2], filters[1::2], strict=False)]
        assert found(cli, *filters) == wanted.split(), filters
        assert cli("list", "--count", "-q", *filters) == (0, f"{len(wanted.split())}\n", "")
        if "--expired" not in filters:
            assert found(cli, *(part for item in matches for part in ("--match", item))) == wanted.split()
        if "ago" not in filters[-1]:
            assert len(cli("export", "-q", *filters)[1].split()) == len(wanted.split())
    code, _, err = cli("deactivate", "--match", "expires-after=9000d", "--yes", "-q")
    assert (code, "1 user matches: kim@example.com" in err) == (0, True)


def test_expired_means_at_that_moment_too(
    make_user: MakeUser, cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(ADA)
    moment = datetime(2999, 1, 31, tzinfo=UTC)
    set_time(database, ADA, "expires_at", moment)
    for now, listed in ((moment - timedelta(microseconds=1), []), (moment, ["ada"])):
        monkeypatch.setattr("usercli.repositories.users.now", lambda _, now=now: now)
        assert found(cli, "--expired") == listed
        code, out, _ = cli("expire", "run", "--dry-run", "-o", "json")
        assert (code, [email.partition("@")[0] for email in emails(out)]) == (0, listed)


def test_expire_run_deactivates_who_is_over_and_is_safe_to_repeat(
    cli: Cli, make_user: MakeUser, database: Database
) -> None:
    for name, moment in (("ada", ago(days=1)), ("bob", ago(days=-1)), ("eve", None), ("tom", ago(days=2))):
        make_user(f"{name}@example.com")
        if moment:
            set_time(database, f"{name}@example.com", "expires_at", moment)
    make_user("ida@example.com", is_active=False)
    set_time(database, "ida@example.com", "expires_at", ago(days=3))
    make_user("bin@example.com")
    set_time(database, "bin@example.com", "expires_at", ago(days=3))
    cli("delete", "bin@example.com", "--yes")
    before = everything(database)
    code, out, err = cli("expire", "run", "--dry-run", "-o", "json")
    assert (code, sorted(emails(out))) == (0, [ADA, "tom@example.com"])
    assert err == f"would have deactivated 2 users on {database.url.where}\n"
    assert everything(database) == before
    code, out, err = cli("expire", "run", "--reason", "nightly", "-o", "json")
    change = json.loads(out)
    assert (code, err) == (0, f"deactivated 2 users on {database.url.where}\n")
    assert (change["changed"], change["unchanged"], sorted(emails(out))) == (2, 0, [ADA, "tom@example.com"])
    assert {(user["is_active"], user["version"]) for user in change["users"]} == {(False, 2)}
    after = everything(database)
    for _ in range(2):
        code, out, err = cli("expire", "run", "-o", "json")
        assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
        assert json.loads(out) == {**change, "change_id": None, "changed": 0, "users": []}
    assert everything(database) == after
    assert found(cli, "--active") == ["bob", "eve"]


# -- what is said of those who were so already


def test_a_change_names_and_counts_those_whom_it_changed(cli: Cli, make_user: MakeUser, database: Database) -> None:
    for name in ("ada", "bob", "eve"):
        make_user(f"{name}@example.com")
    where = database.url.where
    for command in (["deactivate"], ["activate"], ["update", "--name", "X"]):
        cli(*command, ADA)
        for each in ([], ["--continue"]):
            told = f"{command} {each}"
            code, out, err = cli(*command, ADA, "bob@example.com", *each, "-o", "json", "--dry-run")
            assert (code, json.loads(out)["changed"], json.loads(out)["unchanged"]) == (0, 1, 1), told
            assert "only_changed" not in out
            assert err.endswith(f" bob@example.com on {where}\n"), told
        _, _, err = cli(*command, ADA, "bob@example.com", "eve@example.com")
        assert " 2 users on " in err, command


# -- must change, sign-in


def test_must_change_is_set_by_create_update_and_password_expire(cli: Cli, three: None) -> None:
    cli("create", "new@example.com", "--no-password", "--must-change")
    cli("update", ADA, "--must-change")
    cli("password", "expire", EVE)
    assert found(cli, "--must-change-password") == ["ada", "eve", "new"]
    assert found(cli, "--match", "must-change-password=true") == ["ada", "eve", "new"]
    assert found(cli, "--match", "must-change-password=false") == ["bob"]
    cli("update", ADA, "--no-must-change")
    assert found(cli, "--must-change-password") == ["eve", "new"]
    code, _, err = cli("update", ADA, "--no-must-change")
    assert (code, err.partition(" on ")[0]) == (0, "nothing to change")


def test_never_signed_in_and_inactive_for_look_at_the_last_sign_in(
    cli: Cli, make_user: MakeUser, database: Database
) -> None:
    for name, made, signed_in in (
        ("ada", ago(days=200), ago(days=1)),
        ("bob", ago(days=200), ago(days=100)),
        ("eve", ago(days=200), None),  # counts from the day the account was made
        ("tom", ago(days=1), None),
    ):
        make_user(f"{name}@example.com")
        set_time(database, f"{name}@example.com", "created_at", made)
        if signed_in:
            set_time(database, f"{name}@example.com", "last_login_at", signed_in)
    assert found(cli, "--never-signed-in") == ["eve", "tom"]
    assert found(cli, "--match", "never-signed-in=true") == ["eve", "tom"]
    assert found(cli, "--match", "never-signed-in=false") == ["ada", "bob"]
    assert found(cli, "--inactive-for", "90d") == ["bob", "eve"]
    assert found(cli, "--match", "inactive-for=90d") == ["bob", "eve"]
    assert found(cli, "--inactive-for", "150d") == ["eve"]
    assert found(cli, "--inactive-for", "90d", "--never-signed-in") == ["eve"]
    assert found(cli, "--inactive-for", ago(hours=1).isoformat(timespec="seconds")) == ["ada", "bob", "eve", "tom"]


def test_a_sign_in_ends_never_signed_in(cli: Cli, three: None) -> None:
    cli("password", "set", ADA, "--password-stdin", stdin="correct horse battery\n")
    assert (
        cli("password", "verify", ADA, "--password-stdin", "--record-login", stdin="correct horse battery\n")[0]
        == 0
    )
    assert found(cli, "--never-signed-in") == ["bob", "eve"]


def test_who_is_inactive_or_expired_cannot_sign_in(cli: Cli, three: None, database: Database) -> None:
    secret = "correct horse battery\n"

    def verify() -> int:
        return cli("password", "verify", ADA, "--password-stdin", stdin=secret)[0]

    cli("password", "set", ADA, "--password-stdin", stdin=secret)
    assert verify() == 0
    cli("deactivate", ADA)
    assert verify() == 8
    cli("activate", ADA)
    assert verify() == 0
    set_time(database, ADA, "expires_at", ago(seconds=1))
    assert verify() == 8


# -- the same filters by --match

PAIRS: list[tuple[Sequence[str], Sequence[str]]] = [
    (["--active"], ["active=true"]),
    (["--inactive"], ["active=false"]),
    (["--inactive"], ["inactive=true"]),
    (["--active"], ["inactive=false"]),
    (["--deleted"], ["deleted=true"]),
    ([], ["deleted=false"]),
    (["--search", "ADA"], ["search=ADA"]),
    (["--where", "team=a=b"], ["where=team=a=b"]),
    (["--created-after", "1h"], ["created-after=1h"]),
    (["--created-before", "1h"], ["created-before=1h"]),
    (["--active", "--search", "b"], ["active=true", "search=b"]),
]


def test_every_filter_has_its_match_with_the_same_answer(cli: Cli, three: None) -> None:
    cli("update", BOB, "--attribute", "team=a=b")
    cli("create", "bin@example.com", "--no-password")
    cli("delete", "bin@example.com", "--yes")
    answers = []
    for flags, matches in PAIRS:
        given = [part for item in matches for part in ("--match", item)]
        answers.append(found(cli, *flags))
        assert found(cli, *given) == answers[-1], matches
    assert answers == [
        ["ada", "bob"],
        ["eve"],
        ["eve"],
        ["ada", "bob"],
        ["bin"],
        ["ada", "bob", "eve"],
        ["ada"],
        ["bob"],
        ["ada", "bob", "eve"],
        [],
        ["bob"],
    ]


def test_a_match_that_says_nothing_is_refused(cli: Cli) -> None:
    for item, message in (
        ("expird=true", "--match knows no filter expird; did you mean: expired (keys: "),
        ("expired", "--match must be KEY=VALUE, not: expired; did you mean: expired=true (keys: "),
        ("inactive", "--match must be KEY=VALUE, not: inactive; did you mean: active=false (keys: "),
        ("role", "--match must be KEY=VALUE, not: role; did you mean: role (keys: "),
        (
            "email=ada@example.com",
            "--match knows no filter email; who has it in the email or name is found by "
            "--match search=ada@example.com, a single user by usercli show ada@example.com (keys: ",
        ),
        (
            "full-name=Ada Love",
            "--match knows no filter full-name; who has it in the email or name is found by "
            "--match 'search=Ada Love' (keys: ",
        ),
        ("team=blue", "--match knows no filter team; of an attribute: --match attributes.team=blue (keys: "),
        ("expired=yes", "--match expired= must be true or false, not: yes"),
        ("never-signed-in=", "--match never-signed-in= must be true or false, not: "),
        ("inactive-for=long", "not a time: long (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)"),
    ):
        code, out, err = cli("list", "--match", item)
        assert (code, out, err[: len(message) + 7]) == (2, "", f"error: {message}")
    twice = "error: the filter expired is given twice, with different values\n"
    assert cli("list", "--expired", "--match", "expired=false") == (2, "", twice)


def test_who_is_selected_by_the_last_sign_in_is_shown_with_it(cli: Cli, three: None, database: Database) -> None:
    database.rows("UPDATE users SET created_at = '2020-01-02 00:00:00.000000'")
    line = ("deactivate", "--match", "inactive-for=90d", "--dry-run", "-q")
    nobody = "(no sign-in, created 2020-01-02)"
    code, _, err = cli(*line)
    assert (code, err.splitlines()[:2]) == (
        0,
        [
            "warning: no user has a recorded sign-in (last_login_at), so this goes by the age of the accounts; "
            "does the service record sign-ins?",
            f"3 users match: {ADA} {nobody}, {BOB} {nobody}, {EVE} {nobody}",
        ],
    )
    database.rows("UPDATE users SET last_login_at = '2021-03-04 00:00:00.000000' WHERE email = :ada", ada=ADA)
    code, _, err = cli(*line)
    seen = f"3 users match: {ADA} (last sign-in 2021-03-04, created 2020-01-02), {BOB} {nobody}, {EVE} {nobody}"
    assert (code, err.splitlines()[0]) == (0, seen)
    assert cli("deactivate", "--match", "active=true", "--dry-run", "-q")[2].splitlines()[0] == (
        f"2 users match: {ADA}, {BOB}"
    )


def test_who_is_activated_and_has_expired_is_named(cli: Cli, database: Database, make_user: MakeUser) -> None:
    for name in ("ada", "bob"):
        make_user(f"{name}@example.com")
    database.rows("UPDATE users SET expires_at = '2020-01-01 00:00:00.000000+00:00', is_active = :no", no=False)
    code, _, err = cli("activate", "ada@example.com")
    assert code == 0
    assert (
        "ada@example.com has expired and cannot sign in; to change that, run: usercli update ada@example.com" in err
    )
    assert err.rstrip().endswith("--expires never")
    assert (
        "2 users have expired and cannot sign in; see: usercli list --expired"
        in cli("activate", "ada@example.com", "bob@example.com")[2]
    )
    assert cli("update", "ada@example.com", "--expires", "never")[0] == 0
    assert "expired" not in cli("activate", "ada@example.com")[2]
