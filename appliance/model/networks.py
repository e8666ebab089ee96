"""Which interface's network holds an address, found in a few steps however many interfaces there are."""

import ipaddress
from functools import lru_cache

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network
type Owned = tuple[str, tuple[str, ...]]
"""An interface's name and its addresses with their prefix lengths."""


class Networks:
    """The networks of an instance's interfaces."""

    def __init__(self, interfaces: tuple[Owned, ...]) -> None:
        self._held: dict[tuple[int, int, int], tuple[Network, str]] = {}
        for name, addresses in interfaces:
            for own in addresses:
                network = ipaddress.ip_interface(own).network
                bits = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
                self._held.setdefault((network.version, network.prefixlen, bits), (network, name))
        self._lengths = {
            version: sorted({length for one, length, _ in self._held if one == version}, reverse=True)
            for version in (4, 6)
        }

    def holding(self, address: str) -> tuple[Network, str] | None:
        """Return the network that holds an address (the longest prefix wins) with its interface's name, or None."""
        wanted = ipaddress.ip_address(address)
        for length in self._lengths[wanted.version]:
            found = self._held.get((wanted.version, length, int(wanted) >> (wanted.max_prefixlen - length)))
            if found:
                return found
        return None


@lru_cache(maxsize=64)
def networks(interfaces: tuple[Owned, ...]) -> Networks:
    """Return the networks of interfaces; compilers ask for the same ones for each VIP and gateway."""
    return Networks(interfaces)
