"""The running revision on disk: what the box forwards by after every start, with api and its database dead or alive."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from appliance.model.config import Config
from appliance.model.migrations import migrate
from appliance.model.problems import Invalid
from appliance.reconcile import durable

type Source = Literal["running", "previous", "none"]


@dataclass(frozen=True)
class Running:
    """A revision: its number (0: none was ever committed), hash, time of commit, and document."""

    revision: int
    digest: str
    committed_at: float
    config: Config


NOTHING = Config(instances={})
"""What a box runs that was never configured."""


def load(folder: Path) -> tuple[Running, Source, list[str]]:
    """Return the revision to run, the file that it came from, and what was wrong with files that could not be used."""
    faults: list[str] = []
    missing = True
    names: tuple[Source, ...] = ("running", "previous")
    for source in names:
        try:
            return _read(folder / f"{source}.json"), source, faults
        except durable.Unreadable as error:
            faults.append(str(error))
            missing = missing and isinstance(error, durable.Missing)
    if missing:
        faults.clear()  # a new box: nothing was ever committed
    return Running(0, NOTHING.digest(), 0.0, NOTHING), "none", faults


def save(folder: Path, revision: int, digest: str, config: Config) -> Running:
    """Make a revision the running one on disk; the one before stays as ``previous.json``. Raises OSError."""
    running = Running(revision, digest, time.time(), config)
    folder.mkdir(parents=True, exist_ok=True)
    durable.keep_copy(folder / "running.json", folder / "previous.json")
    payload = {
        "revision": revision,
        "digest": digest,
        "committed_at": running.committed_at,
        "document": config.model_dump(mode="json"),
    }
    durable.write(folder / "running.json", payload)
    return running


def _read(path: Path) -> Running:
    payload = durable.read(path)
    try:
        # A committed document is not judged again: newer software may know more problems, and the box must still run.
        config = Config.model_validate(migrate(payload["document"]))
        return Running(int(payload["revision"]), str(payload["digest"]), float(payload["committed_at"]), config)
    except (KeyError, TypeError, ValueError, ValidationError, Invalid) as error:
        raise durable.Unreadable(f"{path}: {error}") from error
