"""The order of a commit: judged, planned, stored, applied; and what holds when a process dies in between."""

import json
import time
from pathlib import Path

import pytest

from appliance.api.commits import Head, Move, move
from appliance.store import revisions
from appliance.store.database import open_store
from appliance.wire.client import Unreachable
from appliance.wire.messages import Committed, Status
from tests.api.conftest import Live, wait_until


def numbers(live: Live) -> list[int]:
    """Return the numbers of all revisions."""
    return [one["number"] for one in live.client().get("/api/v1/revisions").json()]


def test_without_a_director_nothing_is_stored(shop: Live) -> None:
    shop.director.kill()
    answer = shop.client().put("/api/v1/system", json={"hostname": "x"})
    assert answer.status_code == 503
    assert "director" in answer.json()["error"]
    assert answer.json()["hint"].startswith("Nothing was changed.")
    assert numbers(shop) == [2, 1]
    assert shop.client().get("/api/v1/config").status_code == 200
    assert shop.client().get("/api/v1/status").status_code == 503
    wrong = shop.client().put("/api/v1/system", json={"hostname": ""})
    assert wrong.status_code == 422


def test_a_director_that_dies_after_the_revision_is_stored_gets_it_later(shop: Live) -> None:
    original = shop.box.director.commit

    async def dies(revision: int, digest: str, document: dict[str, object]) -> Committed:
        # The revision is durable by now: this is the moment between the two.
        with shop.box.store.read() as connection:
            assert connection.exec_driver_sql("SELECT max(number) FROM revisions").scalar_one() == revision
        shop.director.kill()
        shop.box.director.commit = original  # type: ignore[method-assign]
        return await original(revision, digest, document)

    shop.box.director.commit = dies  # type: ignore[method-assign]
    answer = shop.client().put("/api/v1/system", json={"hostname": "after"})
    assert answer.status_code == 200
    done = answer.json()
    assert (done["revision"], done["applied"]) == (3, False)
    assert "will be applied" in done["note"]
    assert done["steps"][0]["new"] == {"name": "after"}
    shop.director.start()
    wait_until(lambda: shop.box.commits.applied())
    status = shop.client().get("/api/v1/status").json()
    assert (status["revision"], status["digest"], status["applied"]) == (3, done["digest"], True)
    again = shop.client().put("/api/v1/system", json={"hostname": "after"}).json()
    assert (again["revision"], again["applied"], again["steps"]) == (3, True, [])


def test_an_api_that_died_in_between_pushes_at_its_next_start(shop: Live) -> None:
    async def never(*_: object) -> Committed:
        raise Unreachable("killed")

    shop.box.director.commit = never  # type: ignore[method-assign, assignment]
    assert shop.client().put("/api/v1/system", json={"hostname": "late"}).json()["applied"] is False
    shop.stop()
    shop.start()
    wait_until(lambda: shop.box.commits.applied())
    assert shop.client().get("/api/v1/status").json()["revision"] == 3


def test_a_director_with_no_memory_gets_the_newest_revision(shop: Live) -> None:
    shop.director.kill()
    for file in (shop.folder / "state/director").glob("*.json"):
        file.unlink()
    shop.director.start()
    wait_until(lambda: shop.client().get("/api/v1/status").json()["revision"] == 2)


def test_a_lost_database_begins_with_what_the_box_runs(shop: Live) -> None:
    document = shop.client().get("/api/v1/config").json()
    shop.client().put("/api/v1/system", json={"hostname": "kept"})
    shop.stop()
    (shop.folder / "api/jeoul.db").write_bytes(b"power cut" * 1000)
    shop.start()
    wait_until(lambda: shop.box.commits.applied())
    [only] = shop.client().get("/api/v1/revisions").json()
    assert (only["number"], only["author"], only["parent"]) == (3, "director", None)
    assert shop.client().get("/api/v1/config").json() == document | {"system": {"hostname": "kept"}}
    notices = shop.client().get("/api/v1/status").json()["notices"]
    assert any("set aside" in notice for notice in notices)
    assert shop.client().put("/api/v1/system", json={"hostname": "next"}).json()["revision"] == 4


def test_a_damaged_database_is_set_aside_with_its_name_told(shop: Live, tmp_path: Path) -> None:
    shop.stop()
    (shop.folder / "api/jeoul.db").write_bytes(b"power cut" * 1000)
    shop.start()
    aside = shop.box.store.aside
    assert aside is not None
    assert aside.read_bytes().startswith(b"power cut")
    notices = shop.client().get("/api/v1/status").json()["notices"]
    assert any(str(aside) in notice for notice in notices)
    assert (shop.folder / "run/jeoul-api/first-password").exists()


