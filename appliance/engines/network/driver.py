"""Ports, namespaces, interfaces, addresses and routes over netlink, by pyroute2."""

import errno
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from pyroute2 import IPRoute, NetlinkError, netns

from appliance.engines import _parameters
from appliance.engines._namespace import Kept, coming_home, identity, inside, instances
from appliance.engines.base import Counters, Driver, Refused, kind_of, name_of
from appliance.engines.namespaces import file_of, namespace
from appliance.engines.network.compiler import PARAMETERS
from appliance.engines.network.rows import AddressRow, Hop, InstanceRow, InterfaceRow, LocalRow, PortRow, RouteRow
from appliance.table import BOX, Op, Path, Row

OURS = "jeoul"
"""Alias of ports that are in use by us."""
PROTOCOL = 74
"""Our own number of a routing protocol (linux/rtnetlink.h); routes with another number are not ours."""
UP = 0x1  # IFF_UP
NODAD, DAD_FAILED, DEPRECATED = 0x02, 0x08, 0x20  # IFA_F_NODAD, IFA_F_DADFAILED, IFA_F_DEPRECATED
FOR_EVER = 0xFFFFFFFF

REASONS = {
    errno.ENODEV: "there is no such port in this box; fit it, or take it out of the document",
    errno.EEXIST: "something else already has this name or address",
    errno.ENOENT: "what it stands on is not there",
    errno.ESRCH: "it is not there",
    errno.EADDRNOTAVAIL: "the address is not there",
    errno.ENETUNREACH: "the gateway cannot be reached from any address of this instance",
    errno.EHOSTUNREACH: "the gateway cannot be reached from any address of this instance",
    errno.EINVAL: "the kernel does not accept it",
    errno.EBUSY: "the port is in use by something else",
    errno.EPERM: "the programmer lacks the right to do it",
    errno.EACCES: "the programmer lacks the right to do it",
    errno.ENOMEM: "the kernel has no memory left for it",
    errno.ENOBUFS: "the kernel has no memory left for it",
    errno.ENETDOWN: "the interface is down",
    errno.EOPNOTSUPP: "this kernel cannot do it",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
}
"""The kernel's errors in the operator's words."""


