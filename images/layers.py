"""A cache of build steps: each step's result stands in a folder named by the digest of all that went into it."""

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
KEEP = 3
"""So many results of each step stay; older ones go when a new one is made."""


def cache() -> Path:
    """Return the cache folder (JEOUL_CACHE, /var/cache/jeoul where it is not set)."""
    return Path(os.environ.get("JEOUL_CACHE", "/var/cache/jeoul"))


def say(text: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(f"jeoul: {text}", file=sys.stderr, flush=True)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir() and not path.is_symlink():
        for child in sorted(path.iterdir()):
            if child.name != "__pycache__":
                yield from _files(child)
    elif path.is_symlink() or path.exists():
        yield path


def digest(*inputs: Path | str) -> str:
    """Return the digest of the inputs: a string by value, a path in the repository by names, x bits and content."""
    state = hashlib.sha256()
    for item in inputs:
        if isinstance(item, str):
            state.update(b"text\0" + item.encode() + b"\0")
            continue
        for file in _files(REPO / item):
            kind = "link" if file.is_symlink() else "x" if file.stat().st_mode & 0o100 else "file"
            content = os.readlink(file).encode() if kind == "link" else file.read_bytes()
            state.update(f"{kind}\0{file.relative_to(REPO)}\0{len(content)}\0".encode() + content)
    return state.hexdigest()[:16]


@contextmanager
def lock() -> Iterator[None]:
    """Hold the cache for one build; a second build waits and finds the first one's work."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "build.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def layer(name: str, key: str, make: Callable[[Path], None], folder: Path | None = None) -> Path:
    """Return the folder of the step's result, made by make(folder) unless the cache has it."""
    home = folder or cache() / "layers"
    made = home / (key if folder else f"{name}-{key}")
    if made.exists():
        say(f"{name}: cached")
        os.utime(made)
        return made
    say(f"{name}: making it")
    start = time.monotonic()
    # What a failed build left; we hold the lock, so nobody is at work there.
    for left in home.glob("*.new"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
    fresh = made.with_name(made.name + ".new")
    fresh.mkdir(parents=True)
    make(fresh)
    fresh.rename(made)
    # The folder may carry the time of what was copied into it.
    os.utime(made)
    say(f"{name}: {time.monotonic() - start:.1f} s")
    _forget(home, "" if folder else f"{name}-")
    return made


def _forget(home: Path, prefix: str) -> None:
    results = [path for path in home.glob(prefix + "*") if path.is_dir() and not path.is_symlink()]
    for old in sorted(results, key=lambda path: path.stat().st_mtime, reverse=True)[KEEP:]:
        shutil.rmtree(old)
