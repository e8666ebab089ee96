"""The history on real files: written, read back, rolled up, forgotten, and every way in which a disk goes wrong."""

import logging
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.telemetry.box import Series
from appliance.telemetry.history import History
from appliance.telemetry.tiers import DAY, HOUR

T = 1_800_000_000
assert T % 7200 == 0
A: Series = (("default", "pool web", "member s1"), "up")
B: Series = (("box",), "cpu_percent")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "monitor" / "history.db"


def fill(history: History, begin: int, seconds: int, *series: Series) -> None:
    """Add a sample of each second that says which second of its minute it is."""
    for tick in range(begin, begin + seconds):
        history.add(tick, {one: float(tick % 60) for one in series or (A,)})


def rows(place: Path, tier: int) -> int:
    with sqlite3.connect(place) as db:
        found = db.execute("SELECT COUNT(*) FROM chunks WHERE key >> 56 = ?", (tier,)).fetchone()[0]
    db.close()
    return int(found)


def test_what_goes_in_comes_out_before_and_after_it_is_written(place: Path) -> None:
    history = History(place)
    fill(history, T, 25)
    expected = [(float(t), float(t % 60)) for t in range(T, T + 25)]
    assert rows(place, 0) == 2
    assert history.samples(A, T, 1, T + 25) == expected
    assert history.samples(A, T + 5, 1, T + 25) == expected[5:]
    history.close(T + 25)
    assert History(place).samples(A, T, 1, T + 25) == expected


def test_nothing_is_written_more_often_than_every_ten_seconds(place: Path) -> None:
    history = History(place)
    sizes = set()
    for tick in range(T, T + 60):
        history.add(tick, {A: 1.0})
        sizes.add(rows(place, 0))
    assert sizes == {0, 1, 2, 3, 4, 5}


def test_steps_are_means(place: Path) -> None:
    history = History(place)
    fill(history, T, 60)
    assert history.samples(A, T, 20, T + 60) == [(T, 9.5), (T + 20, 29.5), (T + 40, 49.5)]


def test_a_restart_in_the_middle_of_a_chunk_loses_nothing(place: Path) -> None:
    for begin, end in ((0, 4), (4, 7), (7, 13)):
        history = History(place)
        fill(history, T + begin, end - begin)
        history.close(T + end)
    assert [value for _, value in History(place).samples(A, T, 1, T + 20)] == [float(t) for t in range(13)]


def test_rolled_up_samples_are_the_means_of_the_fine_ones(place: Path) -> None:
    history = History(place)
    fill(history, T, 4 * HOUR + 30, A, B)
    now = T + 4 * HOUR + 30
    minutes = history.samples(B, T, 60, now)
    assert [when for when, _ in minutes] == [float(T + 60 * i) for i in range(241)]
    assert {value for _, value in minutes[:-1]} == {29.5}
    assert {value for _, value in history.samples(B, T, 300, now)[:-1]} == {29.5}
    # Of the oldest hours only minutes are left, whatever is asked.
    fine = history.samples(A, T, 1, now)
    assert [b - a for (a, _), (b, _) in pairwise(fine[:101])] == [60.0] * 100
    assert [when for when, _ in fine[-3600:]] == [float(t) for t in range(now - 3600, now)]


def test_fine_samples_are_kept_for_an_hour_minutes_for_a_week(place: Path) -> None:
    history = History(place)
    fill(history, T, 2 * HOUR)
    assert 360 <= rows(place, 0) <= 362
    day = T + 8 * DAY
    for tick in range(T + 2 * HOUR, day, 300):
        history.add(tick, {A: 1.0})
    assert rows(place, 0) <= 14
    assert 7 * 144 <= rows(place, 1) <= 7 * 144 + 2
    assert rows(place, 2) == 8 * 12 - 1
    assert history.samples(A, 0, 300, day)[0][0] == T
    history.add(T + 731 * DAY, {A: 1.0})
    history.add(T + 731 * DAY + 10, {A: 1.0})
    assert history.samples(A, 0, 300, T + 731 * DAY + 10)[0][0] == T + DAY


def test_a_gap_stays_a_gap(place: Path) -> None:
    history = History(place)
    fill(history, T, 20)
    fill(history, T + 3 * DAY, 1300)
    now = T + 3 * DAY + 1300
    found = [when for when, _ in history.samples(A, T, 60, now)]
    assert found[0] == T
    assert found[1] == T + 3 * DAY


