"""Are the triggers that guard the audit log there, on, and the ones that our revisions make?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from usercli.hash_chain import canonical

#: SHA-256 of what each trigger is: on SQLite its statement, on PostgreSQL what it is called for and its function.
#: A revision that changes one changes its digest here.
_DIGESTS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "audit_events_append": "2f44cd57374d20e49110528dc55a92b32332b031186f5fc95d8ea8cb0e714f90",
        "audit_events_erase_only": "f13ef04f4f8d332bc0b22b3d6f118ef18e4b90a85674f2fe0d78ffc143e6b061",
        "audit_events_no_delete": "0e4dd244f67e94795c8bcfdacb22d17fd6c824cd52596223b4674a857009e21c",
    },
    "postgresql": {
        "audit_events_append": "75fe43a41f1387104931995f7a56c470b8eb4430ef2f63a90ace5b7134732bf7",
        "audit_events_erase_only": "2cd5b6ce44844f1b5d6142ceddbd8a96d4960c74187da02cf909088cfbb2b153",
        "audit_events_no_delete": "2e3ed553be86c05771b1671707b2e69e1fe12e9173c1db8f978e62ecec648e7e",
        "audit_events_no_truncate": "8d6ebf4f2761b3c62ed594e824a35fda35c68a08d63fbccb58aeeb3a0f9c0305",
    },
}

_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events' ORDER BY name"
_POSTGRESQL = """
    SELECT tgname, tgenabled::text AS enabled, tgtype::int AS kind, tgnewtable::text AS new_rows,
        tgqual IS NULL AS always, tgattr::text AS columns, proname::text AS function, lanname::text AS language,
        prosecdef AS definer, proconfig::text AS settings, prosrc AS body
    FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_language ON pg_language.oid = prolang
    WHERE tgrelid = to_regclass('audit_events') AND NOT tgisinternal ORDER BY tgname
"""
_RULES = "SELECT rulename::text FROM pg_rewrite WHERE ev_class = to_regclass('audit_events') ORDER BY rulename"
_ROLE = "SELECT current_setting('session_replication_role')"
_BEFORE = 2  # the bit of tgtype
_AFTER = re.compile(r"CREATE (TEMP |TEMPORARY )?TRIGGER \S+ AFTER ", re.IGNORECASE)


def wrong_triggers(connection: sa.Connection) -> list[str]:
    """What is wrong with the triggers of the audit log, a sentence each."""
    engine = connection.dialect.name
    expected = _DIGESTS[engine]
    found = digests(connection)
    wrong = [f"the trigger {name} of the audit log is missing" for name in expected if name not in found]
    wrong += [
        f"the trigger {name} of the audit log, or its function, is not the one of this program"
        for name, digest in expected.items()
        if found.get(name, digest) != digest
    ]
    return wrong + list(_off(connection) if engine == "postgresql" else _others_on_sqlite(connection))


def digests(connection: sa.Connection) -> dict[str, str]:
    """The digest of each trigger of the audit log, by its name."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(_SQLITE)
        return {name: _digest(" ".join(sql.split())) for name, sql in rows}
    found = {}
    for row in connection.exec_driver_sql(_POSTGRESQL).mappings():
        what: dict[str, Any] = {**row, "body": " ".join(row["body"].split())}
        del what["tgname"], what["enabled"]
        found[row["tgname"]] = _digest(canonical(what))
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _off(connection: sa.Connection) -> Iterator[str]:
    """Triggers that do not fire, and what acts before them."""
    for row in connection.exec_driver_sql(_POSTGRESQL).mappings():
        name = row["tgname"]
        if name in _DIGESTS["postgresql"]:
            if row["enabled"] not in {"O", "A"}:
                mend = f"ALTER TABLE audit_events ENABLE TRIGGER {name}"
                yield f"the trigger {name} of the audit log is off; run: {mend}"
        elif row["kind"] & _BEFORE:
            yield f"the trigger {name} of the audit log is not of this program and acts before its own"
    for name in connection.exec_driver_sql(_RULES).scalars():
        yield f"the rule {name} of the audit log is not of this program"
    if (role := connection.exec_driver_sql(_ROLE).scalar()) != "origin":
        yield f"no trigger of the audit log acts: session_replication_role is {role}"


def _others_on_sqlite(connection: sa.Connection) -> Iterator[str]:
    for name, sql in connection.exec_driver_sql(_SQLITE):
        if name not in _DIGESTS["sqlite"] and not _AFTER.match(" ".join(sql.split())):
            yield f"the trigger {name} of the audit log is not of this program and acts before its own"