class NetworkDriver(Driver):
    """One netlink socket in the root namespace and one in each instance's, kept while the namespace lives."""

    def __init__(self) -> None:
        self._root = IPRoute()
        # Opened inside: pyroute2's own way into a namespace forks, and takes ten times as long.
        self._netlinks: Kept[Any] = Kept(IPRoute)

    # ---- observe

    def observe(self) -> dict[Path, Row]:
        """Return ports with our alias, and all that is in the instances' namespaces."""
        try:
            return dict(self._observe())
        except (NetlinkError, OSError) as error:
            raise Refused(f"links and addresses cannot be read: {error}") from error

    def _observe(self) -> Iterator[tuple[Path, Row]]:
        ports: dict[int, str] = {}
        for link in self._root.get_links():
            ports[link["index"]] = name = link.get_attr("IFLA_IFNAME")
            if link.get_attr("IFLA_IFALIAS") == OURS:
                yield (BOX, f"port {name}"), PortRow(mtu=link.get_attr("IFLA_MTU"), up=bool(link["flags"] & UP))
        for instance in instances():
            yield from self._observe_instance(instance, ports)

    def _observe_instance(self, instance: str, ports: dict[int, str]) -> Iterator[tuple[Path, Row]]:
        netlink = self._netlinks.get(instance)
        names: dict[int, str] = {}
        interfaces: dict[int, Path] = {}
        loopback = False
        for link in netlink.get_links():
            index, up = link["index"], bool(link["flags"] & UP)
            names[index] = link.get_attr("IFLA_IFNAME")
            info = link.get_attr("IFLA_LINKINFO")
            if names[index] == "lo":
                loopback = up
            elif info is not None and info.get_attr("IFLA_INFO_KIND") == "macvlan":
                port = ports.get(link.get_attr("IFLA_LINK"), "nothing")
                interfaces[index] = (instance, f"interface {names[index]} on {port}")
                row = InterfaceRow(mac=link.get_attr("IFLA_ADDRESS"), mtu=link.get_attr("IFLA_MTU"), up=up)
                yield interfaces[index], row
        with inside(instance):
            parameters = _parameters.read(PARAMETERS)
        yield (instance,), InstanceRow(parameters=parameters, loopback=loopback)
        for address in netlink.get_addr():
            yield from _address(address, instance, interfaces, names)
        for family in (socket.AF_INET, socket.AF_INET6):
            for route in netlink.get_routes(family=family, proto=PROTOCOL):
                if route["proto"] == PROTOCOL:
                    yield _route(route, instance, family, names)

    # ---- apply

    def apply(self, ops: Sequence[Op]) -> list[str | None]:
        """Take the steps in order."""
        return [self._take(op) for op in ops]

    def _take(self, op: Op) -> str | None:
        take = getattr(self, f"_{kind_of(op.path)}")
        try:
            take(op)
        except NetlinkError as error:
            return REASONS.get(error.code, os.strerror(error.code))
        except OSError as error:
            return REASONS.get(error.errno or 0, str(error))
        return None

    def _port(self, op: Op) -> None:
        name = name_of(op.path[-1])
        index = _index(self._root, name)
        if op.new is None:
            self._root.link("set", index=index, ifalias="", state="down")
        elif isinstance(op.new, PortRow):
            # No address of the box may stand on a data port: it carries the instances' frames only.
            with_no_ipv6 = {f"net/ipv6/conf/{name}/disable_ipv6": "1"}
            _parameters.write(with_no_ipv6)
            self._root.link("set", index=index, ifalias=OURS, mtu=op.new.mtu, state="up")

    def _instance(self, op: Op) -> None:
        (instance,) = op.path
        if op.new is None:
            self._netlinks.drop(instance)
            netns.remove(namespace(instance))
            return
        if op.verb == "make":
            _make_namespace(instance)
        if isinstance(op.new, InstanceRow):
            with inside(instance):
                _parameters.write(op.new.parameters)
            self._netlinks.get(instance).link("set", index=1, state="up")

    def _interface(self, op: Op) -> None:
        instance, segment = op.path
        name, _, port = name_of(segment).partition(" on ")
        netlink = self._netlinks.get(instance)
        if op.new is None:
            netlink.link("del", index=_index(netlink, name))
            return
        row = op.new
        assert isinstance(row, InterfaceRow)
        if op.verb == "make":
            # Born in the root namespace, where its port is, and in the same step put into the instance's.
            with open(file_of(instance), "rb") as there:
                parent = _index(self._root, port)
                self._root.link(
                    "add", ifname=name, kind="macvlan", macvlan_mode="bridge", link=parent, address=row.mac,
                    mtu=row.mtu, net_ns_fd=there.fileno(),
                )  # fmt: skip
        index = _index(netlink, name)
        netlink.link("set", index=index, address=row.mac, mtu=row.mtu)
        netlink.link("set", index=index, state="up" if row.up else "down")

    def _address(self, op: Op) -> None:
        instance, interface, segment = op.path
        address, _, length = name_of(segment).partition("/")
        netlink = self._netlinks.get(instance)
        index = _index(netlink, name_of(interface).partition(" on ")[0])
        if op.verb != "make":
            netlink.addr("del", index=index, address=address, prefixlen=int(length))
        if isinstance(op.new, AddressRow):
            vip = {"flags": NODAD, "preferred_lft": 0, "valid_lft": FOR_EVER}
            more = vip if ":" in address and not op.new.dad else {}
            netlink.addr("add", index=index, address=address, prefixlen=int(length), **more)

    def _local(self, op: Op) -> None:
        instance, segment = op.path
        address = name_of(segment)
        verb = "del" if op.new is None else "add"
        self._netlinks.get(instance).addr(verb, index=1, address=address, prefixlen=128 if ":" in address else 32)

    def _route(self, op: Op) -> None:
        instance, segment = op.path
        destination, _, metric = name_of(segment).partition(" metric ")
        netlink = self._netlinks.get(instance)
        key = {
            "dst": destination,
            "family": socket.AF_INET6 if ":" in destination else socket.AF_INET,
            "priority": int(metric),
            "proto": PROTOCOL,
        }
        if op.new is None:
            netlink.route("del", **key)
            return
        assert isinstance(op.new, RouteRow)
        hops = [{"gateway": hop.via, "oif": _index(netlink, hop.interface)} for hop in op.new.hops]
        netlink.route(
            "add" if op.verb == "make" else "replace", **key, **(hops[0] if len(hops) == 1 else {"multipath": hops})
        )

    # ---- count

    def count(self) -> Counters:
        """Return bytes, packets, errors and drops of ports and of instances' interfaces."""
        try:
            counters: Counters = {}
            ports = {}
            for link in self._root.get_links():
                ports[link["index"]] = link.get_attr("IFLA_IFNAME")
                if link.get_attr("IFLA_IFALIAS") == OURS:
                    counters[(BOX, f"port {link.get_attr('IFLA_IFNAME')}")] = _traffic(link)
            for instance in instances():
                for link in self._netlinks.get(instance).get_links():
                    info = link.get_attr("IFLA_LINKINFO")
                    if info is not None and info.get_attr("IFLA_INFO_KIND") == "macvlan":
                        port = ports.get(link.get_attr("IFLA_LINK"), "nothing")
                        counters[(instance, f"interface {link.get_attr('IFLA_IFNAME')} on {port}")] = _traffic(link)
        except (NetlinkError, OSError) as error:
            raise Refused(f"counters of links cannot be read: {error}") from error
        return counters


