"""The lab: hosts as network namespaces, joined by switches, made and removed by `with Lab() as lab`.

The same hosts serve a balancer that is a namespace on this kernel and an appliance in QEMU that is attached by taps.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from ctypes import addressof, create_string_buffer
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.namespace import NAMES, Namespace, remove
from tests.lab.serving import RealServer

OPEN_FILES = 65536
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x2, 0x1000, 0x4000
SIOCETHTOOL = 0x8946
ETHTOOL_STXCSUM = 0x17

_labs = itertools.count()


class Lab:
    """Owns every host and switch of one test; leaving it removes them all, whatever happened inside."""

    def __init__(self) -> None:
        _sweep()
        _allow_open_files()
        self.prefix = f"jl{os.getpid()}-{next(_labs)}-"
        self._namespaces: list[Namespace] = []
        self._taps: list[Tap] = []

    def host(self, name: str, *, forward: bool = False) -> Host:
        """Makes a host with `lo` up; with `forward` it routes."""
        return Host(name, self._namespace(name), forward)

    def switch(self, name: str) -> Switch:
        """Makes a link layer segment."""
        return Switch(name, self._namespace(name), self._taps)

    def close(self) -> None:
        """Removes everything; calling it twice is harmless."""
        for tap in self._taps:
            tap.close()
        for namespace in self._namespaces:
            namespace.close()

    def _namespace(self, name: str) -> Namespace:
        namespace = Namespace(self.prefix + name)
        self._namespaces.append(namespace)
        # IPv6 without waiting: no duplicate address detection, no solicitations.
        namespace.sysctl(
            ipv6__conf__default__accept_dad=0,
            ipv6__conf__all__accept_dad=0,
            ipv6__conf__default__accept_ra=0,
            ipv6__conf__default__router_solicitations=0,
            ipv4__ip_local_port_range="10240 65535",
        )
        namespace.ip("link set lo up")
        return namespace

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Switch:
    """A bridge in a namespace of its own; hosts plug in by `Host.connect`, machines by `tap`."""

    def __init__(self, name: str, namespace: Namespace, taps: list[Tap]) -> None:
        self.name = name
        self.namespace = namespace
        self._taps = taps
        self._ports = itertools.count()
        # A switch has no address of its own, and floods what it does not know yet: nothing is learned by waiting.
        namespace.sysctl(ipv6__conf__default__disable_ipv6=1)
        namespace.ip("link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0", "link set br0 up")

    def port(self) -> str:
        """A port name that is free."""
        return f"port{next(self._ports)}"

    def tap(self) -> Tap:
        """Makes a tap as a port, for a machine: `-netdev tap,id=n0,fd={tap.fd}` with `pass_fds=[tap.fd]`."""
        name = self.port()
        tap = Tap(name, self.namespace.call(_open_tap, name))
        self._taps.append(tap)
        self.namespace.ip(f"link set {name} master br0 up")
        return tap

    def unplug(self, port: str) -> None:
        """Takes the link of a port down, as pulling its cable would."""
        self.namespace.ip(f"link set {port} down")

    def plug(self, port: str) -> None:
        """Takes the link of a port up again."""
        self.namespace.ip(f"link set {port} up")


@dataclass
class Tap:
    """An open tap: `fd` stays open here, so a machine can be ended and started again on the same port."""

    name: str
    fd: int

    def close(self) -> None:
        """Closes it, which removes the interface once the machine has closed its copy too."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


@dataclass(frozen=True)
class Cable:
    """Where a host is plugged in: its own interface, and the port of the switch at the other end."""

    interface: str
    switch: Switch
    port: str


