"""The lab itself: hosts come and go without a trace, servers and clients tell the truth, IPVS carries traffic."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.client import capture, hold, http_get, spread, spread_udp
from tests.lab.hosts import Host, Lab
from tests.lab.namespace import NAMES
from tests.lab.serving import RealServer

VIP4, VIP6 = "10.0.0.100", "fd00::100"


def traces() -> set[str]:
    """Every namespace name, process and interface there is now."""
    names = {p.name for p in NAMES.glob("jl*")}
    links = {p.name for p in Path("/sys/class/net").iterdir()}
    return names | links | _processes_in_labs()


def _processes_in_labs() -> set[str]:
    """Processes of other namespaces than ours that are our children."""
    found = set()
    ours = os.readlink("/proc/self/ns/net")
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
            if parent == str(os.getpid()) and os.readlink(path / "ns/net") != ours:
                found.add(path.name)
        except OSError:
            continue
    return found


@contextmanager
def pair() -> Iterator[tuple[Host, Host]]:
    """Two hosts on one switch: a at 10.0.0.1 and fd00::1, b at 10.0.0.2 and fd00::2."""
    with Lab() as lab:
        switch = lab.switch("net")
        a, b = lab.host("a"), lab.host("b")
        for number, host in ((1, a), (2, b)):
            host.connect(switch, f"10.0.0.{number}/24", f"fd00::{number}/64")
        yield a, b


@pytest.mark.lab
def test_a_lab_leaves_nothing() -> None:
    before = traces()
    with Lab() as lab:
        switch = lab.switch("net")
        host = lab.host("h")
        host.connect(switch, "10.0.0.1/24")
        switch.tap()
        host.serve(http=[80])
        host.popen(["sleep", "1000"])
        assert len(traces() - before) == 4  # two namespaces and two processes
    assert traces() == before


@pytest.mark.lab
def test_a_lab_leaves_nothing_after_an_exception() -> None:
    before = traces()

    def fail() -> None:
        with pair() as (a, _):
            a.popen(["sleep", "1000"])
            a.call(Path("/none").read_text)

    with pytest.raises(FileNotFoundError):
        fail()
    assert traces() == before


@pytest.mark.lab
def test_a_killed_lab_is_swept_by_the_next_and_its_processes_are_dead() -> None:
    before = traces()
    script = (
        "import time; from tests.lab.hosts import Lab; lab = Lab(); h = lab.host('h'); s = h.serve(http=[80]);"
        "print(s.process.pid, h.popen(['sleep', '1000']).pid, flush=True); time.sleep(1000)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    pids = process.stdout.readline().split()
    process.kill()
    process.communicate()
    end = time.monotonic() + 5
    while any(Path("/proc", pid).exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert len(pids) == 2
    assert not [pid for pid in pids if Path("/proc", pid).exists()]
    assert traces() != before
    with Lab():
        pass
    assert traces() == before


@pytest.mark.lab
@pytest.mark.parametrize("address", ["10.0.0.2", "[fd00::2]"])
def test_a_server_says_who_asked(address: str) -> None:
    with pair() as (a, b):
        b.serve("shop", http=[80])
        answer = http_get(a, f"http://{address}/")
        assert (answer.status, answer.server) == (200, "shop")
        assert answer.json()["client"] == ("fd00::1" if "[" in address else "10.0.0.1")
        assert http_get(a, f"http://{address}/bytes/100001").body == (b"0123456789abcdef" * 6251)[:100001]
        assert http_get(a, f"http://{address}/none").status == 404


@pytest.mark.lab
def test_health_is_what_the_test_says() -> None:
    with pair() as (a, b):
        server = b.serve(http=[80], tcp=[7])
        url = "http://10.0.0.2/health"
        assert http_get(a, url).status == 200
        server.health(503)
        assert http_get(a, url).status == 503
        server.health(delay=0.3)
        start = time.monotonic()
        assert http_get(a, url).status == 200
        assert 0.3 <= time.monotonic() - start < 2
        server.health(hang=True)
        with pytest.raises(TimeoutError):
            http_get(a, url, timeout=0.3)
        server.health()
        server.refuse()
        with pytest.raises(ConnectionRefusedError):
            http_get(a, url)
        server.accept()
        assert http_get(a, url).status == 200
        assert server.counts()["health"] == 5
        server.kill()
        with pytest.raises(ConnectionRefusedError):
            http_get(a, url)
        server.start()
        assert http_get(a, url).status == 200


@pytest.mark.lab
@pytest.mark.parametrize("address", ["10.0.0.2", "fd00::2"])
def test_spread_counts_every_answer_and_every_failure(address: str) -> None:
    with pair() as (a, b):
        server = b.serve(http=[80], udp=[53])
        url = f"http://[{address}]/" if ":" in address else f"http://{address}/"
        assert spread(a, url, 3000) == {"b": 3000}
        assert spread_udp(a, (address, 53), 3000) == {"b": 3000}
        counts = server.counts()
        assert (counts["http"], counts["udp"], counts["connections"]) == (3000, 3000, 3000)
        assert spread(a, f"{url}none", 10) == {"!404": 10}
        server.refuse()
        assert spread(a, url, 10) == {"!refused": 10}
        assert spread_udp(a, (address, 53), 3, concurrency=1) == {"!refused": 3}
        b.namespace.ip("link set eth0 down")
        assert spread(a, url, 10, timeout=0.3).total() == 10
        assert "b" not in spread(a, url, 10, timeout=0.3)


@pytest.mark.lab
def test_held_connections_notice_every_break() -> None:
    with pair() as (a, b):
        server = b.serve(tcp=[7])
        with hold(a, ("10.0.0.2", 7), 5000) as held:
            assert (len(held), held.failed, held.verify()) == (5000, 0, 0)
            assert server.counts()["open"] == 5000
        with hold(a, ("10.0.0.2", 7), 10) as held:
            server.refuse(cut=True)
            assert held.verify(timeout=5) == 10
        with hold(a, ("10.0.0.2", 7), 10) as held:
            assert (len(held), held.failed) == (0, 10)


@pytest.mark.lab
def test_capture_shows_packets() -> None:
    with pair() as (a, b):
        b.serve(udp=[53])
        with capture(b, "eth0", "udp and dst port 53") as seen:
            spread_udp(a, ("10.0.0.2", 53), 3)
        assert len(seen.lines) == 3


@pytest.mark.lab
def test_a_tap_is_a_port_of_its_switch() -> None:
    with Lab() as lab:
        switch = lab.switch("net")
        host = lab.host("h")
        host.connect(switch, "10.0.0.1/24")
        tap = switch.tap()
        host.run(["ping", "-c1", "-W1", "10.0.0.2"], check=False)
        header = 10  # of virtio-net, before each frame
        frames = [frame[header:] for frame in _read_all(tap.fd)]
        assert [f for f in frames if f[12:14] == b"\x08\x06" and f[38:42] == bytes([10, 0, 0, 2])]


def _read_all(fd: int) -> list[bytes]:
    frames = []
    while True:
        try:
            frames.append(os.read(fd, 65535))
        except BlockingIOError:
            return frames


@pytest.mark.lab
def test_the_program_unpacks_tunnels_where_the_kernel_cannot(lab: Lab) -> None:
    # The sender needs no tunnel device: a raw socket that sends IP in IP is enough to show what the receiver does.
    switch = lab.switch("net")
    a, b = lab.host("a"), lab.host("b")
    a.connect(switch, "10.0.0.1/24", "fd00::1/64")
    b.connect(switch, "10.0.0.2/24", "fd00::2/64")
    server = b.serve(udp=[53])
    b.become_tun("10.9.9.9/32", "fd99::9/128")
    a.call(_send_wrapped)
    end = time.monotonic() + 3
    while server.counts()["udp"] < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert server.counts()["udp"] == 2


def _send_wrapped() -> None:
    import socket
    import struct

    udp = struct.pack("!HHHH", 1000, 53, 8 + 2, 0) + b"hi"  # checksum 0: none, which IPv4 allows
    address = socket.inet_pton
    inner4 = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
    inner4 += address(socket.AF_INET, "10.0.0.1") + address(socket.AF_INET, "10.9.9.9")
    total = sum(struct.unpack("!10H", inner4))
    total = (total & 0xFFFF) + (total >> 16)
    inner4 = inner4[:10] + struct.pack("!H", ~total & 0xFFFF) + inner4[12:]
    pseudo = address(socket.AF_INET6, "fd00::1") + address(socket.AF_INET6, "fd99::9")
    total = sum(struct.unpack("!21H", pseudo + udp)) + 17 + len(udp)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    udp6 = udp[:6] + struct.pack("!H", ~total & 0xFFFF) + udp[8:]
    inner6 = struct.pack("!IHBB", 6 << 28, len(udp6), 17, 64) + pseudo
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 4) as out:
        out.sendto(inner4 + udp, ("10.0.0.2", 0))
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, 41) as out:
        out.sendto(inner6 + udp6, ("fd00::2", 0))


@contextmanager
def balanced(forwarding: str) -> Iterator[tuple[Host, Host, list[RealServer]]]:
    """A client, a balancer and three real servers, as the forwarding mode needs them; the VIPs are the balancer's."""
    with Lab() as lab:
        front, back = lab.switch("front"), lab.switch("back")
        client, balancer = lab.host("client"), lab.host("balancer", forward=True)
        client.connect(front, "10.0.0.1/24", "fd00::1/64")
        # An IPv6 VIP must be deprecated, or IPVS takes it as its tunnels' source, and servers that have it drop those.
        balancer.connect(front, "10.0.0.99/24", "fd00::99/64", f"{VIP4}/32", f"{VIP6}/128 preferred_lft 0")
        balancer.connect(back, "10.1.0.99/24", "fd01::99/64")
        servers = []
        for number in (1, 2, 3):
            host = lab.host(f"s{number}")
            if forwarding == "nat":
                host.connect(back, f"10.1.0.{number}/24", f"fd01::{number}/64")
                host.route("default", "10.1.0.99")
                host.route("default", "fd01::99")
            else:
                host.connect(front, f"10.0.0.{number + 10}/24", f"fd00::{number + 10}/64")
            if forwarding == "dr":
                host.become_dr(f"{VIP4}/32", f"{VIP6}/128")
            if forwarding == "tun":
                assert host.become_tun(f"{VIP4}/32", f"{VIP6}/128") == "kernel"
            servers.append(host.serve(http=[80], tcp=[7], udp=[53]))
        rules = []
        letter = {"nat": "m", "dr": "g", "tun": "i"}[forwarding]
        for vip, net in (
            (VIP4, "10.1.0." if forwarding == "nat" else "10.0.0.1"),
            (f"[{VIP6}]", "fd01::" if forwarding == "nat" else "fd00::1"),
        ):
            for kind, port in (("t", 80), ("t", 7), ("u", 53)):
                rules.append(f"-A -{kind} {vip}:{port} -s rr")
                for number in (1, 2, 3):
                    there = f"[{net}{number}]" if ":" in net else f"{net}{number}"
                    rules.append(f"-a -{kind} {vip}:{port} -r {there}:{port} -{letter}")
        balancer.run(["ipvsadm", "-R"], text="\n".join(rules) + "\n")
        yield client, balancer, servers


