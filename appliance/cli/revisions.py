"""jeoul revisions: who changed what, when and why, and the way back."""

from typing import Annotated

import typer
import yaml

from appliance.cli import show
from appliance.cli.client import connect
from appliance.cli.terms import Comment, DryRun

app = typer.Typer(help="Who changed what, and the way back.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The revision's number.")]


@app.command("list")
def list_all(
    limit: Annotated[int, typer.Option(help="How many, the newest first.")] = 20, json: show.Json = False
) -> None:
    """List revisions, newest first."""
    found = connect().ask("GET", "/revisions", params={"limit": limit}).json()
    if json:
        show.as_json(found)
        return
    rows = [[one["number"], show.when(one["time"]), one["author"], one["comment"], one["digest"][:12]] for one in found]
    show.table(["number", "time", "author", "comment", "digest"], rows)


@app.command("show")
def show_one(number: Number, json: show.Json = False) -> None:
    """Show a revision's document."""
    found = connect().ask("GET", f"/revisions/{number}").json()
    if json:
        show.as_json(found)
    else:
        typer.echo(yaml.safe_dump(found["document"], sort_keys=False, allow_unicode=True), nl=False)


@app.command()
def diff(
    number: Number,
    to: Annotated[int | None, typer.Option(help="The other revision; without it, what this one changed.")] = None,
    json: show.Json = False,
) -> None:
    """Show what a revision changed, or the difference from it to another."""
    found = connect().ask("GET", f"/revisions/{number}/diff", params={"to": to}).json()
    if json:
        show.as_json(found)
    else:
        show.changes(found["changes"])
        if not found["changes"]:
            show.say("No difference.")


@app.command()
def rollback(number: Number, dry_run: DryRun = False, comment: Comment = "", json: show.Json = False) -> None:
    """Make an older document the newest revision."""
    params = {"dry_run": dry_run, "comment": comment}
    show.changed(connect().ask("POST", f"/revisions/{number}/rollback", params=params).json(), dry_run, json)
