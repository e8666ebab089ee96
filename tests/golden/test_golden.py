"""The golden documents give exactly what stands beside them; after a wanted change run ``tests.golden.regenerate``."""

from pathlib import Path

import pytest

from appliance.engines.registry import ENGINES
from appliance.model.config import Config
from appliance.model.document import read
from appliance.table import applied, diff
from tests.golden.documents import CHAIN, HERE, WRONG, expected, refusal, tables

EXPECTED = dict(expected())


def _name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", EXPECTED, ids=_name)
def test_it_gives_what_stands_beside_it(path: Path) -> None:
    assert path.exists(), "run: python -m tests.golden.regenerate"
    assert EXPECTED[path] == path.read_text()


def test_there_are_fifty_wrong_documents_and_each_is_refused() -> None:
    assert len(WRONG) >= 50
    assert [path.name for path in WRONG if refusal(path).startswith("(none")] == []


def test_no_expectation_is_left_without_its_document() -> None:
    found = {path for ending in ("problems", "rows", "steps") for path in HERE.glob(f"*/*.{ending}")}
    assert found == set(EXPECTED)


@pytest.mark.parametrize("number", range(len(CHAIN)), ids=lambda number: CHAIN[number].name)
def test_each_right_document_is_reached_from_the_one_before_it(number: int) -> None:
    before = read(CHAIN[number - 1].read_bytes()) if number else Config()
    old, new = tables(before), tables(read(CHAIN[number].read_bytes()))
    for name in ENGINES:
        assert applied(old[name], diff(new[name], old[name])) == new[name]
        assert diff(new[name], new[name]) == []


@pytest.mark.parametrize("path", WRONG, ids=_name)
def test_sentences_are_for_operators(path: Path) -> None:
    text = refusal(path)
    for word in ("pydantic", "dict", "tuple", "None", "True", "False", "Input should", "Traceback", "Error", "<"):
        assert word not in text.replace("/<<", ""), word
    for line in text.splitlines():
        assert line.startswith(("/", "(the document)")) or line.endswith((".", "?")), line
