"""Check the hash of new events on PostgreSQL.

Revision: 20261126_0600
Revises: 20261121_0500

Who may add to the log could add an event with any hash, and with it a break that is in the log for good. The
trigger computes `hash` anew from the columns that it is of. It cannot compute `body_hash`, whose JSON PostgreSQL
does not keep as it was hashed; a wrong one breaks one event and not the chain. SQLite has no SHA-256.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "20261126_0600"
down_revision: str | Sequence[str] | None = "20261121_0500"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FUNCTION = """
    CREATE OR REPLACE FUNCTION audit_events_append() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        head record;{moment}
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
        EXECUTE format('SELECT seq > $1 FROM %s ORDER BY seq DESC LIMIT 1', log) INTO behind USING last_seq;
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
        END IF;{hashes}
        RETURN NULL;
    END $$
"""

# Most statements add events of one time: it is formatted once. A million events take some three seconds more.
_HASHES = """
        SELECT at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS stamp INTO moment
            FROM added LIMIT 1;
        IF EXISTS (
            SELECT FROM added
            WHERE hash <> encode(sha256(convert_to(prev_hash || E'\\n' || seq || E'\\n' || CASE
                    WHEN at = moment.at THEN moment.stamp
                    ELSE to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                END || E'\\n' || body_hash || E'\\n', 'UTF8')), 'hex')
                OR length(body_hash) <> 64 OR length(personal_hash) <> 64 OR length(salt) <> 32
                OR personal IS NULL OR salt IS NULL
        ) THEN
            RAISE EXCEPTION 'audit_events: a hash does not fit its row';
        END IF;"""


def upgrade() -> None:
    _define(_HASHES)


def downgrade() -> None:
    _define("")


def _define(hashes: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        moment = "\n        moment record;" if hashes else ""
        op.execute(_FUNCTION.replace("{moment}", moment).replace("{hashes}", hashes))
