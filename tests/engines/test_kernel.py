"""The real drivers keep the contract, in a kernel with IPVS."""

import subprocess
from collections.abc import Iterator

import pytest

from appliance.engines.ipvs.driver import IpvsDriver
from appliance.engines.network.driver import NetworkDriver
from appliance.table import Path, Row
from tests.engines.contract import arrive, check_contract
from tests.engines.tables import tables

pytestmark = pytest.mark.kernel


@pytest.fixture
def ports() -> Iterator[None]:
    """Give the machine the ports port1 and port2."""
    for port in ("port1", "port2"):
        subprocess.run(["ip", "link", "add", port, "type", "veth", "peer", "name", f"{port}-far"], check=True)
        subprocess.run(["ip", "link", "set", f"{port}-far", "up"], check=True)
    yield
    for port in ("port1", "port2"):
        subprocess.run(["ip", "link", "del", port], check=True)


@pytest.fixture
def network(ports: None) -> Iterator[NetworkDriver]:
    """Give the network driver; nothing of ours is left behind it."""
    driver = NetworkDriver()
    yield driver
    arrive(driver, {})


def test_network_contract(network: NetworkDriver) -> None:
    check_contract(network, tables("network"), {})


def test_ipvs_contract(network: NetworkDriver) -> None:
    arrive(network, tables("network")[-1])
    driver = IpvsDriver()
    wanted = tables("ipvs")
    # IPVS itself is there as long as the namespace is: its row can be made and changed, and not broken.
    keep: dict[Path, Row] = {path: row for path, row in driver.observe().items() if len(path) == 2}
    roots: dict[Path, Row] = {path: row for path, row in wanted[-1].items() if len(path) == 2}
    arrive(driver, roots)
    assert keep.keys() == roots.keys()
    check_contract(driver, [{**roots, **table} for table in wanted], roots)


def test_ipvs_is_what_ipvsadm_says(network: NetworkDriver) -> None:
    arrive(network, tables("network")[1])
    driver = IpvsDriver()
    arrive(driver, tables("ipvs")[1])
    said = subprocess.run(
        ["ip", "netns", "exec", "jeoul-default", "ipvsadm", "-Sn"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert sorted(said) == [
        "-A -t 192.0.2.11:80 -s wrr",
        "-A -t [2001:db8:1::10]:80 -s rr",
        "-A -u 198.51.100.5:53 -s mh",
        "-a -t 192.0.2.11:80 -r 10.77.0.11:80 -g -w 1",
        "-a -t 192.0.2.11:80 -r 10.77.0.12:80 -g -w 7",
        "-a -t [2001:db8:1::10]:80 -r [2001:db8:2::11]:80 -i -w 1 --tun-type ipip",
        "-a -u 198.51.100.5:53 -r 10.77.0.11:80 -m -w 1",
        "-a -u 198.51.100.5:53 -r 10.77.0.12:80 -m -w 7",
    ]


def test_foreign_changes_are_seen_and_only_ours_are_broken(network: NetworkDriver) -> None:
    table = tables("network")[0]
    arrive(network, table)
    for change in (
        "addr del 192.0.2.2/24 dev wan",
        "addr add 192.0.2.99/24 dev lan",
        "link set lan down",
        "route add 203.0.113.0/24 via 10.77.0.50",
    ):
        subprocess.run(["ip", "-n", "jeoul-default", *change.split()], check=False)
    assert network.observe() != table
    arrive(network, table)
