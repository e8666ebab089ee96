"""What the director tells, as counters and gauges."""

from appliance.table import BOX
from appliance.telemetry.box import Reading
from appliance.wire.messages import Counted, Status

GAUGES = ("_active", "_inactive", "_persistent", "_now")
"""Endings of counters' names that are gauges: they go up and down, and a rate of them would mean nothing."""


def of_counted(counted: Counted) -> Reading:
    """Return what the engines counted."""
    reading = Reading()
    for path, values in counted.counters:
        for metric, value in values.items():
            kept = reading.gauges if metric.endswith(GAUGES) else reading.counters
            kept[path, metric] = float(value)
    return reading


def of_status(status: Status) -> Reading:
    """Return how the members and the director's work stand; a member's latency is its slowest monitor's."""
    reading = Reading()
    box = (BOX,)
    states = [member.operational for member in status.members.values()]
    reading.gauges |= {
        (box, "steps_left"): float(len(status.left)),
        (box, "members_up"): float(states.count("up")),
        (box, "members_down"): float(states.count("down")),
    }
    reading.counters |= {
        (box, "steps_taken"): float(status.steps_taken),
        (box, "drift_total"): float(status.drift_total),
    }
    for key, member in status.members.items():
        instance, pool, name = key.split("/")
        place = (instance, f"pool {pool}", f"member {name}")
        reading.gauges[place, "up"] = float(member.operational == "up")
        latencies = [verdict.latency for verdict in member.verdicts if verdict.latency is not None]
        if latencies:
            reading.gauges[place, "latency_seconds"] = max(latencies)
    return reading
