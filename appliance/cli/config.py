"""jeoul config: the whole document."""

from typing import Annotated

import typer

from appliance.cli import show
from appliance.cli.client import connect
from appliance.cli.files import read
from appliance.cli.terms import Comment, DryRun, IfMatch, matching

app = typer.Typer(help="The whole document.", no_args_is_help=True)

File = Annotated[str, typer.Argument(help="A document, YAML or JSON; - is what comes in.")]


@app.command("show")
def show_config(json: show.Json = False) -> None:
    """Show the document, as YAML with what differs from the defaults, or whole as JSON."""
    if json:
        show.as_json(connect().ask("GET", "/config").json())
    else:
        typer.echo(connect().ask("GET", "/config", params={"format": "yaml"}).text, nl=False)


@app.command()
def apply(
    file: File, dry_run: DryRun = False, comment: Comment = "", if_match: IfMatch = "", json: show.Json = False
) -> None:
    """Make a document the newest revision."""
    params = {"dry_run": dry_run, "comment": comment}
    answer = connect().ask("PUT", "/config", params=params, text=read(file), headers=matching(if_match))
    show.changed(answer.json(), dry_run, json)


@app.command()
def diff(file: File, json: show.Json = False) -> None:
    """Show what a document would change, and which steps it would take."""
    answer = connect().ask("PUT", "/config", params={"dry_run": True}, text=read(file))
    show.changed(answer.json(), True, json)
