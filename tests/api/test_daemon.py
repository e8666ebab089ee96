"""The process: TLS, first start, sockets from systemd, the console, and a clean end."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.api import certificate
from appliance.daemons import console
from tests.api.conftest import ROOT, Director, wait_until


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        return int(line.getsockname()[1])


class Process:
    """The api process."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port = folder, free_port()
        self.environment = os.environ | {
            "JEOUL_RUN": str(folder / "run"),
            "JEOUL_STATE": str(folder / "state"),
            "JEOUL_LISTEN": f"127.0.0.1:{self.port}",
            **settings,
        }
        self.log = folder / "api.log"
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "appliance.daemons.api"], cwd=ROOT, env=self.environment, stderr=log
            )

    @property
    def cert(self) -> Path:
        """Return the certificate's file."""
        return self.folder / "state/api/tls/cert.pem"

    def client(self) -> httpx.Client:
        """Return a client that trusts the box's certificate, by name and all."""
        context = ssl.create_default_context(cafile=str(self.cert))
        return httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=context, timeout=30)

    def ready(self) -> bool:
        """Tell whether it listens."""
        assert self.child.poll() is None, self.log.read_text()
        # It listens before it is ready, as with systemd's socket; only an answer counts.
        if not self.cert.exists():
            return False
        try:
            with self.client() as client:
                return client.get("/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> int:
        """Tell it to stop; return its exit code."""
        self.child.terminate()
        return self.child.wait(30)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """A running api process, without a director."""
    one = Process(tmp_path)
    wait_until(one.ready, 60)
    yield one
    one.child.kill()
    one.child.wait()


def test_a_first_start_serves_https_with_a_certificate_of_its_own(process: Process) -> None:
    with process.client() as client:
        assert client.get("/healthz").text == "alive\n"
        assert client.get("/api/v1/config").status_code == 401
    parsed = x509.load_pem_x509_certificate(process.cert.read_bytes())
    key = parsed.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert (parsed.not_valid_after_utc - parsed.not_valid_before_utc).days == 825
    assert (process.cert.parent / "key.pem").stat().st_mode & 0o777 == 0o600
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", process.port)) as line, pytest.raises(ssl.SSLError):
        old.wrap_socket(line)
    first = (process.folder / "run/jeoul-api/first-password").read_text().strip()
    log = process.log.read_text()
    assert first not in log
    assert "PRIVATE" not in log
    before = process.cert.read_bytes()
    assert process.stop() == 0
    again = Process(process.folder)
    try:
        wait_until(again.ready, 60)
        assert again.cert.read_bytes() == before
        assert (process.folder / "run/jeoul-api/first-password").read_text().strip() == first
    finally:
        again.stop()


def test_without_a_director_the_box_says_so_and_lets_one_in(process: Process) -> None:
    first = (process.folder / "run/jeoul-api/first-password").read_text().strip()
    with process.client() as client:
        answer = client.post("/api/v1/login", json={"user": "admin", "password": first})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        client.cookies.clear()
        new = {"old": first, "new": "something of my own"}
        assert client.put("/api/v1/users/me/password", json=new).status_code == 200
        answer = client.get("/api/v1/config")
        assert answer.status_code == 503
        assert "director" in answer.json()["error"]


def test_systemds_socket_is_taken_and_readiness_told(tmp_path: Path) -> None:
    notices = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard, socket.create_server(("127.0.0.1", 0)) as line:
        heard.bind(str(notices))
        heard.settimeout(60)
        port = line.getsockname()[1]
        environment = os.environ | {
            "JEOUL_RUN": str(tmp_path / "run"), "JEOUL_STATE": str(tmp_path / "state"), "NOTIFY_SOCKET": str(notices),
        }  # fmt: skip
        script = f'exec 3<&{line.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" -m appliance.daemons.api'
        child = subprocess.Popen(
            ["bash", "-c", script, sys.executable], cwd=ROOT, env=environment, pass_fds=(line.fileno(),)
        )
        try:
            assert heard.recv(100) == b"READY=1"
            assert httpx.get(f"https://127.0.0.1:{port}/healthz", verify=False).text == "alive\n"
            child.send_signal(signal.SIGTERM)
            assert heard.recv(100) == b"STOPPING=1"
            assert child.wait(30) == 0
        finally:
            child.kill()
            child.wait()


@pytest.mark.parametrize("place", ["nowhere", "127.0.0.1:99999", "203.0.113.77:8443"])
def test_a_place_to_listen_that_cannot_be_ends_with_a_sentence(tmp_path: Path, place: str) -> None:
    one = Process(tmp_path, JEOUL_LISTEN=place)
    assert one.child.wait(60) == 1
    assert "JEOUL_LISTEN" in one.log.read_text()
    assert "Traceback" not in one.log.read_text()


def test_a_request_in_progress_is_finished_at_the_end(tmp_path: Path, director: Director) -> None:
    one = Process(tmp_path)
    wait_until(one.ready, 60)
    first = (tmp_path / "run/jeoul-api/first-password").read_text().strip()
    with one.client() as client:
        answer = client.post("/api/v1/login", json={"user": "admin", "password": first})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        client.cookies.clear()
        client.put("/api/v1/users/me/password", json={"old": first, "new": "something of my own"})
        wait_until(lambda: client.get("/api/v1/status").json()["applied"])
        director.freeze(True)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            pending = pool.submit(client.put, "/api/v1/system", json={"hostname": "late"})
            time.sleep(0.5)
            one.child.terminate()
            time.sleep(0.5)
            director.freeze(False)
            done = pending.result(30)
        assert (done.status_code, done.json()["applied"]) == (200, True)
    assert one.child.wait(30) == 0


def test_certificates_that_cannot_be_used_are_made_anew(tmp_path: Path) -> None:
    cert, key = certificate.prepare(tmp_path)
    first = cert.read_bytes()
    certificate.prepare(tmp_path)
    assert cert.read_bytes() == first
    key.write_bytes(b"broken")
    certificate.prepare(tmp_path)
    assert cert.read_bytes() != first
    second = cert.read_bytes()
    cert.write_bytes(first)
    certificate.prepare(tmp_path)
    assert cert.read_bytes() not in (first, second)


SCREENS: tuple[tuple[str, list[str], str, list[str], list[str]], ...] = (
    (
        "an unused first password",
        ["192.0.2.5", "[2001:db8::5]"],
        "aaaa-bbbb",
        [
            "Management page: https://192.0.2.5/",
            "Management page: https://[2001:db8::5]/",
            "JEOUL first sign-in: https://192.0.2.5:443 user=admin one-time-password=aaaa-bbbb",
        ],
        [],
    ),
    ("a box in use", ["192.0.2.5"], "", ["Management page: https://192.0.2.5/"], ["password"]),
    ("no address yet", [], "x", ["has no address yet", "https://ADDRESS:443"], []),
)


@pytest.mark.parametrize(("places", "secret", "there", "absent"), [s[1:] for s in SCREENS], ids=[s[0] for s in SCREENS])
def test_the_console_says_where_the_page_is(
    places: list[str], secret: str, there: list[str], absent: list[str]
) -> None:
    text = console.screen(places, secret)
    for line in there:
        assert line in text
    for word in absent:
        assert word not in text


def test_the_consoles_addresses_are_those_of_a_device() -> None:
    assert "127.0.0.1" in console.addresses("lo")
    assert console.addresses("no-such-device") == []
