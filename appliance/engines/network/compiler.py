"""From the document to rows of the engine ``network``."""

import hashlib

from appliance.engines.network.rows import AddressRow, Hop, InstanceRow, InterfaceRow, LocalRow, PortRow, RouteRow
from appliance.model.config import Config, Instance
from appliance.model.signals import Signals
from appliance.model.validate import interface_towards, vips
from appliance.table import BOX, Path, Row

PARAMETERS = {
    # It forwards, and it learns nothing from routers: an appliance's addresses and routes come from its operator.
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/default/autoconf": "0",
    # Replies of dr and tun members never pass here, so the strict reverse-path check would see half a conversation.
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    # A VIP is answered for on its own interface only, and not to whoever asks on another network.
    "net/ipv4/conf/all/arp_ignore": "1",
    "net/ipv4/conf/all/arp_announce": "2",
    # Taking an address away must not take others of its network with it.
    "net/ipv4/conf/all/promote_secondaries": "1",
    # A redirect would tell clients a way around the balancer.
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv4/conf/default/accept_redirects": "0",
    "net/ipv6/conf/all/accept_redirects": "0",
    "net/ipv6/conf/default/accept_redirects": "0",
}


def compile(config: Config, signals: Signals) -> dict[Path, Row]:
    """Return the rows of ports, namespaces, interfaces, addresses and routes."""
    rows: dict[Path, Row] = {
        (BOX, f"port {name}"): PortRow(mtu=settings.mtu) for name, settings in config.ports.items()
    }
    for name, instance in config.instances.items():
        rows[(name,)] = InstanceRow(parameters=PARAMETERS)
        rows.update(_instance(config, signals.unit, name, instance))
    return rows


def mac_of(unit: str, instance: str, interface: str) -> str:
    """Return an interface's MAC address: locally administered, unicast, the same at every boot of this unit."""
    digest = hashlib.sha256(f"{unit}/{instance}/{interface}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in bytes([digest[0] & 0xFC | 0x02]) + digest[1:6])


def _instance(config: Config, unit: str, name: str, instance: Instance) -> dict[Path, Row]:
    rows: dict[Path, Row] = {}
    paths = {key: (name, f"interface {key} on {settings.port}") for key, settings in instance.interfaces.items()}
    own = set()
    for key, interface in instance.interfaces.items():
        mtu = config.ports[interface.port].mtu
        rows[paths[key]] = InterfaceRow(mac=mac_of(unit, name, key), mtu=mtu)
        for address in interface.addresses:
            own.add(address.partition("/")[0])
            rows[(*paths[key], f"address {address}")] = AddressRow(dad=":" in address)
    for vip in vips(instance):
        if vip in own:
            continue
        towards = interface_towards(instance, vip)
        if towards is None:
            rows[(name, f"local {vip}")] = LocalRow()
        else:
            rows[(*paths[towards], f"address {vip}/{128 if ':' in vip else 32}")] = AddressRow(dad=False)
    for route in instance.routes.values():
        hops = [Hop(via=via, interface=interface_towards(instance, via) or "") for via in route.via]
        rows[(name, f"route {route.to} metric {route.metric}")] = RouteRow(
            hops=tuple(sorted(hops, key=lambda hop: (hop.via, hop.interface)))
        )
    return rows
