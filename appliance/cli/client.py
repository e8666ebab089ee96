"""Asking the server, with its certificate pinned; refusals and silence are told apart by exit code."""

import hashlib
import os
import ssl
from typing import Any
from urllib.parse import urlsplit

import httpx

from appliance.cli import session as sessions
from appliance.cli.session import Session
from appliance.model.problems import Problem

TIMEOUT = 150.0
"""Seconds; a commit of ten thousand services takes some."""


class Failure(Exception):
    """A call that did not do what was asked: exit code, sentence, hint, problems."""

    def __init__(self, code: int, error: str, hint: str = "", problems: tuple[Problem, ...] = (), body: Any = None):
        self.code, self.error, self.hint, self.problems, self.body = code, error, hint, problems, body
        super().__init__(error)


def refused(error: str, hint: str = "", problems: tuple[Problem, ...] = (), body: Any = None) -> Failure:
    """Return a refusal: exit code 1."""
    return Failure(1, error, hint, problems, body)


def unreachable(error: str, hint: str = "") -> Failure:
    """Return a failure to reach the server: exit code 3."""
    return Failure(3, error, hint)


def normal(server: str) -> str:
    """Return a server's address as a URL. Raises Failure."""
    url = server if "://" in server else f"https://{server}"
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Failure(2, f"{server} is not a server.", "Write https://ADDRESS or https://ADDRESS:PORT.")
    return url.rstrip("/")


def fetch_certificate(server: str) -> str:
    """Return the certificate that a server shows, PEM, trusted by nobody yet. Raises Failure."""
    parts = urlsplit(server)
    try:
        return ssl.get_server_certificate((parts.hostname or "", parts.port or 443), timeout=15)
    except (OSError, ValueError) as error:
        raise unreachable(f"{server} does not answer: {error}.", "Is the address right, and the box up?") from error


def fingerprint(certificate: str) -> str:
    """Return a certificate's SHA-256, hexadecimal."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def trust(certificate: str) -> ssl.SSLContext:
    """Return a context that trusts this certificate and no other; without one, what the system trusts."""
    if not certificate:
        return ssl.create_default_context()
    context = ssl.create_default_context(cadata=certificate)
    # The certificate itself is what is trusted, whatever name or address one came by.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class Api:
    """The server behind a session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        headers = {"Authorization": f"Bearer {session.token}"} if session.token else {}
        self._http = httpx.Client(
            base_url=f"{session.server}/api/v1", headers=headers, verify=trust(session.certificate), timeout=TIMEOUT,
            trust_env=False,
        )  # fmt: skip

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        json: Any = None,
        text: str | bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Return the server's answer. Raises Failure."""
        given = {name: value for name, value in (params or {}).items() if value not in (None, "", False)}
        try:
            answer = self._http.request(method, path, params=given, json=json, content=text, headers=headers)
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                hint = "If the box was set up anew: jeoul login --new-certificate. If not, somebody is in between."
                raise unreachable(
                    f"{self.session.server} shows another certificate than the trusted one.", hint
                ) from error
            raise unreachable(f"{self.session.server} does not answer: {error}.") from error
        except (httpx.HTTPError, OSError) as error:
            said = str(error) or type(error).__name__
            raise unreachable(f"{self.session.server} does not answer: {said}.") from error
        if answer.status_code >= 400:
            raise _failure(answer)
        return answer


def _failure(answer: httpx.Response) -> Failure:
    try:
        body = answer.json()
        problems = tuple(Problem.model_validate(one) for one in body.get("problems", []))
        error, hint = str(body["error"]), str(body.get("hint", ""))
    except (ValueError, KeyError, AttributeError):
        return refused(f"The server answered {answer.status_code} {answer.reason_phrase}.", "Is it a Jeoul?")
    if answer.status_code == 401:
        hint = "Sign in with: jeoul login"
    elif answer.status_code == 403 and "password" in error:
        hint = "Choose your own with: jeoul password"
    return refused(error, hint, problems, body)


def connect() -> Api:
    """Return the server of the environment or of the last sign-in. Raises Failure."""
    saved = sessions.load()
    server = normal(os.environ.get("JEOUL_SERVER") or (saved.server if saved else sessions.DEFAULT_SERVER))
    same = saved if saved is not None and saved.server == server else None
    token = os.environ.get("JEOUL_TOKEN") or (same.token if same else "")
    if not token:
        raise refused(f"You are not signed in to {server}.", f"Sign in with: jeoul login {server}")
    return Api(Session(server, same.user if same else "", token, same.certificate if same else pinned(server)))


def pinned(server: str) -> str:
    """Return the certificate that JEOUL_FINGERPRINT names, or nothing: then the system must trust it."""
    wanted = os.environ.get("JEOUL_FINGERPRINT", "").replace(":", "").lower()
    if not wanted:
        return ""
    certificate = fetch_certificate(server)
    if fingerprint(certificate) != wanted:
        raise unreachable(f"{server} shows another certificate than JEOUL_FINGERPRINT says.")
    return certificate
