"""How the product's source is written: short files, a sentence for each public thing, no stray output."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import checks
from appliance.checks._base import Check
from appliance.kinds import kinds
from tests.conventions.source import PRODUCT, ROOT, name, tree

LONGEST = 400
"""Lines of a file."""
GENERATED = ("appliance/store/migrations/versions/",)
"""Alembic writes these; their functions have the names and form that it wants."""
SPEAKING = ("appliance/cli/", "appliance/daemons/console.py", "appliance/console/")
"""Where there is a person at a terminal; every other process speaks through its log."""
ERROR = ("file", "sys.stderr")
TOOLS = ("appliance/api/openapi.py",)
"""Run by the build, which reads what they print."""

type Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public(node: Documented, owner: str) -> Iterator[tuple[str, Documented]]:
    """Return every public module, class, function and method; what stands inside functions is private."""
    yield owner, node
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and child.name[0] != "_":
            if isinstance(child, ast.ClassDef):
                yield from _public(child, f"{owner}.{child.name}")
            else:
                yield f"{owner}.{child.name}", child


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines < LONGEST


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_each_public_thing_begins_with_a_sentence(path: Path) -> None:
    if name(path).startswith(GENERATED):
        return
    wrong = []
    for owner, node in _public(tree(path), path.stem):
        first = (ast.get_docstring(node) or "").partition("\n\n")[0]
        if not re.fullmatch(r"\S.*[.?]", first, re.DOTALL):
            wrong.append(f"{owner}: {first[:60]!r}")
    assert wrong == []


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_nothing_is_printed_where_nobody_reads(path: Path) -> None:
    if name(path).startswith((*SPEAKING, *TOOLS)):
        return
    assert stray(tree(path)) == []


def stray(module: ast.Module) -> list[int]:
    """Return the lines that print to standard output; a dying process may say its last word on standard error."""
    printing = [call for call in ast.walk(module) if isinstance(call, ast.Call) and ast.unparse(call.func) == "print"]
    to_error = {call for call in printing for key in call.keywords if (key.arg, ast.unparse(key.value)) == ERROR}
    return [call.lineno for call in printing if call not in to_error]


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("print(1)", [1]),
        ("x = 1\nprint(x, file=sys.stdout)", [2]),
        ("print(1, file=sys.stderr)", []),
        ("log.info(1)", []),
    ],
)
def test_the_rule_on_printing_can_fail(code: str, lines: list[int]) -> None:
    assert stray(ast.parse(code)) == lines


def test_each_file_of_checks_is_one_kind() -> None:
    files = [path for path in (ROOT / "appliance/checks").glob("*.py") if path.name[0] != "_"]
    assert len(kinds(checks, Check)) == len(files) > 0  # type: ignore[type-abstract]


@pytest.mark.parametrize(
    ("sentence", "code", "wrong"),
    [
        ("a module without a docstring", "x = 1\n", ["m"]),
        ("a docstring that is no sentence", '"""words"""\n', ["m"]),
        ("a function without one", '"""A."""\ndef f(): ...\n', ["m.f"]),
        ("a method without one", '"""A."""\nclass C:\n    """B."""\n    def f(self): ...\n', ["m.C.f"]),
        ("private ones need none", '"""A."""\ndef _f(): ...\nclass C:\n    """B."""\n    def __eq__(self): ...\n', []),
        ("more may follow", '"""A.\n\nMore\n"""\n', []),
    ],
)
def test_the_rule_on_sentences_can_fail(sentence: str, code: str, wrong: list[str], tmp_path: Path) -> None:
    found = [
        owner
        for owner, node in _public(ast.parse(code), "m")
        if not (ast.get_docstring(node) or "").partition("\n\n")[0].endswith(".")
    ]
    assert found == wrong
