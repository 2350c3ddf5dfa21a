"""Find the end of the audit log by its index.

Revision: 20261121_0500
Revises: 20261121_0400

Asked whether any row lies behind the new ones, PostgreSQL may read the whole table, as long as it has no
statistics of a log that grows: every commit took longer than the one before. Asked for the last row, it takes
the index.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "20261121_0500"
down_revision: str | Sequence[str] | None = "20261121_0400"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FUNCTION = """
    CREATE OR REPLACE FUNCTION audit_events_append() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        head record;
        first_seq bigint;
        last_seq bigint;
        number bigint;
        behind boolean;
        log text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
    BEGIN
        SELECT min(seq), max(seq), count(*) INTO first_seq, last_seq, number FROM added;
        IF number = 0 THEN
            RETURN NULL;
        END IF;
        EXECUTE format('SELECT seq, hash, at FROM %s WHERE seq < $1 ORDER BY seq DESC LIMIT 1', log)
            INTO head USING first_seq;
        {behind}
        IF behind OR first_seq <> coalesce(head.seq, 0) + 1 OR last_seq - first_seq + 1 <> number THEN
            RAISE EXCEPTION 'audit_events: seq does not continue the log';
        END IF;
        IF EXISTS (
            SELECT FROM (
                SELECT prev_hash, at,
                    lag(hash, 1, coalesce(head.hash, repeat('0', 64))) OVER w AS hash_before,
                    lag(at, 1, head.at) OVER w AS at_before
                FROM added WINDOW w AS (ORDER BY seq)
            ) AS link
            WHERE prev_hash <> hash_before OR at < at_before
                OR at < transaction_timestamp() OR at > greatest(clock_timestamp(), head.at)
        ) THEN
            RAISE EXCEPTION 'audit_events: the row does not continue the chain, or its time is not now';
        END IF;
        RETURN NULL;
    END $$
"""
_BY_INDEX = "SELECT seq > $1 FROM %s ORDER BY seq DESC LIMIT 1"
_BY_EXISTENCE = "SELECT EXISTS (SELECT FROM %s WHERE seq > $1)"


def upgrade() -> None:
    _ask(_BY_INDEX)


def downgrade() -> None:
    _ask(_BY_EXISTENCE)


def _ask(question: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        statement = f"EXECUTE format('{question}', log) INTO behind USING last_seq;"
        op.execute(_FUNCTION.replace("{behind}", statement))
