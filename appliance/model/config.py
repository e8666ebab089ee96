"""The document: everything that an operator decides. All named collections are maps from name to settings."""

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance import checks
from appliance.checks._base import Check
from appliance.fields import (
    Address,
    Description,
    Hostname,
    InstanceName,
    InterfaceAddress,
    LinkName,
    Mtu,
    Name,
    Port,
    Prefix,
    Switch,
    Weight,
)
from appliance.kinds import kinds

VERSION: Literal[1] = 1
"""The document version that this software writes; older ones are migrated when read."""

MONITOR_KINDS = kinds(checks, Check)  # type: ignore[type-abstract]

if TYPE_CHECKING:
    Monitor = Check
else:
    from functools import reduce
    from operator import or_

    Monitor = Annotated[reduce(or_, MONITOR_KINDS.values()), Field(discriminator="kind")]

Protocol = Literal["tcp", "udp"]
Scheduler = Literal["rr", "wrr", "lc", "wlc", "sh", "mh"]
Forwarding = Literal["nat", "dr", "tun"]


class Part(BaseModel):
    """A part of the document: immutable, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class System(Part):
    """The box itself."""

    hostname: Annotated[Hostname, Field(description="The box's own name.")] = "jeoul"


class PortSettings(Part):
    """A physical data port of the box, by its device name."""

    description: Description = ""
    mtu: Annotated[Mtu, Field(description="Largest packet of the port, bytes.")] = 1500


class Interface(Part):
    """An instance's own interface on a port of the box."""

    description: Description = ""
    port: Annotated[LinkName, Field(description="The box's port that carries it.")]
    addresses: Annotated[tuple[InterfaceAddress, ...], Field(description="Own addresses with prefix lengths.")] = ()


class Route(Part):
    """A way to a network beyond the instance's own interfaces; several gateways share the load (ECMP)."""

    description: Description = ""
    to: Annotated[Prefix, Field(description="Destination network; default is 0.0.0.0/0, default6 is ::/0.")]
    via: Annotated[tuple[Address, ...], Field(min_length=1, description="Gateways on networks of the interfaces.")]
    metric: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True, description="Lower is preferred.")] = 100


class Member(Part):
    """A real server of a pool."""

    description: Description = ""
    address: Address
    port: Port
    weight: Annotated[Weight, Field(description="Share of the load; 0 takes no new connections.")] = 1


class Pool(Part):
    """Members that can stand for one another."""

    description: Description = ""
    members: dict[Name, Member] = {}
    monitors: Annotated[
        tuple[Name, ...], Field(description="Monitors that must all be good; none means that members count as up.")
    ] = ()


class VirtualService(Part):
    """A VIP and port that clients reach, and the pool that answers."""

    description: Description = ""
    enabled: Switch = True
    protocol: Protocol = "tcp"
    address: Annotated[Address, Field(description="The VIP.")]
    port: Port
    scheduler: Annotated[Scheduler, Field(description="How a member is chosen for a new connection.")] = "wrr"
    forwarding: Annotated[Forwarding, Field(description="How packets reach the member.")] = "nat"
    pool: Name


class Instance(Part):
    """A virtual balancer instance: one network namespace with all that is in it."""

    description: Description = ""
    interfaces: dict[LinkName, Interface] = {}
    routes: dict[Name, Route] = {}
    monitors: dict[Name, Monitor] = {}
    pools: dict[Name, Pool] = {}
    services: dict[Name, VirtualService] = {}


class Config(Part):
    """The whole document."""

    version: Literal[1] = VERSION
    system: System = System()
    ports: dict[LinkName, PortSettings] = {}
    instances: dict[InstanceName, Instance] = {"default": Instance()}

    def canonical(self) -> bytes:
        """Return the one spelling of the document: JSON with sorted keys, defaults written out, UTF-8."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    def digest(self) -> str:
        """Return the revision hash: SHA-256 of the canonical spelling, hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()
