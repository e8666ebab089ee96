"""`make soak SOAK=power`: power cuts and reboots at random moments during commits."""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.images.power import cut_and_boot


def main() -> int:
    """Run as many cuts as the argument says; the seed is printed, and JEOUL_SEED repeats it."""
    image = Path(os.environ["JEOUL_CACHE"]) / "images" / "current" / "jeoul.img"
    seed = int(os.environ.get("JEOUL_SEED", time.time_ns() % 2**32))
    print(f"jeoul: {sys.argv[1]} cuts, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        lines = cut_and_boot(image, Path(folder), int(sys.argv[1]), seed)
    print(f"jeoul: {len(lines)} of {len(lines)} booted into a committed revision and forwarded again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