def test_a_database_that_breaks_while_it_is_used_ends_the_process(shop: Live) -> None:
    client = shop.client()
    with shop.box.store.write() as connection:
        connection.exec_driver_sql("UPDATE revisions SET document = x'00' WHERE number = 1")
    assert client.get("/api/v1/revisions/1").status_code == 503
    assert shop.ended.is_set()


def test_a_revision_of_older_software_is_brought_to_this_ones_form(shop: Live) -> None:
    shop.stop()
    store = open_store(shop.folder / "api/jeoul.db")
    old = {"version": 1, "system": {"hostname": "older"}, "instances": {"default": {}}}
    with store.write() as connection:
        revisions.insert(connection, author="ann", time=1.0, comment="", canonical=json.dumps(old).encode())
    store.close()
    shop.start()
    wait_until(lambda: shop.box.commits.applied())
    newest = shop.client().get("/api/v1/revisions").json()[0]
    assert (newest["number"], newest["author"]) == (4, "jeoul")
    document = shop.client().get("/api/v1/config").json()
    assert (document["system"]["hostname"], document["ports"]) == ("older", {})
    assert shop.client().get("/api/v1/status").json()["revision"] == 4


def test_what_keeps_a_revision_from_running_is_told_until_it_is_gone(shop: Live) -> None:
    shop.director.kill()
    wait_until(lambda: any("director" in notice for notice in shop.box.commits.notices))
    shop.director.start()
    wait_until(lambda: shop.box.commits.notices == ())


def test_a_slow_director_does_not_keep_readers_waiting(shop: Live) -> None:
    client = shop.client()
    shop.director.freeze(True)
    try:
        start = time.monotonic()
        assert client.get("/api/v1/config").status_code == 200
        assert client.get("/healthz").status_code == 200
        assert time.monotonic() - start < 5
    finally:
        shop.director.freeze(False)


def status_of(revision: int, digest: str, source: str = "running") -> Status:
    """Return a director's view."""
    return Status.model_validate(
        {
            "revision": revision, "digest": digest, "committed_at": 0, "source": source, "settled": True,
            "last_pass": 0, "passes": 1, "steps_taken": 0, "left": [], "drift_total": 0, "drift": [],
            "programmer": True, "checker": True, "members": {},
        }
    )  # fmt: skip


HEAD = Head(5, "five", {})
MOVES: tuple[tuple[str, Head | None, bool, Status, Move], ...] = (
    ("both agree", HEAD, True, status_of(5, "five"), "nothing"),
    ("the director is behind", HEAD, True, status_of(4, "four"), "push"),
    ("the director has nothing", HEAD, False, status_of(0, "", "none"), "push"),
    ("a fresh box", None, False, status_of(0, "", "none"), "begin"),
    ("the database is lost", None, False, status_of(9, "nine"), "import"),
    ("the database is an old copy", HEAD, False, status_of(9, "nine"), "import"),
    ("the same document under another number", HEAD, False, status_of(9, "five"), "push"),
    ("a foreign document under a known number", HEAD, False, status_of(4, "other"), "import"),
    ("the director read the file before", HEAD, True, status_of(4, "four", "previous"), "push"),
)


@pytest.mark.parametrize(("head", "known", "status", "expected"), [m[1:] for m in MOVES], ids=[m[0] for m in MOVES])
def test_what_the_box_runs_is_never_lost(head: Head | None, known: bool, status: Status, expected: Move) -> None:
    assert move(head, known, status) == expected


def test_a_full_disk_stores_nothing_and_says_so(shop: Live) -> None:
    with shop.box.store.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    # Every connection of the pool gets the limit; the real thing on a small file system is in tests/store.
    from sqlalchemy import event

    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    event.listen(shop.box.store.engine, "checkout", limit)
    big = {f"m{n}": {"kind": "tcp", "description": f"{n}" * 60} for n in range(3000)}
    document = shop.client().get("/api/v1/config").json()
    document["instances"]["default"]["monitors"] |= big
    answer = shop.client().put("/api/v1/config", json=document)
    assert answer.status_code == 507, answer.text
    assert "no room left" in answer.json()["error"]
    event.remove(shop.box.store.engine, "checkout", limit)
    assert numbers(shop) == [2, 1]
    assert shop.client().get("/api/v1/status").json()["revision"] == 2
    shop.stop()
    store = open_store(shop.folder / "api/jeoul.db")
    assert store.aside is None
    store.close()
    shop.start()
