"""Kinds: one file is one kind, found by being in the folder."""

import importlib
import pkgutil
from types import ModuleType
from typing import Literal, get_args, get_origin

from pydantic import BaseModel


class KindError(TypeError):
    """A file in a folder of kinds does not define exactly one kind."""


def kinds[K: BaseModel](package: ModuleType, base: type[K]) -> dict[str, type[K]]:
    """Return the kinds in a package by code, in order of their codes.

    A kind is a subclass of ``base`` with a field ``kind: Literal["code"]``. Raises KindError for a file without exactly
    one, and for two files with one code.
    """
    found: dict[str, type[K]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        # A set: a second name for the same class is no second kind.
        here = {
            thing
            for thing in vars(module).values()
            if isinstance(thing, type) and issubclass(thing, base) and thing.__module__ == module.__name__
        }
        if len(here) != 1:
            raise KindError(f"{module.__name__} must define exactly one {base.__name__}, not {len(here)}")
        kind = here.pop()
        twin = found.setdefault(code(kind), kind)
        if twin is not kind:
            raise KindError(f"{kind.__module__} and {twin.__module__} are both of kind {code(kind)!r}")
    return dict(sorted(found.items()))


def code(kind: type[BaseModel]) -> str:
    """Return a kind's code: the one value of its field ``kind``."""
    field = kind.model_fields.get("kind")
    if field is None or get_origin(field.annotation) is not Literal or len(get_args(field.annotation)) != 1:
        raise KindError(f"{kind.__module__}.{kind.__name__} needs a field kind: Literal['its code']")
    return str(get_args(field.annotation)[0])
