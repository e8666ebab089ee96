"""What single fields cannot tell: names that lead nowhere, addresses that collide, modes that cannot work."""

import ipaddress
from collections.abc import Iterator

from appliance.model.config import Config, Instance, Member, Pool, VirtualService
from appliance.model.networks import Networks, networks
from appliance.model.problems import Problem, join
from appliance.model.references import references

MANAGEMENT = "mgmt"
"""Device name of the management port; it is never a data port."""
KERNELS = frozenset((
    "all", "default", "lo", "tunl0", "ip6tnl0", "sit0", "gre0", "gretap0", "erspan0",
    "ip6gre0", "ip6gretap0", "ip_vti0", "ip6_vti0", "teql0",
))  # fmt: skip
"""Link names that the kernel makes itself, and those that mean every link in ``/proc/sys/net``."""


def problems(config: Config) -> list[Problem]:
    """Return every problem of a document whose fields are each right."""
    return [*references(config.model_dump()), *collisions(config)]


def collisions(config: Config, dropped: frozenset[str] = frozenset()) -> list[Problem]:
    """Return what cannot stand together.

    ``dropped`` are the paths of objects that were left out for problems of their own: they count as being there.
    """
    found = list(_ports(config))
    for name, instance in config.instances.items():
        found.extend(_Rules(name, instance, dropped).problems())
    found.extend(_shared(config))
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
    found = _networks(instance).holding(address)
    return found[1] if found else None


def _networks(instance: Instance) -> Networks:
    return networks(tuple((name, interface.addresses) for name, interface in instance.interfaces.items()))


def _ports(config: Config) -> Iterator[Problem]:
    for name in config.ports:
        if name == MANAGEMENT:
            hint = "It carries management only; choose another port."
            yield Problem(path=join("ports", name), sentence="is the management port, not a data port.", hint=hint)
        elif name in KERNELS:
            hint = "Write the device name of a port of this box."
            yield Problem(path=join("ports", name), sentence="is no port: the kernel uses this name itself.", hint=hint)


def _shared(config: Config) -> Iterator[Problem]:
    # Instances may have the same addresses, but not on one wire: each would answer for the other.
    owner: dict[tuple[str, str], str] = {}
    for name, instance in config.instances.items():
        for port, address, path in _on_wires(instance):
            first = owner.setdefault((port, address), name)
            if first != name:
                yield Problem(
                    path=join("instances", name) + path,
                    sentence=f"Instance {first!r} has {address} on port {port!r} too.",
                    hint="Choose another address, or another port.",
                )


def _on_wires(instance: Instance) -> Iterator[tuple[str, str, str]]:
    """Return the addresses that an instance answers for: port, address, path."""
    for name, interface in instance.interfaces.items():
        for index, own in enumerate(interface.addresses):
            yield interface.port, own.partition("/")[0], join("interfaces", name, "addresses", index)
    held = _networks(instance)
    for address, services in vips(instance).items():
        if towards := held.holding(address):
            yield instance.interfaces[towards[1]].port, address, join("services", services[0], "address")


