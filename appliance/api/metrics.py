"""Prometheus' text from the director's view and counters; pure, and names are the operator's, not the kernel's."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from appliance.api.parts import Document
from appliance.engines.base import kind_of, name_of
from appliance.engines.ipvs.rows import endpoint, service_path
from appliance.table import Path
from appliance.wire.messages import Counted, Status

STATES = ("unknown", "up", "degraded", "down")
WORDS = ("enabled", "draining", "disabled")
LABELS = ("instance", "service", "member", "object")

type Names = Mapping[Path, Mapping[str, str]]
"""path of a counter -> its labels"""


class _Ready(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def render(status: Status | None, counted: Counted | None, monitor: bool, document: Document | None) -> bytes:
    """Return the metrics as text; what could not be asked is left out, and jeoul_process_up says so."""
    registry = CollectorRegistry(auto_describe=False)
    found: list[Metric] = [_processes(status, monitor)]
    if status is not None:
        found += _view(status)
        found += _members(status)
    if counted is not None:
        found += _counters(counted, document or {})
    registry.register(_Ready(found))
    return generate_latest(registry)


def _processes(status: Status | None, monitor: bool) -> Metric:
    metric = GaugeMetricFamily("jeoul_process_up", "1 while a process of the box answers.", labels=["process"])
    seen = {
        "director": status is not None,
        "monitor": monitor,
        "programmer": status is not None and status.programmer,
        "checker": status is not None and status.checker,
    }
    for process, up in seen.items():
        metric.add_metric([process], up)
    return metric


def _view(status: Status) -> list[Metric]:
    gauges: dict[str, tuple[str, float]] = {
        "jeoul_revision": ("Number of the running revision.", status.revision),
        "jeoul_committed_timestamp_seconds": ("When the running revision was committed.", status.committed_at),
        "jeoul_settled": ("1 when the machine held what it should at the last pass.", status.settled),
        "jeoul_steps_left": ("Steps that could not be taken yet.", len(status.left)),
        "jeoul_last_pass_timestamp_seconds": (
            "When the machine was last compared with the document.",
            status.last_pass,
        ),
    }
    counters: dict[str, tuple[str, float]] = {
        "jeoul_passes": ("Comparisons of the machine with the document.", status.passes),
        "jeoul_steps_taken": ("Steps taken on the machine.", status.steps_taken),
        "jeoul_drift": ("Steps that mended what somebody else had changed.", status.drift_total),
    }
    return [
        *(GaugeMetricFamily(name, text, value=value) for name, (text, value) in gauges.items()),
        *(CounterMetricFamily(name, text, value=value) for name, (text, value) in counters.items()),
    ]


def _members(status: Status) -> list[Metric]:
    labels = ["instance", "pool", "member"]
    state = GaugeMetricFamily("jeoul_member_state", "1 for the state that monitors see.", labels=[*labels, "state"])
    word = GaugeMetricFamily("jeoul_member_admin_state", "1 for the operator's word.", labels=[*labels, "state"])
    latency = GaugeMetricFamily(
        "jeoul_member_check_latency_seconds", "How long the last good probe took.", labels=[*labels, "monitor"]
    )
    for key, member in status.members.items():
        names = key.split("/", 2)
        for one in STATES:
            state.add_metric([*names, one], member.operational == one)
        for one in WORDS:
            word.add_metric([*names, one], member.administrative == one)
        for verdict in member.verdicts:
            if verdict.latency is not None:
                latency.add_metric([*names, verdict.monitor], verdict.latency)
    return [state, word, latency]


def _counters(counted: Counted, document: Document) -> list[Metric]:
    names = service_names(document)
    found: dict[tuple[str, tuple[str, ...]], Metric] = {}
    for path, counters in counted.counters:
        labels = labels_of(path, names)
        for counter, value in counters.items():
            name = re.sub(r"[^a-zA-Z0-9_]", "_", f"jeoul_{kind_of(path)}_{counter}")
            key = (name, tuple(labels))
            if key not in found:
                text = f"{counter.replace('_', ' ').capitalize()} of each {kind_of(path)}."
                family = CounterMetricFamily if _grows(counter) else GaugeMetricFamily
                found[key] = family(name, text, labels=list(labels))
            metric: Any = found[key]
            metric.add_metric(list(labels.values()), value)
    return list(found.values())


def _grows(counter: str) -> bool:
    return counter.endswith("_total") or counter.startswith(("bytes_", "packets_"))


def service_names(document: Document) -> Names:
    """Return the operator's names of services and members by their paths in the engine ipvs."""
    found: dict[Path, Mapping[str, str]] = {}
    for instance, settings in document.get("instances", {}).items():
        for name, service in settings["services"].items():
            path = service_path(instance, service["protocol"], service["address"], service["port"])
            found[path] = {"service": name}
            pool = settings["pools"].get(service["pool"], {"members": {}})
            for member, place in pool["members"].items():
                found[*path, f"member {endpoint(place['address'], place['port'])}"] = {
                    "service": name,
                    "member": member,
                }
    return found


def labels_of(path: Path, names: Names) -> dict[str, str]:
    """Return a counter's labels: the operator's names where the document has them, else what the kernel calls it."""
    labels = {"instance": path[0]}
    if path in names:
        return labels | dict(names[path])
    for segment in path[1:]:
        kind = segment.partition(" ")[0]
        if name_of(segment):
            labels[re.sub(r"[^a-zA-Z0-9_]", "_", kind)] = name_of(segment)
    return labels
