"""What single fields cannot tell: names that lead nowhere, addresses that collide, modes that cannot work."""

import ipaddress
from collections.abc import Iterator

from appliance.model.config import Config, Instance, VirtualService
from appliance.model.problems import Problem, join

MANAGEMENT = "mgmt"
"""Device name of the management port; it is never a data port."""


def problems(config: Config) -> list[Problem]:
    """Return every problem of a document whose fields are each right."""
    found = list(_ports(config))
    for name, instance in config.instances.items():
        path = join("instances", name)
        for rule in (_interfaces, _pools, _services):
            found.extend(rule(config, instance, path))
        found.extend(_addresses(instance, path))
        found.extend(_routes(instance, path))
    return found


def version(address: str) -> int:
    """Return 4 or 6."""
    return 6 if ":" in address else 4


def vips(instance: Instance) -> dict[str, list[str]]:
    """Return the VIPs with the names of the services on them, disabled ones left out."""
    found: dict[str, list[str]] = {}
    for name, service in instance.services.items():
        if service.enabled:
            found.setdefault(service.address, []).append(name)
    return found


def interface_towards(instance: Instance, address: str) -> str | None:
    """Return the name of the interface whose network holds the address (the longest prefix wins), or None."""
    best: tuple[int, str] | None = None
    wanted = ipaddress.ip_address(address)
    for name, interface in instance.interfaces.items():
        for own in interface.addresses:
            network = ipaddress.ip_interface(own).network
            if wanted in network and (best is None or network.prefixlen > best[0]):
                best = (network.prefixlen, name)
    return best[1] if best else None


def _ports(config: Config) -> Iterator[Problem]:
    for name in config.ports:
        if name in (MANAGEMENT, "lo"):
            yield Problem(
                path=join("ports", name),
                sentence="is not a data port.",
                hint="The management port carries management only; choose another port.",
            )


def _interfaces(config: Config, instance: Instance, path: str) -> Iterator[Problem]:
    for name, interface in instance.interfaces.items():
        here = path + join("interfaces", name)
        if name in ("lo", "tunl0", "ip6tnl0", "sit0", "gre0"):
            yield Problem(path=here, sentence="has a name that the kernel uses itself.", hint="Choose another name.")
        if interface.port not in config.ports:
            known = ", ".join(config.ports) or "none yet"
            yield Problem(
                path=here + "/port",
                sentence=f"There is no port {interface.port!r}.",
                hint=f"Ports in this document: {known}. Add it under /ports.",
            )


def _addresses(instance: Instance, path: str) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    networks: dict[str, str] = {}
    for name, interface in instance.interfaces.items():
        for index, own in enumerate(interface.addresses):
            here = path + join("interfaces", name, "addresses", index)
            parsed = ipaddress.ip_interface(own)
            if str(parsed.ip) in owner:
                yield Problem(path=here, sentence=f"{parsed.ip} stands on interface {owner[str(parsed.ip)]!r} already.")
            owner.setdefault(str(parsed.ip), name)
            other = networks.setdefault(str(parsed.network), name)
            if other != name and parsed.network.prefixlen < parsed.max_prefixlen:
                yield Problem(
                    path=here,
                    sentence=f"Network {parsed.network} is on interface {other!r} too, so the way out would be chance.",
                    hint="Give each interface a network of its own.",
                )


def _routes(instance: Instance, path: str) -> Iterator[Problem]:
    seen: dict[tuple[str, int], str] = {}
    own = {own.partition("/")[0] for interface in instance.interfaces.values() for own in interface.addresses}
    for name, route in instance.routes.items():
        here = path + join("routes", name)
        twin = seen.setdefault((route.to, route.metric), name)
        if twin != name:
            yield Problem(
                path=here,
                sentence=f"Route {twin!r} leads to {route.to} with the same metric.",
                hint="Put both gateways in one route to share the load, or give one another metric.",
            )
        for index, gateway in enumerate(route.via):
            spot = here + join("via", index)
            if gateway in route.via[:index]:
                yield Problem(path=spot, sentence=f"Gateway {gateway} stands twice.")
            elif version(gateway) != version(route.to):
                yield Problem(path=spot, sentence=f"Gateway {gateway} and {route.to} are of different IP versions.")
            elif gateway in own:
                yield Problem(path=spot, sentence=f"Gateway {gateway} is this instance's own address.")
            elif interface_towards(instance, gateway) is None:
                yield Problem(
                    path=spot,
                    sentence=f"Gateway {gateway} is on no network of an interface.",
                    hint="Give an interface an address on the gateway's network.",
                )


def _pools(config: Config, instance: Instance, path: str) -> Iterator[Problem]:
    for name, pool in instance.pools.items():
        here = path + join("pools", name)
        for index, monitor in enumerate(pool.monitors):
            if monitor not in instance.monitors:
                known = ", ".join(instance.monitors) or "none yet"
                yield Problem(
                    path=here + join("monitors", index),
                    sentence=f"There is no monitor {monitor!r}.",
                    hint=f"Monitors of this instance: {known}.",
                )
            elif monitor in pool.monitors[:index]:
                yield Problem(path=here + join("monitors", index), sentence=f"Monitor {monitor!r} stands twice.")
        seen: dict[tuple[str, int], str] = {}
        for member, settings in pool.members.items():
            twin = seen.setdefault((settings.address, settings.port), member)
            if twin != member:
                yield Problem(
                    path=here + join("members", member),
                    sentence=f"Member {twin!r} has the same address and port.",
                    hint="Give one member a larger weight instead.",
                )


def _services(config: Config, instance: Instance, path: str) -> Iterator[Problem]:
    own = {own.partition("/")[0] for interface in instance.interfaces.values() for own in interface.addresses}
    taken: dict[tuple[str, str, int], str] = {}
    for name, service in instance.services.items():
        here = path + join("services", name)
        twin = taken.setdefault((service.protocol, service.address, service.port), name)
        if twin != name:
            yield Problem(
                path=here,
                sentence=f"Service {twin!r} has the same protocol, address and port.",
                hint="Change one of them, or remove one service.",
            )
        pool = instance.pools.get(service.pool)
        if pool is None:
            known = ", ".join(instance.pools) or "none yet"
            yield Problem(
                path=here + "/pool",
                sentence=f"There is no pool {service.pool!r}.",
                hint=f"Pools of this instance: {known}.",
            )
            continue
        for member, settings in pool.members.items():
            where = path + join("pools", service.pool, "members", member)
            yield from _member(service, name, settings.address, settings.port, where)
            if settings.address in own or settings.address in vips(instance):
                yield Problem(
                    path=where + "/address",
                    sentence=f"{settings.address} is this instance's own address.",
                    hint="A member is another machine.",
                )


def _member(service: VirtualService, name: str, address: str, port: int, where: str) -> Iterator[Problem]:
    if version(address) != version(service.address):
        yield Problem(
            path=where + "/address",
            sentence=f"{address} cannot serve {name!r}: its VIP {service.address} is of the other IP version.",
            hint="Use a pool of the same IP version.",
        )
    if service.forwarding != "nat" and port != service.port:
        yield Problem(
            path=where + "/port",
            sentence=f"{port} cannot serve {name!r}: {service.forwarding} does not change ports, and its port is {service.port}.",
            hint="Use the service's port, or forwarding: nat.",
        )
