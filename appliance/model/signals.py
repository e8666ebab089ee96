"""The world around the document: who is up, and what the operator asked of single members."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Operational = Literal["unknown", "up", "degraded", "down"]
Administrative = Literal["enabled", "draining", "disabled"]


def member_key(instance: str, pool: str, member: str) -> str:
    """Return a member's key in Signals; names hold no slash."""
    return f"{instance}/{pool}/{member}"


class Signals(BaseModel):
    """What the compilers need to know beside the document; members by key (``member_key``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: str = ""
    """This unit's identity (the machine id): own MAC addresses are derived from it."""
    operational: dict[str, Operational] = {}
    """What the monitors say; a member that is not named is ``unknown``."""
    administrative: dict[str, Administrative] = {}
    """What the operator asked; a member that is not named is ``enabled``."""