class _Rules:
    """The rules of one instance; what several of them need is worked out once."""

    def __init__(self, name: str, instance: Instance, dropped: frozenset[str]) -> None:
        self.instance = instance
        self.path = join("instances", name)
        # An interface that is wrong in itself was left out: then no network can be said to lack.
        self.half_known = any(path.startswith(f"{self.path}/interfaces") for path in dropped)
        self.networks = _networks(instance)
        self.vips = vips(instance)
        self.own = {own.partition("/")[0]: key for key, held in instance.interfaces.items() for own in held.addresses}

    def problems(self) -> Iterator[Problem]:
        """Return what every rule finds."""
        yield from self._interfaces()
        yield from self._addresses()
        yield from self._routes()
        for name, pool in self.instance.pools.items():
            yield from self._pool(name, pool)
        yield from self._services()

    def _reserved(self, address: str) -> str:
        """Return what an address is in an interface's network, where it is no host's; else nothing."""
        found = self.networks.holding(address)
        if found is None or found[0].num_addresses <= 2:
            return ""
        if ipaddress.ip_address(address) == found[0].network_address:
            return f"the address of the network {found[0]} itself"
        if version(address) == 4 and ipaddress.ip_address(address) == found[0].broadcast_address:
            return f"the broadcast address of {found[0]}"
        return ""

    def _interfaces(self) -> Iterator[Problem]:
        for name in self.instance.interfaces:
            here = self.path + join("interfaces", name)
            if name in KERNELS:
                yield Problem(
                    path=here, sentence="has a name that the kernel uses itself.", hint="Choose another name."
                )

    def _addresses(self) -> Iterator[Problem]:
        owner: dict[str, str] = {}
        taken: dict[str, str] = {}
        for name, interface in self.instance.interfaces.items():
            for index, own in enumerate(interface.addresses):
                here = self.path + join("interfaces", name, "addresses", index)
                parsed = ipaddress.ip_interface(own)
                if str(parsed.ip) in owner:
                    sentence = f"{parsed.ip} stands on interface {owner[str(parsed.ip)]!r} already."
                    yield Problem(path=here, sentence=sentence, hint="Keep one of them.")
                owner.setdefault(str(parsed.ip), name)
                other = taken.setdefault(str(parsed.network), name)
                if other != name and parsed.network.prefixlen < parsed.max_prefixlen:
                    sentence = (
                        f"Network {parsed.network} is on interface {other!r} too, so the way out would be chance."
                    )
                    yield Problem(path=here, sentence=sentence, hint="Give each interface a network of its own.")

    def _routes(self) -> Iterator[Problem]:
        seen: dict[tuple[str, int], str] = {}
        for name, route in self.instance.routes.items():
            here = self.path + join("routes", name)
            twin = seen.setdefault((route.to, route.metric), name)
            if twin != name:
                yield Problem(
                    path=here,
                    sentence=f"Route {twin!r} leads to {route.to} with the same metric.",
                    hint="Put both gateways in one route to share the load, or give one another metric.",
                )
            for index, gateway in enumerate(route.via):
                sentence, hint = self._gateway(gateway, route.to, gateway in route.via[:index])
                if sentence:
                    path = here + join("via", index)
                    yield Problem(path=path, sentence=f"Gateway {gateway} {sentence}.", hint=hint)

    def _gateway(self, gateway: str, to: str, again: bool) -> tuple[str, str]:
        if again:
            return "stands twice", "Keep one of them."
        if version(gateway) != version(to):
            return f"and the network {to} are of different IP versions", "Use a gateway of the network's IP version."
        if gateway in self.own:
            return "is this instance's own address", "A gateway is another machine."
        if gateway in self.vips:
            return f"is the VIP of service {self.vips[gateway][0]!r}", "A gateway is another machine."
        if self.networks.holding(gateway) is None and not self.half_known:
            return "is on no network of an interface", "Give an interface an address on the gateway's network."
        if what := self._reserved(gateway):
            return f"is {what}", "Use the gateway's own address."
        return "", ""

    def _pool(self, name: str, pool: Pool) -> Iterator[Problem]:
        here = self.path + join("pools", name)
        for index, monitor in enumerate(pool.monitors):
            spot = here + join("monitors", index)
            if monitor in pool.monitors[:index]:
                yield Problem(path=spot, sentence=f"Monitor {monitor!r} stands twice.", hint="Keep one of them.")
        seen: dict[tuple[str, int], str] = {}
        for key, member in pool.members.items():
            twin = seen.setdefault((member.address, member.port), key)
            if twin != key:
                yield Problem(
                    path=here + join("members", key),
                    sentence=f"Member {twin!r} has the same address and port.",
                    hint="Give one member a larger weight instead.",
                )
            yield from self._member(member, here + join("members", key, "address"))

    def _member(self, member: Member, path: str) -> Iterator[Problem]:
        address = member.address
        if address in self.own:
            sentence = f"{address} is this instance's own address, on interface {self.own[address]!r}."
            yield Problem(path=path, sentence=sentence, hint="A member is another machine.")
        elif address in self.vips:
            sentence = f"{address} is the VIP of service {self.vips[address][0]!r}."
            yield Problem(path=path, sentence=sentence, hint="A member is another machine.")
        elif what := self._reserved(address):
            yield Problem(path=path, sentence=f"{address} is {what}.", hint="Use the member's own address.")

    def _services(self) -> Iterator[Problem]:
        taken: dict[tuple[str, str, int], str] = {}
        for name, service in self.instance.services.items():
            here = self.path + join("services", name)
            twin = taken.setdefault((service.protocol, service.address, service.port), name)
            if twin != name:
                yield Problem(
                    path=here,
                    sentence=f"Service {twin!r} has the same protocol, address and port.",
                    hint="Change one of them, or remove one service.",
                )
            if what := self._reserved(service.address):
                sentence = f"{service.address} is {what}."
                yield Problem(path=here + "/address", sentence=sentence, hint="Use a host's address in it.")
            pool = self.instance.pools.get(service.pool)
            if pool is not None:
                for key, member in pool.members.items():
                    yield from self._serves(
                        name, service, member, self.path + join("pools", service.pool, "members", key)
                    )

    def _serves(self, name: str, service: VirtualService, member: Member, where: str) -> Iterator[Problem]:
        if version(member.address) != version(service.address):
            yield Problem(
                path=where + "/address",
                sentence=f"{member.address} cannot serve {name!r}: VIP {service.address} is of the other IP version.",
                hint="Use a pool of the same IP version.",
            )
        if service.forwarding == "nat":
            return
        if member.port != service.port:
            yield Problem(
                path=where + "/port",
                sentence=f"{member.port} cannot serve {name!r}: {service.forwarding} does not change ports, "
                f"and the service's port is {service.port}.",
                hint="Use the service's port, or forwarding: nat.",
            )
        if service.forwarding == "dr" and self.networks.holding(member.address) is None and not self.half_known:
            yield Problem(
                path=where + "/address",
                sentence=f"{member.address} cannot serve {name!r}: dr reaches members on interfaces' networks only.",
                hint="Give an interface an address on the member's network, or use forwarding: tun.",
            )
