"""Sockets in instances' namespaces."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.checks._base import CheckFailed, NotAsked
from appliance.checks._namespaces import Namespaces

HERE = "/proc/thread-self/ns/net"


def own() -> str:
    return os.readlink(HERE)


def test_a_namespace_that_is_not_there(tmp_path: Path) -> None:
    spaces = Namespaces(lambda instance: str(tmp_path / instance))
    with pytest.raises(CheckFailed, match="the instance's network is not set up on this box"):
        spaces.open_socket("blue", 2, 1)
    spaces.close()


@pytest.mark.lab
def test_a_plain_file_where_a_namespace_is_to_come(tmp_path: Path) -> None:
    (tmp_path / "blue").touch()
    before = own()
    spaces = Namespaces(lambda instance: str(tmp_path / instance))
    with pytest.raises(CheckFailed, match="the instance's network is not set up on this box"):
        spaces.open_socket("blue", 2, 1)
    assert own() == before
    spaces.close()


@pytest.mark.lab
def test_sockets_are_the_instances_and_the_thread_comes_back() -> None:
    from tests.lab.hosts import Lab

    with Lab() as lab:
        one, other = lab.host("one"), lab.host("other")
        before = own()
        files = {"one": one.namespace.path, "other": other.namespace.path}
        spaces = Namespaces(lambda instance: str(files[instance]))
        for name, host in (("one", one), ("other", other)):
            with spaces.open_socket(name, 2, 1) as sock:
                assert not sock.getblocking()
                assert not os.get_inheritable(sock.fileno())
                sock.bind(("127.0.0.1", 0))
                sock.listen()
                port = sock.getsockname()[1]
                assert own() == before
                assert f":{port} " in host.run(["ss", "-Hltn"]).stdout
        # Made again under its name: the next socket is in the new one.
        files["one"] = other.namespace.path
        with spaces.open_socket("one", 2, 1) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            assert f":{sock.getsockname()[1]} " in other.run(["ss", "-Hltn"]).stdout
        # A socket that cannot be made leaves the thread at home as well.
        with pytest.raises(OSError, match="Invalid argument"):
            spaces.open_socket("one", 2, 77)
        assert own() == before
        fds = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            spaces.open_socket("one", 2, 1).close()
        assert len(os.listdir("/proc/self/fd")) == fds
        spaces.close()


LOST = """
import os, sys
from appliance.checks._namespaces import Namespaces
spaces = Namespaces(lambda instance: sys.argv[1])
spaces.close()
try:
    spaces.open_socket("blue", 2, 1)
except BaseException:
    pass
print("goes on in the wrong network")
"""


@pytest.mark.lab
def test_a_process_that_cannot_come_back_stops_at_once() -> None:
    from tests.lab.hosts import Lab

    with Lab() as lab:
        path = str(lab.host("blue").namespace.path)
        done = subprocess.run([sys.executable, "-c", LOST, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert "cannot leave an instance's network" in done.stderr


@pytest.mark.lab
def test_without_the_right_the_box_is_at_fault() -> None:
    code = (
        "from appliance.checks._namespaces import Namespaces\n"
        f"Namespaces(lambda instance: {HERE!r}).open_socket('blue', 2, 1)"
    )
    command = ["setpriv", "--bounding-set", "-all", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    done = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert NotAsked.__name__ in done.stderr
    assert "the checker cannot enter the instance's network" in done.stderr
