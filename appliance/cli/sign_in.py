"""jeoul login, logout, password."""

import os
import sys
from typing import Annotated

import typer

from appliance.cli import session as sessions
from appliance.cli import show
from appliance.cli.client import Api, connect, fetch_certificate, fingerprint, normal, refused
from appliance.cli.session import Session

LIFETIME = 30 * 86400
"""Seconds that a sign-in of the command line holds."""

Server = Annotated[str, typer.Argument(help="https://ADDRESS[:PORT]; without it JEOUL_SERVER, or this box.")]
User = Annotated[str, typer.Option("--user", "-u", help="Who signs in.")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from what comes in.")]
Renew = Annotated[bool, typer.Option("--new-certificate", help="Trust the server's certificate though it is another.")]
Print = Annotated[str, typer.Option("--fingerprint", help="SHA-256 that the server's certificate must have.")]


def login(
    server: Server = "",
    user: User = "admin",
    password_stdin: Stdin = False,
    new_certificate: Renew = False,
    expected: Print = "",
    json: show.Json = False,
) -> None:
    """Sign in; the server's certificate is trusted from the first time on, and no other after that."""
    saved = sessions.load()
    url = normal(server or os.environ.get("JEOUL_SERVER") or (saved.server if saved else sessions.DEFAULT_SERVER))
    known = saved.certificate if saved is not None and saved.server == url else ""
    certificate = fetch_certificate(url)
    digest = fingerprint(certificate)
    wanted = (expected or os.environ.get("JEOUL_FINGERPRINT", "")).replace(":", "").lower()
    if wanted and digest != wanted:
        raise refused(f"{url} shows the certificate {digest}, not the expected one.", "Somebody may be in between.")
    if known and fingerprint(known) != digest and not new_certificate and not wanted:
        hint = "If the box was set up anew, sign in with --new-certificate. If not, somebody may be in between."
        raise refused(f"{url} shows another certificate than before.", hint)
    password = _line() if password_stdin else typer.prompt(f"Password of {user}", hide_input=True)
    # From here on only this certificate is spoken to.
    body = {"user": user, "password": password, "lifetime": LIFETIME}
    answer = Api(Session(url, certificate=certificate)).ask("POST", "/login", json=body).json()
    sessions.save(Session(url, user, answer["token"], certificate))
    if json:
        show.as_json({name: value for name, value in answer.items() if name != "token"} | {"fingerprint": digest})
        return
    if not known:
        show.say(f"Certificate SHA-256 {digest}: trusted from now on.")
    show.say(f"Signed in to {url} as {user}, role {answer['role']}.")
    if answer["must_change_password"]:
        show.say("This password was made for signing in once. Choose your own with: jeoul password")


def logout(json: show.Json = False) -> None:
    """Sign out; the certificate stays trusted."""
    saved = sessions.load()
    connect().ask("POST", "/logout")
    if saved is not None:
        sessions.save(Session(saved.server, saved.user, "", saved.certificate))
    if json:
        show.as_json({"done": True})
    else:
        show.say("Signed out.")


def password(
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the old and the new password, a line each.")] = False,
    json: show.Json = False,
) -> None:
    """Choose a password; other sessions of yours end."""
    if stdin:
        old, new = _line(), _line()
    else:
        old = typer.prompt("Old password", hide_input=True)
        new = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    answer = connect().ask("PUT", "/users/me/password", json={"old": old, "new": new}).json()
    if json:
        show.as_json(answer)
    else:
        show.say("The password is changed.")


def _line() -> str:
    return sys.stdin.readline().rstrip("\n")
