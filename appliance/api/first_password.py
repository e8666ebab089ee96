"""The first sign-in: user admin, with a password that only the box's own console shows."""

import logging
import os
import time
from pathlib import Path

from appliance.store import audit, secrets, users
from appliance.store.database import Store
from appliance.wire.places import runtime

log = logging.getLogger(__name__)

ADMIN = "admin"


def place() -> Path:
    """Return the file that holds the password for the console, until it is used."""
    return runtime("api") / "first-password"


def prepare(store: Store) -> None:
    """See to it that a box without an owner has a first password; the file is gone after a reboot, so it is made anew.

    Raises StoreError and OSError.
    """
    with store.read() as connection:
        people = users.listing(connection)
    admin = next((user for user in people if user.name == ADMIN), None)
    if people and (admin is None or not admin.one_time or admin.one_time_until is not None):
        forget()
        return
    if admin is not None and secrets.verify(admin.hash, _read()):
        return
    now, password = time.time(), secrets.one_time_password()
    hash = secrets.hash_password(password)
    # First the file: if the database fails now, the next start sees that they differ and makes both again.
    _write(password)
    with store.write() as connection:
        if admin is None:
            users.add(connection, users.User(ADMIN, hash, "admin", True, True, None, now))
        else:
            users.set_password(connection, ADMIN, hash, one_time=True)
        audit.add(connection, time=now, user="jeoul", address="console", action="first password", detail=ADMIN)
    log.info("user %s has a one-time password, which the console shows", ADMIN)


def forget() -> None:
    """Remove the file: the password is used."""
    place().unlink(missing_ok=True)


def _read() -> str:
    try:
        return place().read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _write(password: str) -> None:
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(password + "\n")
    fresh.rename(path)
