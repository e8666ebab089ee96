"""The IPVS driver keeps the contract, in a kernel with IPVS."""

import subprocess

import pytest

from appliance.engines.base import kind_of
from appliance.engines.ipvs.driver import IpvsDriver
from appliance.engines.network.driver import NetworkDriver
from appliance.table import Path, Row
from tests.engines.contract import arrive, check_contract
from tests.engines.tables import tables

pytestmark = pytest.mark.kernel


def without_routes(number: int) -> dict[Path, Row]:
    """Return a table of the network engine; routes are for the kernels that know several gateways (test_network.py)."""
    return {path: row for path, row in tables("network")[number].items() if kind_of(path) != "route"}


def test_ipvs_contract(network: NetworkDriver) -> None:
    arrive(network, without_routes(-1))
    driver = IpvsDriver()
    wanted = tables("ipvs")
    # IPVS itself is there as long as the namespace is: its row can be made and changed, and not broken.
    keep: dict[Path, Row] = {path: row for path, row in driver.observe().items() if len(path) == 2}
    roots: dict[Path, Row] = {path: row for path, row in wanted[-1].items() if len(path) == 2}
    arrive(driver, roots)
    assert keep.keys() == roots.keys()
    check_contract(driver, [{**roots, **table} for table in wanted], roots)


def test_ipvs_is_what_ipvsadm_says(network: NetworkDriver) -> None:
    arrive(network, without_routes(1))
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
