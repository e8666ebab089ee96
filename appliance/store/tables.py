"""The tables as the newest migration leaves them; times are Unix seconds."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table

METADATA = MetaData()

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, ForeignKey("revisions.number"), nullable=True),
    Column("author", String, nullable=False),
    Column("time", Float, nullable=False),
    Column("comment", String, nullable=False),
    Column("digest", String(64), nullable=False, index=True),
    # Canonical document, zlib; its bytes are counted when the oldest have to go.
    Column("size", Integer, nullable=False),
    Column("document", LargeBinary, nullable=True),
)

USERS = Table(
    "users",
    METADATA,
    Column("name", String, primary_key=True),
    Column("hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    # The password was made here and not chosen by its person; it may have a last day.
    Column("one_time", Boolean, nullable=False),
    Column("one_time_until", Float, nullable=True),
    Column("created", Float, nullable=False),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("user", String, ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    # Seconds without a request after which it ends; none for programs that asked for a lifetime.
    Column("idle", Integer, nullable=True),
    Column("last_seen", Float, nullable=False),
    Column("address", String, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("time", Float, nullable=False),
    Column("user", String, nullable=False),
    Column("address", String, nullable=False),
    Column("action", String, nullable=False),
    Column("detail", String, nullable=False),
    sqlite_autoincrement=True,
)
