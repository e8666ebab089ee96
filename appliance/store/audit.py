"""The audit trail: who did what, when and from where. The database itself refuses to change or shorten it."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from appliance.store.tables import AUDIT

KEPT = 100_000
"""Entries that stay; the first migration holds the same number in a trigger."""
LONGEST = 1000
"""Characters of an entry's detail."""


@dataclass(frozen=True)
class Entry:
    """One entry."""

    number: int
    time: float
    user: str
    address: str
    action: str
    detail: str


def add(connection: Connection, *, time: float, user: str, address: str, action: str, detail: str = "") -> None:
    """Add an entry; what is older than the newest hundred thousand goes."""
    values = {"time": time, "user": user[:64], "address": address[:64], "action": action, "detail": detail[:LONGEST]}
    result = connection.execute(AUDIT.insert().values(**values))
    (number,) = result.inserted_primary_key or (0,)
    connection.execute(delete(AUDIT).where(AUDIT.c.number <= number - KEPT))


def listing(connection: Connection, before: int | None, limit: int) -> list[Entry]:
    """Return entries, newest first, below a number."""
    query = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(AUDIT.c.number < before)
    return [Entry(*row) for row in connection.execute(query)]
