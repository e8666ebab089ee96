"""What the documentation shows is there: commands, documents and decisions."""

import re
from pathlib import Path

import pytest

from appliance.model.document import read
from tests.conventions.source import ROOT, name

PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs/guide").glob("**/*.md")] if path.exists())
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
LONGEST = 60
"""Lines of a decision: about half a page of context, choice and consequence, and a table or two."""


def shown(text: str) -> set[str]:
    """Return the make targets that a page shows as commands, in blocks of code or in words set as code."""
    lines = [line for block in re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    words = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    commands = [re.sub(r"^\s*([$#]\s+)?(sudo\s+)?", "", command) for command in [*lines, *words]]
    found: set[str] = set()
    for command in commands:
        if command.startswith("make "):
            targets = command.partition("#")[0].split()[1:]
            found.update(target for target in targets if re.fullmatch("[a-z][a-z0-9_-]*", target))
    return found


def targets(text: str) -> set[str]:
    """Return the targets of a Makefile."""
    return set(re.findall(r"^([a-z][a-z0-9_-]*)(?: [a-z0-9_ -]+)?:(?!=)", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_command_that_a_page_shows_is_a_target(page: Path) -> None:
    if not (ROOT / "Makefile").exists():
        pytest.skip("there is no Makefile yet")
    assert sorted(shown(page.read_text()) - targets((ROOT / "Makefile").read_text())) == []


def test_there_is_a_readme() -> None:
    if not (ROOT / "README.md").exists():
        pytest.skip("there is no README.md yet")
    assert {"run", "test"} <= shown((ROOT / "README.md").read_text())


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=name)
def test_every_example_is_a_right_document(path: Path) -> None:
    read(path.read_bytes())


@pytest.mark.parametrize("path", DECISIONS, ids=name)
def test_a_decision_has_context_choice_and_consequence(path: Path) -> None:
    text = path.read_text()
    assert re.match(r"\d{4}-[a-z0-9-]+\.md$", path.name)
    assert text.startswith("# ")
    for part in ("context", "choice", "consequence"):
        assert re.search(rf"(?im)^(#+ |\*\*){part}", text), f"it lacks its {part}"
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\nmake run\n$ sudo make test # all\n```", {"run", "test"}),
        ("Type `make run MIRROR=http://x` now.", {"run"}),
        ("`make check test`", {"check", "test"}),
        ("to make things", set()),
    ],
)
def test_commands_are_found_in_pages(text: str, expected: set[str]) -> None:
    assert shown(text) == expected


def test_targets_are_found_in_a_makefile() -> None:
    assert targets("run: build\n\t@x\nA := 1\ncheck test:\nbuild:\n") >= {"run", "check", "build"}
