"""Comment on every table and column on PostgreSQL.

Revision: 20261126_0700
Revises: 20261126_0600

A comment that is there already stays, and so does an adopted table of another owner. The way down removes those
that this revision set. SQLite has no comments.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "20261126_0700"
down_revision: str | Sequence[str] | None = "20261126_0600"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COMMENTS: dict[str, tuple[str, dict[str, str]]] = {
    "users": (
        "People and programs that may sign in; rules for other writers in docs/table.md of usercli",
        {
            "id": "The permanent id, a UUID",
            "email": "The address as typed",
            "email_key": "The normalized address, which no other user outside the recycle bin has",
            "full_name": "The name as shown, may be empty",
            "hashed_password": "A hash in the format of passlib; ! means no password",
            "is_active": "Whether the user may sign in",
            "must_change_password": "Whether a new password must be chosen at the next sign-in",
            "password_changed_at": "When the password was last set",
            "expires_at": "From this time on the user may not sign in; NULL is never",
            "last_login_at": "The last sign-in; NULL where none is recorded",
            "attributes": "A JSON object with what else the service needs",
            "version": "Counts the changes, from 1",
            "deleted_at": "When the user was moved to the recycle bin; NULL outside of it",
            "was_active": "In the recycle bin: is_active before",
            "managed_by": "Its desired-state file",
            "created_at": "When the row was created",
            "updated_at": "When the row was last changed",
        },
    ),
    "roles": (
        "Names that users hold",
        {
            "id": "The permanent id, a UUID",
            "name": "What the role is called",
            "description": "What it is for, may be empty",
            "administrative": "Whether its last holder is guarded",
            "created_at": "When the row was created",
            "updated_at": "When the row was last changed",
        },
    ),
    "user_roles": (
        "Which user holds which role",
        {
            "user_id": "Who holds the role",
            "role_id": "Which role",
            "granted_at": "Since when",
            "granted_by": "Who granted it",
        },
    ),
    "audit_events": (
        "What was changed, by whom and when; append-only, chained by hash",
        {
            "seq": "1, 2, 3, ... without a gap",
            "change_id": "All events of one command have the same",
            "at": "The time by the clock of the server, in UTC",
            "action": "What was done, as user.created",
            "outcome": "done; or conflict or refused where it was not done",
            "target_kind": "user or role",
            "target_id": "The id of the user or role",
            "before": "The changed fields before, without personal data",
            "after": "The changed fields after, without personal data",
            "undoes": "The change_id that this event reverts",
            "db_role": "The role of the database; empty on SQLite",
            "tool": "The program and its version",
            "personal": "Personal data as a JSON text; NULL once erased",
            "salt": "Random digits for personal_hash; NULL once erased",
            "personal_hash": "The hash of personal and salt, which stays after an erasure",
            "body_hash": "The hash of the other columns",
            "prev_hash": "The hash of the event before",
            "hash": "The hash of this event and of all before it",
        },
    ),
    "import_progress": (
        "How far each import that can be resumed has come",
        {
            "digest": "SHA-256 of the file",
            "change_id": "The change_id of its events in audit_events",
            "options": "What decides what is written; the same on every run",
            "summary": "Counts so far",
            "reject_bytes": "How long the file of rejected rows was",
            "started_at": "When the import began",
            "updated_at": "When it last wrote users",
            "finished_at": "When it was done; NULL before",
        },
    ),
}

_EACH = """
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT here.oid::regclass AS place, said.column_name, {comment} AS comment
        FROM (VALUES
            {rows}
        ) AS said (table_name, column_name, comment)
        JOIN pg_class AS here ON here.oid = to_regclass(said.table_name) AND here.relkind IN ('r', 'p')
            AND pg_has_role(here.relowner, 'USAGE')
        LEFT JOIN pg_attribute ON attrelid = here.oid AND attname = said.column_name AND NOT attisdropped
        LEFT JOIN pg_description AS there
            ON there.objoid = here.oid AND there.classoid = CAST('pg_class' AS regclass)
            AND there.objsubid = coalesce(attnum, 0)
        WHERE (said.column_name = '' OR attnum IS NOT NULL) AND {condition}
    LOOP
        IF item.column_name = '' THEN
            EXECUTE format('COMMENT ON TABLE %s IS %L', item.place, item.comment);
        ELSE
            EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', item.place, item.column_name, item.comment);
        END IF;
    END LOOP;
END $$
"""


def upgrade() -> None:
    _comment("said.comment", "there.description IS NULL")


def downgrade() -> None:
    _comment("CAST(NULL AS text)", "there.description = said.comment")


def _comment(comment: str, condition: str) -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    rows = []
    for table, (of_table, columns) in _COMMENTS.items():
        for column, text in {"": of_table, **columns}.items():
            rows.append(", ".join("'" + item.replace("'", "''") + "'" for item in (table, column, text)))
    joined = ",\n            ".join(f"({row})" for row in rows)
    op.execute(_EACH.format(comment=comment, condition=condition, rows=joined))
