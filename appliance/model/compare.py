"""The difference of two documents as people read it: by path, what was and what is."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from appliance.model.problems import join


class Change(BaseModel):
    """One difference; null where there was, or is, nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(description="Place in the document, as a JSON pointer.")
    old: Any = None
    new: Any = None


def changes(old: Any, new: Any, path: str = "") -> list[Change]:
    """Return the differences in order of their paths; maps are compared by name, everything else whole.

    Lists are compared whole: their entries have no names, so an entry's index would say nothing to people.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[Change] = []
        for name in sorted(old.keys() | new.keys()):
            found.extend(changes(old.get(name), new.get(name), path + join(name)))
        return found
    # In Python True equals 1 and 1 equals 1.0; only the first is a difference in a document.
    if old == new and isinstance(old, bool) == isinstance(new, bool):
        return []
    return [Change(path=path, old=old, new=new)]
