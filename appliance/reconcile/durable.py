"""Files that survive a power cut: written whole beside their place, flushed, and moved there."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any


class Unreadable(Exception):
    """A durable file is not what was written; its text says which and why."""


class Missing(Unreadable):
    """A durable file is not there: it was never written."""


def write(path: Path, payload: dict[str, Any]) -> None:
    """Replace a file's content: after this returns it is the new one, and at every moment before the old one.

    Raises OSError (a full disk, for example); the old content stands then.
    """
    body = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    line = hashlib.sha256(body.encode()).hexdigest() + "\n"
    fresh = path.with_name(path.name + ".new")
    try:
        with open(fresh, "w", encoding="utf-8", opener=_private) as file:
            file.write(line + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def read(path: Path) -> dict[str, Any]:
    """Return a file's content. Raises Unreadable."""
    try:
        line, _, body = path.read_text(encoding="utf-8").partition("\n")
    except FileNotFoundError:
        raise Missing(f"{path}: it is not there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path}: {error}") from error
    if hashlib.sha256(body.encode()).hexdigest() != line:
        raise Unreadable(f"{path}: its checksum does not fit")
    payload = json.loads(body)
    if not isinstance(payload, dict):
        raise Unreadable(f"{path}: it holds no object")
    return payload


def keep_copy(path: Path, copy: Path) -> None:
    """Make ``copy`` the present content of ``path`` without writing it again; do nothing where there is none."""
    fresh = copy.with_name(copy.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        os.link(path, fresh)
    except FileNotFoundError:
        return
    os.replace(fresh, copy)
    flush_folder(copy.parent)


def flush_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