class Host:
    """A host: interfaces, addresses, routes, processes; made by `Lab.host`."""

    def __init__(self, name: str, namespace: Namespace, forward: bool) -> None:
        self.name = name
        self.namespace = namespace
        self.cables: list[Cable] = []
        if forward:
            namespace.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)

    def connect(self, switch: Switch, *addresses: str, mtu: int = 1500) -> Cable:
        """Plugs the next interface (eth0, eth1...) into the switch, with addresses such as `10.0.0.1/24`."""
        cable = Cable(f"eth{len(self.cables)}", switch, switch.port())
        name, there = cable.interface, switch.namespace
        self.namespace.ip(
            f"link add {name} mtu {mtu} type veth peer name {cable.port} mtu {mtu} netns {there.name}",
            *self._address_lines(name, addresses),
            f"link set {name} up",
        )
        there.ip(f"link set {cable.port} master br0 up")
        # Real checksums on the wire, as from a real port: raw sockets and machines would not mend them.
        self.namespace.call(_checksum_in_software, name)
        self.cables.append(cable)
        return cable

    def address(self, interface: str, *addresses: str) -> None:
        """Adds addresses to an interface."""
        self.namespace.ip(*self._address_lines(interface, addresses))

    def route(self, to: str, via: str) -> None:
        """Adds a route; `to` is a network or `default` (of the family of `via`)."""
        self.namespace.ip(f"route add {to} via {via}")

    def run(self, command: Sequence[str], *, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command on this host and returns its output as text; a failure raises and shows it."""
        return self.namespace.run(command, text=text, check=check)

    def popen(
        self,
        command: Sequence[str],
        *,
        stdout: int | None = None,
        stderr: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a process on this host; it ends with the host at the latest."""
        return self.namespace.popen(command, stdout=stdout, stderr=stderr, env=env)

    def call[**P, R](self, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a Python function on this host (a thread of this process: sockets it opens are this host's)."""
        return self.namespace.call(func, *args, **kwargs)

    def submit[**P, R](self, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Starts a Python function on this host and returns its future."""
        return self.namespace.submit(func, *args, **kwargs)

    def serve(
        self, name: str | None = None, *, http: Sequence[int] = (), tcp: Sequence[int] = (), udp: Sequence[int] = ()
    ) -> RealServer:
        """Starts a real server here: HTTP, TCP echo and UDP ports, IPv4 and IPv6; returns when it listens."""
        return RealServer(self.namespace, name or self.name, http=http, tcp=tcp, udp=udp)

    def become_dr(self, *vips: str) -> None:
        """Takes what a balancer sends by direct routing: the addresses sit on `lo`, and ARP is silent about them."""
        self.namespace.sysctl(ipv4__conf__all__arp_ignore=1, ipv4__conf__all__arp_announce=2)
        # IPv6 asks for nothing more: neighbour discovery answers only for addresses of the asked interface.
        self.address("lo", *vips)

    def become_tun(self, *vips: str) -> str:
        """Takes what a balancer sends in IP-in-IP and IPv6-in-IPv6; returns who unpacks: `kernel` or `program`."""
        self.become_dr(*vips)
        self.namespace.sysctl(ipv4__conf__all__rp_filter=0, ipv4__conf__default__rp_filter=0)
        try:
            links = {name for _, name in self.call(socket.if_nameindex)}
            for name, kind in (("tunl0", "ipip"), ("ip6tnl0", "ip6tnl")):
                if name not in links:
                    self.namespace.ip(f"link add {name} type {kind}")
            self.namespace.ip("link set tunl0 up", "link set ip6tnl0 up")
        except RuntimeError:
            program = self.popen(
                [sys.executable, "-IS", str(Path(__file__).with_name("decapsulate.py"))], stdout=subprocess.PIPE
            )
            assert program.stdout
            if program.stdout.readline() != b"ready\n":
                raise RuntimeError(
                    f"{self.name}: tests/lab/decapsulate.py did not start, see its message above"
                ) from None
            return "program"
        self.namespace.sysctl(ipv4__conf__tunl0__rp_filter=0)
        return "kernel"

    def close(self) -> None:
        """Removes the host before its lab ends, as a machine that is switched off."""
        self.namespace.close()

    @staticmethod
    def _address_lines(interface: str, addresses: Sequence[str]) -> list[str]:
        return [f"address add {a} dev {interface}" + (" nodad" if ":" in a else "") for a in addresses]


def _open_tap(name: str) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    return fd


def _checksum_in_software(interface: str) -> None:
    off = create_string_buffer(struct.pack("II", ETHTOOL_STXCSUM, 0))
    with socket.socket() as control:
        fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP16x", interface.encode(), addressof(off)))


def _allow_open_files() -> None:
    """Thousands of held connections need more open files than a shell allows; a container may forbid so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, OPEN_FILES)), hard))


def _sweep() -> None:
    """Removes the namespaces of labs whose process was killed: it could not do so itself."""
    for path in NAMES.glob("jl*-*-*"):
        owner = re.match(r"jl(\d+)-", path.name)
        if owner and not Path("/proc", owner[1]).exists():
            remove(path)
