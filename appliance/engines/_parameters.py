"""Kernel parameters below /proc/sys, in the namespace that this thread is in."""

from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path("/proc/sys")


def read(names: Iterable[str]) -> dict[str, str]:
    """Return the values of parameters; one that the kernel does not have is left out."""
    values = {}
    for name in names:
        try:
            values[name] = (ROOT / name).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            continue
    return values


def write(values: Mapping[str, str]) -> None:
    """Set parameters. Raises OSError."""
    for name, value in values.items():
        (ROOT / name).write_text(value, encoding="ascii")
