"""Text to plain values: YAML's plain subset, or JSON, with the place of every fault in it.

The subset has maps, lists, text, whole numbers, fractions, true, false and null: no tags, no aliases (a small text
could grow without bound), no merging, and no octal numbers, numbers to base 60 or dates, which surprise people.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from appliance.model.problems import Invalid, Problem, join

LARGEST = 16 << 20
"""Bytes of a document: ten thousand services with ten members each fit."""
DEEPEST = 20
"""Levels of nesting; the document itself has eight."""
LONGEST = 40
"""Digits of a number; what is longer is read as a fraction, which no whole number's field takes."""

TOO_DEEP = Problem(path="", sentence=f"is nested deeper than {DEEPEST} levels.", hint="Take the inner levels out.")
NULL = re.compile("~|null|Null|NULL|")
BOOL = re.compile("yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF")
INT = re.compile("[-+]?(0|[1-9][0-9]*)")
# What PyYAML writes for a fraction, and nothing that it would write for a text.
FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


REMEDIES = {
    "mapping values are not allowed": "Two colons in one line: put the text in quotes, or mend the indentation.",
    "could not find expected ':'": "A name needs a colon behind it.",
    "did not find expected key": "Mend the indentation: names of one map begin in one column.",
    "did not find expected '-'": "Mend the indentation: the entries of one list begin in one column.",
    "did not find expected ',' or '}'": "Close the brace, or put a comma between the settings.",
    "did not find expected ',' or ']'": "Close the bracket, or put a comma between the entries.",
    "cannot start any token": "Indent with spaces, not with tabs; put text with special characters in quotes.",
    "found unexpected end of stream": "Close the quotes.",
}
"""What libyaml says -> the remedy."""


class Pairs(dict[str, Any]):
    """A JSON object that remembers which of its names stood twice."""

    twice: frozenset[str] = frozenset()


def read(text: str | bytes) -> tuple[object, list[Problem]]:
    """Return the value of a YAML or JSON text, and the faults that do not keep it from being read further.

    Raises Invalid for a text that cannot be read at all.
    """
    if len(text) > LARGEST:
        raise Invalid([Problem(path="", sentence=f"is larger than {LARGEST >> 20} MiB.", hint="Split it over boxes.")])
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            hint = "Save it as UTF-8."
            raise Invalid([Problem(path="", sentence=f"is not UTF-8 text (byte {error.start}).", hint=hint)]) from None
    elif _clean(text) != text:
        raise Invalid([Problem(path="", sentence="holds half a character.", hint="Save it as UTF-8.")])
    # A YAML map may be written in braces too; JSON is what has quotes behind them.
    if re.match(r'\s*\{\s*["}]', text):
        return _json(text), []
    return _Yaml(text).document()


def faults(value: object, path: str = "", depth: int = 0) -> list[Problem]:
    """Return what makes a value no document at all, wherever it came from: repeated names, odd types, broken text."""
    return list(_faults(value, path, depth))


def _faults(value: object, path: str, depth: int) -> Iterator[Problem]:
    if depth > DEEPEST:
        yield TOO_DEEP.model_copy(update={"path": path})
    elif isinstance(value, dict):
        for name in sorted(getattr(value, "twice", ())):
            yield _twice(path + join(_clean(name)))
        for name, child in value.items():
            if not isinstance(name, str):
                yield Problem(path=path, sentence="has a name in it that is not text.")
            elif _clean(name) != name:
                yield Problem(path=path + join(_clean(name)), sentence="has a name with half a character in it.")
            else:
                yield from _faults(child, path + join(name), depth + 1)
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from _faults(child, path + join(index), depth + 1)
    elif isinstance(value, str):
        if _clean(value) != value:
            yield Problem(path=path, sentence="holds half a character.", hint=r"Take out the lone \ud800 to \udfff.")
    elif isinstance(value, int):
        if value.bit_length() > 4 * LONGEST:
            yield Problem(path=path, sentence="is too large a number.")
    elif value is not None and not isinstance(value, float):
        yield Problem(path=path, sentence="is nothing that a document can hold.")


