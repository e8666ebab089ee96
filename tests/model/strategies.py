"""Strategies: right documents of every shape, the world around them, and values that no document should hold."""

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from appliance.model.config import Config
from appliance.model.signals import Signals, member_key

type Plain = dict[str, Any]


def effort(examples: int) -> settings:
    """Return settings for a property test; ``SOAK=1`` in the environment tries twenty times as much."""
    return settings(deadline=None, max_examples=examples * (20 if os.environ.get("SOAK") else 1))


NAMES = st.sampled_from(["a", "B2", "web", "s1", "no", "0x10", "x.y-z_", "9"]) | st.from_regex(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True
)
INSTANCES = st.sampled_from(["default", "red", "blue-2", "7", "on"])
LINKS = st.sampled_from(["wan", "lan", "dmz-1", "x", "fifteen_letters"])
DESCRIPTIONS = st.just("") | st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cf"), include_characters="\n\t"), max_size=20
)
DURATIONS = st.sampled_from([0.1, 1, 2.5, 60, "300ms", "1s", "1.5s", "1m"])
MTUS = st.integers(1280, 9216)
PORTS = st.sampled_from([1, 53, 80, 443, 65535])
WEIGHTS = st.sampled_from([0, 1, 2, 100, 65535])


def _some(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]]) -> Plain:
    """Return some of the fields, each of which has a default."""
    return {name: draw(values) for name, values in fields.items() if draw(st.booleans())}


@st.composite
def monitors(draw: st.DrawFn) -> Plain:
    """Return a monitor; its timeout is never longer than its interval."""
    common = {"description": DESCRIPTIONS, "rise": st.integers(1, 100), "fall": st.integers(1, 100)}
    common |= {
        "interval": st.just("5m") | st.just(5),
        "timeout": DURATIONS.filter(lambda value: value not in (60, "1m")),
    }
    common |= {"jitter": st.sampled_from([0, 0.0, 0.1, 0.5])}
    kind = draw(st.sampled_from(["tcp", "http"]))
    http = {
        "path": st.sampled_from(["/", "/health?a=b", "/%20"]),
        "host": st.sampled_from(["", "shop.example"]),
        "method": st.sampled_from(["GET", "OPTIONS"]),
        "status": st.lists(st.integers(200, 599), min_size=1, max_size=3),
        "contains": st.sampled_from(["", "ok", "정상"]),
    }
    return {"kind": kind, **_some(draw, common), **(_some(draw, http) if kind == "http" else {})}


@st.composite
def instances(draw: st.DrawFn, ports: list[str], number: int) -> Plain:
    """Return an instance; ``number`` sets its networks apart from those of the others."""
    links = draw(st.lists(LINKS, max_size=3, unique=True))
    versions = [4, 6] if draw(st.booleans()) else [draw(st.sampled_from([4, 6]))]
    interfaces: Plain = {}
    routes: Plain = {}
    for index, link in enumerate(links):
        addresses = []
        if 4 in versions:
            addresses.append(f"10.{number}.{index}.1/24")
        if 6 in versions:
            addresses.append(f"2001:db8:{number}:{index}::1/{draw(st.sampled_from([64, 120]))}")
        interfaces[link] = {"port": draw(st.sampled_from(ports)), "addresses": addresses, **_described(draw)}
    near = [(version, index) for version in versions for index in range(len(links))]
    for name in draw(st.lists(NAMES, max_size=2, unique=True)) if near else ():
        version, index = draw(st.sampled_from(near))
        to = "default" if version == 4 else "default6"
        via = draw(st.lists(st.integers(250, 253), min_size=1, max_size=3, unique=True))
        gateways = [_host(version, number, index, host) for host in via]
        routes[name] = {"to": to, "via": gateways, "metric": len(routes) + 1, **_described(draw)}
    checks = {name: draw(monitors()) for name in draw(st.lists(NAMES, max_size=2, unique=True))}
    pools = {name: draw(_pools(near, number, list(checks))) for name in draw(st.lists(NAMES, max_size=3, unique=True))}
    services = draw(_services(pools, number, len(links)))
    bare = {name: {key: value for key, value in pool.items() if key[0] != "_"} for name, pool in pools.items()}
    return {
        "interfaces": interfaces, "routes": routes, "monitors": checks, "pools": bare, "services": services,
        **_described(draw),
    }  # fmt: skip


def _described(draw: st.DrawFn) -> Plain:
    return _some(draw, {"description": DESCRIPTIONS})


def _host(version: int, number: int, index: int, host: int) -> str:
    return f"10.{number}.{index}.{host}" if version == 4 else f"2001:db8:{number}:{index}::{host:x}"


