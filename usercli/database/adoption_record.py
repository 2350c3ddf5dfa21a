"""What an adoption records, and the whole of it as SQL for a database administrator."""

from __future__ import annotations

import json

from usercli.database.adopted_table import ADOPTED
from usercli.database.adoption_facts import TableFacts
from usercli.database.adoption_plan import AdoptionPlan, view_sql
from usercli.database.adoption_sql import EMAIL_KEY

_BATCH = 5000  # rows
_LOCK_SECONDS = 2

RECORD = f"""
CREATE TABLE {ADOPTED} (
    base text NOT NULL,
    state text NOT NULL CHECK (state IN ('preparing', 'adopted')),
    at timestamp with time zone NOT NULL DEFAULT now(),
    undo jsonb NOT NULL,
    conditions jsonb NOT NULL
)
"""


def record_values(plan: AdoptionPlan, *, preparing: bool = False) -> dict[str, str]:
    """The record of an adoption, or of the preparation of one."""
    undo = plan.undo("prepare", "index") if preparing else plan.undo()
    if not preparing and plan.needs_view:
        undo = [f"DROP VIEW IF EXISTS {plan.facts.here}.users", *undo]
    conditions = [list(item) for item in plan.conditions]
    return {"base": plan.facts.sql, "undo": json.dumps(undo), "conditions": json.dumps(conditions)}


def way_sql(plan: AdoptionPlan, ours: str) -> str:
    """The adoption as SQL in small steps, for psql; `ours` makes the other tables."""
    facts = plan.facts
    parts = [
        f"-- The adoption of {facts.sql}, for psql. Run it as {facts.owner}, while no other usercli works.",
        "-- Each statement up to part 4 commits by itself; one that did not get its lock can be run again.",
        "\\set ON_ERROR_STOP on",
        f"SET lock_timeout = '{_LOCK_SECONDS}s';",
        "SET timezone = 'UTC';",
        "-- 1. Columns, functions and triggers: short locks",
        *(f"{step.sql};" for step in plan.part("prepare")),
        "-- 2. The keys, a few thousand rows at a time",
        _fill_loop(facts),
        "-- 3. Indexes, beside the writers",
        *(f"{_concurrent(step.sql)};" for step in plan.part("index")),
        "-- 4. The rest, in one transaction",
        "BEGIN;",
        f"LOCK TABLE {facts.sql} IN ACCESS EXCLUSIVE MODE;",
        *(f"{step.sql};" for step in plan.part("adopt")),
        *([f"ALTER TABLE {facts.sql} RENAME TO users;"] if plan.needs_view else []),
        ours.strip(),
        *_named_back(plan),
        f"{RECORD.strip()};",
        _record_sql(plan),
        "COMMIT;",
        "-- 5. Then: usercli db check",
    ]
    return "\n".join(parts) + "\n"


def _named_back(plan: AdoptionPlan) -> list[str]:
    if not plan.needs_view:
        return []
    return [f"ALTER TABLE {plan.facts.schema}.users RENAME TO {plan.facts.quoted};", f"{view_sql(plan.facts)};"]


def _record_sql(plan: AdoptionPlan) -> str:
    values = record_values(plan)
    given = ", ".join("'" + values[name].replace("'", "''") + "'" for name in ("base", "undo", "conditions"))
    return f"INSERT INTO {ADOPTED} (base, undo, conditions, state) VALUES ({given}, 'adopted');"  # noqa: S608 - quoted


def _concurrent(sql: str) -> str:
    return sql if " CONCURRENTLY " in sql else sql.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)


def _fill_loop(facts: TableFacts) -> str:
    off = "".join(f"\n        ALTER TABLE {facts.sql} DISABLE TRIGGER {name};" for name in facts.triggers)
    on = "".join(f"\n        ALTER TABLE {facts.sql} ENABLE TRIGGER {name};" for name in facts.triggers)
    return f"""DO $$
DECLARE filled int;
BEGIN
    LOOP{off}
        UPDATE {facts.sql} SET email_key = {facts.here}.{EMAIL_KEY}(email) WHERE id IN (
            SELECT id FROM {facts.sql} WHERE email_key IS NULL LIMIT {_BATCH} FOR NO KEY UPDATE SKIP LOCKED);
        GET DIAGNOSTICS filled = ROW_COUNT;{on}
        COMMIT;
        EXIT WHEN filled = 0;
    END LOOP;
END $$;"""  # noqa: S608 - quoted
