"""Rows of the engine ``network``.

``(box, "port port1")``
``(instance,)``
``(instance, "interface wan on port1")``
``(instance, "interface wan on port1", "address 192.0.2.1/24")``
``(instance, "local 192.0.2.10")`` for a VIP on no interface's network
``(instance, "route 0.0.0.0/0 metric 100")``
"""

from appliance.table import Row


class PortRow(Row):
    """A physical port that is in use."""

    mtu: int
    up: bool = True


class InstanceRow(Row):
    """A network namespace and the kernel parameters in it, by name below ``/proc/sys``."""

    parameters: dict[str, str]
    loopback: bool = True
    """Its loopback is up: without it the kernel accepts no destination."""


class InterfaceRow(Row):
    """A macvlan on a port."""

    mac: str
    mtu: int
    up: bool = True


class AddressRow(Row):
    """An address of an interface."""

    dad: bool
    """The kernel looks for the address on the network before it uses it, and may use it as a source (IPv6, RFC 4862).
    Not so for VIPs: they move between machines, and a member drops a tunnel whose outer source is its own address."""
    duplicate: bool = False
    """It was found there; never wanted."""


class LocalRow(Row):
    """A VIP that no interface's network holds: it lives on the loopback, and a router sends it here."""


class Hop(Row):
    """One gateway and the interface that leads to it."""

    via: str
    interface: str


class RouteRow(Row):
    """A route's gateways, sorted."""

    hops: tuple[Hop, ...]


ROWS: dict[str, type[Row]] = {
    "port": PortRow,
    "instance": InstanceRow,
    "interface": InterfaceRow,
    "address": AddressRow,
    "local": LocalRow,
    "route": RouteRow,
}
