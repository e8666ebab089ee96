"""Rows of the engine ``ipvs``.

``(instance, "ipvs")``, ``(instance, "ipvs", "service tcp 192.0.2.10:80")``,
``(instance, "ipvs", "service tcp 192.0.2.10:80", "member 10.0.0.1:8080")``; IPv6 as ``[2001:db8::1]:80``.
"""

from typing import Literal

from appliance.table import Path, Row


class IpvsRow(Row):
    """IPVS's parameters in an instance, by name below ``/proc/sys/net/ipv4/vs``."""

    parameters: dict[str, str]


class ServiceRow(Row):
    """A virtual service; flags and timeout as the kernel holds them (linux/ip_vs.h), 0 in a plain service."""

    scheduler: str
    flags: int = 0
    timeout: int = 0


class MemberRow(Row):
    """A destination; weight 0 keeps its connections and takes no new ones."""

    forwarding: Literal["nat", "dr", "tun"]
    weight: int
    upper: int = 0
    lower: int = 0


ROWS: dict[str, type[Row]] = {"ipvs": IpvsRow, "service": ServiceRow, "member": MemberRow}


def endpoint(address: str, port: int) -> str:
    """Return address and port in one word."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def split_endpoint(word: str) -> tuple[str, int]:
    """Return the address and port of one word."""
    address, _, port = word.rpartition(":")
    return address.strip("[]"), int(port)


def service_path(instance: str, protocol: str, address: str, port: int) -> Path:
    """Return the path of a service."""
    return (instance, "ipvs", f"service {protocol} {endpoint(address, port)}")


def member_path(service: Path, address: str, port: int) -> Path:
    """Return the path of a destination of a service."""
    return (*service, f"member {endpoint(address, port)}")
