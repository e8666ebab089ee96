"""Reading a document: text to ``Config``, with every problem found at once."""

import json
from collections.abc import Hashable
from typing import Any

import yaml
from pydantic import ValidationError

from appliance.model.config import Config
from appliance.model.migrations import migrate
from appliance.model.problems import Invalid, Problem, join
from appliance.model.translate import problems_of
from appliance.model.validate import problems

LARGEST = 16 << 20
"""Bytes of a document: ten thousand services with ten members each fit."""
DEEPEST = 20
"""Levels of nesting; the document itself has seven."""


class _Loader(yaml.CSafeLoader):
    """YAML's safe subset, without repeated keys (one of them would be lost)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key!r} stands twice")
        result[key] = value
    return result


def read(text: str | bytes) -> Config:
    """Return the document in a YAML or JSON text. Raises Invalid with every problem."""
    return check(parse(text))


def check(document: object) -> Config:
    """Return a parsed document as Config. Raises Invalid with every problem."""
    if not isinstance(document, dict):
        raise Invalid(
            [Problem(path="", sentence="is not a document.", hint="Start with 'version: 1' and 'instances:'.")]
        )
    document = migrate(document)
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        raise Invalid(problems_of(error, document)) from None
    found = problems(config)
    if found:
        raise Invalid(found)
    return config


def parse(text: str | bytes) -> object:
    """Return the value of a YAML or JSON text. Raises Invalid for text that is neither, or too large or too deep."""
    if len(text) > LARGEST:
        raise Invalid([Problem(path="", sentence=f"is larger than {LARGEST >> 20} MiB.", hint="Split it over boxes.")])
    try:
        if isinstance(text, bytes):
            text = text.decode()
        value = json.loads(text, object_pairs_hook=_unique) if text.lstrip()[:1] == "{" else _yaml(text)
    except UnicodeDecodeError as error:
        raise Invalid([Problem(path="", sentence=f"is not UTF-8 text (byte {error.start}).")]) from None
    except yaml.YAMLError as error:
        raise Invalid([_yaml_problem(error)]) from None
    except (RecursionError, ValueError) as error:
        raise Invalid([Problem(path="", sentence=f"is not readable YAML or JSON: {error}.")]) from None
    _shallow(value)
    return value


def _yaml(text: str) -> object:
    # Aliases can make a small text grow without bound.
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=event.start_mark)
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader


def _shallow(value: object, depth: int = 0, path: str = "") -> None:
    if depth > DEEPEST:
        raise Invalid([Problem(path=path, sentence=f"is nested deeper than {DEEPEST} levels.")])
    if isinstance(value, dict):
        for key, child in value.items():
            if not isinstance(key, str):
                hint = f'Write it in quotes: "{key}".'
                raise Invalid(
                    [
                        Problem(
                            path=path + join(str(key)), sentence="is a name that YAML reads as another type.", hint=hint
                        )
                    ]
                )
            _shallow(child, depth + 1, path + join(key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            _shallow(child, depth + 1, path + join(index))


def _yaml_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return Problem(path="", sentence=f"is not readable YAML or JSON: {where}{said}.")


def write_yaml(config: Config) -> str:
    """Return the document as YAML for people: only what differs from the defaults, names in the order given."""
    plain = json.loads(config.model_dump_json(exclude_defaults=True))
    return str(yaml.safe_dump({"version": config.version, **plain}, sort_keys=False, allow_unicode=True))
