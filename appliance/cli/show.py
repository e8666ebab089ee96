"""What people and programs see: tables for the ones, JSON for the others."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from appliance.cli.client import Failure

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
SHOWN = 40
"""Lines of steps that people get to see; programs get all."""
COLORS = {
    "up": "green",
    "enabled": "green",
    "down": "red",
    "disabled": "red",
    "degraded": "yellow",
    "draining": "yellow",
}


def console(error: bool = False) -> Console:
    """Return the screen; a pipe is not broken at 80 columns."""
    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, width=None if stream.isatty() else 200, highlight=False)


def as_json(value: Any) -> None:
    """Write JSON."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], nothing: str = "Nothing yet.") -> None:
    """Write a table; for no rows, a sentence."""
    found = [[_cell(cell) for cell in row] for row in rows]
    if not found:
        console().print(nothing)
        return
    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in found:
        drawn.add_row(*row)
    console().print(drawn)


def say(text: str) -> None:
    """Write a line."""
    console().print(escape(text), soft_wrap=True)


def when(seconds: float) -> str:
    """Return a time as people read it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def changed(answer: dict[str, Any], dry_run: bool, json_: bool) -> None:
    """Write what a change did, or would do."""
    if json_:
        as_json(answer)
        return
    changes(answer["changes"])
    for step in answer["steps"][:SHOWN]:
        say(f"  {step['verb']:6} {step['engine']}: {' / '.join(step['path'])}")
    if answer["steps_total"] > SHOWN:
        say(f"  and {answer['steps_total'] - SHOWN} steps more")
    for left in answer["left"]:
        say(f"  left: {left['verb']} {' / '.join(left['path'])}: {left['reason']}")
    number = answer["revision"]
    if dry_run:
        say(f"Tried only; nothing was changed. The newest revision is {number}.")
    elif not answer["changes"]:
        say(f"Nothing to change; the newest revision is {number}.")
    else:
        say(f"Revision {number} is {'running' if answer['applied'] else 'stored'}. {answer['note']}".rstrip())


def changes(found: list[dict[str, Any]]) -> None:
    """Write the difference of two documents."""
    for change in found:
        if change["old"] is not None:
            console().print(f"[red]- {escape(change['path'])}: {escape(_plain(change['old']))}[/]", soft_wrap=True)
        if change["new"] is not None:
            console().print(f"[green]+ {escape(change['path'])}: {escape(_plain(change['new']))}[/]", soft_wrap=True)


def failure(error: Failure, json_: bool) -> None:
    """Write why something did not work, for people on stderr, for programs as the server said it."""
    if json_:
        problems = [problem.model_dump() for problem in error.problems]
        as_json(error.body or {"error": error.error, "hint": error.hint, "problems": problems})
        return
    screen = console(error=True)
    screen.print(f"[red]{escape(error.error)}[/]", soft_wrap=True)
    for problem in error.problems:
        screen.print(f"  {escape(str(problem))}", soft_wrap=True)
    if error.hint:
        screen.print(escape(error.hint), soft_wrap=True)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return escape(", ".join(_plain(one) for one in value))
    if isinstance(value, dict):
        return escape(", ".join(value))
    text = "" if value is None else escape(str(value))
    return f"[{COLORS[text]}]{text}[/]" if text in COLORS else text
