"""Pydantic's errors in the operator's words, by one table; a test says that the table is complete."""

import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from appliance.model.config import Config
from appliance.model.places import Place, place
from appliance.model.problems import Problem, join

type Found = Mapping[str, Any]
"""An error as pydantic tells it (``type``, ``loc``, ``input``, ``ctx``), with its ``place`` in a document."""
type Words = Callable[[Found], tuple[str, str]]
"""error -> (sentence, hint)"""

NOWHERE = Place(())
PATTERNS = {
    "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}": "a name: letters, digits, _ . - (at most 63, starting with a letter or digit)",
    "[a-z0-9][a-z0-9-]{0,31}": "an instance's name: small letters, digits and - (at most 32)",
    "[a-z][a-z0-9_-]{0,14}": "a link's name: small letters, digits, _ and - (at most 15, starting with a letter)",
    "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*": (
        "a host name: labels of letters, digits and -, joined by dots"
    ),
    "/[!-~]*": "a path: it starts with / and holds no spaces or line ends",
    "[!-~]*": "a host name without spaces or line ends",
}
"""pattern -> what it wants; a test says that every pattern of the document is here."""


def shown(value: Any) -> str:
    """Return a value as an operator would write it, at most 60 characters of it."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _context(found: Found) -> Mapping[str, Any]:
    context: Mapping[str, Any] = found.get("ctx", {})
    return context


def _place(found: Found) -> Place:
    where: Place = found.get("place", NOWHERE)
    return where


def _own(found: Found) -> tuple[str, str]:
    error = _context(found).get("error", found.get("msg", "is not as it should be"))
    subject = "" if isinstance(found["input"], dict | list) else f"{shown(found['input'])} "
    return f"{subject}{str(error).rstrip('.')}.", getattr(error, "hint", "")


def _pattern(found: Found) -> tuple[str, str]:
    pattern = str(_context(found)["pattern"]).removeprefix("^").removesuffix("$")
    sentence = f"{shown(found['input'])} is not {PATTERNS.get(pattern, 'of the form that is expected here')}."
    close = re.sub(r"[^A-Za-z0-9_.-]+", "-", found["input"]).strip("-_.")
    near = [name for name in (close[:63], close.lower()[:32], close.lower()[:15]) if re.fullmatch(pattern, name)]
    return sentence, f"For example {near[0]}." if near and pattern in PATTERNS else ""


def _choice(found: Found) -> tuple[str, str]:
    expected = _context(found).get("expected") or " or ".join(_place(found).kinds)
    return f"{shown(found['input'])} is not known here.", f"Choose {str(expected).replace("'", '')}."


def _unknown(found: Found) -> tuple[str, str]:
    near = difflib.get_close_matches(str(found["loc"][-1]), _place(found).siblings, 1)
    return "is not known here.", f"Did you mean {near[0]}?" if near else "Check the spelling, or take it out."


def _no_kind(found: Found) -> tuple[str, str]:
    return "is missing.", f"Choose {' or '.join(_place(found).kinds)}."


def _number(found: Found) -> tuple[str, str]:
    quoted = isinstance(found["input"], str) and re.fullmatch(r"0|[1-9][0-9]{0,8}", found["input"])
    return f"{shown(found['input'])} is not a whole number.", "Write it without quotes." if quoted else ""


def _text(found: Found) -> tuple[str, str]:
    return f"{shown(found['input'])} is not text.", "" if isinstance(
        found["input"], dict | list
    ) else "Write it in quotes."


def _bound(sentence: str) -> Words:
    # Only durations may be written as text.
    def words(found: Found) -> tuple[str, str]:
        hint = "The bound is in seconds." if isinstance(found["input"], str) else ""
        return sentence.format(value=shown(found["input"]), **_context(found)), hint

    return words


def _few(found: Found) -> tuple[str, str]:
    least = _context(found)["min_length"]
    return "must not be empty." if least == 1 else f"needs at least {least} entries.", ""


def _fixed(sentence: str, hint: str = "") -> Words:
    return lambda found: (sentence, hint)


def _given(sentence: str, hint: str = "") -> Words:
    return lambda found: (sentence.format(value=shown(found["input"]), **_context(found)), hint)


SETTINGS = _given("{value} stands where settings are expected.", "Write each setting as name: value, below this name.")

TABLE: Mapping[str, Words] = {
    "missing": _fixed("is missing."),
    "extra_forbidden": _unknown,
    "value_error": _own,
    "string_pattern_mismatch": _pattern,
    "literal_error": _choice,
    "union_tag_invalid": _choice,
    "union_tag_not_found": _no_kind,
    "string_type": _text,
    "string_too_long": _given("is longer than {max_length} characters."),
    "int_type": _number,
    "int_from_float": _number,
    "float_type": _given("{value} is not a number."),
    "float_parsing": _given("{value} is not a number."),
    "finite_number": _given("{value} is not a finite number."),
    "int_parsing": _number,
    "bool_parsing": _given("{value} is neither true nor false.", "Write true or false, without quotes."),
    "bool_type": _given("{value} is neither true nor false.", "Write true or false, without quotes."),
    "greater_than_equal": _bound("{value} is too small; the least is {ge}."),
    "less_than_equal": _bound("{value} is too large; the most is {le}."),
    "too_short": _few,
    "too_long": _given("has more than {max_length} entries."),
    "tuple_type": _given("{value} is not a list.", "Write it in brackets: [one, two]."),
    "dict_type": _given(
        "{value} stands where names with settings are expected.", "Begin each entry with its name and a colon."
    ),
    "model_type": SETTINGS,
    "model_attributes_type": SETTINGS,
}
"""pydantic's error type -> words."""

STRANGE = _fixed("is not as it should be.")
"""For an error that the table does not know: a wrong document must be refused, not crash who reads it."""


def problems_of(error: ValidationError, document: object, top: type[BaseModel] = Config) -> list[Problem]:
    """Return the problems behind a validation error of a parsed document of the type ``top``."""
    found = (_problem(detail, document, top) for detail in error.errors(include_url=False))
    return [problem for problem in found if problem is not None]


def _problem(detail: ErrorDetails, document: object, top: type[BaseModel]) -> Problem | None:
    kind = detail["type"]
    of_name = detail["loc"][-1:] == ("[key]",) and kind != "extra_forbidden"
    where = place(detail["loc"], of_name, top)
    parts = where.parts
    value = parts[-1] if of_name else _value(document, parts)
    if kind == "too_short" and isinstance(value, list) and len(value) >= detail["ctx"]["min_length"]:
        return None  # Entries that are wrong were not counted; they have problems of their own.
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        parts = (*parts, "kind")
        value = value.get("kind") if isinstance(value, dict) else value
    sentence, hint = TABLE.get(kind, STRANGE)({**detail, "input": value, "place": where})
    if value is None and kind not in ("missing", "union_tag_not_found"):
        hint = "Give it a value, or take the line out."
    return Problem(path=join(*parts), sentence=sentence, hint=hint)


def _value(document: Any, parts: tuple[str | int, ...]) -> Any:
    # What the operator wrote says more than what pydantic made of it; a missing setting has no value.
    for part in parts:
        try:
            document = document[part]
        except (IndexError, KeyError, TypeError):
            return None
    return document
