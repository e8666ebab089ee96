"""The table of words is complete: every error that the document's fields can give has words of its own."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from pydantic_core.core_schema import ErrorType

from appliance.model.config import Config
from appliance.model.document import check, parse
from appliance.model.problems import Invalid
from appliance.model.translate import PATTERNS, TABLE
from tests.golden.documents import WRONG

BOUNDS = {"ge": "greater_than_equal", "le": "less_than_equal", "gt": "greater_than", "lt": "less_than"}
FIELDS = {
    "str": {"string_type", "string_unicode"},
    "int": {"int_type", "int_parsing", "int_from_float", "int_parsing_size"},
    "float": {"float_type", "float_parsing"},
    "bool": {"bool_type", "bool_parsing"},
    "dict": {"dict_type"},
    "tuple": {"tuple_type"},
    "literal": {"literal_error"},
    "model": {"model_type"},
    "model-fields": {"missing", "extra_forbidden", "invalid_key", "model_attributes_type"},
    "tagged-union": {"union_tag_invalid", "union_tag_not_found", "model_attributes_type"},
    "function-after": {"value_error"},
    "function-before": {"value_error"},
    "default": set(),
    "definitions": set(),
    "definition-ref": set(),
    "model-field": set(),
}
"""pydantic-core's kind of schema -> the errors that it can give in Python mode; a kind not here fails the test."""
BEFORE = {"string_unicode": {"system": {"hostname": "\ud800"}}, "invalid_key": {"system": {5: 5}}}
"""Errors that never reach the table, since ``text.faults`` refuses such documents before."""


def _schemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Return every schema of a validator inside a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for key, inner in schema.items():
            if key not in ("serialization", "metadata", "config", "default", "function"):
                yield from _schemas(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _schemas(inner)


ALL = list(_schemas(Config.__pydantic_core_schema__))


def _errors(schema: Mapping[str, Any]) -> set[str]:
    kind = schema["type"]
    found = set(FIELDS[kind])
    if schema.get("strict"):
        found -= {"int_parsing", "int_from_float", "int_parsing_size", "float_parsing", "bool_parsing"}
    found |= {error for bound, error in BOUNDS.items() if bound in schema}
    if kind == "float" and schema.get("allow_inf_nan") is False:
        found.add("finite_number")
    if kind == "str":
        limits = {
            "pattern": "string_pattern_mismatch",
            "max_length": "string_too_long",
            "min_length": "string_too_short",
        }
    else:
        limits = {"max_length": "too_long", "min_length": "too_short"}
    return found | {error for limit, error in limits.items() if limit in schema}


REACHABLE = set().union(*(_errors(schema) for schema in ALL))


def test_the_schema_was_walked() -> None:
    assert {"str", "int", "float", "bool", "dict", "tuple", "literal", "model", "tagged-union"} <= {
        schema["type"] for schema in ALL
    }


def test_every_error_that_a_field_can_give_has_words() -> None:
    assert sorted(REACHABLE - set(get_args(ErrorType))) == []
    assert sorted(REACHABLE - set(TABLE) - set(BEFORE)) == []


@pytest.mark.parametrize("kind", BEFORE)
def test_some_are_refused_before_pydantic_sees_them(kind: str) -> None:
    with pytest.raises(ValidationError) as foreign:
        Config.model_validate(BEFORE[kind])
    assert kind in {error["type"] for error in foreign.value.errors()}
    with pytest.raises(Invalid):
        check(BEFORE[kind])


def test_every_pattern_has_words() -> None:
    patterns = {schema["pattern"] for schema in ALL if schema["type"] == "str" and "pattern" in schema}
    assert sorted(pattern.removeprefix("^").removesuffix("$") for pattern in patterns) == sorted(PATTERNS)


def _given(raw: bytes) -> set[str]:
    try:
        Config.model_validate(parse(raw))
    except ValidationError as error:
        return {detail["type"] for detail in error.errors()}
    except Invalid:
        pass
    return set()


def test_each_of_them_stands_in_a_golden_document() -> None:
    seen = set().union(*(_given(path.read_bytes()) for path in WRONG))
    assert seen <= REACHABLE, "an error that the walk did not foresee"
    assert sorted(REACHABLE - seen - set(BEFORE)) == []
