"""The machine in memory keeps the contract of all drivers."""

import pytest

from appliance.engines.memory import MemoryDriver
from tests.engines.contract import check_contract
from tests.engines.tables import tables


@pytest.mark.parametrize(("engine", "depth"), [("network", 1), ("ipvs", 2)])
def test_contract(engine: str, depth: int) -> None:
    check_contract(MemoryDriver(depth), tables(engine), {})
