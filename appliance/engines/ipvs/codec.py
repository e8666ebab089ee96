"""IPVS's generic netlink messages to bytes and back (linux/ip_vs.h).

Our own and not pyroute2's: its general path takes ten times as long for large tables, and five of its verbs and
attributes are wrong on a real kernel (docs/decisions/0008). Pure functions; the driver owns the sockets.
"""

import socket
import struct
from collections.abc import Iterator
from typing import Literal

from appliance.engines.ipvs.rows import MemberRow, ServiceRow, split_endpoint

NEW_SERVICE, SET_SERVICE, DEL_SERVICE, GET_SERVICE, NEW_DEST, SET_DEST, DEL_DEST, GET_DEST = range(1, 9)
VERSION = 1

PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}
PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}
METHODS: dict[Literal["nat", "dr", "tun"], int] = {"nat": 0, "tun": 2, "dr": 3}
METHOD_NAMES = {number: name for name, number in METHODS.items()}
FLAGS_SHOWN = 0xFFFFFFFF ^ 0x2  # the kernel itself sets 0x2 (hashed) in every service that it holds

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLMSG_ERROR, NLMSG_DONE = 0x2, 0x3

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_STATS = ("connections_total", "packets_in", "packets_out", "bytes_in", "bytes_out")


def attribute(kind: int, value: bytes) -> bytes:
    """Return one netlink attribute, padded."""
    length = 4 + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length & 3)


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Return the attributes in a netlink payload: (kind, value)."""
    offset = 0
    while offset + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            return
        yield kind & 0x3FFF, data[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def message(family: int, command: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """Return a generic netlink request."""
    body = struct.pack("=BBH", command, VERSION, 0) + payload
    return _HEADER.pack(16 + len(body), family, NLM_F_REQUEST | flags, sequence, 0) + body


def messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Return the messages in what a socket received: (type, sequence, payload behind the netlink header)."""
    offset = 0
    while offset + 16 <= len(data):
        length, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < 16:
            return
        yield kind, sequence, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def pack_address(address: str) -> bytes:
    """Return an address as IPVS takes it: 16 bytes, IPv4 in the first four."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address).ljust(16, b"\0")


def service_key(segment: str) -> bytes:
    """Return the attributes that name a service, from its path segment ``service tcp 192.0.2.10:80``."""
    _, protocol, endpoint = segment.split(" ")
    address, port = split_endpoint(endpoint)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return (
        attribute(1, struct.pack("=H", family))
        + attribute(2, struct.pack("=H", PROTOCOLS[protocol]))
        + attribute(3, pack_address(address))
        + attribute(4, struct.pack("!H", port))
    )


def service(segment: str, row: ServiceRow | None) -> bytes:
    """Return the attribute of a service; without a row only what names it."""
    value = service_key(segment)
    if row is not None:
        # An explicit mask: without it the kernel answers EINVAL for IPv6. A prefix length for IPv6, a mask for IPv4.
        mask = 128 if "[" in segment else 0xFFFFFFFF
        value += (
            attribute(6, row.scheduler.encode() + b"\0")
            + attribute(7, struct.pack("=II", row.flags, 0xFFFFFFFF))
            + attribute(8, struct.pack("=I", row.timeout))
            + attribute(9, struct.pack("=I", mask))
        )
    return attribute(1, value)


def member(segment: str, row: MemberRow | None) -> bytes:
    """Return the attribute of a destination; without a row only what names it."""
    address, port = split_endpoint(segment.partition(" ")[2])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    value = (
        attribute(1, pack_address(address))
        + attribute(2, struct.pack("!H", port))
        + attribute(11, struct.pack("=H", family))
    )
    if row is not None:
        value += (
            attribute(3, struct.pack("=I", METHODS[row.forwarding]))
            + attribute(4, struct.pack("=I", row.weight))
            + attribute(5, struct.pack("=I", row.upper))
            + attribute(6, struct.pack("=I", row.lower))
        )
    return attribute(2, value)


def read_service(payload: bytes) -> tuple[str, ServiceRow, dict[str, int]] | None:
    """Return a dumped service: its path segment, row and counters; None for one by firewall mark."""
    found = dict(attributes(dict(attributes(payload[4:]))[1]))
    if 5 in found or 2 not in found:
        return None
    protocol = PROTOCOL_NAMES.get(struct.unpack("=H", found[2])[0])
    if protocol is None:
        return None
    family = struct.unpack("=H", found[1])[0]
    flags, _ = struct.unpack("=II", found[7])
    row = ServiceRow(
        scheduler=found[6].split(b"\0")[0].decode(),
        flags=flags & FLAGS_SHOWN,
        timeout=struct.unpack("=I", found[8])[0],
    )
    segment = f"service {protocol} {_endpoint(family, found[3], found[4])}"
    return segment, row, _counters(found.get(12, b""))


def read_member(payload: bytes, family: int) -> tuple[str, MemberRow, dict[str, int]]:
    """Return a dumped destination: its path segment, row and counters; ``family`` is its service's."""
    found = dict(attributes(dict(attributes(payload[4:]))[2]))
    own = struct.unpack("=H", found[11])[0] if 11 in found else family
    method = METHOD_NAMES.get(struct.unpack("=I", found[3])[0] & 7, "nat")
    (weight,) = struct.unpack("=i", found[4])
    row = MemberRow.model_construct(
        forwarding=method,
        weight=weight,
        upper=struct.unpack("=I", found[5])[0],
        lower=struct.unpack("=I", found[6])[0],
    )
    counters = _counters(found.get(12, b""))
    names = {7: "connections_active", 8: "connections_inactive", 9: "connections_persistent"}
    counters |= {name: struct.unpack("=I", found[kind])[0] for kind, name in names.items() if kind in found}
    return f"member {_endpoint(own, found[1], found[2])}", row, counters


def _endpoint(family: int, address: bytes, port: bytes) -> str:
    number = struct.unpack("!H", port)[0]
    if family == socket.AF_INET6:
        return f"[{socket.inet_ntop(family, address)}]:{number}"
    return f"{socket.inet_ntop(family, address[:4])}:{number}"


def _counters(nested: bytes) -> dict[str, int]:
    found = dict(attributes(nested))
    return {name: struct.unpack("=Q", found[kind])[0] for kind, name in enumerate(_STATS, 1) if kind in found}
