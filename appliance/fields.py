"""Small types of the document: names, addresses, durations. Each error says what is expected."""

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints

from appliance.table import BOX

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _duration(value: Any) -> Any:
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", value)
        if not found:
            raise ValueError("is not a duration such as 500ms, 2s or 1m")
        return float(found[1]) * UNITS[found[2]]
    if isinstance(value, bool):
        raise ValueError("is not a duration such as 500ms, 2s or 1m")
    return value


def _address(value: str) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise ValueError("is not an IPv4 or IPv6 address") from None
    if getattr(address, "scope_id", None):
        raise ValueError("must not carry a zone (the part behind %)")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise ValueError("is an IPv4 address written as IPv6; write it as IPv4")
    if address.is_unspecified or address.is_multicast or address.is_loopback:
        raise ValueError("must be a unicast address that other machines can reach")
    if isinstance(address, ipaddress.IPv4Address) and (int(address) >> 24 == 0 or int(address) >> 28 == 15):
        raise ValueError("must be a unicast address that other machines can reach")
    return str(address)


def _interface_address(value: str) -> str:
    text, slash, length = value.partition("/")
    address = ipaddress.ip_address(_address(text))
    if not slash or not length.isascii() or not length.isdigit() or int(length) > address.max_prefixlen:
        raise ValueError("needs its prefix length, as in 192.0.2.1/24 or 2001:db8::1/64")
    if address.version == 4 and int(length) < 31:
        network = ipaddress.ip_network(f"{address}/{length}", strict=False)
        if address in (network.network_address, network.broadcast_address):
            raise ValueError("is the network's own or its broadcast address, not a host's")
    return f"{address}/{int(length)}"


def _prefix(value: str) -> str:
    text = {"default": "0.0.0.0/0", "default6": "::/0"}.get(value, value)
    if "/" not in text:
        raise ValueError("needs its prefix length, as in 198.51.100.0/24 or ::/0")
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        try:
            loose = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError("is not a network such as 198.51.100.0/24 or 2001:db8:1::/48") from None
        raise ValueError(f"has bits set behind its prefix; the network is {loose}") from None


def _instance_name(value: str) -> str:
    if value == BOX:
        raise ValueError("is a reserved name; the box itself is called so")
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
"""A name of an object: letters, digits, ``_ . -``, at most 63, starting with a letter or digit."""
InstanceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$"), AfterValidator(_instance_name)]
"""A name of an instance: small letters, digits and ``-``, at most 32."""
LinkName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,14}$")]
"""A name of a network link: small letters, digits, ``_ -``, at most 15, as in Linux."""
Hostname = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
        max_length=64,
    ),
]
"""A host name (RFC 1123), at most 64 characters, the limit of Linux."""
Description = Annotated[str, StringConstraints(max_length=500)]
Address = Annotated[str, AfterValidator(_address)]
"""A unicast IPv4 or IPv6 address in its canonical spelling."""
InterfaceAddress = Annotated[str, AfterValidator(_interface_address)]
"""A host's address with its prefix length."""
Prefix = Annotated[str, AfterValidator(_prefix)]
"""A network; ``default`` is 0.0.0.0/0 and ``default6`` is ::/0."""
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
Weight = Annotated[int, Field(ge=0, le=65535, strict=True)]
Mtu = Annotated[int, Field(ge=1280, le=9216, strict=True)]
Duration = Annotated[float, BeforeValidator(_duration), PlainSerializer(lambda value: value, return_type=float)]
"""A duration in seconds; read from 500ms, 2s, 1m or a number of seconds."""
