"""Writes what the golden documents give now, and shows the difference: `python -m tests.golden.regenerate`."""

import difflib
import sys
from pathlib import Path

from tests.golden.documents import HERE, expected


def main() -> int:
    """Write the files and print the difference; 1 when there was one."""
    changed = 0
    wanted = dict(expected())
    for path, text in wanted.items():
        before = path.read_text() if path.exists() else ""
        if text != before or not path.exists():
            changed += 1
            path.write_text(text)
            lines = difflib.unified_diff(before.splitlines(True), text.splitlines(True), path.name, path.name, n=1)
            sys.stdout.writelines(lines)
    for path in _leftover(set(wanted)):
        path.unlink()
        changed += 1
        print(f"{path.name}: taken out, its document is gone")
    print(f"{changed} of {len(wanted)} files changed")
    return int(changed > 0)


def _leftover(wanted: set[Path]) -> list[Path]:
    found = [path for ending in ("problems", "rows", "steps") for path in HERE.glob(f"*/*.{ending}")]
    return sorted(path for path in found if path not in wanted)


if __name__ == "__main__":
    sys.exit(main())
