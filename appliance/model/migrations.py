"""Older documents brought to the version of this software, one step a version."""

from collections.abc import Callable, Mapping
from typing import Any

from appliance.model.config import VERSION
from appliance.model.problems import Invalid, Problem

type Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Mapping[int, Step] = {}
"""From version -> a function that returns the document in the next version; it may change its argument."""


def migrate(document: dict[str, Any], steps: Mapping[int, Step] = STEPS, newest: int = VERSION) -> dict[str, Any]:
    """Return the document in the newest version. Raises Invalid for a version that is unknown or from the future."""
    version = document.get("version", newest)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Invalid([Problem(path="/version", sentence="is not a version number.", hint=f"Write version: {newest}.")])
    if version > newest:
        hint = f"This software reads versions up to {newest}; update the box first."
        raise Invalid([Problem(path="/version", sentence=f"is {version}, from newer software.", hint=hint)])
    while version < newest:
        document = {**steps[version](document), "version": version + 1}
        version += 1
    return document
