"""The log refuses to be changed; and who switches that off is found out."""

from __future__ import annotations

import json
import random
import secrets

import psycopg
import pytest
from sqlalchemy import false, select

from tests.audit_log import Tampering, fill, tampering, uow, verify
from tests.conftest import Cli, Database
from usercli.errors import DatabaseUnavailable
from usercli.models.audit import AuditEvent
from usercli.repositories import stored_events
from usercli.services import audit, audit_verification

COLUMNS = tuple(column.key for column in AuditEvent.__table__.columns)
SETTINGS = {
    "change_id": "'00000000000070008000000000000001'",
    "undoes": "'00000000000070008000000000000001'",
    "at": "'2026-11-21 00:00:00.000000'",
    "before": "'{\"x\": 1}'",
    "after": "'{\"x\": 1}'",
    "seq": "1000000",
}
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def stored(database: Database) -> list[tuple[object, ...]]:
    return database.rows("SELECT * FROM audit_events ORDER BY seq")


# -- prevention: the triggers, also against the owner


def test_no_column_of_an_event_can_be_changed(database: Database) -> None:
    fill(database)
    before = stored(database)
    for column in COLUMNS:
        value = SETTINGS.get(column, "'changed'")
        with pytest.raises(DatabaseUnavailable, match="append-only"):
            database.rows(f'UPDATE audit_events SET "{column}" = {value} WHERE seq = 3')
    assert stored(database) == before


def test_personal_values_go_together_or_stay(database: Database) -> None:
    fill(database)
    before = stored(database)
    for setting in ("personal = NULL", "salt = NULL", "personal = NULL, salt = NULL, tool = 'x'"):
        with pytest.raises(DatabaseUnavailable, match="append-only"):
            database.rows(f"UPDATE audit_events SET {setting} WHERE seq = 3")
    assert stored(database) == before


def test_no_event_can_be_deleted(database: Database) -> None:
    fill(database)
    before = stored(database)
    for where in ("", "WHERE seq = 3", "WHERE seq = (SELECT max(seq) FROM audit_events)"):
        with pytest.raises(DatabaseUnavailable, match="append-only"):
            database.rows(f"DELETE FROM audit_events {where}")
    assert stored(database) == before


@on_postgresql
def test_the_log_cannot_be_truncated(database: Database) -> None:
    fill(database)
    before = stored(database)
    for statement in ("TRUNCATE audit_events", "TRUNCATE users, audit_events CASCADE"):
        with pytest.raises(DatabaseUnavailable, match="append-only"):
            database.rows(statement)
    assert stored(database) == before


@on_sqlite
def test_no_event_can_be_replaced(database: Database) -> None:
    fill(database)
    before = stored(database)
    with pytest.raises(DatabaseUnavailable, match="append-only"):
        database.rows("INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events WHERE seq = 3")
    assert stored(database) == before


COPY = """
INSERT INTO audit_events (seq, change_id, at, action, outcome, target_kind, "before", "after", db_role, tool,
    personal, salt, personal_hash, body_hash, prev_hash, hash)
SELECT {seq}, change_id, moment, action, outcome, target_kind, "before", "after", db_role, tool,
    {personal}, salt, personal_hash, {body_hash}, {prev_hash}, {hash}
FROM (SELECT *, {at} AS moment FROM audit_events ORDER BY seq DESC LIMIT 1) AS newest
"""
HONEST = {"seq": "seq + 1", "prev_hash": "hash", "personal": "personal", "body_hash": "body_hash"}
SEALED = (
    "encode(sha256(convert_to(concat({prev_hash}, chr(10), {seq}, chr(10), to_char(moment AT TIME ZONE 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), chr(10), {body_hash}, chr(10)), 'UTF8')), 'hex')"
)


def copy(database: Database, **values: str) -> str:
    """A statement that adds an event as the next one, with a hash that fits where the server can compute it."""
    values = {**HONEST, "at": now(database), **values}
    sealed = SEALED.format(**values) if database.engine == "postgresql" else "'new'"
    return COPY.format(**{"hash": sealed, **values})


