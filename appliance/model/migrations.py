"""Older documents brought to the version of this software, one step a version."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from appliance.model.config import VERSION
from appliance.model.problems import Invalid, Problem

type Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Mapping[int, Step] = {}
"""From version -> a function that returns the document in the next version; it may change its argument."""


def migrate(document: dict[str, Any], steps: Mapping[int, Step] = STEPS, newest: int = VERSION) -> dict[str, Any]:
    """Return the document in the newest version, itself unchanged; one without a version counts as new.

    Raises Invalid for a version that is unknown or from the future, and for an old document that a step cannot read.
    """
    version = document.get("version", newest)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Invalid([Problem(path="/version", sentence="is not a version number.", hint=f"Write version: {newest}.")])
    if version > newest:
        hint = f"This software reads versions up to {newest}; update the box first."
        raise Invalid([Problem(path="/version", sentence=f"is {version}, from newer software.", hint=hint)])
    if version < newest:
        document = copy.deepcopy(document)
    while version < newest:
        try:
            document = {**steps[version](document), "version": version + 1}
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            # Steps run before the document's shape is known: a wrong one must be told, and not crash who reads it.
            sentence = f"is not a document of version {version}, so it cannot be brought to version {newest}."
            raise Invalid([Problem(path="", sentence=sentence, hint=f"Write it anew as version {newest}.")]) from None
        version += 1
    return document
