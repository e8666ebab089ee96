"""Kinds: one file is one kind, and what is not is told when the software starts."""

import itertools
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from appliance import checks
from appliance.checks._base import Check
from appliance.kinds import KindError, code, kinds

NUMBERS = itertools.count()
HEAD = "from typing import Literal\nfrom tests.test_kinds import Base\n"


class Base(BaseModel):
    """The base of the kinds of these tests."""


def _package(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> ModuleType:
    """Return a package that holds the files."""
    name = f"kinds_{next(NUMBERS)}"
    (folder / name).mkdir()
    for file, text in {"__init__": "", **files}.items():
        (folder / name / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    __import__(name)
    return sys.modules[name]


def _kind(name: str, value: str) -> str:
    return f"{HEAD}class {name}(Base):\n    kind: Literal[{value}]\n"


def test_kinds_are_found_by_being_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = _package(
        tmp_path, monkeypatch, zeta=_kind("Z", "'z'"), alpha=_kind("A", "'a'") + "Alias = A\n", _helper="raise OSError"
    )
    found = kinds(package, Base)
    assert [(name, kind.__name__) for name, kind in found.items()] == [("a", "A"), ("z", "Z")]


@pytest.mark.parametrize(
    ("sentence", "files", "said"),
    [
        ("a file without a kind", {"a": "x = 1\n"}, "must define exactly one Base, not 0"),
        ("a kind that was only imported", {"a": HEAD}, "must define exactly one Base, not 0"),
        ("two kinds in one file", {"a": _kind("A", "'a'") + _kind("B", "'b'")}, "exactly one Base, not 2"),
        ("a kind without its code", {"a": f"{HEAD}class A(Base):\n    x: int\n"}, "needs a field kind"),
        ("a code that is any text", {"a": f"{HEAD}class A(Base):\n    kind: str\n"}, "needs a field kind"),
        ("two codes", {"a": _kind("A", "'a', 'b'")}, "needs a field kind"),
        ("two files with one code", {"a": _kind("A", "'x'"), "b": _kind("B", "'x'")}, "are both of kind 'x'"),
    ],
)
def test_a_folder_that_breaks_the_rule_is_told(
    sentence: str, files: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KindError, match=said):
        kinds(_package(tmp_path, monkeypatch, **files), Base)


def test_each_file_of_checks_is_one_kind_named_as_its_file() -> None:
    found = kinds(checks, Check)  # type: ignore[type-abstract]
    files = {path.stem for path in Path(checks.__path__[0]).glob("*.py") if not path.stem.startswith("_")}
    assert {name: code(kind) for name, kind in found.items()} == {name: name for name in sorted(files)}
