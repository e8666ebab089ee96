"""What each role may do; a fixed table, so that it can be read at a glance."""

from collections.abc import Mapping
from typing import Literal

Role = Literal["viewer", "operator", "admin"]
Right = Literal["read", "change", "people"]

ROLES: Mapping[Role, frozenset[Right]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "change"}),
    "admin": frozenset({"read", "change", "people"}),
}
"""``read``: all but people; ``change``: the document and members' states; ``people``: users and the audit trail."""


def may(role: str, right: Right) -> bool:
    """Tell whether a role has a right; an unknown role has none."""
    return any(name == role and right in rights for name, rights in ROLES.items())


def needed(right: Right) -> list[str]:
    """Return the roles that have a right."""
    return [name for name, rights in ROLES.items() if right in rights]
