"""Names that lead nowhere, found in the plain document, so that a fault elsewhere in an object hides none of them."""

from collections.abc import Iterator
from typing import Any

from appliance.model.problems import Problem, join


def references(document: Any) -> Iterator[Problem]:
    """Return a problem for each name of a port, monitor or pool that the document does not have."""
    ports = _map(document, "ports")
    for name, instance in _map(document, "instances").items():
        here = join("instances", name)
        monitors, pools = _map(instance, "monitors"), _map(instance, "pools")
        for key, interface in _map(instance, "interfaces").items():
            path = here + join("interfaces", key, "port")
            yield from _missing(path, "port", _get(interface, "port"), ports, "Ports in this document")
        for key, pool in pools.items():
            named = _get(pool, "monitors")
            for index, monitor in enumerate(named if isinstance(named, list | tuple) else ()):
                path = here + join("pools", key, "monitors", index)
                yield from _missing(path, "monitor", monitor, monitors, "Monitors of this instance")
        for key, service in _map(instance, "services").items():
            path = here + join("services", key, "pool")
            yield from _missing(path, "pool", _get(service, "pool"), pools, "Pools of this instance")


def _get(settings: Any, name: str) -> Any:
    return settings.get(name) if isinstance(settings, dict) else None


def _map(settings: Any, name: str) -> dict[str, Any]:
    found = _get(settings, name)
    return found if isinstance(found, dict) else {}


def _missing(path: str, what: str, name: object, known: dict[str, Any], where: str) -> Iterator[Problem]:
    # What is no text is told by the field itself.
    if isinstance(name, str) and name not in known:
        hint = f"{where}: {', '.join(known) or 'none yet'}."
        yield Problem(path=path, sentence=f"There is no {what} {name!r}.", hint=hint)
