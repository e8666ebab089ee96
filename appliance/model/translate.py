"""Pydantic's errors in the operator's words, by one table; a test says that the table is complete."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from appliance.model.problems import Problem, join

type Words = Callable[[ErrorDetails], tuple[str, str]]
"""error -> (sentence, hint)"""


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _own(error: ErrorDetails) -> tuple[str, str]:
    said = str(error["ctx"]["error"]) if "ctx" in error and "error" in error["ctx"] else error["msg"]
    value = error["input"]
    subject = f"{_shown(value)} " if isinstance(value, (str, int, float)) else ""
    return f"{subject}{said}.", ""


PATTERNS = {
    "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}": "a name: letters, digits, _ . - (at most 63, starting with a letter or digit)",
    "[a-z0-9][a-z0-9-]{0,31}": "an instance's name: small letters, digits and - (at most 32)",
    "[a-z][a-z0-9_-]{0,14}": "a link's name: small letters, digits, _ and - (at most 15, starting with a letter)",
    "/[!-~]*": "a path: it starts with / and holds no spaces",
    "[!-~]*": "a host name without spaces",
}


def _pattern(error: ErrorDetails) -> tuple[str, str]:
    pattern = str(error["ctx"]["pattern"]).removeprefix("^").removesuffix("$")
    wanted = PATTERNS.get(pattern, "a host name: labels of letters, digits and -, joined by dots")
    return f"{_shown(error['input'])} is not {wanted}.", ""


def _choice(error: ErrorDetails) -> tuple[str, str]:
    ctx = error["ctx"]
    expected = str(ctx.get("expected", ctx.get("expected_tags"))).replace("'", "")
    given = error["input"].get("kind") if isinstance(error["input"], dict) else error["input"]
    return f"{_shown(given)} is not known here.", f"Choose {expected}."


def _fixed(sentence: str, hint: str = "") -> Words:
    return lambda error: (sentence, hint)


def _given(sentence: str, hint: str = "") -> Words:
    return lambda error: (sentence.format(value=_shown(error["input"]), **error.get("ctx", {})), hint)


TABLE: Mapping[str, Words] = {
    "missing": _fixed("is missing."),
    "extra_forbidden": _fixed("is not known here.", "Check the spelling, or take it out."),
    "value_error": _own,
    "string_pattern_mismatch": _pattern,
    "literal_error": _choice,
    "union_tag_invalid": _choice,
    "union_tag_not_found": _fixed("needs a kind.", "Write kind: and a monitor's kind, for example kind: tcp."),
    "string_type": _given("{value} is not text.", "Write it in quotes."),
    "string_too_long": _given("is longer than {max_length} characters."),
    "int_type": _given("{value} is not a whole number."),
    "int_parsing": _given("{value} is not a whole number."),
    "int_from_float": _given("{value} is not a whole number."),
    "int_parsing_size": _given("{value} is too large a number."),
    "float_type": _given("{value} is not a number."),
    "float_parsing": _given("{value} is not a number."),
    "finite_number": _given("{value} is not a finite number."),
    "bool_type": _given("{value} is neither true nor false."),
    "bool_parsing": _given("{value} is neither true nor false."),
    "greater_than_equal": _given("{value} is too small; the least is {ge}."),
    "less_than_equal": _given("{value} is too large; the most is {le}."),
    "too_short": _given("needs at least {min_length} entry."),
    "too_long": _given("has more than {max_length} entries."),
    "tuple_type": _given("{value} is not a list."),
    "dict_type": _given("{value} is not a map of names to settings."),
    "model_type": _given("{value} is not a map of settings."),
    "model_attributes_type": _given("{value} is not a map of settings."),
}
"""pydantic's error type -> words."""


def problems_of(error: ValidationError, document: object) -> list[Problem]:
    """Return the problems behind a validation error of a parsed document."""
    found = []
    for detail in error.errors():
        sentence, hint = TABLE[detail["type"]](detail)
        found.append(Problem(path=_place(detail["loc"], document), sentence=sentence, hint=hint))
    return found


def _place(location: tuple[str | int, ...], document: object) -> str:
    # pydantic adds the tag of a union and "[key]" for a name that is itself wrong: neither stands in the document.
    parts: list[str | int] = []
    here: Any = document
    for index, part in enumerate(location):
        if part == "[key]":
            break
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif index + 1 < len(location) or (isinstance(here, dict) and here.get("kind") == part):
            continue
        parts.append(part)
    return join(*parts)