def test_series_without_samples_for_a_day_are_not_listed(place: Path) -> None:
    history = History(place)
    fill(history, T, 20, A, B)
    fill(history, T + 20, 10, A)
    assert history.series(T + 30) == [B, A]
    assert history.series(T + DAY + 25) == [A]
    history.close(T + 30)
    assert History(place).series(T + 30) == [B, A]
    assert History(place).series(T + 2 * DAY) == []


def test_a_number_is_used_again_only_when_nothing_is_left_of_its_series(place: Path) -> None:
    history = History(place)
    fill(history, T, 20, A)
    for tick in range(T + 730 * DAY, T + 735 * DAY, HOUR):
        history.add(tick, {B: 2.0})
    assert history.samples(A, 0, 1, T + 735 * DAY) == []
    new: Series = (("box", "nic eth0"), "bytes_in")
    history.add(T + 735 * DAY, {new: 3.0})
    history.add(T + 735 * DAY + 10, {new: 3.0})
    assert history.samples(new, 0, 1, T + 735 * DAY + 10) == [(T + 735 * DAY, 3.0), (T + 735 * DAY + 10, 3.0)]
    with sqlite3.connect(place) as db:
        assert sorted(row[0] for row in db.execute("SELECT id FROM series")) == [0, 1]
    history.close(T + 735 * DAY + 20)
    assert len(History(place).samples(B, 0, 300, T + 735 * DAY)) >= 100


def test_a_clock_that_is_set_back_writes_again(place: Path) -> None:
    history = History(place)
    fill(history, T, 2000)
    for tick in range(T + 600, T + 1900):
        history.add(tick, {A: 1000.0})
    now = T + 2000
    values = dict(history.samples(A, T, 1, now))
    assert (values[T + 599], values[T + 600], values[T + 1889]) == (59.0, 1000.0, 1000.0)
    minutes = dict(history.samples(A, T, 60, now))
    assert (minutes[T + 540], minutes[T + 600], minutes[T + 1140]) == (29.5, 1000.0, 1000.0)


@pytest.mark.parametrize("cap", [1 << 19, 4 << 20])
def test_the_file_never_exceeds_its_cap_and_the_newest_is_kept(place: Path, cap: int) -> None:
    dice = random.Random(1)
    history = History(place, cap)
    many: list[Series] = [(("default", f"member {i}"), "bytes_in") for i in range(128)]
    largest = 0
    now = T
    for tick in range(T, T + 2 * HOUR):
        history.add(tick, {one: dice.random() for one in many})
        if tick % 10 == 0:
            largest = max(
                largest, sum(file.stat().st_size for file in place.parent.iterdir() if "shm" not in file.name)
            )
        now = tick
    assert largest <= cap
    assert largest > cap // 2
    assert history.dropped == 0
    assert len(history.samples(many[5], now - 60, 1, now)) == 61
    kept = len([1 for when, _ in history.samples(many[5], 0, 1, now) if when > now - HOUR])
    assert kept < 3600 if cap == 1 << 19 else kept == 3600


def test_the_finest_goes_first_but_not_below_its_floor(place: Path) -> None:
    history = History(place, 5 << 19)
    dice = random.Random(1)
    many: list[Series] = [(("default", f"member {i}"), "bytes_in") for i in range(256)]
    for tick in range(T, T + 6000):
        history.add(tick, {one: dice.random() for one in many})
    assert 900 // 10 <= rows(place, 0) / 4 < 3600 // 10
    assert rows(place, 1) == 9 * 4
    assert history.dropped == 0


def _zeros(file: Path) -> None:
    with file.open("r+b") as raw:
        raw.seek(8192)
        raw.write(bytes(file.stat().st_size - 8192))


