"""The site that most tests use: a client, an appliance with two data ports, three real servers.

The clients are on 192.0.2.0/24 and 2001:db8:1::/64 (port1), the servers on 10.77.0.0/24 and 2001:db8:2::/64 (port2).
Real servers answer nat through the appliance, and dr and tun past it, over a way back of their own (203.0.113.0/24).
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Self

from tests.lab.hosts import Host, Lab, Switch, Tap
from tests.lab.serving import RealServer

SERVERS = ("s1", "s2", "s3")
FORWARDINGS = ("nat", "dr", "tun")
HTTP, ECHO, UDP = 80, 7, 5353


def vip(forwarding: str, version: int) -> str:
    """The VIP of the services with that forwarding mode."""
    last = 10 + FORWARDINGS.index(forwarding)
    return f"192.0.2.{last}" if version == 4 else f"2001:db8:1::{last}"


def member(server: str, version: int) -> str:
    """A real server's address on the servers' network."""
    number = 11 + SERVERS.index(server)
    return f"10.77.0.{number}" if version == 4 else f"2001:db8:2::{number}"


@dataclass
class Site:
    """The hosts; the appliance's ports are for `attach_veths` (this kernel) or `taps` (a machine) to make."""

    lab: Lab
    wan: Switch
    lan: Switch
    client: Host
    hosts: dict[str, Host]
    servers: dict[str, RealServer]

    @classmethod
    def build(cls, lab: Lab) -> Self:
        """Make the switches, the client and the serving hosts."""
        wan, lan = lab.switch("wan"), lab.switch("lan")
        client = lab.host("client", forward=True)
        client.connect(wan, "192.0.2.100/24", "2001:db8:1::100/64", "203.0.113.100/24", "2001:db8:3::100/64")
        hosts, servers = {}, {}
        for number, name in enumerate(SERVERS, 11):
            host = hosts[name] = lab.host(name)
            host.connect(lan, f"{member(name, 4)}/24", f"{member(name, 6)}/64")
            host.connect(wan, f"203.0.113.{number}/24", f"2001:db8:3::{number}/64")
            host.route("default", "10.77.0.1")
            host.route("default", "2001:db8:2::1")
            direct = [address for f in ("dr", "tun") for v in (4, 6) if (address := vip(f, v))]
            host.become_tun(*(f"{a}/{128 if ':' in a else 32}" for a in direct))
            for address in direct:
                family, back = ("-6", "2001:db8:3::100") if ":" in address else ("-4", "203.0.113.100")
                host.run(["ip", family, "rule", "add", "from", address, "lookup", "100"])
                host.run(["ip", family, "route", "replace", "default", "via", back, "table", "100"])
            servers[name] = host.serve(http=[HTTP], tcp=[ECHO], udp=[UDP])
        return cls(lab, wan, lan, client, hosts, servers)

    def attach_veths(self) -> None:
        """Give this namespace the ports port1 and port2, plugged into the site."""
        for port, switch in (("port1", self.wan), ("port2", self.lan)):
            far, there = switch.port(), switch.namespace
            add = ["ip", "link", "add", port, "type", "veth", "peer", "name", far, "netns", there.name]
            subprocess.run(add, check=True)
            there.ip(f"link set {far} master br0 up")

    def detach_veths(self) -> None:
        """Take the ports away again."""
        for port in ("port1", "port2"):
            subprocess.run(["ip", "link", "del", port], check=False, capture_output=True)

    def taps(self) -> list[Tap]:
        """Make a tap for each data port of a machine, port1 first."""
        return [self.wan.tap(), self.lan.tap()]


def document(
    weights: dict[str, int] | None = None, *, monitored: bool = True, interval: str = "1s", extra: str = ""
) -> str:
    """The site's document: HTTP, TCP echo and UDP services for every forwarding mode and IP version."""
    weights = weights or {"s1": 1, "s2": 2, "s3": 3}
    pools: list[str] = []
    services: list[str] = []
    for version in (4, 6):
        for kind, port in (("http", HTTP), ("echo", ECHO), ("udp", UDP)):
            monitor = "web" if kind == "http" else "open"
            members = ", ".join(
                f'{s}: {{address: "{member(s, version)}", port: {port}, weight: {weights[s]}}}' for s in SERVERS
            )
            watch = f"monitors: [{monitor}], " if monitored and kind != "udp" else ""
            pools.append(f"      {kind}{version}: {{{watch}members: {{{members}}}}}")
            services.extend(
                f'      {kind}-{forwarding}{version}: {{address: "{vip(forwarding, version)}", port: {port}, '
                f"protocol: {'udp' if kind == 'udp' else 'tcp'}, forwarding: {forwarding}, pool: {kind}{version}}}"
                for forwarding in FORWARDINGS
            )
    lines = [
        "version: 1",
        "system: {hostname: jeoul-lab}",
        "ports: {port1: {}, port2: {}}",
        "instances:",
        "  default:",
        "    interfaces:",
        '      wan: {port: port1, addresses: [192.0.2.2/24, "2001:db8:1::2/64"]}',
        '      lan: {port: port2, addresses: [10.77.0.1/24, "2001:db8:2::1/64"]}',
        "    monitors:",
        f"      web: {{kind: http, path: /health, interval: {interval}, timeout: 1s, rise: 2, fall: 2}}",
        f"      open: {{kind: tcp, interval: {interval}, timeout: 1s, rise: 2, fall: 2}}",
        "    pools:",
        *pools,
        "    services:",
        *services,
    ]
    return "\n".join(lines) + "\n" + extra
