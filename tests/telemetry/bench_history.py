"""What the history costs: run by hand, `python -m tests.telemetry.bench_history [series] [minutes]`.

Half of the series are busy (random), a quarter still, a quarter zero, as on a box with idle services.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from appliance.telemetry.box import Series
from appliance.telemetry.history import History


def _written() -> int:
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["wchar"])


def main(count: int, minutes: int) -> None:
    names: list[Series] = [(("default", f"member {i // 8}"), f"metric {i % 8}") for i in range(count)]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        history = History(Path(folder) / "history.db")
        begin = 1_800_000_000
        plain: list[float] = []
        flushes: list[float] = []
        rolls: list[float] = []
        wrote = _written()
        for tick in range(begin, begin + minutes * 60):
            line = {
                name: random.random() * 1e6 if i % 4 < 2 else (42.0 if i % 4 == 2 else 0.0)
                for i, name in enumerate(names)
            }
            at = time.process_time()
            history.add(tick, line)
            spent = time.process_time() - at
            (rolls if tick % 600 == 0 else flushes if tick % 10 == 0 else plain).append(spent)
        now = begin + minutes * 60
        wrote = _written() - wrote
        for what, times in (("tick", plain), ("tick with a write", flushes), ("tick with a roll-up", rolls)):
            mean = sum(times) / max(1, len(times)) * 1000
            print(f"{count} series, {what}: mean {mean:.2f} ms, most {max(times, default=0) * 1000:.2f} ms")
        total = sum(plain) + sum(flushes) + sum(rolls)
        print(f"all of it: {100 * total / (minutes * 60):.2f}% of a core")
        print(
            f"written: {wrote / minutes * 60 / 1e6:.1f} MB an hour; file {os.path.getsize(history.path) / 1e6:.1f} MB"
        )
        for step, span in ((1, 3600), (60, 86400 * 7), (300, 86400 * 730)):
            at = time.process_time()
            got = history.samples(names[1], now - span, step, now)
            print(f"one series, step {step}: {len(got)} samples in {(time.process_time() - at) * 1000:.1f} ms")
        history.close(now)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, int(sys.argv[2]) if len(sys.argv) > 2 else 30)
