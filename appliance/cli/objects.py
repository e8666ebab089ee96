"""jeoul services, pools, monitors, interfaces, routes: all alike."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer
import yaml

from appliance.cli import show
from appliance.cli.client import Failure, connect
from appliance.cli.files import read
from appliance.cli.terms import Comment, DryRun, Instance, matching

COLUMNS: Mapping[str, Sequence[str]] = {
    "services": ("address", "port", "protocol", "scheduler", "forwarding", "pool", "enabled"),
    "pools": ("members", "monitors"),
    "monitors": ("kind", "interval", "timeout", "rise", "fall"),
    "interfaces": ("port", "addresses"),
    "routes": ("to", "via", "metric"),
}
"""Collection -> what its table shows; a new one is a new line."""

Name = Annotated[str, typer.Argument(help="Its name.")]
Settings = Annotated[list[str] | None, typer.Argument(help="KEY=VALUE ...: changes these and keeps the others.")]
File = Annotated[str, typer.Option("--file", "-f", help="All of its settings, YAML or JSON; - is what comes in.")]


def commands(kind: str) -> typer.Typer:
    """Return the commands of one collection."""
    app = typer.Typer(help=f"The {kind} of an instance.", no_args_is_help=True)

    def place(instance: str, name: str = "") -> str:
        return f"/instances/{quote(instance, safe='')}/{kind}" + (f"/{quote(name, safe='')}" if name else "")

    @app.command("list")
    def list_all(instance: Instance = "default", json: show.Json = False) -> None:
        """List them."""
        found = connect().ask("GET", place(instance)).json()
        if json:
            show.as_json(found)
        else:
            columns = COLUMNS[kind]
            rows = [[name, *(one.get(column) for column in columns)] for name, one in found.items()]
            show.table(["name", *columns], rows)

    @app.command("show")
    def show_one(name: Name, instance: Instance = "default", json: show.Json = False) -> None:
        """Show one, all of it."""
        found = connect().ask("GET", place(instance, name)).json()
        if json:
            show.as_json(found)
        else:
            typer.echo(yaml.safe_dump(found, sort_keys=False, allow_unicode=True), nl=False)

    @app.command("set")
    def set_one(
        name: Name,
        settings: Settings = None,
        file: File = "",
        instance: Instance = "default",
        dry_run: DryRun = False,
        comment: Comment = "",
        json: show.Json = False,
    ) -> None:
        """Add one, or change its settings."""
        if bool(settings) == bool(file):
            raise Failure(2, "Give either settings as KEY=VALUE, or a file.", "For example: port=443")
        api, where, headers = connect(), place(instance, name), {}
        if file:
            body = read(file)
        else:
            # What is there now stays; if somebody changes it in between, the server refuses.
            try:
                answer = api.ask("GET", where)
                digest, now = answer.headers.get("etag", "").strip('"'), answer.json()
                headers = matching(digest)
            except Failure as error:
                if error.code != 1 or not error.error.startswith("There is no ") or "instance" in error.error:
                    raise
                now = {}
            body = yaml.safe_dump(now | parsed(settings or [])).encode()
        params = {"dry_run": dry_run, "comment": comment}
        show.changed(api.ask("PUT", where, params=params, text=body, headers=headers).json(), dry_run, json)

    @app.command("delete")
    def delete(
        name: Name,
        instance: Instance = "default",
        dry_run: DryRun = False,
        comment: Comment = "",
        json: show.Json = False,
    ) -> None:
        """Remove one."""
        answer = connect().ask("DELETE", place(instance, name), params={"dry_run": dry_run, "comment": comment})
        show.changed(answer.json(), dry_run, json)

    return app


def parsed(settings: Sequence[str]) -> dict[str, Any]:
    """Return KEY=VALUE words as settings; values are read as YAML, so [a, b] is a list. Raises Failure."""
    found: dict[str, Any] = {}
    for word in settings:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise Failure(2, f"{word!r} is not KEY=VALUE.", "For example: port=443")
        try:
            found[key] = yaml.safe_load(value) if value else ""
        except yaml.YAMLError as error:
            raise Failure(2, f"The value of {key} cannot be read.", "Put it in quotes.") from error
    return found
