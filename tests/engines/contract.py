"""What every driver must do, run on the machine in memory everywhere and on the real drivers in a kernel with IPVS."""

from collections.abc import Mapping

from appliance.engines.base import Driver
from appliance.table import Op, Path, Row, applied, diff, show


def arrive(driver: Driver, desired: Mapping[Path, Row]) -> list[Op]:
    """Bring a driver to a table in one go and return the steps; fail where one is refused or does not arrive."""
    ops = diff(desired, driver.observe())
    results = driver.apply(ops)
    refused = [f"{op.verb} {show(op.path)}: {why}" for op, why in zip(ops, results, strict=True) if why]
    assert refused == []
    assert driver.observe() == dict(desired)
    assert diff(desired, driver.observe()) == []
    return ops


def check_contract(driver: Driver, tables: list[Mapping[Path, Row]], keep: Mapping[Path, Row]) -> None:
    """Walk through tables there and back, then break everything but ``keep``; refuse what makes no sense on the way."""
    for table in tables:
        arrive(driver, table)
    for table in reversed(tables):
        arrive(driver, table)
    first = tables[0]
    new = sorted(first.keys() - keep.keys())
    _refused(driver, Op("make", new[-1], None, first[new[-1]]), "made twice")
    arrive(driver, keep)
    if len(new[-1]) > 1:
        _refused(driver, Op("make", new[-1], None, first[new[-1]]), "made without its parent")
    _refused(driver, Op("break", new[-1], first[new[-1]], None), "broken when it is not there")
    # Cut off after each step in turn, as by a power cut: a new comparison finishes the work.
    for count in range(len(diff(first, keep))):
        arrive(driver, keep)
        some = diff(first, driver.observe())[:count]
        assert driver.apply(some) == [None] * len(some)
        assert driver.observe() == applied(keep, some)
        arrive(driver, first)
    arrive(driver, keep)


def _refused(driver: Driver, op: Op, what: str) -> None:
    before = driver.observe()
    (why,) = driver.apply([op])
    assert why, f"{op.path} was {what} and not refused"
    assert driver.observe() == before
