"""What the command line remembers between two calls: server, token, and the certificate that it trusts."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

DEFAULT_SERVER = "https://127.0.0.1:8443"


@dataclass(frozen=True)
class Session:
    """Where one is signed in; ``certificate`` is the server's, PEM, trusted at the first sign-in."""

    server: str
    user: str = ""
    token: str = ""
    certificate: str = ""


def place() -> Path:
    """Return the session's file."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "jeoul" / "session.json"


def load() -> Session | None:
    """Return what is remembered; None for nothing or what cannot be read."""
    try:
        return Session(**json.loads(place().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def save(session: Session) -> None:
    """Remember a session, readable by its owner only. Raises OSError."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(asdict(session), file)
    fresh.rename(path)
