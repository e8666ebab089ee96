"""Monitors' settings: every kind is one file, and wrong settings are refused in the operator's words."""

from typing import Any

import pytest
from pydantic import ValidationError

from appliance import checks
from appliance.checks._base import Check
from appliance.kinds import kinds

KINDS = kinds(checks, Check)  # type: ignore[type-abstract]

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "tcp", "timeout": "6s"}, "has a timeout longer than its interval"),
    ({"kind": "tcp", "interval": "10 parsecs"}, "is not a duration"),
    ({"kind": "tcp", "interval": "10ms", "timeout": "10ms"}, "greater than or equal to 0.1"),
    ({"kind": "tcp", "rise": 0}, "greater than or equal to 1"),
    ({"kind": "tcp", "fall": 101}, "less than or equal to 100"),
    ({"kind": "tcp", "jitter": 0.6}, "less than or equal to 0.5"),
    ({"kind": "tcp", "path": "/"}, "Extra inputs"),
    ({"kind": "http", "path": "health"}, "pattern"),
    ({"kind": "http", "path": "/a b"}, "pattern"),
    ({"kind": "http", "path": "/a\r\nX: y"}, "pattern"),
    ({"kind": "http", "host": "a\r\nX: y"}, "pattern"),
    ({"kind": "http", "status": []}, "at least 1"),
    ({"kind": "http", "status": [100]}, "greater than or equal to 200"),
    ({"kind": "http", "method": "POST"}, "'GET', 'HEAD' or 'OPTIONS'"),
    ({"kind": "http", "method": "HEAD", "contains": "ok"}, "answers to HEAD carry none"),
]


def test_kinds_are_found() -> None:
    assert {"http", "tcp"} <= set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_is_written_and_read_back(kind: str) -> None:
    check = KINDS[kind].model_validate({"kind": kind, "interval": "1s", "timeout": "500ms"})
    assert (check.interval, check.timeout) == (1.0, 0.5)
    assert KINDS[kind].model_validate(check.model_dump(mode="json")) == check


@pytest.mark.parametrize(("settings", "words"), WRONG, ids=[str(settings) for settings, _ in WRONG])
def test_wrong_settings(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        KINDS[settings["kind"]].model_validate(settings)
