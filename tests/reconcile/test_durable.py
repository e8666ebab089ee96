"""Durable files: old or new, never half; a full disk changes nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.model.config import Config
from appliance.model.document import read
from appliance.reconcile import durable, running
from tests.engines.tables import BASE, CHANGED


def test_what_was_written_is_read(tmp_path: Path) -> None:
    durable.write(tmp_path / "a", {"x": "저울"})
    assert durable.read(tmp_path / "a") == {"x": "저울"}
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"0" * 64 + b"\n{}", b"\xff\xfe", b"{}", b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"],
)
def test_what_was_not_written_by_us_is_not_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(durable.Unreadable):
        durable.read(tmp_path / "a")


def test_every_cut_and_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    durable.write(path, {"x": 1, "y": [2, 3]})
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position])
        with pytest.raises(durable.Unreadable):
            durable.read(path)
        flipped = bytearray(whole)
        flipped[position] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(durable.Unreadable):
            durable.read(path)


def test_a_full_disk_keeps_the_old_content() -> None:
    # /dev/full cannot be renamed over, so the fault is made where it happens: in writing the new file.
    code = (
        "import resource, sys; from pathlib import Path; from appliance.reconcile import durable\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "path = Path(sys.argv[1]); durable.write(path, {'a': 1})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: durable.write(path, {'a': 'x' * 1000})\n"
        "except OSError: pass\n"
        "else: sys.exit('it was written')\n"
        "assert durable.read(path) == {'a': 1}; assert len(list(path.parent.iterdir())) == 1\n"
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", code, str(Path(folder) / "a")], check=True)


def test_a_killed_writer_leaves_a_whole_revision(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from appliance.model.document import read\n"
        "from appliance.reconcile import running; from tests.engines.tables import BASE, CHANGED\n"
        "both = [read(BASE), read(CHANGED)]; n = int(sys.argv[2])\n"
        "print('go', flush=True)\n"
        "while True:\n"
        "    n += 1; c = both[n % 2]; running.save(Path(sys.argv[1]), n, c.digest(), c)\n"
    )
    digests = {read(text).digest() for text in (BASE, CHANGED)}
    last = 0
    for round_ in range(8):
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(last)], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.05 + 0.013 * round_)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        found, source, faults = running.load(tmp_path)
        assert (source, faults) == ("running", [])
        assert found.digest in digests
        assert found.config.digest() == found.digest
        assert found.revision >= last
        last = found.revision
    assert last > 0


def test_a_broken_file_gives_the_revision_before(tmp_path: Path) -> None:
    first, second = read(BASE), read(CHANGED)
    running.save(tmp_path, 1, first.digest(), first)
    running.save(tmp_path, 2, second.digest(), second)
    assert running.load(tmp_path)[0].revision == 2
    (tmp_path / "running.json").write_text("{")
    found, source, faults = running.load(tmp_path)
    assert (found.revision, found.config, source, len(faults)) == (1, first, "previous", 1)
    (tmp_path / "previous.json").unlink()
    found, source, faults = running.load(tmp_path)
    assert (found.revision, found.config, source, len(faults)) == (0, Config(instances={}), "none", 2)


def test_a_new_box_has_no_faults(tmp_path: Path) -> None:
    found, source, faults = running.load(tmp_path / "nothing here")
    assert (found.revision, found.config, source, faults) == (0, Config(instances={}), "none", [])
