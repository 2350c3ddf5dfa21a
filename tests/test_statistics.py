"""stats: the numbers are those of a count one by one, on both engines, and the page is safe to open."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from tests.conftest import Cli, Database
from usercli.hash_forms import identify
from usercli.models.role import Role, UserRole
from usercli.models.user import User
from usercli.schemas.statistics import NONE, Statistics, StatView
from usercli.schemas.users import UserCriteria
from usercli.services.passwords import audit_passwords
from usercli.services.statistics import count_by, count_statistics, first_month
from usercli.uuid7 import new_id

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])

NOW = datetime.now(UTC)
HASHES = json.loads((Path(__file__).parent / "data" / "hashes.json").read_text())
HOSTILE = '<script>alert("1")</script>&\x1b[31m\u202e'
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def stored_hashes() -> list[str]:
    """Hashes of every scheme, some of them damaged, and none at all."""
    return [*sorted({item["hash"] for item in HASHES}), "!", "", "plain text", "$2b$12$cut", "!", "*"]


def user(number: int, **more: Any) -> dict[str, Any]:
    days = timedelta(days=(number * 37) % 800)
    hashes = stored_hashes()
    email = f"u{number}@{('a.example', 'b.example', 'c.example')[number % 7 % 3]}"
    given = {
        "id": new_id(),
        "email": email,
        "email_key": email,
        "full_name": f"U {number}",
        "hashed_password": hashes[number % len(hashes)],
        "is_active": number % 4 != 0,
        "must_change_password": number % 5 == 0,
        "last_login_at": None if number % 3 == 0 else NOW - days,
        "expires_at": None if number % 2 else NOW + timedelta(days=number % 200 - 50, hours=1),
        "attributes": {"team": ["red", "blue", True, 7, None][number % 5]} if number % 6 else {},
        "created_at": NOW - days,
        "updated_at": NOW,
        "managed_by": "staff" if number % 9 == 0 else None,
    }
    if number % 11 == 0:
        given.update(deleted_at=NOW, is_active=False, was_active=True)
    return {**given, **more}


@pytest.fixture
def users(database: Database) -> list[dict[str, Any]]:
    """Users of all kinds, two roles of which the users hold, and one that nobody has."""
    made = [user(number) for number in range(1, 400)]
    with database.uow() as uow:
        columns = list(dict.fromkeys(name for row in made for name in row))
        uow.session.execute(insert(User.__table__), [{name: row.get(name) for name in columns} for row in made])
        roles = {name: new_id() for name in ("editor", "reader", "nobody")}
        uow.session.execute(
            insert(Role.__table__),
            [{"id": key, "name": name, "created_at": NOW, "updated_at": NOW} for name, key in roles.items()],
        )
        grants = [
            {"user_id": row["id"], "role_id": roles[name], "granted_at": NOW, "granted_by": ""}
            for at, row in enumerate(made)
            for name, every in (("editor", 3), ("reader", 2))
            if at % every == 0
        ]
        uow.session.execute(insert(UserRole.__table__), grants)
        uow.commit()
    for at, row in enumerate(made):
        row["roles"] = [name for name, every in (("editor", 3), ("reader", 2)) if at % every == 0]
    return made


def counted(rows: list[Any], by: str) -> dict[str, int]:
    return {row.label: row.users for row in rows if row.by == by and row.users}


def naive(users: list[dict[str, Any]], of: Callable[[dict[str, Any]], Any]) -> dict[str, int]:
    return dict(Counter(str(of(row)) for row in users))


def is_expired(row: dict[str, Any]) -> bool:
    return row["expires_at"] is not None and row["expires_at"] <= NOW


def state(row: dict[str, Any]) -> str:
    return "inactive" if not row["is_active"] else "expired" if is_expired(row) else "active"


def sign_in(row: dict[str, Any]) -> str:
    if row["last_login_at"] is None:
        return "never"
    days = (NOW - row["last_login_at"]).days
    spans = ((7, "within 7 days"), (30, "7 to 30 days"), (90, "30 to 90 days"), (365, "90 days to 1 year"))
    return next((name for most, name in spans if days < most), "over 1 year")


def expiry(row: dict[str, Any]) -> str:
    if row["expires_at"] is None or is_expired(row):
        return "never" if row["expires_at"] is None else "expired"
    days = (row["expires_at"] - NOW).days
    spans = ((7, "within 7 days"), (30, "7 to 30 days"), (90, "30 to 90 days"))
    return next((name for most, name in spans if days < most), "later")


def month(field: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: "" if row[field] is None else row[field].strftime("%Y-%m")


def scheme(row: dict[str, Any]) -> str:
    kind = identify(row["hashed_password"])
    name = kind.label if kind.is_sure else kind.scheme
    return name if kind.cost is None else f"{name}, cost {kind.cost}"


def without(found: dict[str, int], *names: str) -> dict[str, int]:
    return {name: number for name, number in found.items() if name not in names}


@pytest.mark.parametrize("is_narrowed", [False, True])
def test_the_numbers_are_those_of_a_count_one_by_one(
    users: list[dict[str, Any]], database: Database, is_narrowed: bool
) -> None:
    criteria = UserCriteria(must_change_password=False) if is_narrowed else UserCriteria()
    since = NOW - timedelta(days=900)
    found = count_statistics(criteria, database.uow(read_only=True), since=since)
    fitting = [row for row in users if not (is_narrowed and row["must_change_password"])]
    live = [row for row in fitting if row.get("deleted_at") is None]
    assert found.users == len(live)
    assert found.count("total", "deleted") == len(fitting) - len(live)
    for by, of in (
        ("state", state),
        ("last_login_at", sign_in),
        ("expires_at", expiry),
        ("signups", month("created_at")),
        ("scheme", scheme),
        ("must_change_password", lambda row: "yes" if row["must_change_password"] else "no"),
        ("domain", lambda row: row["email"].partition("@")[2]),
    ):
        assert counted(found.rows, by) == naive(live, of), by
    assert counted(found.rows, "signins") == without(naive(live, month("last_login_at")), "")
    assert [(row.name, row.users) for row in found.rows if row.by == "role"] == [
        ("editor", sum("editor" in row["roles"] for row in live)),
        ("nobody", 0),
        ("reader", sum("reader" in row["roles"] for row in live)),
    ]


def test_one_field_is_counted_as_in_the_whole(users: list[dict[str, Any]], database: Database) -> None:
    whole = count_statistics(UserCriteria(), database.uow(read_only=True))
    for by, rows in whole.groups():
        one = count_by(by, UserCriteria(), database.uow(read_only=True))
        assert (one.users, one.rows) == (whole.users, rows), by
    binned = count_by("state", UserCriteria(deleted=True), database.uow(read_only=True))
    assert counted(binned.rows, "state") == {"inactive": sum("deleted_at" in row for row in users)}


def test_an_attribute_and_the_manager_count_with_the_rest_apart(
    users: list[dict[str, Any]], database: Database
) -> None:
    live = [row for row in users if row.get("deleted_at") is None]
    found = count_by("attributes.team", UserCriteria(), database.uow(read_only=True))
    team = {None: NONE, True: "true"}
    wanted = naive(live, lambda row: team.get(row["attributes"].get("team"), row["attributes"].get("team")))
    assert counted(found.rows, "attributes.team") == wanted
    first, rest = count_by("attributes.team", UserCriteria(), database.uow(read_only=True), top=1).rows
    assert (first.users, rest.name, rest.users) == (max(wanted.values()), "(other)", len(live) - first.users)
    managed = count_by("managed_by", UserCriteria(), database.uow(read_only=True))
    assert counted(managed.rows, "managed_by") == naive(live, lambda row: row["managed_by"] or NONE)


def test_who_has_an_empty_attribute_counts_as_one_without(cli: Cli, database: Database) -> None:
    for number, team in enumerate(("a", "B", "b", "A", "")):
        assert cli("create", f"t{number}@example.com", "--no-password", "--attribute", f"team={team}")[0] == 0
    assert cli("create", "t9@example.com", "--no-password")[0] == 0
    _, out, _ = cli("stats", "--by", "attributes.team", "--top", "3", "-o", "tsv", "--fields", "name,users")
    assert out.splitlines()[1:] == [f"{NONE}\t2", "A\t1", "B\t1", "(other)\t2"]


def test_schemes_are_those_of_the_password_audit(users: list[dict[str, Any]], database: Database) -> None:
    from usercli.passwords import PasswordHasher

    report = audit_passwords(database.uow(read_only=True), PasswordHasher("bcrypt", 4))
    found = count_by("scheme", UserCriteria(), database.uow(read_only=True))
    assert [(row.name, row.cost, row.users) for row in found.rows] == [
        (row.scheme, row.cost, row.users) for row in report.schemes
    ]


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_all_is_counted_at_one_moment(users: list[dict[str, Any]], database: Database) -> None:
    since = NOW - timedelta(days=900)
    with database.uow(read_only=True).snapshot() as counts:
        before = counts.count(UserCriteria(), "state")
        with database.uow() as other:
            other.session.execute(update(User).values(last_login_at=None))
            other.commit()
        assert counts.count_months(UserCriteria(), "last_login_at", since)
        assert counts.count(UserCriteria(), "state") == before
    with database.uow(read_only=True).snapshot() as counts:
        assert not counts.count_months(UserCriteria(), "last_login_at", since)


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_times_at_a_bound_and_out_of_the_calendar_are_counted_as_elsewhere(
    users: list[dict[str, Any]], database: Database
) -> None:
    database.rows("UPDATE users SET expires_at = NULL, last_login_at = NULL")
    odd = ("infinity", "-infinity", "20260-01-01", "0044-03-15 BC")
    emails = [
        email for (email,) in database.rows("SELECT email FROM users WHERE deleted_at IS NULL ORDER BY email")
    ]
    for email, moment in zip(emails, odd, strict=False):
        database.rows(f"UPDATE users SET expires_at = '{moment}' WHERE email = '{email}'")
    database.rows(f"UPDATE users SET last_login_at = 'infinity' WHERE email = '{emails[0]}'")
    with database.uow(read_only=True).snapshot() as counts:
        now = counts._now
        for email, days in zip(emails[10:], (7, 30, 90), strict=False):
            ends, signed_in = now + timedelta(days), now - timedelta(days)
            database.rows(
                f"UPDATE users SET expires_at = '{ends}', last_login_at = '{signed_in}' WHERE email = '{email}'"
            )
    with database.uow(read_only=True).snapshot() as counts:
        counts._now = now
        expiries = dict(counts.count(UserCriteria(), "expires_at"))
        sign_ins = dict(counts.count(UserCriteria(), "last_login_at"))
        months = counts.count_months(UserCriteria(), "last_login_at", first_month(None, now))
    assert expiries.pop("never") > len(odd)
    assert expiries == {"expired": 2, "within 7 days": 1, "7 to 30 days": 1, "30 to 90 days": 1, "later": 1}
    assert {name: sign_ins[name] for name in sign_ins if name != "never"} == {
        "within 7 days": 2,
        "7 to 30 days": 1,
        "30 to 90 days": 1,
    }
    in_months = Counter(f"{now - timedelta(days):%Y-%m}" for days in (7, 30, 90))
    assert {month: number for month, number in months.items() if month <= f"{now:%Y-%m}"} == in_months


def test_few_statements_read_the_users(users: list[dict[str, Any]], database: Database) -> None:
    uow, said = database.uow(read_only=True), []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    with uow:
        engine = uow.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        count_statistics(UserCriteria(), uow)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([statement for statement in said if "users" in statement.lower()]) <= 6


def test_the_first_month_is_a_year_back_or_that_of_a_time() -> None:
    moment = datetime(2026, 11, 26, 14, tzinfo=UTC)
    assert first_month(None, moment) == datetime(2025, 12, 1, tzinfo=UTC)
    assert first_month(None, moment.replace(month=12)) == datetime(2026, 1, 1, tzinfo=UTC)
    assert first_month(datetime(2024, 2, 29, 1, tzinfo=UTC), moment) == datetime(2024, 2, 1, tzinfo=UTC)


# -- the command


@on_sqlite
def test_a_terminal_gets_charts_within_its_width(
    cli: Cli, users: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = cli("stats", "-o", "table")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines()[1:])) <= 80  # the first one names the database
    live = [row for row in users if row.get("deleted_at") is None]
    assert out.startswith(f"{len(live)} users, {len(users) - len(live)} in the recycle bin, on ")
    for title in ("State", "Role", "Password hash", "Sign-ups a month", "Email domain", "Expiry"):
        assert f"\n\n{title}\n  " in out
    assert re.search(r"^  active +\d+ +\d+%  █+", out, re.MULTILINE)


@on_sqlite
def test_nobody_is_counted(cli: Cli) -> None:
    code, out, _ = cli("stats", "-o", "table")
    assert (code, out.partition(",")[0]) == (0, "0 users")
    assert "  active    0    0%\n" in out
    assert cli("stats", "--by", "domain", "-o", "json")[:2] == (0, "[]\n")
    assert cli("stats", "--html", "none.html")[0] == 0


@on_sqlite
def test_every_format_has_the_rows(cli: Cli, users: list[dict[str, Any]]) -> None:
    rows = json.loads(cli("stats", "-o", "json")[1])
    assert rows[0] == {"by": "total", "name": "users", "cost": None, "users": rows[0]["users"]}
    assert [json.loads(line) for line in cli("stats", "-o", "jsonl")[1].splitlines()] == rows
    assert cli("stats", "-o", "tsv")[1].splitlines()[:2] == [
        "by\tname\tcost\tusers",
        f"total\tusers\t\t{rows[0]['users']}",
    ]
    code, out, _ = cli("stats", "--by", "state", "-o", "csv", "--fields", "name,users")
    assert (code, out.splitlines()[0]) == (0, "name,users")
    assert out.splitlines()[1] == f"active,{rows[2]['users']}"


@on_sqlite
def test_a_first_month_without_months_is_told(cli: Cli, database: Database) -> None:
    for by in ("domain", "expires_at", "attributes.team"):
        code, _, err = cli("stats", "--by", by, "--since", "30d", "-o", "json")
        warning = f"--since changes nothing of --by {by}: it says from which month signups and signins are"
        assert (code, err) == (0, f"warning: {warning}\n")
    assert cli("stats", "--by", "signups", "--since", "30d", "-o", "json")[2] == ""


@on_sqlite
def test_a_first_month_is_a_month_that_has_begun(cli: Cli) -> None:
    month = f"{datetime.now(UTC):%Y-%m}"
    assert (
        cli("stats", "--by", "signups", "--since", month, "-o", "csv", "--fields", "name")[1] == f"name\n{month}\n"
    )
    for since in ("2999-06", "2999-06-01"):
        for by in ((), ("--by", "signups")):
            told = "error: the first month lies in the future: 2999-06\n"
            assert cli("stats", *by, "--since", since) == (2, "", told)
    assert cli("stats", "--since", "2026-13")[0] == 2


def test_an_attribute_that_nobody_has_is_told(cli: Cli, database: Database) -> None:
    assert cli("stats", "--by", "attributes.team", "-o", "csv")[2] == ""  # nobody is there
    assert cli("create", "a@example.com", "--no-password", "--attribute", "team=x")[0] == 0
    assert cli("create", "b@example.com", "--no-password", "--attribute", "Note=")[0] == 0
    told = "warning: nobody counted here has a value of attributes."
    for by, said in (("Team", "Team; did you mean: attributes.team"), ("zzz", "zzz"), ("Note", "Note")):
        code, out, err = cli("stats", "--by", f"attributes.{by}", "-o", "csv", "--fields", "name,users")
        assert (code, out, err) == (0, f"name,users\n{NONE},2\n", f"{told}{said}\n")
    assert cli("stats", "--by", "attributes.team", "-o", "csv")[2] == ""


@on_sqlite
def test_what_cannot_be_counted_by_is_refused(cli: Cli) -> None:
    code, out, err = cli("stats", "--by", "stat")
    assert (code, out) == (2, "")
    assert err.startswith("error: cannot count by stat; did you mean: state (fields: state, role, ")
    for by, near in (
        ("created_at", "; did you mean: signups"),
        ("email", "; did you mean: domain"),
        ("is_active", "; did you mean: state"),
        ("team", "; of an attribute: attributes.team"),
        ("full_name", ""),
        ("attributes", ""),
        ("attributes.", ""),
        ("", ""),
    ):
        assert cli("stats", "--by", by)[2].startswith(
            f"error: cannot count by {by or 'nothing'}{near} (fields: "
        ), by
    assert cli("stats", "--html", "x.html", "-o", "json")[0] == 2
    for no_file in ("-", ""):
        told = "error: --html writes a file, and no stream; name it: --html users.html\n"
        assert cli("stats", "--html", no_file) == (2, "", told)
    assert not Path("-").exists()
    assert cli("stats", "--role", "nobody")[0] == 3


# -- the page


class Page(HTMLParser):
    """What a page holds: its tags, attributes and texts; whether every element is closed."""

    VOID = frozenset({"meta", "br", "rect"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def written(cli: Cli, users: list[dict[str, Any]], environment: Path) -> Path:
    """The page of users among whom are hostile texts."""
    assert cli("create", "eve@example.com", "--no-password", "--attribute", "team=x")[0] == 0
    code, out, err = cli("stats", "--html", "users.html")
    assert (code, out) == (0, "")
    assert re.fullmatch(r"wrote statistics of \d+ users on .+ to users.html\n", err)
    return environment / "users.html"


@on_sqlite
def test_the_page_stands_alone_and_is_private(written: Path) -> None:
    page = Page(written.read_text("utf-8"))
    assert written.stat().st_mode & 0o777 == 0o600
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not [(name, value) for _, name, value in page.attributes if name in {"src", "srcset", "style"}]
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    assert not re.search(r"https?:|url\(|@import", written.read_text("utf-8"))
    assert (
        "meta",
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ) in (page.attributes)


@on_sqlite
def test_every_chart_has_a_title_a_summary_and_a_table(written: Path) -> None:
    page = Page(written.read_text("utf-8"))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    charts = [value.split() for tag, name, value in page.attributes if (tag, name) == ("svg", "aria-labelledby")]
    assert len(charts) == page.tags.count("svg") == page.tags.count("table") == page.tags.count("caption") == 9
    assert all(name in ids for names in charts for name in names)
    targets = [value.removeprefix("#") for _, name, value in page.attributes if name == "href"]
    assert len(targets) == 10
    assert set(targets) <= set(ids)


def test_texts_of_the_database_are_no_markup() -> None:
    from usercli.cli.output.statistics_page import page

    rows = [
        StatView(by=f"attributes.{HOSTILE}", name=HOSTILE, users=2),
        StatView(by="domain", name=HOSTILE, users=1),
    ]
    made = page(Statistics(NOW, NOW, 3, rows), HOSTILE)
    found = Page(made)
    assert "script" not in found.tags
    assert not set("\x1b\u202e") & set(made)
    assert found.text.count("<script>alert") >= 5


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@on_sqlite
@pytest.mark.parametrize("size", [(390, 844), (1280, 900)])
def test_a_browser_shows_the_page_without_a_request_or_a_message(
    written: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    probe = written.with_name("probe.html")
    # what is seen is written into the page by a script of the test, so that no driver is needed
    script = """<script>
    const wide = document.documentElement.scrollWidth, bars = document.querySelectorAll("svg .bar");
    const seen = [...bars].filter(bar => bar.getBoundingClientRect().width > 0).length;
    document.title = JSON.stringify({wide, room: innerWidth, seen, bars: bars.length,
      requests: performance.getEntriesByType("resource").length});</script></body>"""
    page = written.read_text("utf-8").replace("style-src", "script-src 'unsafe-inline'; style-src")
    probe.write_text(page.replace("</body>", script), "utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}",
            f"--window-size={size[0]},{size[1]}", "--dump-dom", probe.as_uri(),
        ],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    found = json.loads(re.search(r"<title>(\{.+?\})</title>", done.stdout)[1])  # type: ignore[index]  # else it fails
    assert found["wide"] <= found["room"]
    assert found["seen"] == found["bars"] > 10
    assert found["requests"] == 0
