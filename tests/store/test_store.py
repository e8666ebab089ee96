"""The database: whole or not at all, through power cuts, full disks and damage."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from appliance.store import audit, revisions, secrets, sessions, users
from appliance.store.database import Store, open_store
from appliance.store.errors import TABLE, StoreCorrupt, StoreError, StoreFull, translate
from appliance.store.tables import METADATA

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh database."""
    one = open_store(tmp_path / "jeoul.db")
    yield one
    one.close()


def commit(store: Store, text: str = "{}") -> revisions.Revision:
    """Add a revision."""
    with store.write() as connection:
        return revisions.insert(connection, author="ann", time=1.0, comment="why", canonical=text.encode())


def test_migrations_lead_to_the_tables_that_the_code_uses(store: Store) -> None:
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_revisions_are_numbered_without_gaps_and_read_back(store: Store) -> None:
    made = [commit(store, f'{{"n":{n}}}') for n in range(5)]
    assert [(one.number, one.parent) for one in made] == [(1, None), (2, 1), (3, 2), (4, 3), (5, 4)]
    with store.read() as connection:
        assert revisions.head(connection) == made[4]
        assert revisions.get(connection, 3) == made[2]
        assert revisions.document(connection, 3) == b'{"n":2}'
        assert revisions.with_digest(connection, hashlib.sha256(b'{"n":1}').hexdigest()) == made[1]
        assert [one.number for one in revisions.listing(connection, 4, 2)] == [3, 2]


def test_a_failed_transaction_leaves_no_number_behind(store: Store) -> None:
    commit(store)

    def fail() -> None:
        with store.write() as connection:
            revisions.insert(connection, author="ann", time=1.0, comment="", canonical=b"{}")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert commit(store).number == 2


def test_the_trail_and_the_revisions_cannot_be_changed_or_shortened(store: Store) -> None:
    commit(store)
    with store.write() as connection:
        audit.add(connection, time=1.0, user="ann", address="x", action="login")
    for statement in ("UPDATE audit SET user = 'bob'", "DELETE FROM audit", "DELETE FROM revisions"):
        with pytest.raises(StoreError), store.write() as connection:
            connection.exec_driver_sql(statement)
    with store.read() as connection:
        assert [entry.user for entry in audit.listing(connection, None, 10)] == ["ann"]


def test_what_is_very_old_in_the_trail_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.write() as connection:
        for number in (1, 2, 100_002):
            connection.exec_driver_sql(f"INSERT INTO audit VALUES ({number}, 1.0, 'u', 'a', 'x', '')")
        audit.add(connection, time=1.0, user="u", address="a", action="x", detail="d" * 5000)
    with store.read() as connection:
        left = audit.listing(connection, None, 10)
    assert [entry.number for entry in left] == [100_003, 100_002]
    assert len(left[0].detail) == audit.LONGEST


def test_the_oldest_documents_make_room_and_their_rows_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "KEPT", 5000)
    for n in range(8):
        commit(store, os.urandom(1000).hex() + str(n))
    with store.read() as connection:
        found = revisions.listing(connection, None, 100)
        assert [one.number for one in found] == list(range(8, 0, -1))
        assert found[0].kept
        assert not found[-1].kept
        assert revisions.document(connection, 1) is None
        total = connection.exec_driver_sql("SELECT sum(length(document)) FROM revisions").scalar_one()
    assert total <= 5000


def test_a_document_that_is_too_large_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "DOCUMENT_LARGEST", 10)
    with pytest.raises(StoreError, match="larger"):
        commit(store, "x" * 11)


def test_people_and_sessions(store: Store) -> None:
    ann = users.User("ann", "hash", "viewer", True, True, 5.0, 1.0)
    with store.write() as connection:
        users.add(connection, ann)
        for n in range(sessions.MOST + 5):
            sessions.add(connection, sessions.Session(f"{n}", "ann", float(n), 1e9, 60, float(n), "x"))
    with store.read() as connection:
        assert users.get(connection, "ann") == ann
        assert sessions.get(connection, "4") is None
        newest = sessions.get(connection, str(sessions.MOST + 4))
    assert newest is not None
    assert newest.alive(100.0)
    assert not newest.alive(newest.last_seen + 61)
    with store.write() as connection:
        users.set_password(connection, "ann", "other", one_time=False)
        users.remove(connection, "ann")
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one() == 0


def test_one_time_passwords_have_eighty_bits_that_can_be_read() -> None:
    found = {secrets.one_time_password() for _ in range(200)}
    assert len(found) == 200
    assert len(set(secrets.ALPHABET)) ** (secrets.GROUPS * secrets.GROUP) == 2**80
    assert not set("ilou") & set(secrets.ALPHABET)
    assert all(len(one) == 19 for one in found)


