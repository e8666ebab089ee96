"""From pydantic's locations to places in the document, by walking the types of ``Config``."""

import types
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from appliance.kinds import code
from appliance.model.config import Config


@dataclass(frozen=True)
class Place:
    """Where an error is: the names that lead there, the settings known beside it, and the kinds possible there."""

    parts: tuple[str | int, ...]
    siblings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def place(location: tuple[str | int, ...], of_name: bool = False, top: type[BaseModel] = Config) -> Place:
    """Return the place of a location.

    Pydantic adds the kind of a tagged union, and ``[key]`` for a name that is itself wrong (``of_name``): neither
    stands in the document.
    """
    here: Any = top
    parts: list[str | int] = []
    siblings: tuple[str, ...] = ()
    for part in location[:-1] if of_name else location:
        here = _bare(here)
        union = _kinds(here)
        if union:
            here = union.get(str(part))
            continue
        parts.append(part)
        siblings = ()
        if isinstance(here, type) and issubclass(here, BaseModel):
            siblings = tuple(here.model_fields)
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        else:
            inner = get_args(here)
            here = (inner[1] if get_origin(here) is dict else inner[0]) if inner else None
    return Place(tuple(parts), siblings, tuple(_kinds(_bare(here))))


def _bare(here: Any) -> Any:
    while get_origin(here) is Annotated:
        here = get_args(here)[0]
    return here


def _kinds(here: Any) -> dict[str, type[BaseModel]]:
    """Return the kinds of a tagged union by code; nothing for any other type."""
    return {code(kind): kind for kind in get_args(here)} if get_origin(here) in (Union, types.UnionType) else {}
