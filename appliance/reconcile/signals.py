"""What the director knows of the world: verdicts and the operator's words, merged into Signals."""

from collections.abc import Iterable, Mapping

from appliance.model.config import Config
from appliance.model.signals import Operational, member_key
from appliance.wire.messages import Verdict, WatchTarget

type VerdictKey = tuple[str, str]
"""(member key, monitor)"""

WORST: tuple[Operational, ...] = ("down", "unknown", "degraded", "up")


def targets(config: Config) -> tuple[WatchTarget, ...]:
    """Return everything that the checker is to watch."""
    found: list[WatchTarget] = []
    for name, instance in config.instances.items():
        for pool_name, pool in instance.pools.items():
            for monitor in pool.monitors:
                settings = instance.monitors[monitor].model_dump(mode="json")
                found.extend(
                    WatchTarget(
                        key=member_key(name, pool_name, key),
                        monitor=monitor,
                        instance=name,
                        address=member.address,
                        port=member.port,
                        settings=settings,
                    )
                    for key, member in pool.members.items()
                )
    return tuple(found)


def merge(standing: Mapping[VerdictKey, Verdict], news: Iterable[Verdict]) -> dict[VerdictKey, Verdict]:
    """Return the verdicts after news; a checker that has just started and knows nothing yet takes no verdict back."""
    result = dict(standing)
    for verdict in news:
        key = (verdict.key, verdict.monitor)
        if verdict.state != "unknown" or key not in result:
            result[key] = verdict
    return result


def keep(
    standing: Mapping[VerdictKey, Verdict], before: Iterable[WatchTarget], after: Iterable[WatchTarget]
) -> dict[VerdictKey, Verdict]:
    """Return the verdicts that hold under another order too: same member, same place, same monitor.

    A monitor's changed settings, even another kind, take no verdict back: the next probes will say.
    """
    places = {(t.key, t.monitor): (t.address, t.port) for t in after}
    old = {(t.key, t.monitor): (t.address, t.port) for t in before}
    return {key: verdict for key, verdict in standing.items() if key in places and places[key] == old.get(key)}


def operational(verdicts: Iterable[Verdict], watched: Iterable[WatchTarget]) -> dict[str, Operational]:
    """Return each watched member's state: the worst that its monitors say; unknown while one says nothing."""
    said = {(verdict.key, verdict.monitor): verdict.state for verdict in verdicts}
    result: dict[str, Operational] = {}
    for target in watched:
        state = said.get((target.key, target.monitor), "unknown")
        before = result.get(target.key, "up")
        result[target.key] = min(state, before, key=WORST.index)
    return result
