"""What the box itself uses: processors, memory, load, disk, ports of the root namespace."""

import os
from dataclasses import dataclass, field
from pathlib import Path as File

import psutil

from appliance.table import BOX, Path

type Series = tuple[Path, str]
"""(path, metric)"""


@dataclass
class Reading:
    """What was read at one moment: counters, of which rates are kept, and gauges, which are kept as they are."""

    counters: dict[Series, float] = field(default_factory=dict)
    gauges: dict[Series, float] = field(default_factory=dict)


def read(disk: File) -> Reading:
    """Return a reading; ``disk`` is any folder of the file system that is measured.

    Processor use is since the last call; the first one says 0.
    """
    reading = Reading()
    gauges, box = reading.gauges, (BOX,)
    cores = psutil.cpu_percent(percpu=True)
    gauges[box, "cpu_percent"] = sum(cores) / len(cores)
    for number, percent in enumerate(cores):
        gauges[(BOX, f"core {number}"), "cpu_percent"] = percent
    memory = psutil.virtual_memory()
    gauges[box, "memory_bytes"] = memory.total - memory.available
    gauges[box, "memory_percent"] = memory.percent
    for minutes, load in zip((1, 5, 15), os.getloadavg(), strict=True):
        gauges[box, f"load_{minutes}"] = load
    usage = psutil.disk_usage(str(disk))
    gauges[box, "disk_bytes"] = usage.used
    gauges[box, "disk_percent"] = usage.percent
    for name, nic in psutil.net_io_counters(pernic=True).items():
        place = (BOX, f"nic {name}")
        reading.counters |= {
            (place, "bytes_in"): nic.bytes_recv,
            (place, "bytes_out"): nic.bytes_sent,
            (place, "packets_in"): nic.packets_recv,
            (place, "packets_out"): nic.packets_sent,
            (place, "drops_in"): nic.dropin,
            (place, "drops_out"): nic.dropout,
            (place, "errors_in"): nic.errin,
            (place, "errors_out"): nic.errout,
        }
    return reading