BROKEN: list[tuple[str, Callable[[Path], object]]] = [
    ("not a database", lambda file: file.write_bytes(b"not a database at all" * 1000)),
    ("cut off", lambda file: os.truncate(file, file.stat().st_size // 2 + 100)),
    ("zeros in the middle", _zeros),
]


@pytest.mark.parametrize(("what", "damage"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_file_is_set_aside_and_a_new_one_begun(
    place: Path, what: str, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    history = History(place)
    fill(history, T, 1300, *[((f"i{i}",), "m") for i in range(300)])
    history.close(T + 1300)
    damage(place)
    history = History(place)
    fill(history, T + 1300, 60)
    assert (place.parent / "history.db.broken").exists()
    assert len(history.samples(A, T + 1300, 1, T + 1360)) >= 40
    assert "set aside" in caplog.text
    history.close(T + 1360)
    with sqlite3.connect(place) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_rotten_bytes_in_a_sound_file_are_a_hole(place: Path) -> None:
    history = History(place)
    fill(history, T, 40)
    with sqlite3.connect(place) as db:
        db.execute("UPDATE chunks SET samples=x'00' WHERE key=(SELECT MIN(key) FROM chunks)")
    db.close()
    assert [when for when, _ in history.samples(A, T, 1, T + 40)] == [float(t) for t in range(T + 10, T + 40)]
    fill(history, T + 40, 700)
    assert len(history.samples(A, T, 60, T + 740)) == 13


FULL = """
import logging, sys
from pathlib import Path
from appliance.telemetry.history import History
logging.basicConfig(format="%(message)s")
from resource import RLIMIT_FSIZE, setrlimit
place, most = Path(sys.argv[1]), int(sys.argv[2])
many = [((f"i{i}",), "m") for i in range(640)]
history = History(place)
def fill(begin, seconds):
    for tick in range(begin, begin + seconds):
        history.add(tick, {one: hash((one, tick)) % 1e6 for one in many})
fill(1800000000, 30)
if most:
    setrlimit(RLIMIT_FSIZE, (most, -1))
fill(1800000030, 400)
print(history.dropped, len(history.series(1800000430)))
if most:
    setrlimit(RLIMIT_FSIZE, (-1, -1))
else:
    Path(sys.argv[3]).unlink()
before = history.dropped
fill(1800000430, 100)
print(history.dropped - before, len(history.samples(many[5], 1800000430, 1, 1800000530)))
"""


def _full(place: Path, most: int, ballast: str = "") -> tuple[list[list[int]], list[str]]:
    command = [sys.executable, "-c", FULL, str(place), str(most), ballast]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [[int(word) for word in line.split()] for line in done.stdout.splitlines()], done.stderr.splitlines()


def _check_full(numbers: list[list[int]], log: list[str]) -> None:
    (dropped, series), (dropped_after, stored) = numbers
    assert dropped > 100 * 640
    assert series == 640
    # Of those that waited when there was room again, ten seconds may be gone still.
    assert dropped_after <= 10 * 640
    assert stored >= 90
    assert [line.split(":")[0].split(";")[0].split(" to ")[0] for line in log] == [
        "history cannot be written",
        "history is written again",
    ]


def test_a_file_that_may_not_grow_costs_samples_and_nothing_else(place: Path) -> None:
    _check_full(*_full(place, 64 << 10))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.lab
def test_a_full_disk_costs_samples_and_nothing_else(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(3 << 20))
    _check_full(*_full(small_disk / "monitor" / "history.db", 0, str(ballast)))


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "monitor").write_text("a file in the way")
    history = History(tmp_path / "monitor" / "history.db")
    fill(history, T, 60)
    assert history.dropped == 50
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1
    (tmp_path / "monitor").unlink()
    fill(history, T + 60, 60)
    assert len(history.samples(A, T, 1, T + 120)) == 70
    assert "50 samples were dropped" in caplog.text


def test_a_power_cut_at_any_moment_leaves_a_sound_file(place: Path, tmp_path: Path) -> None:
    dice = random.Random(7)
    history = History(place, 8 << 20)
    many: list[Series] = [((f"i{i}",), "m") for i in range(640)]
    tick = T
    for cut in range(6):
        for _ in range(dice.randrange(20, 700)):
            tick += 1
            history.add(tick, {one: dice.random() for one in many})
        # What the disk holds at this moment, the log cut off anywhere, the shared memory gone.
        there = tmp_path / f"cut{cut}" / "history.db"
        there.parent.mkdir()
        shutil.copy(place, there)
        log = Path(f"{place}-wal").read_bytes()
        Path(f"{there}-wal").write_bytes(log[: dice.randrange(len(log) + 1)])
        again = History(there)
        fill(again, tick + 1, 30)
        assert len(again.samples(A, tick, 1, tick + 31)) == 30
        again.close(tick + 31)
        assert not (there.parent / "history.db.broken").exists()
        with sqlite3.connect(there) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()


KILLED = """
import sys, time
from pathlib import Path
from appliance.telemetry.history import History
history = History(Path(sys.argv[1]))
for tick in range(1800000000, 1900000000):
    history.add(tick, {((f"i{i}",), "m"): 1.0 for i in range(100)})
    if tick % 10 == 0:
        print(tick, flush=True)
"""


def test_a_kill_loses_only_what_was_not_written(place: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(place)], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    for _ in range(40):
        last = int(child.stdout.readline())
    child.kill()
    child.wait()
    found = History(place).samples((("i3",), "m"), T, 1, last + 1000)
    assert [when for when, _ in found][: last - T] == [float(t) for t in range(T, last)]