def now(database: Database) -> str:
    return "clock_timestamp()" if database.engine == "postgresql" else "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


def shifted(database: Database, by: str) -> str:
    if database.engine == "postgresql":
        return f"clock_timestamp() + interval '{by}'"
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{by}')"


@pytest.mark.parametrize(
    "lie",
    [
        {"seq": "seq + 2"},
        {"seq": "0"},
        {"seq": "-1"},
        {"prev_hash": "prev_hash"},
        {"prev_hash": "repeat('0', 64)"},
        {"at": "-1 day"},
        {"at": "+1 day"},
    ],
    ids=str,
)
def test_what_does_not_continue_the_log_now_is_refused(database: Database, lie: dict[str, str]) -> None:
    fill(database)
    before = stored(database)
    if database.engine == "sqlite" and "repeat" in str(lie):
        lie = {"prev_hash": "printf('%064d', 0)"}
    if "at" in lie:
        lie = {"at": shifted(database, lie["at"])}
    with pytest.raises(DatabaseUnavailable, match="append-only"):
        database.rows(copy(database, **lie))
    assert stored(database) == before
    database.rows(copy(database))  # the same without the lie goes in
    assert len(stored(database)) == len(before) + 1


@on_postgresql
@pytest.mark.parametrize(
    "lie",
    [
        {"hash": "'x'"},
        {"hash": "repeat('f', 64)"},
        {"hash": f"upper({SEALED.format(**HONEST)})"},
        {"body_hash": "'x'"},
        {"personal": "NULL"},
    ],
    ids=str,
)
def test_a_hash_that_does_not_fit_is_refused(database: Database, lie: dict[str, str]) -> None:
    fill(database)
    before = stored(database)
    with pytest.raises(DatabaseUnavailable, match="append-only"):
        database.rows(copy(database, **lie))
    assert stored(database) == before


@on_postgresql
def test_the_way_down_takes_any_hash_again_and_the_way_up_checks_it(database: Database, cli: Cli) -> None:
    fill(database)
    assert cli("db", "downgrade", "20261121_0500", "--yes")[0] == 0
    database.rows(copy(database, hash="'x'"))
    assert cli("db", "upgrade")[0] == 0
    with pytest.raises(DatabaseUnavailable, match="append-only"):
        database.rows(copy(database, hash="'x'"))


@on_postgresql
def test_a_temporary_table_cannot_stand_in_for_the_log(database: Database) -> None:
    """The trigger looks at the real log, whatever the caller's session puts before it."""
    fill(database)
    before = stored(database)
    with psycopg.connect(database.text) as connection:
        connection.execute("CREATE TEMPORARY TABLE audit_events (LIKE public.audit_events)")
        connection.execute(
            "INSERT INTO pg_temp.audit_events SELECT * FROM public.audit_events ORDER BY seq DESC LIMIT 1"
        )
        connection.execute("UPDATE pg_temp.audit_events SET seq = 999")
        lie = copy(database).replace("INTO audit_events", "INTO public.audit_events")
        with pytest.raises(psycopg.errors.RaiseException, match="seq does not continue the log"):
            connection.execute(lie)
    assert stored(database) == before


