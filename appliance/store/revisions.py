"""Revisions: whole documents, numbered without gaps, never changed."""

import hashlib
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from appliance.store.errors import StoreCorrupt, StoreError
from appliance.store.tables import REVISIONS

COMMENT_LONGEST = 500
"""Characters of a comment."""
DOCUMENT_LARGEST = 64 << 20
"""Bytes of a canonical document; one of 16 MiB as people write it has its defaults written out here."""
KEPT = 200 << 20
"""Bytes of all documents, packed. Beyond it the oldest documents go; who, when and why stay."""


@dataclass(frozen=True)
class Revision:
    """A revision without its document; ``kept`` is False when the document has been dropped for room."""

    number: int
    parent: int | None
    author: str
    time: float
    comment: str
    digest: str
    kept: bool


_COLUMNS = (
    REVISIONS.c.number, REVISIONS.c.parent, REVISIONS.c.author, REVISIONS.c.time, REVISIONS.c.comment,
    REVISIONS.c.digest, REVISIONS.c.document.is_not(None).label("kept"),
)  # fmt: skip


def head(connection: Connection) -> Revision | None:
    """Return the newest revision."""
    return _one(connection.execute(select(*_COLUMNS).order_by(REVISIONS.c.number.desc()).limit(1)).first())


def get(connection: Connection, number: int) -> Revision | None:
    """Return a revision by its number."""
    return _one(connection.execute(select(*_COLUMNS).where(REVISIONS.c.number == number)).first())


def with_digest(connection: Connection, digest: str) -> Revision | None:
    """Return the newest revision with a digest."""
    query = select(*_COLUMNS).where(REVISIONS.c.digest == digest).order_by(REVISIONS.c.number.desc()).limit(1)
    return _one(connection.execute(query).first())


def listing(connection: Connection, before: int | None, limit: int) -> list[Revision]:
    """Return revisions, newest first, below a number."""
    query = select(*_COLUMNS).order_by(REVISIONS.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(REVISIONS.c.number < before)
    return [Revision(*row) for row in connection.execute(query)]


def document(connection: Connection, number: int) -> bytes | None:
    """Return a revision's canonical document, or None where it has been dropped. Raises StoreCorrupt."""
    query = select(REVISIONS.c.document, REVISIONS.c.digest).where(REVISIONS.c.number == number)
    row = connection.execute(query).one()
    if row.document is None:
        return None
    try:
        canonical = zlib.decompress(row.document)
    except zlib.error:
        raise StoreCorrupt(f"The document of revision {number} is damaged in the database.") from None
    if hashlib.sha256(canonical).hexdigest() != row.digest:
        raise StoreCorrupt(f"The document of revision {number} does not have its hash any more.")
    return canonical


def insert(
    connection: Connection, *, author: str, time: float, comment: str, canonical: bytes, first: int = 1
) -> Revision:
    """Add the next revision and return it; ``first`` is the number that an empty database begins with."""
    if len(canonical) > DOCUMENT_LARGEST:
        raise StoreError(f"The document is larger than {DOCUMENT_LARGEST >> 20} MiB with its defaults written out.")
    newest = connection.execute(select(func.max(REVISIONS.c.number))).scalar()
    number = first if newest is None else newest + 1
    digest = hashlib.sha256(canonical).hexdigest()
    packed = zlib.compress(canonical, 6)
    revision = Revision(number, newest, author, time, comment[:COMMENT_LONGEST], digest, True)
    values = {name: value for name, value in asdict(revision).items() if name != "kept"}
    connection.execute(REVISIONS.insert().values(**values, size=len(packed), document=packed))
    _make_room(connection, number)
    return revision


def _make_room(connection: Connection, newest: int) -> None:
    kept = REVISIONS.c.document.is_not(None)
    total = connection.execute(select(func.sum(REVISIONS.c.size)).where(kept)).scalar() or 0
    if total <= KEPT:
        return
    query = select(REVISIONS.c.number, REVISIONS.c.size).where(kept, REVISIONS.c.number < newest)
    for number, size in connection.execute(query.order_by(REVISIONS.c.number)).all():
        if total <= KEPT:
            return
        connection.execute(update(REVISIONS).where(REVISIONS.c.number == number).values(document=None))
        total -= size


def _one(row: Row[*tuple[Any, ...]] | None) -> Revision | None:
    return None if row is None else Revision(*row)