def _make_namespace(instance: str) -> None:
    name, file = namespace(instance), file_of(instance)
    if identity(instance) is None and os.path.lexists(file):
        os.unlink(file)  # left by a making that was cut off half-way
    with coming_home():
        os.unshare(os.CLONE_NEWNET)
        netns.attach(name, threading.get_native_id())


def _index(netlink: Any, name: str) -> int:
    found = netlink.link_lookup(ifname=name)
    if not found:
        raise OSError(errno.ENODEV, f"there is no link {name}")
    return int(found[0])


def _address(
    address: Any, instance: str, interfaces: dict[int, Path], names: dict[int, str]
) -> Iterator[tuple[Path, Row]]:
    text = address.get_attr("IFA_LOCAL") or address.get_attr("IFA_ADDRESS")
    flags = address.get_attr("IFA_FLAGS") or address["flags"]
    length = address["prefixlen"]
    if text in ("127.0.0.1", "::1") or text.startswith("fe80:"):
        return  # the kernel's own
    if address["index"] in interfaces:
        vip = NODAD | DEPRECATED
        row = AddressRow(dad=":" in text and flags & vip != vip, duplicate=bool(flags & DAD_FAILED))
        yield (*interfaces[address["index"]], f"address {text}/{length}"), row
    elif names.get(address["index"]) == "lo":
        yield (instance, f"local {text}"), LocalRow()


def _route(route: Any, instance: str, family: int, names: dict[int, str]) -> tuple[Path, Row]:
    anywhere = "::" if family == socket.AF_INET6 else "0.0.0.0"
    destination = f"{route.get_attr('RTA_DST') or anywhere}/{route['dst_len']}"
    several = route.get_attr("RTA_MULTIPATH")
    ways = [(hop.get_attr("RTA_GATEWAY"), hop["oif"]) for hop in several] if several else [
        (route.get_attr("RTA_GATEWAY"), route.get_attr("RTA_OIF"))
    ]  # fmt: skip
    hops = sorted((str(via), names.get(index, "nothing")) for via, index in ways)
    path = (instance, f"route {destination} metric {route.get_attr('RTA_PRIORITY') or 0}")
    return path, RouteRow(hops=tuple(Hop(via=via, interface=interface) for via, interface in hops))


def _traffic(link: Any) -> dict[str, int]:
    stats = link.get_attr("IFLA_STATS64") or {}
    return {
        "bytes_in": stats.get("rx_bytes", 0),
        "bytes_out": stats.get("tx_bytes", 0),
        "packets_in": stats.get("rx_packets", 0),
        "packets_out": stats.get("tx_packets", 0),
        "errors_in": stats.get("rx_errors", 0),
        "errors_out": stats.get("tx_errors", 0),
        "drops_in": stats.get("rx_dropped", 0),
        "drops_out": stats.get("tx_dropped", 0),
    }


def open_driver() -> Driver:
    """Return the driver."""
    return NetworkDriver()
