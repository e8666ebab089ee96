"""Small types of the document: names, addresses, durations. Each error says what is expected."""

import ipaddress
import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from appliance.table import BOX

PER_SECOND = {"ms": 1000, "s": 1}
SECONDS = {"m": 60, "h": 3600, "d": 86400}
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Unicode's classes of characters that change the direction of text."""
PREFIXES = {"default": "0.0.0.0/0", "default6": "::/0"}

type AnyAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Wrong(ValueError):
    """What is wrong with a value (it stands before the sentence), and a remedy."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.hint = hint


def _duration(value: Any) -> Any:
    if isinstance(value, str | bool):
        # The digits are counted so that no number can overflow before its bounds are checked.
        found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(ms|s|m|h|d)\s*", str(value))
        if not found:
            raise Wrong("is not a duration.", "Write it as 500ms, 2s or 1m, or as a number of seconds.")
        # Divided and not multiplied by 0.001, so that 9ms and 0.009 are one and the same number.
        return float(found[1]) * SECONDS.get(found[2], 1) / PER_SECOND.get(found[2], 1)
    return value


def _parsed(value: str) -> AnyAddress:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        if "/" in value:
            raise Wrong("is not an address.", "Write it without a prefix length.") from None
        if "[" in value or re.fullmatch(r"[0-9.]+:[0-9]+", value):
            raise Wrong(
                "is not an address.", "Write it without brackets, and its port as a setting of its own."
            ) from None
        raise Wrong("is not an IPv4 or IPv6 address.", "Write it as 192.0.2.10 or 2001:db8::10.") from None


def _address(value: str) -> str:
    address = _parsed(value)
    if getattr(address, "scope_id", None):
        raise Wrong("carries a zone.", "Take out the % and what stands behind it.")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise Wrong("is an IPv4 address written as IPv6.", f"Write {address.ipv4_mapped}.")
    if what := _special(address):
        raise Wrong(f"is {what}.", "Use a unicast address that other machines can reach.")
    return str(address)


def _special(address: AnyAddress) -> str:
    """Return why no other machine can be reached by the address, or nothing."""
    if address.version == 4:
        if int(address) >> 24 == 0:
            return "an address of 0.0.0.0/8, which no machine can have"
        if int(address) >> 28 == 15:
            return "a broadcast or reserved address"
    elif address.is_unspecified:
        return "the address that means none"
    elif address.is_link_local:
        # IPVS refuses it as a member's, and as a VIP or gateway it means nothing without a zone.
        return "a link-local address, which means another machine on every network"
    if address.is_multicast:
        return "a multicast address"
    return "a loopback address" if address.is_loopback else ""


def _interface_address(value: str) -> str:
    text, slash, length = value.partition("/")
    address = ipaddress.ip_address(_address(text))
    if not slash or not re.fullmatch("[0-9]{1,3}", length) or not 1 <= int(length) <= address.max_prefixlen:
        raise Wrong("needs its prefix length.", "Write it as 192.0.2.1/24 or 2001:db8::1/64.")
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    # Networks of one or two addresses have no address of their own (RFC 3021, RFC 6164).
    if network.num_addresses > 2:
        if address == network.network_address:
            raise Wrong(f"is the address of the network {network} itself.", "Use a host's address in it.")
        if address.version == 4 and address == network.broadcast_address:
            raise Wrong(f"is the broadcast address of {network}.", "Use a host's address in it.")
    return f"{address}/{int(length)}"


def _prefix(value: str) -> str:
    text = PREFIXES.get(value, value)
    base, slash, length = text.partition("/")
    if not slash:
        raise Wrong("needs its prefix length.", "Write it as 198.51.100.0/24, 2001:db8:1::/48, default or default6.")
    try:
        if "%" in base or not re.fullmatch("[0-9]{1,3}", length):
            raise ValueError
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Wrong("is not a network.", "Write it as 198.51.100.0/24 or 2001:db8:1::/48.") from None
    if ipaddress.ip_address(base) != network.network_address:
        raise Wrong("has bits set behind its prefix length.", f"The network is {network}.")
    if network.prefixlen and (what := _special(network.network_address)):
        raise Wrong(f"is not a network of unicast addresses: it starts with {what}.", "No route is needed there.")
    return str(network)


def _instance_name(value: str) -> str:
    if value == BOX:
        raise Wrong("is a reserved name: the box itself is called so.", "Choose another name.")
    return value


def _description(value: str) -> str:
    # They are shown on consoles, where control characters and turned text could pass for something else.
    for character in value:
        kind, turns = unicodedata.category(character), unicodedata.bidirectional(character)
        if (kind in ("Cc", "Cs") and character not in "\n\t") or turns in TURNING:
            raise Wrong("holds a character that cannot be shown.", f"Take out U+{ord(character):04X}.")
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
Description = Annotated[str, StringConstraints(max_length=500), AfterValidator(_description)]
"""Words for people: up to 500 characters, line ends among them, no control characters."""
Address = Annotated[str, AfterValidator(_address)]
"""A unicast IPv4 or IPv6 address in its canonical spelling."""
InterfaceAddress = Annotated[str, AfterValidator(_interface_address)]
"""A host's address with its prefix length."""
Prefix = Annotated[str, AfterValidator(_prefix)]
"""A network; ``default`` is 0.0.0.0/0 and ``default6`` is ::/0."""
Switch = Annotated[bool, Field(strict=True)]
"""true or false, and no word or number that could pass for one."""
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
Weight = Annotated[int, Field(ge=0, le=65535, strict=True)]
Mtu = Annotated[int, Field(ge=1280, le=9216, strict=True)]
Duration = Annotated[float, Field(strict=True, allow_inf_nan=False), BeforeValidator(_duration)]
"""A duration in seconds; read from 500ms, 2s, 1m or a number of seconds."""
