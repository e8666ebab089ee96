"""The real processes and real traffic, in a kernel with IPVS."""

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.box import Box
from tests.lab.client import hold, http_get, spread, spread_udp
from tests.lab.hosts import Lab
from tests.lab.site import ECHO, FORWARDINGS, HTTP, SERVERS, UDP, Site, document, vip

pytestmark = pytest.mark.kernel


def url(forwarding: str, version: int, path: str = "/") -> str:
    """Return the URL of a service of the site."""
    address = vip(forwarding, version)
    return f"http://[{address}]{path}" if version == 6 else f"http://{address}{path}"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Give the site, its appliance's ports in this namespace."""
    with Lab() as lab:
        made = Site.build(lab)
        made.attach_veths()
        yield made
        made.detach_veths()


@pytest.fixture
def box(site: Site, tmp_path: Path) -> Iterator[Box]:
    """Give the processes with the site's document committed and every member up; nothing of ours is left behind."""
    with Box(tmp_path) as running:
        running.commit(document())
        running.wait_all_up()
        yield running
        for server in site.servers.values():
            server.accept()
            server.health()
        running.commit("version: 1\ninstances: {}\n")
        running.wait("nothing left", lambda s: s.settled)
    left = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    assert "jeoul-" not in left, running.log.read_text()[-4000:]


@pytest.mark.parametrize("forwarding", FORWARDINGS)
@pytest.mark.parametrize("version", [4, 6])
def test_http_and_udp_get_their_weights_share(box: Box, site: Site, forwarding: str, version: int) -> None:
    wanted = {"s1": 1 / 6, "s2": 2 / 6, "s3": 3 / 6}
    # Unmonitored: on a machine with other work a late probe would move the shares, and they are what is measured.
    box.commit(document(monitored=False))
    for seen in (
        spread(site.client, url(forwarding, version), 600),
        spread_udp(site.client, (vip(forwarding, version), UDP), 600),
    ):
        assert sum(seen.values()) == 600
        for server, share in wanted.items():
            assert abs(seen[server] / 600 - share) < 0.05, seen


def test_the_same_document_again_is_nothing_to_do(box: Box, site: Site) -> None:
    assert box.plan(document()).steps == ()
    assert box.commit(document()).steps == ()


def test_one_weight_is_one_step_per_service(box: Box, site: Site) -> None:
    steps = box.commit(document({"s1": 1, "s2": 5, "s3": 3})).steps
    assert {step.verb for step in steps} == {"change"}
    # s2 stands in 6 pools of 3 services each.
    assert len(steps) == 18
    assert all(step.engine == "ipvs" and step.path[-1].startswith("member ") for step in steps)


def test_a_member_leaves_in_time_and_comes_back(box: Box, site: Site) -> None:
    began = time.monotonic()
    site.servers["s2"].refuse()
    # fall * interval + timeout = 2 * 1 + 1 s is the promise; half a second is for this test's own looking.
    box.wait("s2 down", lambda s: s.members["default/http4/s2"].operational == "down", timeout=10)
    took = time.monotonic() - began
    assert took <= 3.5, f"{took:.2f} s"
    box.wait("settled", lambda s: s.settled)
    assert spread(site.client, url("nat", 4), 60).keys() == {"s1", "s3"}
    site.servers["s2"].accept()
    box.wait("s2 up", lambda s: s.members["default/http4/s2"].operational == "up", timeout=10)
    box.wait("settled", lambda s: s.settled)
    assert spread(site.client, url("nat", 4), 60).keys() == {"s1", "s2", "s3"}


def test_no_traffic_before_the_first_good_check(box: Box, site: Site) -> None:
    site.servers["s3"].health(503)
    box.wait("s3 down", lambda s: s.members["default/http4/s3"].operational == "down")
    box.commit("version: 1\ninstances: {}\n")
    box.wait("empty", lambda s: s.settled and not s.members)
    box.commit(document())
    seen: Counter[str] = Counter()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        seen += spread(site.client, url("nat", 4), 20, timeout=0.5)
    assert "s3" not in seen
    assert {"s1", "s2"} <= seen.keys()


