"""Reading a document: text to ``Config``, with every problem found at once."""

import copy
import json
from typing import Any

import yaml
from pydantic import ValidationError

from appliance.model import text as texts
from appliance.model.config import Config
from appliance.model.migrations import migrate
from appliance.model.problems import Invalid, Problem, join, split
from appliance.model.references import references
from appliance.model.translate import problems_of
from appliance.model.validate import collisions, problems

NESTED = (("instances", "pools", "members"), ("instances", "*"), ("ports",))
"""The collections of named objects, the deepest first; names stand between the words."""


def read(text: str | bytes) -> Config:
    """Return the document in a YAML or JSON text. Raises Invalid with every problem."""
    value, faults = texts.read(text)
    try:
        config = check(value)
    except Invalid as wrong:
        raise Invalid([*faults, *wrong.problems]) from None
    if faults:
        raise Invalid(faults)
    return config


def parse(text: str | bytes) -> object:
    """Return the value of a YAML or JSON text. Raises Invalid for text that is neither, or too large or too deep."""
    value, faults = texts.read(text)
    faults += texts.faults(value)
    if faults:
        raise Invalid(faults)
    return value


def check(document: object) -> Config:
    """Return a parsed document as Config. Raises Invalid with every problem."""
    if not isinstance(document, dict):
        sentence = "is empty." if document is None else "is not a document."
        raise Invalid([Problem(path="", sentence=sentence, hint="Start with 'version: 1' and 'instances:'.")])
    if faults := texts.faults(document):
        raise Invalid(faults)
    document = migrate(document)
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        found = problems_of(error, document)
        raise Invalid([*found, *references(document), *_beside(document, found)]) from None
    if found := problems(config):
        raise Invalid(found)
    return config


def _beside(document: dict[str, Any], found: list[Problem]) -> list[Problem]:
    """Return the problems between objects that have none of their own: they should not wait for a second try."""
    half = copy.deepcopy(document)
    dropped = {_object(split(problem.path)) for problem in found}
    for parts in dropped:
        here: Any = half
        for part in parts[:-1]:
            here = here.get(part) if isinstance(here, dict) else None
        if isinstance(here, dict) and parts:
            here.pop(parts[-1], None)
    try:
        config = Config.model_validate(half)
    except ValidationError:
        return []  # A fault that cannot be cut out: those that were found already must do.
    return collisions(config, frozenset(join(*parts) for parts in dropped))


def _object(parts: list[str]) -> tuple[str, ...]:
    """Return the smallest named object that holds a place; or the place, where it is in no named object."""
    for words in NESTED:
        depth = 2 * len(words)
        if len(parts) >= depth and all(word in ("*", part) for word, part in zip(words, parts[::2], strict=False)):
            return tuple(parts[:depth])
    return tuple(parts[:3] if parts[0] == "instances" else parts[:1])


def write_yaml(config: Config) -> str:
    """Return the document as YAML for people: only what differs from the defaults, names in the order given."""
    plain = json.loads(config.model_dump_json(exclude_defaults=True))
    document = {"version": config.version, **plain}
    return str(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
