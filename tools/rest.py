"""The appliance's REST API for programs of this repository; errors say what was wrong."""

import time
from collections.abc import Callable
from typing import Any

import httpx


class RestError(Exception):
    """The appliance refused a request; the text has its words and every problem."""


class Rest:
    """A signed-in connection."""

    def __init__(self, base: str = "https://127.0.0.1:8443") -> None:
        # The appliance made its own certificate minutes ago, and the way to it is this machine's loopback.
        self._http = httpx.Client(base_url=f"{base}/api/v1", verify=False, timeout=60)

    def wait_open(self, timeout: float = 120) -> None:
        """Wait until the appliance answers at all. Raises RestError."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                self._http.get("/session")
            except httpx.TransportError:
                time.sleep(0.3)
            else:
                return
        raise RestError(f"the management page does not answer in {timeout:.0f} s")

    def sign_in(self, user: str, password: str) -> dict[str, Any]:
        """Sign in; return what the appliance says of the session."""
        said: dict[str, Any] = self.ask("POST", "/login", json={"user": user, "password": password})
        self._http.headers["Authorization"] = f"Bearer {said['token']}"
        return said

    def first_sign_in(self, user: str, one_time: str, password: str) -> None:
        """Sign in with a one-time password and choose a password."""
        self.sign_in(user, one_time)
        self.ask("PUT", "/users/me/password", json={"old": one_time, "new": password})
        self.sign_in(user, password)

    def ask(self, method: str, path: str, **arguments: Any) -> Any:
        """Ask, and return the JSON answer. Raises RestError, and httpx.TransportError where there is no answer."""
        answer = self._http.request(method, path, **arguments)
        if answer.is_error:
            raise RestError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def put_config(self, text: str, comment: str = "") -> dict[str, Any]:
        """Commit a YAML document."""
        headers = {"Content-Type": "application/yaml"}
        done: dict[str, Any] = self.ask("PUT", "/config", content=text, headers=headers, params={"comment": comment})
        return done

    def wait(self, what: str, true: Callable[[dict[str, Any]], bool], timeout: float = 120) -> dict[str, Any]:
        """Wait until the status is as wished. Raises RestError with what it was instead."""
        deadline = time.monotonic() + timeout
        status: Any = "no answer"
        while time.monotonic() < deadline:
            try:
                status = self.ask("GET", "/status")
                if true(status):
                    return dict(status)
            except (httpx.TransportError, RestError) as error:
                status = error
            time.sleep(0.3)
        if isinstance(status, dict):
            status = {key: status[key] for key in ("revision", "settled", "left", "programmer", "checker")} | {
                key: f"{m['operational']}: {'; '.join(v['detail'] for v in m['verdicts'])}"
                for key, m in status["members"].items()
                if m["operational"] != "up"
            }
        raise RestError(f"not in {timeout:.0f} s: {what}; instead: {status}")

    def wait_all_up(self, timeout: float = 120) -> dict[str, Any]:
        """Wait until every member is up and nothing is left to do."""
        return self.wait(
            "every member up, nothing left to do",
            lambda s: (
                s["settled"] and bool(s["members"]) and all(m["operational"] == "up" for m in s["members"].values())
            ),
            timeout,
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