def test_drain_keeps_connections_and_takes_no_new_ones(box: Box, site: Site) -> None:
    with hold(site.client, (vip("nat", 4), ECHO), 60) as held:
        box.set_member("echo4", "s1", "draining")
        box.set_member("http4", "s1", "draining")
        box.wait("settled", lambda s: s.settled)
        assert held.verify() == 0
        assert "s1" not in spread(site.client, url("nat", 4), 60)
        box.set_member("http4", "s1", "disabled")
        assert "s1" not in spread(site.client, url("nat", 4), 60)
        assert held.verify() == 0
    box.set_member("http4", "s1", "enabled")
    assert "s1" in spread(site.client, url("nat", 4), 60)


def test_5000_connections_survive_every_unrelated_change(box: Box, site: Site) -> None:
    with hold(site.client, (vip("nat", 4), ECHO), 5000) as held:
        assert held.verify() == 0
        box.commit(document({"s1": 3, "s2": 2, "s3": 1}))
        box.commit(document(interval="1500ms"))
        extra = "  other:\n    interfaces: {wan: {port: port1, addresses: [192.0.2.55/24]}}\n"
        box.commit(document(extra=extra))
        box.commit(document())
        for name in ("director", "programmer", "checker"):
            box.kill(name)
        box.wait("all are back", lambda s: s.settled and s.programmer and s.checker)
        box.wait_all_up()
        # Drift that somebody else made is mended around them.
        change = ["ip", "netns", "exec", "jeoul-default", "ipvsadm", "-d", "-t", f"{vip('nat', 4)}:{HTTP}"]
        subprocess.run([*change, "-r", "10.77.0.11:80"], check=True)
        box.wait("drift is mended", lambda s: s.drift_total >= 1 and s.settled)
        assert held.verify() == 0


@pytest.mark.parametrize("name", ["director", "programmer", "checker"])
def test_a_killed_process_loses_no_request(box: Box, site: Site, name: str) -> None:
    seen: Counter[str] = Counter()
    for _ in range(4):
        box.kill(name)
        seen += spread(site.client, url("nat", 4), 300, concurrency=10)
    assert seen.keys() == set(SERVERS)
    box.wait("it is back", lambda s: s.settled and s.checker and s.programmer)


def test_traffic_goes_on_with_every_process_away(box: Box, site: Site) -> None:
    for name in ("director", "programmer", "checker"):
        box.stop(name)
    assert spread(site.client, url("nat", 4), 300).keys() == set(SERVERS)
    for name in ("programmer", "checker", "director"):
        box.start(name)
    status = box.wait_all_up()
    assert status.revision == 1
    assert http_get(site.client, url("nat", 4)).status == 200


def test_a_broken_running_file_falls_back_to_the_revision_before(box: Box, site: Site) -> None:
    box.commit(document({"s1": 2, "s2": 2, "s3": 2}))
    box.stop("director")
    running = box.state / "director" / "running.json"
    running.write_bytes(running.read_bytes()[:-20])
    box.start("director")
    status = box.wait_all_up()
    assert (status.revision, status.source) == (1, "previous")


def test_a_port_that_is_not_there_is_left_and_the_rest_goes_on(box: Box, site: Site) -> None:
    extra = "  other:\n    interfaces: {wan: {port: port9, addresses: [192.0.2.55/24]}}\n"
    text = document(extra=extra).replace("port2: {}}", "port2: {}, port9: {}}")
    committed = box.commit(text)
    assert {left.path for left in committed.left} >= {("box", "port port9")}
    assert "no such port" in committed.left[0].reason
    assert spread(site.client, url("nat", 4), 60).keys() == set(SERVERS)
    box.commit(document())
    box.wait("nothing left", lambda s: s.settled and not s.left)
