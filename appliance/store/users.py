"""People and what they may do; only hashes of passwords are here."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, select, update

from appliance.store.errors import StoreError
from appliance.store.tables import USERS

MOST = 1000
"""People on one box."""


@dataclass(frozen=True)
class User:
    """A person; ``one_time`` says that the password was made here, until ``one_time_until`` where that is set."""

    name: str
    hash: str
    role: str
    must_change_password: bool
    one_time: bool
    one_time_until: float | None
    created: float


def get(connection: Connection, name: str) -> User | None:
    """Return a person by name."""
    row = connection.execute(select(USERS).where(USERS.c.name == name)).first()
    return None if row is None else User(*row)


def listing(connection: Connection) -> list[User]:
    """Return everybody, by name."""
    return [User(*row) for row in connection.execute(select(USERS).order_by(USERS.c.name))]


def add(connection: Connection, user: User) -> None:
    """Add a person. Raises StoreError beyond the limit."""
    if connection.execute(select(func.count()).select_from(USERS)).scalar_one() >= MOST:
        raise StoreError(f"There are {MOST} users already. Remove some that are not needed any more.")
    connection.execute(USERS.insert().values(**asdict(user)))


def set_password(connection: Connection, name: str, hash: str, *, one_time: bool, until: float | None = None) -> None:
    """Set a password; one made here must be changed by its person before anything else."""
    values = {"hash": hash, "must_change_password": one_time, "one_time": one_time, "one_time_until": until}
    connection.execute(update(USERS).where(USERS.c.name == name).values(**values))


def set_role(connection: Connection, name: str, role: str) -> None:
    """Set what a person may do."""
    connection.execute(update(USERS).where(USERS.c.name == name).values(role=role))


def remove(connection: Connection, name: str) -> None:
    """Remove a person and the person's sessions."""
    connection.execute(delete(USERS).where(USERS.c.name == name))


def count(connection: Connection, role: str) -> int:
    """Return how many people have a role."""
    query = select(func.count()).select_from(USERS).where(USERS.c.role == role)
    return int(connection.execute(query).scalar_one())
