"""Checks of the server: connection, version, role, encoding, pooler, extensions."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from usercli.database import server_facts
from usercli.database.probe import Probe
from usercli.database.sqlite_side_files import obstacle
from usercli.database.url import DatabaseUrl
from usercli.passwords import PasswordHasher
from usercli.services.doctor.findings import Check, Finding, fail, ok, warn

#: Below them statements of usercli fail, or nobody mends the server any more.
_OLDEST = {"sqlite": (3, 35), "postgresql": (14,)}
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_AS_FILE = "the owner and the mode of the file"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass
class Patient:
    """A database that is looked at; `is_current`, of its schema, is None until it is known."""

    probe: Probe
    hasher: Callable[[], PasswordHasher]
    is_current: bool | None = None
    is_gone: bool = False

    @property
    def url(self) -> DatabaseUrl:
        return self.probe.url

    @property
    def on_postgresql(self) -> bool:
        return self.url.engine == "postgresql"


def connection(patient: Patient) -> Iterator[Finding]:
    """Does the database answer, and is the link protected?"""
    begun = monotonic()
    patient.probe.resolve()
    with patient.probe.connection() as found:
        server_facts.require_answer(found)
        taken = f"{(monotonic() - begun) * 1000:.0f} ms"
        protected = server_facts.link(patient.probe, found) if patient.on_postgresql else ""
    where = f"{patient.url.where} answered in {taken}"
    if not patient.on_postgresql or all(host in _LOCAL or host.startswith("/") for host, _ in patient.url.hosts):
        yield ok(where)
    elif protected:
        yield ok(f"{where}, over {protected}")
    else:
        yield warn(
            f"{where}, without TLS: hashes and passwords can be read on the way",
            "add sslmode=verify-full to the database URL, or sslmode=require",
        )


def version(patient: Patient) -> Iterator[Finding]:
    """Is the server, or the library, new enough?"""
    engine = patient.url.engine
    with patient.probe.connection() as found:
        text, number = server_facts.version(found)
    said, oldest = f"{_NAMES[engine]} {text}", _OLDEST[engine]
    if number >= oldest:
        yield ok(said)
    else:
        wanted = ".".join(map(str, oldest))
        yield warn(f"{said} is older than {wanted}, the oldest version that is expected", "upgrade it")


def role(patient: Patient) -> Iterator[Finding]:
    """May the role do what daily work needs, and no more?"""
    if not patient.on_postgresql:
        yield _may_write(Path(patient.url.database))
        return
    with patient.probe.connection() as found:
        who = server_facts.role(found)
        tables = server_facts.privileges(found)
    grants = f"run: usercli db sql --grants {shlex.quote(who.name)}"
    if who.schema is None:
        yield fail(f"the role {who.name} may use no schema of its search path", grants)
        return
    wrong = [_lacking(who.name, item, grants) for item in tables if item.missing]
    wrong += [_beyond(who.name, item, grants) for item in tables if item.beyond]
    if not who.may_stage:
        said = f"the role {who.name} lacks TEMPORARY on the database: changes of many users fail"
        wrong.append(warn(said, grants))
    if who.is_superuser:
        said = f"the role {who.name} is a superuser: no privilege and no trigger binds it"
        wrong.append(warn(said, "make a role for daily work; run: usercli db sql --grants ROLE"))
    if who.is_read_only:
        wrong.append(warn("the server takes no changes: it is a standby, or read-only", "connect to the primary"))
    owner = ", the owner of the tables" if tables and all(item.is_owner for item in tables) else ""
    yield from wrong or [ok(f"{who.name}{owner}, in the schema {who.schema}")]


def _beyond(name: str, item: server_facts.TablePrivileges, grants: str) -> Finding:
    return warn(f"the role {name} is not the owner and holds {', '.join(item.beyond)} on {item.table}", grants)


def _lacking(name: str, item: server_facts.TablePrivileges, grants: str) -> Finding:
    kind = fail if "SELECT" in item.missing else warn
    return kind(f"the role {name} lacks {', '.join(item.missing)} on {item.table}", grants)


def _may_write(file: Path) -> Finding:
    if not all(os.access(path, os.W_OK) for path in (file, file.parent)):
        return warn("this process may only read: the file or its folder cannot be written", "check who owns it")
    if name := obstacle(str(file)):
        return warn(
            f"this process may only read: {name} beside the file cannot be written", f"give {name} {_AS_FILE}"
        )
    return ok("this process may read and write the file")


def encoding(patient: Patient) -> Iterator[Finding]:
    """Can the database hold every character, and do texts and times travel as they should?"""
    with patient.probe.connection() as found:
        texts = server_facts.texts(found)
    if not patient.on_postgresql:
        yield ok(texts.server_encoding)
        return
    if texts.client_encoding != "UTF8" or not texts.date_style.startswith("ISO"):
        yield fail(
            f"a transaction has the encoding {texts.client_encoding} and the DateStyle {texts.date_style}",
            "something between usercli and the server changes settings: connect to the server itself",
        )
    if texts.server_encoding != "UTF8":
        yield warn(
            f"the encoding {texts.server_encoding} of the database does not have every character",
            "make a database with ENCODING 'UTF8' and move the users there",
        )
    elif texts.client_encoding == "UTF8":
        usual = texts.usual_date_style
        own = "" if usual == texts.date_style else f" (of the server: {usual}; usercli does not depend on it)"
        yield ok(f"UTF8, DateStyle {texts.date_style}{own}")


def pooler(patient: Patient) -> Iterator[Finding]:
    """Does something stand between that gives transactions to different sessions?"""
    if not patient.on_postgresql:
        yield ok("none: SQLite is a file")
        return
    mode = server_facts.pooler(patient.probe)
    if not mode:
        yield ok("none: connected to the server itself")
    elif mode == "transaction":
        yield ok("a pooler in transaction mode; usercli needs no session of its own")
    else:
        yield ok("a pooler in session mode, or one whose mode does not show")


def extensions(patient: Patient) -> Iterator[Finding]:
    """Is there what triggers and queries are written in?"""
    with patient.probe.connection() as found:
        if not patient.on_postgresql:
            yield ok("JSON") if server_facts.has_json(found) else fail("SQLite has no JSON functions", "upgrade it")
            return
        there = server_facts.extensions(found)
        search = "an index" if server_facts.has_search_index(found) else "no index"
    if "plpgsql" in there:
        yield ok(", ".join(f"{name} {number}" for name, number in there.items()) + f"; {search} for --search")
    else:
        yield fail(
            "the language plpgsql is missing, in which the triggers of the audit log are written",
            "run as a superuser: CREATE EXTENSION plpgsql",
        )


CHECKS = (
    Check("connection", connection),
    Check("version", version),
    Check("role", role),
    Check("encoding", encoding),
    Check("pooler", pooler),
    Check("extensions", extensions),
)