@st.composite
def _pools(draw: st.DrawFn, near: list[tuple[int, int]], number: int, checks: list[str]) -> Plain:
    """Return a pool with notes for services: its IP version, its one port or none, and whether dr reaches it."""
    version = draw(st.sampled_from(near))[0] if near else draw(st.sampled_from([4, 6]))
    places = [index for one, index in near if one == version]
    beyond = not places or draw(st.booleans())
    port = draw(PORTS | st.none())
    members, seen = {}, set()
    for name in draw(st.lists(NAMES, max_size=4, unique=True)):
        host = draw(st.integers(100, 120))
        index = 200 if beyond else draw(st.sampled_from(places))
        endpoint = (_host(version, number, index, host), port or draw(PORTS))
        if endpoint not in seen:
            seen.add(endpoint)
            members[name] = {"address": endpoint[0], "port": endpoint[1]} | _some(draw, {"weight": WEIGHTS})
    used = draw(st.lists(st.sampled_from(checks), max_size=2, unique=True)) if checks else []
    return {"members": members, "monitors": used, "_version": version, "_port": port, "_near": not beyond}


@st.composite
def _services(draw: st.DrawFn, pools: Plain, number: int, links: int) -> Plain:
    services: Plain = {}
    taken = set()
    for name in draw(st.lists(NAMES, max_size=4, unique=True)) if pools else ():
        key = draw(st.sampled_from(sorted(pools)))
        pool = pools[key]
        port = pool["_port"] or draw(PORTS)
        modes = ["nat"] + (["tun"] if pool["_port"] else []) + (["dr"] if pool["_port"] and pool["_near"] else [])
        # On an interface's network, an interface's own address, or beyond them all.
        index, host = draw(st.sampled_from([(index, host) for index in (*range(links), 240) for host in (1, 10, 11)]))
        address, protocol = _host(pool["_version"], number, index, host), draw(st.sampled_from(["tcp", "udp"]))
        if (address, port, protocol) in taken:
            continue
        taken.add((address, port, protocol))
        options = {"enabled": st.booleans(), "scheduler": st.sampled_from(["rr", "wrr", "lc", "wlc", "sh", "mh"])}
        services[name] = {
            "address": address, "port": port, "protocol": protocol, "pool": key,
            "forwarding": draw(st.sampled_from(modes)), **_some(draw, options), **_described(draw),
        }  # fmt: skip
    return services


@st.composite
def documents(draw: st.DrawFn) -> Plain:
    """Return a right document as plain values."""
    ports = draw(st.lists(st.sampled_from(["port1", "port2", "enp3s0"]), min_size=1, unique=True))
    settings = {port: _some(draw, {"mtu": MTUS, "description": DESCRIPTIONS}) for port in ports}
    names = draw(st.lists(INSTANCES, max_size=2, unique=True))
    return {
        "version": 1,
        "ports": settings,
        "instances": {name: draw(instances(ports, number)) for number, name in enumerate(names)},
        **_some(draw, {"system": st.fixed_dictionaries({"hostname": st.sampled_from(["jeoul", "a.b-c", "9"])})}),
    }


@st.composite
def signals(draw: st.DrawFn, config: Config) -> Signals:
    """Return any world around a document, with members in it that the document does not have."""
    keys = [
        member_key(instance, pool, member)
        for instance, settings in config.instances.items()
        for pool, held in settings.pools.items()
        for member in held.members
    ]
    named = st.sampled_from([*keys, "gone/gone/gone"])
    return Signals(
        unit=draw(st.sampled_from(["", "unit-1"])),
        operational=draw(st.dictionaries(named, st.sampled_from(["unknown", "up", "degraded", "down"]))),
        administrative=draw(st.dictionaries(named, st.sampled_from(["enabled", "draining", "disabled"]))),
    )


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.sampled_from(["", "kind", "[key]", "http", "tcp", "1s", "192.0.2.1", "192.0.2.1/24", "::", "fe80::1%e", "a\n"])
    | st.sampled_from([2**64, -1, 0, 65536, 10**400, "9" * 5000, "10.0.0.1/" + "1" * 5000, "\ud800"])
    | st.text(max_size=5)
)  # fmt: skip
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("kind"), inner, max_size=3)
    ),
    max_leaves=5,
)
"""Anything that JSON can hold."""


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a right document with one to three places made into anything."""
    document = draw(documents())
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(_places(document)))
        how = draw(st.sampled_from(["replace", "remove", "add", "rename"]))
        if how == "replace" or isinstance(holder, list):
            holder[key] = draw(JUNK)
        elif how == "remove":
            del holder[key]
        elif how == "rename":
            holder[draw(st.text(max_size=5) | st.sampled_from(["[key]", "kind", "tcp", "a/b~c"]))] = holder.pop(key)
        else:
            holder[draw(st.text(max_size=5) | st.sampled_from(["[key]", "kind", "tcp"]))] = draw(JUNK)
        if not _places(document):
            break
    return document


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (map or list, key or index) in a value."""
    found: list[tuple[Any, Any]] = []
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(entries):
        found.append((value, key))
        found.extend(_places(child))
    return found
