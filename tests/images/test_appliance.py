"""What the booted appliance must show, with real traffic."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.appliance import Appliance
from tests.lab.client import spread, spread_udp
from tests.lab.hosts import Lab
from tests.lab.site import FORWARDINGS, SERVERS, UDP, document, vip

pytestmark = pytest.mark.image

PROCESSES = {
    "api": set(),
    "director": set(),
    "monitor": set(),
    "checker": {"cap_sys_admin"},
    "programmer": {"cap_net_admin", "cap_sys_admin"},
}
"""process -> the capabilities that it holds, and no more."""
EXPOSURE = {"api": 2.5, "director": 1.0, "monitor": 2.5, "checker": 3.5, "programmer": 6.5}
"""process -> the most that `systemd-analyze security` may say (0 is best, 10 is worst)."""


@pytest.fixture(scope="module")
def appliance(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Give a booted appliance that balances the site's traffic."""
    with Lab() as lab, Appliance(lab, image, tmp_path_factory.mktemp("appliance")) as made:
        made.first_boot()
        made.rest.put_config(document(interval="2s"), comment="the site")
        made.rest.wait_all_up()
        yield made


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("forwarding", FORWARDINGS)
def test_http_and_udp_get_their_weights_share(appliance: Appliance, forwarding: str, version: int) -> None:
    address = vip(forwarding, version)
    literal = f"[{address}]" if version == 6 else address
    client = appliance.site.client
    for seen in (
        spread(client, f"http://{literal}/", 3000, concurrency=20, timeout=20),
        spread_udp(client, (address, UDP), 3000, concurrency=20, timeout=20),
    ):
        assert sum(seen[server] for server in SERVERS) == 3000, seen
        for weight, server in enumerate(SERVERS, 1):
            assert abs(seen[server] / 3000 - weight / 6) < 0.05, seen


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_holds_the_rights_it_needs_and_no_more(appliance: Appliance, process: str) -> None:
    pid = appliance.guest(f"systemctl show -P MainPID jeoul-{process}").strip()
    status = appliance.guest(f"cat /proc/{pid}/status")
    (user,) = re.findall(r"^Uid:\s+(\d+)", status, re.MULTILINE)
    assert user != "0"
    for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
        (held,) = re.findall(rf"^{kind}:\s+([0-9a-f]+)", status, re.MULTILINE)
        names = {"cap_sys_admin": 21, "cap_net_admin": 12}
        assert int(held, 16) == sum(1 << names[name] for name in PROCESSES[process]), f"{kind} of {process}"
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE)


@pytest.mark.parametrize("process", PROCESSES)
def test_systemd_says_that_a_process_is_confined(appliance: Appliance, process: str) -> None:
    said = appliance.guest(f"systemd-analyze security --no-pager jeoul-{process}.service | tail -1")
    (exposure,) = re.findall(r"(\d+\.\d+)", said)
    assert float(exposure) <= EXPOSURE[process], said


@pytest.mark.parametrize("process", PROCESSES)
def test_a_killed_process_loses_no_request_and_comes_back(appliance: Appliance, process: str) -> None:
    seen: Counter[str] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            seen.update(spread(appliance.site.client, f"http://{vip('nat', 4)}/", 50, concurrency=5, timeout=20))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        before = appliance.guest(f"systemctl show -P MainPID jeoul-{process}").strip()
        appliance.guest(f"systemctl kill -s KILL jeoul-{process}")
        wait = (
            f"until p=$(systemctl show -P MainPID jeoul-{process}); test $p != 0 -a $p != {before}; do sleep 0.2; done"
        )
        appliance.guest(f"timeout 120 sh -c '{wait}'")
        appliance.rest.wait(
            "all processes are there",
            lambda s: s["settled"] and s["programmer"] and s["checker"],
        )
    finally:
        over.set()
        asking.join()
    assert set(seen) == set(SERVERS), seen
    assert sum(seen.values()) >= 50


def test_nothing_listens_on_the_data_ports(appliance: Appliance) -> None:
    listening = appliance.guest("ip netns exec jeoul-default ss -Hlntu; ip netns exec jeoul-default ss -Hlnw")
    assert listening.strip() == ""
    inside = appliance.guest("ss -Hlnt | awk '{print $4}' | sort -u").split()
    assert all(place.startswith("127.0.0.") or "%mgmt" in place for place in inside), inside
    assert appliance.guest("ip -br address show dev port1").split()[2:] == []


def test_the_same_document_again_takes_no_step(appliance: Appliance) -> None:
    before = appliance.rest.ask("GET", "/status")["steps_taken"]
    assert appliance.rest.put_config(document(interval="2s"))["steps"] == []
    assert appliance.rest.ask("GET", "/status")["steps_taken"] == before