def test_events_go_in_when_the_clock_was_set_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour ahead once, then right again: times stand still, numbers go on, and the chain holds."""
    fill(database)
    with tampering(database) as owner:
        ahead = (
            "at + interval '1 hour'" if owner.on_postgresql else "strftime('%Y-%m-%d %H:%M:%f000', at, '+1 hour')"
        )
        owner.rows(f"UPDATE audit_events SET at = {ahead} WHERE seq = {owner.count}")
        owner._rehash(owner.count, owner.count)
        owner.rows("DROP TABLE kept")
        head = owner.count
    with uow(database) as work:
        for _ in range(3):
            work.audit.record("user.updated")
        work.commit()
    times = [at for (at,) in database.rows("SELECT at FROM audit_events ORDER BY seq")]
    assert times == sorted(times)
    assert len(set(times[head - 1 :])) == 1
    found = verify(database)
    assert (found.ok, found.count) == (True, head + 3)


# -- evidence: the chain, when the triggers are off


def test_an_untouched_log_never_alarms(database: Database) -> None:
    for empty in (verify(database), verify(database, expect_head="0" * 64, expect_count=0)):
        assert (empty.ok, empty.count, empty.head) == (True, 0, "0" * 64)
    fill(database)
    point = audit.checkpoint(database.uow(read_only=True))
    fill_more = [database.rows("SELECT seq, hash FROM audit_events ORDER BY seq")]
    for seq, head in fill_more[0]:
        assert verify(database, expect_head=head, expect_count=seq).ok
        assert verify(database, expect_head=head, since=seq + 1).ok if seq < point.count else True
        assert verify(database, expect_head=point.head, expect_count=point.count, since=seq).ok
        assert verify(database, expect_head=head, expect_count=seq, since=point.count).ok
    with tampering(database):  # the triggers off, and nothing done
        assert verify(database).model_dump() == {
            "ok": True, "count": point.count, "head": point.head, "broken_at": None, "reason": None,
            "breaks": [], "more_breaks": 0,
        }  # fmt: skip


def test_every_column_of_every_event_is_under_the_seal(database: Database) -> None:
    fill(database)
    with tampering(database) as owner:
        for seq in (1, 5, owner.count):
            for column in COLUMNS:
                wrong = owner.edit(seq, column)
                found = verify(database)
                assert (found.ok, found.broken_at) == (False, wrong), (seq, column)
                owner.restore()
        assert verify(database).ok


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("before", {"sqlite": "{", "postgresql": "[]"}),
        ("after", {"sqlite": "\x00", "postgresql": "null"}),
        ("at", {"sqlite": "yesterday", "postgresql": "infinity"}),
        ("change_id", {"sqlite": "zz"}),
        ("undoes", {"sqlite": 5}),
        ("personal", {"sqlite": b"\xff\xfe", "postgresql": "{"}),
        ("salt", {"sqlite": "xyz", "postgresql": "xyz"}),
        ("action", {"sqlite": b"user.created"}),
    ],
)
def test_what_no_program_of_ours_wrote_is_a_break_and_no_accident(
    database: Database, cli: Cli, column: str, values: dict[str, object]
) -> None:
    fill(database)
    if database.engine not in values:
        pytest.skip("this server checks the type itself")
    with tampering(database) as owner:
        owner.set(7, column, values[database.engine])
    found = verify(database)
    assert (found.ok, found.count, found.broken_at) == (False, 6, 7)
    code, out, err = cli("audit", "verify", "-o", "json")
    assert (code, json.loads(out)["broken_at"], err) == (
        7,
        7,
        f"warning: the log is broken at seq 7: {found.reason}\n",
    )


def ranges(database: Database) -> list[tuple[int, int]]:
    return [(part.first, part.last) for part in verify(database).breaks]


def test_verification_goes_on_behind_a_break_and_names_every_one(database: Database, cli: Cli) -> None:
    fill(database, rounds=2)
    with tampering(database) as owner:
        owner.set(3, "tool", "x")
        owner.set(5, "hash", "f" * 64)
        owner.delete(7, 8)
        owner.set(10, "salt", "x")
        owner.erase_by_hand(12)
        owner.rows("UPDATE audit_events SET seq = -2 WHERE seq = 14")
        count = owner.count
    assert sorted(ranges(database)) == [(-2, -2), (3, 3), (5, 5), (7, 8), (10, 10), (12, 12), (14, 14)]
    code, out, err = cli("audit", "verify", "-o", "json")
    found = json.loads(out)
    assert (code, found["broken_at"], found["count"], found["more_breaks"]) == (7, -2, 0, 0)
    assert "warning: the log is broken at seq 7 to 8: an event is missing\n" in err
    assert err.count("\n") == len(found["breaks"]) == 7
    assert [seq for seq, _ in ranges(database)] == [found["first"] for found in found["breaks"]]
    assert verify(database, since=count).ok


def test_a_break_that_was_appended_hides_no_later_one(database: Database) -> None:
    """An event with wrong hashes, then honest ones; and one of these is changed."""
    fill(database)
    with tampering(database) as owner:
        owner.insert(owner.count + 1, 3)
        owner.rows("DROP TABLE kept")
        bad = owner.count + 1
    with uow(database) as work:
        for _ in range(3):
            work.audit.record("user.updated")
        work.commit()
    assert ranges(database) == [(bad, bad)]
    with tampering(database) as owner:
        owner.set(bad + 2, "action", "user.deleted")
    assert ranges(database) == [(bad, bad), (bad + 2, bad + 2)]


def test_of_many_breaks_the_first_are_kept_and_the_others_counted(
    database: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_verification, "MOST_BREAKS", 3)
    fill(database)
    with tampering(database) as owner:
        for seq in (2, 4, 6, 8, 10):
            owner.set(seq, "tool", "x")
    code, out, err = cli("audit", "verify", "-o", "json")
    found = json.loads(out)
    assert (code, len(found["breaks"]), found["more_breaks"]) == (7, 3, 2)
    assert err.splitlines()[-1] == "warning: the log is broken at 2 more places"


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("before", {"sqlite": "{", "postgresql": "[]"}),
        ("after", {"sqlite": "[" * 100_000, "postgresql": "null"}),
        ("at", {"sqlite": "yesterday", "postgresql": "infinity"}),
        ("change_id", {"sqlite": "zz"}),
        ("personal", {"sqlite": b"\xff\xfe", "postgresql": ""}),
        ("personal", {"sqlite": "[1]", "postgresql": '{"before":1}'}),
    ],
)
def test_an_event_that_cannot_be_read_is_named_and_the_others_are_shown(
    database: Database, cli: Cli, column: str, values: dict[str, object]
) -> None:
    fill(database)
    if database.engine not in values:
        pytest.skip("this server checks the type itself")
    [(target,)] = database.rows("SELECT target_id FROM audit_events WHERE seq = 3")
    expected = {
        tuple(line): cli(*line)[1].splitlines()
        for line in (["audit", "log", "-q"], ["history", str(target), "-q"], ["changes", "-q"])
    }
    with tampering(database) as owner:
        owner.set(3, column, values[database.engine])
    sentence = "events of the log that cannot be read: seq 3; run: usercli audit verify"
    for line, whole in expected.items():
        code, out, err = cli(*line)
        assert (code, err) == (7, f"error: {database.url.where}: {sentence}\n"), line
        assert len(out.splitlines()) == len(whole) - 1
        assert set(out.splitlines()) < set(whole)
    code, out, err = cli("audit", "log", "--limit", "100", "-o", "json")
    assert (code, len(json.loads(out))) == (7, len(expected["audit", "log", "-q"]) - 1)
    assert cli("history", str(target), terminal=True)[0] == 7
    assert cli("audit", "export")[0] in {0, 7}
    assert ranges(database) == [(3, 3)]


def test_who_takes_the_person_out_of_an_event_is_found(database: Database, cli: Cli) -> None:
    """Bytes of `personal` moved behind the salt: the hash is the same, the form is not."""
    fill(database)
    point = audit.checkpoint(database.uow(read_only=True))
    with tampering(database) as owner:
        for change in (owner.move_personal_into_salt, owner.shift_one_byte, owner.upper_case_salt):
            change(3)
            found = verify(database, expect_head=point.head, expect_count=point.count)
            assert (found.broken_at, found.reason) == (3, "the personal values were changed")
            assert ranges(database) == [(3, 3)]
            owner.restore()


@on_sqlite
@pytest.mark.parametrize(
    "setting",
    [
        """after = '{"is_active":"forged",' || substr(after, 2)""",
        """before = replace(before, ':', ': ')""",
        "before = ' ' || before",
        "change_id = upper(change_id)",
        "change_id = '{' || change_id || '}'",
        "at = replace(at, ' ', 'T')",
        "at = at || '+00:00'",
        "tool = CAST(tool AS BLOB)",
        "prev_hash = upper(prev_hash)",
    ],
)
def test_another_spelling_of_the_same_value_is_found(database: Database, cli: Cli, setting: str) -> None:
    fill(database)
    with tampering(database) as owner:
        owner.rows(f"UPDATE audit_events SET {setting} WHERE seq = 6")
    assert ranges(database) == [(6, 6)]
    assert cli("audit", "verify")[0] == 7


def test_an_erasure_without_its_event_is_found(database: Database) -> None:
    fill(database, rounds=2)
    with tampering(database) as owner:
        [(honest,)] = owner.rows("SELECT min(seq) FROM audit_events WHERE personal IS NULL")
        owner.erase_by_hand(2)
        found = verify(database)
        assert (found.ok, found.broken_at) == (False, 2)
        assert found.reason == "the personal values are gone without an event of their erasure"
        owner.restore()
        # and an event of erasure that names another seq does not cover it
        [(erasure,)] = owner.rows("SELECT min(seq) FROM audit_events WHERE action = 'user.erased'")
        owner.edit(erasure, "after")
        assert verify(database).broken_at == erasure
        owner.restore()
        assert honest < erasure
        assert verify(database).ok


def test_a_cut_tail_shows_against_a_checkpoint_only(database: Database, cli: Cli) -> None:
    fill(database)
    code, out, _ = cli("audit", "checkpoint", "-o", "json")
    point = json.loads(out)
    assert code == 0
    with tampering(database) as owner:
        owner.delete(owner.count - 1, owner.count)
    kept = point["count"] - 2
    assert verify(database).ok
    for expected, seq, reason in (
        (
            ["--expect-count", str(point["count"])],
            kept + 1,
            f"the log is cut: {point['count']} events were expected",
        ),
        (["--expect-head", point["head"]], kept + 1, "the expected head is not in the log"),
        (
            ["--expect-head", point["head"], "--expect-count", str(point["count"])],
            kept + 1,
            f"the log is cut: {point['count']} events were expected",
        ),
    ):
        code, out, err = cli("audit", "verify", *expected, "-o", "json")
        found = json.loads(out)
        assert (code, found["ok"], found["count"], found["broken_at"]) == (7, False, kept, seq)
        assert err == f"warning: the log is broken at seq {seq}: {reason}\n"


def test_a_log_that_was_cut_and_grew_again_shows_against_a_checkpoint(database: Database) -> None:
    fill(database)
    point = audit.checkpoint(database.uow(read_only=True))
    with tampering(database) as owner:
        owner.delete(owner.count, owner.count)
        owner.rows("DROP TABLE kept")
    with uow(database) as work:
        work.audit.record("user.updated")
        work.commit()
    assert verify(database).ok
    found = verify(database, expect_head=point.head, expect_count=point.count)
    assert (found.ok, found.broken_at) == (False, point.count)
    assert not verify(database, expect_head=point.head).ok
    later = verify(database, expect_head=point.head, expect_count=point.count, since=point.count + 1)
    assert (later.ok, later.broken_at) == (False, point.count)


def tamper_and_look(database: Database, owner: Tampering, cases: int) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    for number in range(cases):
        what, wrong = owner.random_case(chance)
        found = verify(database, expect_head=owner.head, expect_count=owner.count)
        assert (found.ok, found.broken_at) == (False, wrong), f"seed {seed}, case {number}: {what}"
        owner.restore()
    assert verify(database, expect_head=owner.head, expect_count=owner.count).ok


def test_twenty_random_cases_are_found_with_the_first_bad_seq(database: Database) -> None:
    fill(database, rounds=2)
    with tampering(database) as owner:
        tamper_and_look(database, owner, 20)


@pytest.mark.slow
def test_two_hundred_random_cases_are_found_with_the_first_bad_seq(database: Database) -> None:
    fill(database, rounds=4)
    with tampering(database) as owner:
        tamper_and_look(database, owner, 200)


def test_an_event_that_only_a_damaged_index_knows_is_a_bad_one(database: Database) -> None:
    with uow(database) as work:
        gone = stored_events._one(work.session, select(AuditEvent.seq).where(false()), 7)
    assert gone == stored_events.BadEvent(7)
