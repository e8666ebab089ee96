"""jeoul member: the operator's word on one member, at once and over restarts."""

from typing import Annotated
from urllib.parse import quote

import typer

from appliance.cli import show
from appliance.cli.client import Failure, connect

app = typer.Typer(help="Take a member in and out.", no_args_is_help=True)

Names = Annotated[list[str], typer.Argument(help="[INSTANCE] POOL MEMBER", metavar="[INSTANCE] POOL MEMBER")]


def _set(names: list[str], state: str, json: bool) -> None:
    if len(names) not in (2, 3):
        raise Failure(2, "Give POOL MEMBER, or INSTANCE POOL MEMBER.")
    instance, pool, member = (quote(name, safe="") for name in ["default", *names][-3:])
    path = f"/instances/{instance}/pools/{pool}/members/{member}/state"
    answer = connect().ask("PUT", path, json={"state": state}).json()
    if json:
        show.as_json(answer)
    else:
        show.say(f"{names[-1]} of {names[-2]} is {answer['state']}.")


@app.command()
def enable(names: Names, json: show.Json = False) -> None:
    """Let it take traffic, as far as its monitors are good."""
    _set(names, "enabled", json)


@app.command()
def drain(names: Names, json: show.Json = False) -> None:
    """Keep its connections and give it no new ones."""
    _set(names, "draining", json)


@app.command()
def disable(names: Names, json: show.Json = False) -> None:
    """Take it out at once, with its connections."""
    _set(names, "disabled", json)
