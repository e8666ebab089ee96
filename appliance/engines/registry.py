"""The engines that this software has, in the order in which their rows can be made."""

import importlib
import pkgutil

from appliance import engines
from appliance.engines.base import Driver, Engine


def ordered(found: dict[str, Engine]) -> dict[str, Engine]:
    """Return the engines with each behind those that it needs. Raises ValueError for a circle or an unknown need."""
    result: dict[str, Engine] = {}
    while len(result) < len(found):
        ready = [e for name, e in sorted(found.items()) if name not in result and all(n in result for n in e.needs)]
        if not ready:
            raise ValueError(f"engines need each other in a circle: {sorted(found.keys() - result.keys())}")
        result[ready[0].name] = ready[0]
    return result


def load() -> dict[str, Engine]:
    """Return the engines by name, found by being folders beside this file."""
    folders = [info.name for info in pkgutil.iter_modules(engines.__path__) if info.ispkg]
    return ordered({name: importlib.import_module(f"{engines.__name__}.{name}").ENGINE for name in folders})


ENGINES = load()


def load_drivers() -> dict[str, Driver]:
    """Return a driver of each engine; only the programmer may call this."""
    return {name: importlib.import_module(f"{engines.__name__}.{name}.driver").open_driver() for name in ENGINES}
