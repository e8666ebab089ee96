"""The first layout."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

AUDIT_KEPT = 100_000


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "revisions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("parent", sa.Integer, sa.ForeignKey("revisions.number"), nullable=True),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=True),
    )
    op.create_index("ix_revisions_digest", "revisions", ["digest"])
    op.create_table(
        "users",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("must_change_password", sa.Boolean, nullable=False),
        sa.Column("one_time", sa.Boolean, nullable=False),
        sa.Column("one_time_until", sa.Float, nullable=True),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("user", sa.String, sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("idle", sa.Integer, nullable=True),
        sa.Column("last_seen", sa.Float, nullable=False),
        sa.Column("address", sa.String, nullable=False),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    # The database itself keeps the trail: what was written stays as it is, and only what is very old may go.
    op.execute(
        "CREATE TRIGGER audit_stays_as_it_is BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_stays BEFORE DELETE ON audit "
        f"WHEN OLD.number > (SELECT max(number) FROM audit) - {AUDIT_KEPT} "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END"
    )
    op.execute(
        "CREATE TRIGGER revisions_stay BEFORE DELETE ON revisions "
        "BEGIN SELECT RAISE(ABORT, 'a revision is never removed'); END"
    )
