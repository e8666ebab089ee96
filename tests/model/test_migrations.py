"""Older documents: artificial steps show that the chain is walked, once each, and never crashes."""

from typing import Any

import pytest

from appliance.model.config import VERSION
from appliance.model.migrations import STEPS, migrate
from appliance.model.problems import Invalid


def _to_2(document: dict[str, Any]) -> dict[str, Any]:
    document["names"] = document.pop("name").split()
    return document


def _to_3(document: dict[str, Any]) -> dict[str, Any]:
    return {"count": len(document["names"])}


ARTIFICIAL = {1: _to_2, 2: _to_3}


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(STEPS) == list(range(1, VERSION))


@pytest.mark.parametrize(
    ("sentence", "document", "expected"),
    [
        ("two steps", {"version": 1, "name": "a b"}, {"version": 3, "count": 2}),
        ("one step", {"version": 2, "names": ["a"]}, {"version": 3, "count": 1}),
        ("no step", {"version": 3, "count": 7}, {"version": 3, "count": 7}),
        ("no version counts as new", {"count": 7}, {"count": 7}),
    ],
)
def test_a_document_is_brought_to_the_newest_version(
    sentence: str, document: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = repr(document)
    assert migrate(document, ARTIFICIAL, 3) == expected
    assert repr(document) == before, "the caller's document is not changed"


@pytest.mark.parametrize(
    ("sentence", "document", "path"),
    [
        ("an old document without what it must have", {"version": 1}, ""),
        ("an old document with another type", {"version": 1, "name": 5}, ""),
        ("a newer document", {"version": 4}, "/version"),
        ("no version at all", {"version": None}, "/version"),
        ("a version below the first", {"version": -1}, "/version"),
        ("a switch", {"version": True}, "/version"),
    ],
)
def test_what_cannot_be_migrated_is_told(sentence: str, document: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as wrong:
        migrate(document, ARTIFICIAL, 3)
    assert [problem.path for problem in wrong.value.problems] == [path]
    assert wrong.value.problems[0].hint
