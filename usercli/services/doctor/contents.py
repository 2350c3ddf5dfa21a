"""Checks of what the database holds: schema, triggers, pages, clock, administrators, accounts, log, hashes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from usercli.database import migrations, schema_state, server_facts
from usercli.database.log_triggers import wrong_triggers
from usercli.database.sqlite_file import require_undamaged
from usercli.errors import DatabaseUnavailable
from usercli.schemas.users import UserCriteria
from usercli.services.audit_verification import verify
from usercli.services.doctor.findings import Check, Finding, fail, not_checked, of_sentence, ok, warn
from usercli.services.doctor.server import Patient
from usercli.services.last_administrator import is_unadministered
from usercli.services.passwords import audit_passwords
from usercli.text import counted
from usercli.times import UnreadableTime, rfc3339, utcnow

#: So many events at the end of the log are verified.
EVENTS = 1000

#: So long may reading the whole file take: the other checks need time, too.
_PAGES_SECONDS = 1.5

_SKEW = timedelta(minutes=1)
_SOON = timedelta(days=14)
_LONG_UNUSED = timedelta(days=90)
_CHECK = "run: usercli db check"
_VERIFY = "run: usercli audit verify"
_AUDIT = "run: usercli password audit"


def schema(patient: Patient) -> Iterator[Finding]:
    """Is the schema the one of this version?"""
    do = "the next usercli db upgrade that succeeds removes it"
    copies = [warn(sentence, do) for sentence in migrations.left_copies(patient.url)]
    with patient.probe.connection() as found:
        state = schema_state.look(found)
        patient.is_current = state.state == "current"
        if not patient.is_current:
            yield from [of_sentence(state.sentence, _CHECK), *copies]
            return
        wrong = [lacking] if (lacking := schema_state.lacking(found)) else []
        wrong += [f"the schema differs from the program's: {text}" for text in migrations.differences(found)]
    findings = [*(of_sentence(sentence, _CHECK) for sentence in wrong), *copies]
    yield from findings or [ok(f"at {', '.join(state.at)}")]


def triggers(patient: Patient) -> Iterator[Finding]:
    """Do the triggers guard the audit log?"""
    with patient.probe.connection() as found:
        wrong = wrong_triggers(found)
    do = "find out who changed it; the migrations have the right one: usercli db sql"
    yield from [of_sentence(sentence, do) for sentence in wrong] or [ok("those of this version, all on")]


def clock(patient: Patient) -> Iterator[Finding]:
    """Do the clocks agree, with each other and with the log?"""
    now, wrong = utcnow(), []
    do = "set the clocks by NTP"
    if patient.on_postgresql:
        with patient.probe.connection() as found:
            before = utcnow()
            now = server_facts.server_time(found)
            apart = now - (before + (utcnow() - before) / 2)
        if abs(apart) > _SKEW:
            place = "ahead of" if apart > timedelta() else "behind"
            wrong.append(warn(f"the server's clock is {_seconds(abs(apart))} {place} the one of this machine", do))
    if patient.is_current:
        wrong += _newest_event(patient, now, do)
    yield from wrong or [ok(rfc3339(now.replace(microsecond=0)))]


def _newest_event(patient: Patient, now: datetime, do: str) -> list[Finding]:
    with patient.probe.unit_of_work() as uow:
        head = uow.audit.head()
        at = head.at if head is not None else now
    if isinstance(at, UnreadableTime):
        return [warn("the newest event of the audit log has a time that cannot be read", _VERIFY)]
    if at > now + _SKEW:
        return [warn(f"the newest event of the audit log lies {_seconds(at - now)} ahead of the clock", do)]
    return []


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():,.0f} s"


def administrators(patient: Patient) -> Iterator[Finding]:
    """Does somebody administer, and for how long?"""
    uow = patient.probe.unit_of_work()
    if is_unadministered(uow):
        yield warn("nobody administers: no active user holds an administrative role", "run: usercli role list")
        return
    with uow:
        until, some = uow.roles.administered_until(), len(uow.roles.administrators(2))
        lacking = "users" if uow.roles.names() else "roles"
    if until is None:
        yield ok(f"there are no {lacking} yet")
    elif until < utcnow() + _SOON:
        yield warn(
            f"the last administrator expires at {rfc3339(until)}", "give another user an administrative role"
        )
    else:
        yield ok("one administrator" if some == 1 else "two administrators or more")


def accounts(patient: Patient) -> Iterator[Finding]:
    """Are there accounts that nobody should be able to use, or that nobody uses?"""
    unused = UserCriteria(is_active=True, never_signed_in=True, created_before=utcnow() - _LONG_UNUSED)
    with patient.probe.unit_of_work() as uow:
        users = uow.users.count_matching(UserCriteria())
        expired = uow.users.count_matching(UserCriteria(is_active=True, expired=True))
        never = uow.users.count_matching(unused) if uow.users.has_sign_ins() else 0
    wrong = []
    if expired:
        wrong.append(warn(f"{counted(expired, 'user')} expired and still active", "run: usercli expire run"))
    if never:
        wrong.append(
            warn(
                f"{counted(never, 'user')} active, made more than {_LONG_UNUSED.days} days ago, never signed in",
                f"run: usercli list --active --never-signed-in --created-before {_LONG_UNUSED.days}d",
            )
        )
    yield from wrong or [ok(counted(users, "user"))]


def audit_log(patient: Patient) -> Iterator[Finding]:
    """Is the end of the log whole?"""
    uow = patient.probe.unit_of_work()
    with uow:
        head = uow.audit.head()
        last = head.seq if head is not None else 0
    first = max(1, last - EVENTS + 1)
    found = verify(uow, since=first)
    if found.ok:
        part = f"the last {EVENTS:,} of {last:,} events are" if first > 1 else f"{last:,} events,"
        yield ok(f"{part} whole")
    else:
        yield fail(f"broken at event {found.broken_at}: {found.reason}", _VERIFY)


def hashes(patient: Patient) -> Iterator[Finding]:
    """Are all passwords stored as the settings ask for, and can they be verified?"""
    report = audit_passwords(patient.probe.unit_of_work(), patient.hasher())
    counts: dict[str, int] = {item.finding: item.users for item in report.findings if item.finding != "unusable"}
    bad = {name: users for name, users in counts.items() if name in {"empty", "malformed", "unsupported"}}
    weak = {name: users for name, users in counts.items() if name not in bad}
    if beyond := sum(item.users for item in report.too_costly):
        bad["too_costly"] = beyond
    if bad:
        yield warn(f"hashes that no password matches: {_listed(bad)}", _AUDIT)
    if weak:
        yield warn(f"weak hashes: {_listed(weak)}", _AUDIT)
    if not (bad or weak):
        yield ok(f"{report.total:,} stored")


def pages(patient: Patient) -> Iterator[Finding]:
    """Is the structure of a SQLite file whole? Raises DatabaseDamaged."""
    if patient.on_postgresql:
        yield ok("the server's")
        return
    with patient.probe.connection() as found, patient.probe.interrupted_after(_PAGES_SECONDS) as is_over:
        try:
            require_undamaged(found, patient.url)
        except DatabaseUnavailable:
            if not is_over():
                raise
            yield not_checked(f"there is more to look at than {_PAGES_SECONDS:g} s allow", _CHECK)
            return
    yield ok("all of the file whole")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{users:,} {name}" for name, users in counts.items())


CHECKS = (
    Check("schema", schema),
    Check("triggers", triggers, needs_schema=True),
    Check("pages", pages),
    Check("clock", clock),
    Check("administrators", administrators, needs_schema=True),
    Check("accounts", accounts, needs_schema=True),
    Check("audit-log", audit_log, needs_schema=True, unbounded=_VERIFY),
    Check("hashes", hashes, needs_schema=True, unbounded=_AUDIT),
)