def test_passwords_cost_a_guesser_what_the_standard_asks() -> None:
    kept = secrets.hash_password("correct horse")
    assert kept.startswith("$argon2id$")
    # RFC 9106, second recommended option.
    assert secrets.NOBODY.split("$")[3] == kept.split("$")[3] == "m=65536,t=3,p=4"
    assert secrets.verify(kept, "correct horse")
    assert not secrets.verify(kept, "correct house")
    assert not secrets.verify("no hash at all", "x")


WRITER = """
import sys, hashlib
from pathlib import Path
from appliance.store import audit, revisions
from appliance.store.database import open_store
store = open_store(Path(sys.argv[1]))
n = 0
while True:
    n += 1
    with store.write() as c:
        one = revisions.insert(c, author="w", time=1.0, comment="", canonical=(str(n) * 20000).encode())
        audit.add(c, time=1.0, user="w", address="", action="commit", detail=str(one.number))
    print(one.number, one.digest, flush=True)
"""


def test_a_process_killed_while_it_commits_leaves_only_whole_revisions(tmp_path: Path) -> None:
    path = tmp_path / "jeoul.db"
    told: dict[int, str] = {}
    for round_ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.013 * round_)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        process.wait()
        told |= {
            int(n): d
            for n, d in (line.split() for line in rest.splitlines() if line.count(" ") == 1 and len(line) > 64)
        }
        store = open_store(path)
        assert store.aside is None
        with store.read() as connection:
            found = revisions.listing(connection, None, 10**6)
            assert [one.number for one in found] == list(range(len(found), 0, -1))
            for one in found:
                document = revisions.document(connection, one.number)
                assert document is not None
                assert hashlib.sha256(document).hexdigest() == one.digest
            assert connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one() == len(found)
        digests = {one.number: one.digest for one in found}
        assert {n: digests.get(n) for n in told} == told
        store.close()
    assert len(told) > 8


def damage_header(path: Path) -> None:
    """Overwrite the beginning."""
    path.write_bytes(b"this is no database at all" * 500)


def damage_page(path: Path) -> None:
    """Overwrite a page in the middle."""
    content = bytearray(path.read_bytes())
    content[4096:12288] = os.urandom(8192)
    path.write_bytes(bytes(content))


def cut_short(path: Path) -> None:
    """Lose the end."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_document(path: Path) -> None:
    """Change the newest document without its hash."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE revisions SET document = ?", (zlib.compress(b"{}!"),))


def from_newer_software(path: Path) -> None:
    """Pretend that a newer software migrated it."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("damage", [damage_header, damage_page, cut_short, change_document, from_newer_software])
def test_a_damaged_database_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "jeoul.db"
    store = open_store(path)
    for n in range(20):
        commit(store, str(n) * 3000)
    store.close()
    assert callable(damage)
    damage(path)
    fresh = open_store(path)
    assert fresh.aside is not None
    assert fresh.aside.exists()
    assert fresh.aside.name.startswith("jeoul.db.damaged-")
    assert commit(fresh).number == 1
    fresh.close()
    again = open_store(path)
    assert again.aside is None
    again.close()


def test_only_a_few_damaged_databases_are_kept(tmp_path: Path) -> None:
    for _ in range(6):
        damage_header(tmp_path / "jeoul.db")
        store = open_store(tmp_path / "jeoul.db")
        assert store.aside is not None
        assert store.aside.exists()
        store.close()
    assert len(list(tmp_path.glob("jeoul.db.damaged-*"))) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_is_told_and_nothing_is_half_stored(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=False).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        store = open_store(small / "jeoul.db")
        done, told = 0, ""
        while not told:
            try:
                commit(store, os.urandom(20_000).hex())
                done += 1
            except StoreFull as error:
                told = str(error)
        assert "no room left on the disk" in told
        assert done > 3
        with store.read() as connection:
            assert [one.number for one in revisions.listing(connection, None, 1000)] == list(range(done, 0, -1))
        store.close()
        again = open_store(small / "jeoul.db")
        assert again.aside is None
        with again.read() as connection:
            newest = revisions.head(connection)
        assert newest is not None
        assert newest.number == done
        again.close()
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)


def test_every_error_of_sqlite_that_can_come_has_words() -> None:
    kinds = {}
    for code, (kind, sentence) in TABLE.items():
        error = sqlite3.OperationalError("x")
        error.sqlite_errorcode = code | 3 << 8
        found = translate(error, Path("/some/where.db"))
        assert type(found) is kind
        assert "/some/where.db" in str(found)
        kinds[code] = sentence
    assert type(translate(None, Path("/x"))) is StoreError
    assert issubclass(StoreCorrupt, StoreError)
    assert len(kinds) == len(TABLE)


def test_every_folder_of_the_store_is_a_package_so_that_the_wheel_carries_it() -> None:
    folders = {file.parent for file in (ROOT / "appliance/store").rglob("*.py")}
    assert len(folders) == 3
    assert all((folder / "__init__.py").is_file() for folder in folders)
