"""jeoul: the command. Exit codes: 0 done, 1 refused, 2 wrong usage, 3 server not reached."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from appliance.cli import config, member, objects, revisions, show, sign_in, status
from appliance.cli.client import Failure


class Group(TyperGroup):
    """The commands; what goes wrong in one ends with a sentence and an exit code, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            show.failure(failure, "--json" in sys.argv)
            raise typer.Exit(failure.code) from failure


app = typer.Typer(
    cls=Group,
    help="Manage a Jeoul load balancer. Environment: JEOUL_SERVER, JEOUL_TOKEN, JEOUL_FINGERPRINT.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(sign_in.login)
app.command()(sign_in.logout)
app.command()(sign_in.password)
app.command()(status.status)
app.add_typer(config.app, name="config")
for _kind in objects.COLUMNS:
    app.add_typer(objects.commands(_kind), name=_kind)
app.add_typer(member.app, name="member")
app.add_typer(revisions.app, name="revisions")

if __name__ == "__main__":
    app()