@pytest.mark.kernel
@pytest.mark.parametrize("forwarding", ["nat", "dr", "tun"])
def test_ipvs_carries_http_and_udp(forwarding: str) -> None:
    even = {"s1": 100, "s2": 100, "s3": 100}
    with balanced(forwarding) as (client, balancer, servers):
        for vip in (VIP4, f"[{VIP6}]"):
            assert spread(client, f"http://{vip}/", 300) == even
            assert spread_udp(client, (vip.strip("[]"), 53), 300) == even
            assert len(http_get(client, f"http://{vip}/bytes/1000000").body) == 1_000_000
        # The packets really took this way: what IPVS counted in, and that answers pass the balancer only with NAT.
        assert [server.counts()["udp"] for server in servers] == [200, 200, 200]
        with capture(balancer, "eth0", "tcp and src port 80") as answers:
            assert http_get(client, f"http://{VIP4}/").server in even
        assert bool(answers.lines) == (forwarding == "nat")
        # And the test can fail: without the services nobody answers.
        balancer.run(["ipvsadm", "-C"])
        assert spread(client, f"http://{VIP4}/", 3) == {"!refused": 3}


@pytest.mark.kernel
def test_5000_connections_through_ipvs_live_while_their_way_does() -> None:
    with balanced("nat") as (client, balancer, servers), hold(client, (VIP4, 7), 5000) as held:
        assert (len(held), held.failed, held.verify()) == (5000, 0, 0)
        balancer.run(["ipvsadm", "-e", "-t", f"{VIP4}:7", "-r", "10.1.0.1:7", "-m", "-w", "5"])
        assert held.verify() == 0
        assert sum(server.counts()["open"] for server in servers) == 5000
        balancer.cables[1].switch.unplug(balancer.cables[1].port)
        assert held.verify(timeout=1) == 5000
