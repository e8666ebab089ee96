"""The network driver keeps the contract, on this machine's kernel, in a network namespace of its own."""

import subprocess

import pytest

from appliance.engines.network.driver import NetworkDriver
from appliance.engines.registry import ENGINES
from appliance.model.document import read
from appliance.table import diff
from tests.engines.contract import arrive, check_contract
from tests.engines.tables import BASE, SIGNALS, tables

pytestmark = pytest.mark.lab


def test_network_contract(network: NetworkDriver) -> None:
    check_contract(network, tables("network"), {})


def test_an_interface_moves_to_another_port(network: NetworkDriver) -> None:
    table = tables("network")[0]
    arrive(network, table)
    text = BASE.replace("wan: {port: port1", "wan: {port: port2").replace("mtu: 1400", "mtu: 1500")
    moved = ENGINES["network"].compile(read(text), SIGNALS)
    # Its name is free only when the old one is broken, so it takes a second look, as the loop takes it.
    for _ in range(2):
        network.apply(diff(moved, network.observe()))
    assert network.observe() == moved


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
