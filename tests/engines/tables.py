"""Documents for the contract suite: each changes another kind of row."""

from collections.abc import Mapping

from appliance.engines.registry import ENGINES
from appliance.model.config import Config
from appliance.model.document import read
from appliance.model.signals import Signals
from appliance.table import Path, Row

BASE = """
version: 1
ports: {port1: {}, port2: {mtu: 1400}}
instances:
  default:
    interfaces:
      wan: {port: port1, addresses: [192.0.2.2/24, "2001:db8:1::2/64"]}
      lan: {port: port2, addresses: [10.77.0.1/24, "2001:db8:2::1/64"]}
    routes:
      out: {to: default, via: [192.0.2.1]}
      out6: {to: default6, via: ["2001:db8:1::1"]}
    pools:
      web:
        members:
          s1: {address: 10.77.0.11, port: 80}
          s2: {address: 10.77.0.12, port: 80, weight: 2}
      web6:
        members:
          s1: {address: "2001:db8:2::11", port: 80}
    services:
      shop: {address: 192.0.2.10, port: 80, pool: web}
      shop6: {address: "2001:db8:1::10", port: 80, pool: web6, scheduler: rr}
      far: {address: 198.51.100.5, port: 53, protocol: udp, pool: web, scheduler: sh, forwarding: nat}
"""

CHANGED = (
    BASE.replace("weight: 2", "weight: 7")
    .replace("mtu: 1400", "mtu: 1500")
    .replace("via: [192.0.2.1]", "via: [192.0.2.1, 192.0.2.3]")
    .replace('via: ["2001:db8:1::1"]', 'via: ["2001:db8:1::1", "2001:db8:1::3"]')
    .replace("scheduler: sh", "scheduler: mh")
    .replace("192.0.2.10, port: 80, pool", "192.0.2.11, port: 80, forwarding: dr, pool")
    .replace('"2001:db8:1::10", port: 80', '"2001:db8:1::10", port: 80, forwarding: tun')
)
MORE = (
    CHANGED
    + """
  second:
    interfaces:
      wan: {port: port2, addresses: [192.0.2.2/24]}
    pools: {p: {members: {m: {address: 192.0.2.77, port: 443}}}}
    services: {s: {address: 192.0.2.10, port: 443, pool: p, scheduler: wlc}}
"""
)

SIGNALS = Signals(unit="0123456789abcdef")
DOCUMENTS = [BASE, CHANGED, MORE]


def configs() -> list[Config]:
    """Return the documents, read."""
    return [read(text) for text in DOCUMENTS]


def tables(engine: str) -> list[Mapping[Path, Row]]:
    """Return an engine's table of each document."""
    return [ENGINES[engine].compile(config, SIGNALS) for config in configs()]
