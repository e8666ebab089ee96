"""Opening the database: checked, migrated, and set aside when it is damaged."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config as Alembic
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from appliance.store import revisions
from appliance.store.errors import StoreCorrupt, StoreError, translate

log = logging.getLogger(__name__)

ASIDE_KEPT = 3
"""Damaged databases that are kept for whoever wants to look at them; the oldest goes."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A commit that was answered for is on the disk, also after a power cut.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_size_limit=67108864",
)


@dataclass(frozen=True)
class Store:
    """The open database; ``aside`` is where a damaged one was put at this start."""

    path: Path
    engine: Engine
    aside: Path | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the database. Raises StoreError."""
        with _translated(self.path), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes become durable together at the end, or not at all. Raises StoreError."""
        with _translated(self.path), self.engine.connect() as connection:
            connection = connection.execution_options(jeoul_write=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_store(path: Path) -> Store:
    """Return the database, made or migrated where needed; a damaged one is set aside and a new one begun.

    Raises StoreError where neither is possible, for example on a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _open(path)
    except StoreCorrupt as error:
        aside = set_aside(path)
        log.error("%s It is kept as %s, and a new database is begun.", error, aside)
        fresh = _open(path)
        return Store(path, fresh.engine, aside)


def set_aside(path: Path) -> Path:
    """Move a database and its journals out of the way; return its new place."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("-wal", "-shm", ""):
        try:
            os.replace(f"{path}{suffix}", f"{aside}{suffix}")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"The damaged database {path} cannot be moved away: {error.strerror}.") from error
    old = sorted(p for p in path.parent.glob(f"{path.name}.damaged-*") if not p.name.endswith(("-wal", "-shm")))
    # A clock may have been set back: the one of this moment stays in any case.
    for one in [other for other in old if other != aside][: 1 - ASIDE_KEPT]:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{one}{suffix}").unlink(missing_ok=True)
    return aside


def _open(path: Path) -> Store:
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise StoreCorrupt(f"The database {path} may not be read and written by this process.")
    engine = create_engine(f"sqlite:///{path}", pool_size=8, max_overflow=8)
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    old = os.umask(0o077)  # the journals get the rights of the database
    try:
        with _translated(path):
            _check(engine, path)
            _migrate(engine, path)
            _check_head(engine)
    except BaseException:
        engine.dispose()
        raise
    finally:
        os.umask(old)
    return Store(path, engine)


def _connected(connection: sqlite3.Connection, _: object) -> None:
    # pysqlite's own idea of transactions begins them late and not for reading; here _begun does.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begun(connection: Connection) -> None:
    # A writer takes its place at once: it reads the newest revision and adds the next in one piece.
    writes = connection.get_execution_options().get("jeoul_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _check(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if said != "ok" or broken is not None:
        raise StoreCorrupt(f"The database {path} is damaged: {said if said != 'ok' else 'its tables do not fit'}.")


def _check_head(engine: Engine) -> None:
    # A page can be whole and wrong; the newest document is what the box will be managed by.
    with engine.connect() as connection:
        newest = revisions.head(connection)
        if newest is not None and revisions.document(connection, newest.number) is None:
            raise StoreCorrupt(f"The document of the newest revision {newest.number} is not in the database.")


def _migrate(engine: Engine, path: Path) -> None:
    config = Alembic()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.connect().execution_options(jeoul_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreCorrupt(f"The database {path} was written by other software: {error}.") from error


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise translate(error.orig, path) from error
    except sqlite3.Error as error:
        raise translate(error, path) from error
