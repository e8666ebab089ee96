"""What the routes work with: one object for the application's life."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.api.commits import Commits
from appliance.api.director import Director
from appliance.api.passwords import Passwords
from appliance.api.throttle import Throttle
from appliance.store.database import Store
from appliance.wire.client import Client

log = logging.getLogger(__name__)


@dataclass
class Box:
    """The store, the other processes, and what guards the door; ``end`` stops the process so that it starts anew."""

    store: Store
    director: Director
    monitor: Client
    commits: Commits
    passwords: Passwords = field(default_factory=Passwords)
    throttle: Throttle = field(default_factory=Throttle)
    end: Callable[[], None] = lambda: None

    def fail(self, why: str) -> None:
        """Stop because of a damaged database: the next start sets it aside."""
        log.error("%s This process starts again to set it aside.", why)
        self.end()

    def close(self) -> None:
        """Let go of everything."""
        self.passwords.close()
        self.director.close()
        self.monitor.close()
        self.store.close()


def make_box(store: Store, end: Callable[[], None] = lambda: None) -> Box:
    """Return a box on an open store."""
    director = Director()
    box = Box(store, director, Client("monitor", timeout=15.0), Commits(store, director), end=end)
    if store.aside is not None:
        box.commits.notice(
            f"The database was damaged and set aside as {store.aside}: users and older revisions are in there, "
            "and the console shows a new first password."
        )
    return box
