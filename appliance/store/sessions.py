"""Sessions: the hash of a token, never the token."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select, update

from appliance.store.tables import SESSIONS

MOST = 50
"""Sessions of one person; the oldest goes."""
SEEN_STEP = 60.0
"""Seconds between two notes of when a session was last seen: a request need not write to the disk."""


@dataclass(frozen=True)
class Session:
    """A session; ``idle`` is after how many seconds without a request it ends."""

    token_hash: str
    user: str
    created: float
    expires: float
    idle: int | None
    last_seen: float
    address: str

    def alive(self, now: float) -> bool:
        """Tell whether it still holds."""
        return now < self.expires and (self.idle is None or now < self.last_seen + self.idle)


def get(connection: Connection, token_hash: str) -> Session | None:
    """Return a session by its token's hash."""
    row = connection.execute(select(SESSIONS).where(SESSIONS.c.token_hash == token_hash)).first()
    return None if row is None else Session(*row)


def add(connection: Connection, session: Session) -> None:
    """Add a session; ended ones and a person's oldest beyond the limit go."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.expires <= session.created))
    query = select(SESSIONS.c.token_hash).where(SESSIONS.c.user == session.user).order_by(SESSIONS.c.created.desc())
    for (old,) in connection.execute(query).all()[MOST - 1 :]:
        remove(connection, old)
    connection.execute(SESSIONS.insert().values(**asdict(session)))


def seen(connection: Connection, token_hash: str, now: float) -> None:
    """Note that a session is in use."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.token_hash == token_hash).values(last_seen=now))


def remove(connection: Connection, token_hash: str) -> None:
    """End a session."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == token_hash))


def remove_all(connection: Connection, user: str, but: str = "") -> None:
    """End a person's sessions, but for one."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.user == user, SESSIONS.c.token_hash != but))