def _clean(text: str) -> str:
    # JSON's \ud800 alone is no character: it could never be written out again.
    return text.encode(errors="replace").decode()


def _twice(path: str, line: str = "") -> Problem:
    return Problem(path=path, sentence=f"stands twice{line}.", hint="Keep one of them.")


def _int(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST else float(digits)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = Pairs(pairs)
    if len(result) < len(pairs):
        result.twice = frozenset(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return result


def _json(text: str) -> object:
    try:
        value: object = json.loads(text, object_pairs_hook=_pairs, parse_int=_int)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: "
        said = error.msg[:1].lower() + error.msg[1:]
        raise Invalid([Problem(path="", sentence=f"is not readable JSON: {where}{said}.")]) from None
    except RecursionError:
        raise Invalid([TOO_DEEP]) from None
    return value


class _Yaml:
    """One reading of a YAML text, event by event, so that nothing is built that will be refused."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[Any] = yaml.parse(text, yaml.CSafeLoader)
        self.faults: list[Problem] = []

    def document(self) -> tuple[object, list[Problem]]:
        """Return the only document in the text, and its faults. Raises Invalid."""
        value: object = None
        try:
            next(self.events)  # the stream's start
            if isinstance(next(self.events), yaml.DocumentStartEvent):
                value = self._value(next(self.events), "", 0)
                next(self.events)  # the document's end
                if isinstance(next(self.events), yaml.DocumentStartEvent):
                    raise Invalid(
                        [Problem(path="", sentence="holds more than one document.", hint="Take out the ---.")]
                    )
        except yaml.YAMLError as error:
            raise Invalid([_unreadable(error)]) from None
        return value, self.faults

    def _value(self, event: Any, path: str, depth: int) -> object:
        self._plain(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.AliasEvent):
            return None
        if depth >= DEEPEST:
            raise Invalid([TOO_DEEP.model_copy(update={"path": path})])
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[object] = []
            while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
                items.append(self._value(event, path + join(len(items)), depth + 1))
            return items
        result: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            name = self._name(event, path, depth)
            value = self._value(next(self.events), path + join(name or ""), depth + 1)
            if name is None:
                sentence = f"has something other than text for a name in line {line}."
                self.faults.append(Problem(path=path, sentence=sentence))
            elif name in result:
                self.faults.append(_twice(path + join(name), f", the second time in line {line}"))
            else:
                result[name] = value
        return result

    def _name(self, event: Any, path: str, depth: int) -> str | None:
        name = self._value(event, path, depth + 1)
        if not isinstance(event, yaml.ScalarEvent):
            return None
        if not isinstance(name, str):
            hint = f'Write it in quotes: "{event.value}".'
            sentence = "is a name that YAML reads as a number, as true or false, or as nothing."
            self.faults.append(Problem(path=path + join(event.value), sentence=sentence, hint=hint))
        return event.value

    def _plain(self, event: Any, path: str) -> None:
        if isinstance(event, yaml.AliasEvent):
            hint = "Write it out."
            self.faults.append(Problem(path=path, sentence=f"is an alias (*{event.anchor}).", hint=hint))
        elif event.tag is not None:
            self.faults.append(Problem(path=path, sentence=f"carries a tag ({event.tag}).", hint="Take the tag out."))


def _scalar(text: str) -> object:
    if NULL.fullmatch(text):
        return None
    if BOOL.fullmatch(text):
        return text.lower() in ("yes", "true", "on")
    if INT.fullmatch(text):
        return _int(text)
    if FLOAT.fullmatch(text):
        return math.nan if text.lower() == ".nan" else float(text.lower().replace(".inf", "inf"))
    return text


def _unreadable(error: yaml.YAMLError) -> Problem:
    mark: Any = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    hint = next((remedy for words, remedy in REMEDIES.items() if words in said), "")
    return Problem(path="", sentence=f"is not readable YAML: {where}{said}.", hint=hint)
