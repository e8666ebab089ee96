"""Parts of a document by path: finding, replacing and removing one, with what to say when a name is unknown."""

from collections.abc import Sequence
from typing import Any

SINGULAR = {
    "ports": "port",
    "instances": "instance",
    "interfaces": "interface",
    "routes": "route",
    "monitors": "monitor",
    "pools": "pool",
    "services": "service",
    "members": "member",
}
"""Collection of the document -> what one of it is called."""
LISTED = 20
"""Known names that a hint lists."""

type Document = dict[str, Any]


class Unknown(LookupError):
    """A name that is not in the document; ``hint`` lists those that are."""

    def __init__(self, collection: str, name: str, known: Sequence[str]) -> None:
        kind = SINGULAR[collection]
        self.hint = f"There is none yet of this kind: {kind}."
        if known:
            more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
            self.hint = f"Known: {', '.join(sorted(known)[:LISTED])}{more}."
        super().__init__(f"There is no {kind} {name!r}.")


def get(document: Document, path: Sequence[str]) -> Any:
    """Return the part at a path. Raises Unknown for a name that is not there."""
    here: Any = document
    for index, name in enumerate(path):
        if name not in here:
            raise Unknown(path[index - 1], name, list(here))
        here = here[name]
    return here


def put(document: Document, path: Sequence[str], value: Any) -> Document:
    """Return the document with another part at a path, whose parent must be there. Raises Unknown."""
    get(document, path[:-1])
    return _with(document, path, value)


def drop(document: Document, path: Sequence[str]) -> Document:
    """Return the document without the part at a path. Raises Unknown."""
    get(document, path)
    parent = {name: part for name, part in get(document, path[:-1]).items() if name != path[-1]}
    return _with(document, path[:-1], parent)


def _with(here: Document, path: Sequence[str], value: Any) -> Document:
    if not path:
        return dict(value)
    first, *rest = path
    return {**here, first: _with(here[first], rest, value) if rest else value}
