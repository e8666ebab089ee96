"""Options that every change takes."""

from typing import Annotated

import typer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")]
Comment = Annotated[str, typer.Option("--comment", "-c", help="Why, for the list of revisions.")]
IfMatch = Annotated[
    str, typer.Option("--if-match", help="Hash of the document that this builds on; refused if there is a newer one.")
]
Instance = Annotated[str, typer.Option("--instance", "-i", help="The instance.")]


def matching(digest: str) -> dict[str, str]:
    """Return the header for a change that builds on a document."""
    return {"If-Match": f'"{digest}"'} if digest else {}
