"""A box with two ports, for the real drivers."""

import subprocess
from collections.abc import Iterator

import pytest

from appliance.engines.network.driver import NetworkDriver
from tests.engines.contract import arrive


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
