"""Who may do what: sign-in, roles, one-time passwords, slow guessing."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from appliance.api import first_password
from appliance.api.throttle import Throttle
from appliance.store import secrets, users
from tests.api.conftest import PASSWORD, Live

EVERYBODY, CHANGERS, ADMINS = {"viewer", "operator", "admin"}, {"operator", "admin"}, {"admin"}
INSTANCE = "/api/v1/instances/{instance}"
TABLE: dict[tuple[str, str], set[str] | None] = {
    ("POST", "/api/v1/login"): None,
    ("GET", "/healthz"): None,
    ("POST", "/api/v1/logout"): EVERYBODY,
    ("GET", "/api/v1/session"): EVERYBODY,
    ("PUT", "/api/v1/users/me/password"): EVERYBODY,
    ("GET", "/api/v1/users"): ADMINS,
    ("PUT", "/api/v1/users/{name}"): ADMINS,
    ("DELETE", "/api/v1/users/{name}"): ADMINS,
    ("POST", "/api/v1/users/{name}/one-time-password"): ADMINS,
    ("GET", "/api/v1/audit"): ADMINS,
    ("GET", "/api/v1/config"): EVERYBODY,
    ("PUT", "/api/v1/config"): CHANGERS,
    ("GET", "/api/v1/system"): EVERYBODY,
    ("PUT", "/api/v1/system"): CHANGERS,
    ("GET", "/api/v1/ports"): EVERYBODY,
    ("GET", "/api/v1/ports/{name}"): EVERYBODY,
    ("PUT", "/api/v1/ports/{name}"): CHANGERS,
    ("DELETE", "/api/v1/ports/{name}"): CHANGERS,
    ("GET", "/api/v1/instances"): EVERYBODY,
    ("GET", INSTANCE): EVERYBODY,
    **{
        (method, f"{INSTANCE}/{kind}{rest}"): roles
        for kind in ("interfaces", "routes", "monitors", "pools", "services", "pools/{pool}/members")
        for method, rest, roles in (
            ("GET", "", EVERYBODY),
            ("GET", "/{name}", EVERYBODY),
            ("PUT", "/{name}", CHANGERS),
            ("DELETE", "/{name}", CHANGERS),
        )
    },
    ("PUT", f"{INSTANCE}/pools/{{pool}}/members/{{member}}/state"): CHANGERS,
    ("GET", "/api/v1/revisions"): EVERYBODY,
    ("GET", "/api/v1/revisions/{number}"): EVERYBODY,
    ("GET", "/api/v1/revisions/{number}/diff"): EVERYBODY,
    ("POST", "/api/v1/revisions/{number}/rollback"): CHANGERS,
    ("GET", "/api/v1/status"): EVERYBODY,
    ("GET", "/api/v1/counters"): EVERYBODY,
    ("GET", "/api/v1/series"): EVERYBODY,
    ("GET", "/api/v1/history"): EVERYBODY,
    ("GET", "/metrics"): EVERYBODY,
}
"""(method, address) -> roles that may; None needs no session."""


def test_every_route_lets_in_exactly_the_roles_of_the_table(live: Live) -> None:
    described = live.client().get("/api/v1/openapi.json").json()["paths"]
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} == set(TABLE)
    wrong = []
    stranger = httpx.Client(base_url=live.url, timeout=60)
    for (method, path), roles in TABLE.items():
        address = re.sub(r"{number}", "1", re.sub(r"{instance}", "default", path))
        address = re.sub(r"{\w+}", "nothing", address)
        if path.endswith(("/logout", "/me/password")):
            continue  # they end what the others need; tested below
        answer = stranger.request(method, address, json={})
        if (answer.status_code == 401) != (roles is not None) and path != "/api/v1/login":
            wrong.append((method, path, "nobody", answer.status_code))
        for role in sorted(EVERYBODY):
            status = live.client(f"the-{role}").request(method, address, json={}).status_code
            if roles is not None and (status == 403) != (role not in roles):
                wrong.append((method, path, role, status))
    assert wrong == []


def test_a_viewers_change_is_refused_with_what_it_needs(live: Live) -> None:
    answer = live.client("the-viewer").put("/api/v1/system", json={"hostname": "x"})
    assert answer.status_code == 403
    assert answer.json()["error"] == "Your role viewer may not do this."
    assert answer.json()["hint"] == "It needs the role operator or admin."


def test_the_first_password_opens_only_the_way_to_a_password_of_ones_own(live: Live) -> None:
    file = first_password.place()
    first = file.read_text().strip()
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}", first)
    assert file.stat().st_mode & 0o777 == 0o600
    admin = live.client("admin", first)
    assert admin.get("/api/v1/session").json()["must_change_password"] is True
    for method, path in (("GET", "/api/v1/config"), ("GET", "/api/v1/users"), ("GET", "/metrics")):
        answer = admin.request(method, path)
        assert answer.status_code == 403
        assert "users/me/password" in answer.json()["hint"]
    for new, said in (
        ("short", "shorter"),
        (first, "old password"),
        ("a" * 20, "different"),
        ("admin-Password-1", "common word"),
    ):
        weak = admin.put("/api/v1/users/me/password", json={"old": first, "new": new})
        assert weak.status_code == 422
        assert any(said in problem["sentence"] for problem in weak.json()["problems"]), weak.text
    wrong = admin.put("/api/v1/users/me/password", json={"old": "x", "new": "a new and good one"})
    assert (wrong.status_code, wrong.json()["problems"][0]["path"]) == (422, "/old")
    assert file.exists()
    assert admin.put("/api/v1/users/me/password", json={"old": first, "new": "a new and good one"}).status_code == 200
    assert admin.get("/api/v1/config").status_code == 200
    assert not file.exists()
    again = httpx.post(f"{live.url}/api/v1/login", json={"user": "admin", "password": first})
    assert again.status_code == 401
    live.stop()
    live.start()
    assert not file.exists()


def test_an_unused_first_password_is_made_anew_after_a_reboot(live: Live) -> None:
    file = first_password.place()
    first = file.read_text()
    live.stop()
    live.start()
    assert file.read_text() == first
    live.stop()
    file.unlink()
    live.start()
    assert file.read_text() != first
    assert httpx.post(f"{live.url}/api/v1/login", json={"user": "admin", "password": first.strip()}).status_code == 401
    live.client("admin", file.read_text().strip())


def test_guessing_gets_slower_and_is_noted(live: Live) -> None:
    client = httpx.Client(base_url=live.url, timeout=60)
    statuses = [
        client.post("/api/v1/login", json={"user": "the-viewer", "password": f"wrong {n}"}).status_code
        for n in range(6)
    ]
    assert statuses[:3] == [401] * 3
    assert 429 in statuses[3:]
    right = client.post("/api/v1/login", json={"user": "the-viewer", "password": PASSWORD})
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) >= 1
    assert client.post("/api/v1/login", json={"user": "the-operator", "password": PASSWORD}).status_code == 200
    noted = [entry for entry in live.client().get("/api/v1/audit").json() if entry["action"] == "login failed"]
    assert {(entry["user"], entry["address"]) for entry in noted} == {("the-viewer", "127.0.0.1")}
    assert not any("wrong" in entry["detail"] and "wrong tries" not in entry["detail"] for entry in noted)


def test_many_guesses_at_once_gain_nothing(live: Live) -> None:
    def guess(number: int) -> int:
        body = {"user": "the-viewer", "password": f"wrong {number}"}
        return httpx.post(f"{live.url}/api/v1/login", json=body, timeout=60).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(guess, range(24)))
    assert statuses.count(401) <= 5
    assert set(statuses) <= {401, 429, 503}


@pytest.mark.parametrize(
    ("tries", "wait"), [(0, 0.0), (2, 0.0), (3, 1.0), (4, 2.0), (5, 4.0), (12, 60.0)], ids=lambda value: str(value)
)
def test_the_delay_doubles_up_to_a_minute(tries: int, wait: float) -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    for _ in range(tries):
        now += 100
        assert throttle.claim("ann", "192.0.2.1") == 0.0
    assert throttle.claim("ann", "192.0.2.1") == pytest.approx(wait)
    assert throttle.claim("ann", "192.0.2.2") == 0.0
    now += 100
    throttle.clear("ann", "192.0.2.1")
    assert throttle.claim("ann", "192.0.2.1") == 0.0


def test_many_names_from_one_network_are_slowed_too() -> None:
    throttle = Throttle(lambda: 0.0)
    waits = [throttle.claim(f"user{n}", f"2001:db8::{n:x}") for n in range(30)]
    assert waits[:20] == [0.0] * 20
    assert min(waits[20:]) > 0
    for n in range(30_000):
        throttle.claim("x", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(throttle._tries) <= 20_000


def test_nobody_takes_as_long_as_somebody(live: Live) -> None:
    asked: list[str | None] = []
    verify = live.box.passwords.verify

    async def spy(hash: str | None, password: str) -> bool:
        asked.append(hash)
        return await verify(hash, password)

    live.box.passwords.verify = spy  # type: ignore[method-assign]
    for user in ("nobody-here", "the-viewer"):
        answer = httpx.post(f"{live.url}/api/v1/login", json={"user": user, "password": "wrong"})
        assert answer.json()["error"] == "User or password is wrong."
    assert asked[0] is None
    assert asked[1]
    parameters = {hash.split("$")[3] for hash in (secrets.NOBODY, asked[1])}
    assert len(parameters) == 1
    assert not secrets.verify(None, "wrong")


def test_a_cookie_needs_the_header_that_foreign_pages_cannot_send(live: Live) -> None:
    client = httpx.Client(base_url=live.url, timeout=60)
    answer = client.post("/api/v1/login", json={"user": "the-admin", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert part.lower() in cookie.lower()
    headers = {"Cookie": f"jeoul_session={answer.json()['token']}"}
    client.cookies.clear()
    assert client.get("/api/v1/config", headers=headers).status_code == 200
    foreign = client.put("/api/v1/system", json={"hostname": "x"}, headers=headers)
    assert (foreign.status_code, "X-Jeoul" in foreign.json()["hint"]) == (403, True)
    own = client.put("/api/v1/system", json={"hostname": "x"}, headers=headers | {"X-Jeoul": "1"})
    assert own.status_code == 200


def test_sessions_end_by_logout_by_time_and_with_the_person(live: Live) -> None:
    viewer, admin = live.client("the-viewer"), live.client()
    token = viewer.headers["Authorization"].removeprefix("Bearer ")
    assert viewer.post("/api/v1/logout").status_code == 200
    assert viewer.get("/api/v1/session").status_code == 401
    with live.box.store.read() as connection:
        stored = connection.exec_driver_sql("SELECT group_concat(token_hash) FROM sessions").scalar_one()
    assert token not in stored
    operator = live.client("the-operator")
    with live.box.store.write() as connection:
        connection.exec_driver_sql("UPDATE sessions SET last_seen = last_seen - 8000 WHERE user = 'the-operator'")
    assert operator.get("/api/v1/session").status_code == 401
    assert admin.put("/api/v1/users/ann", json={"role": "viewer"}).status_code == 200
    assert admin.delete("/api/v1/users/the-operator").status_code == 200
    assert live.client("the-admin").get("/api/v1/session").status_code == 200


def test_people_are_added_with_a_one_time_password_that_has_a_last_day(live: Live) -> None:
    admin = live.client()
    added = admin.put("/api/v1/users/ann", json={"role": "operator"}).json()
    password = added["one_time"]["password"]
    ann = live.client("ann", password)
    assert ann.get("/api/v1/config").status_code == 403
    assert ann.put("/api/v1/users/me/password", json={"old": password, "new": "ann's own good one"}).status_code == 200
    assert ann.get("/api/v1/config").status_code == 200
    again = admin.post("/api/v1/users/ann/one-time-password").json()
    assert ann.get("/api/v1/config").status_code == 401
    with live.box.store.write() as connection:
        connection.exec_driver_sql("UPDATE users SET one_time_until = 1 WHERE name = 'ann'")
    late = httpx.post(f"{live.url}/api/v1/login", json={"user": "ann", "password": again["password"]})
    assert late.status_code == 401
    assert admin.put("/api/v1/users/ann", json={"role": "viewer"}).json()["one_time"] is None
    assert admin.put("/api/v1/users/me", json={"role": "viewer"}).status_code == 422
    assert admin.put("/api/v1/users/a b", json={"role": "viewer"}).json()["problems"][0]["path"] == "path:name"
    assert admin.put("/api/v1/users/bob", json={"role": "king"}).json()["problems"][0]["hint"]
    assert admin.post("/api/v1/users/nobody/one-time-password").status_code == 404


def test_the_last_admin_stays(live: Live) -> None:
    admin = live.client()
    assert admin.delete("/api/v1/users/admin").status_code == 200
    for answer in (
        admin.delete("/api/v1/users/the-admin"),
        admin.put("/api/v1/users/the-admin", json={"role": "viewer"}),
    ):
        assert answer.status_code == 409
        assert "only admin" in answer.json()["error"]
    with live.box.store.read() as connection:
        assert users.count(connection, "admin") == 1


def test_the_trail_tells_who_did_what_and_no_secrets(live: Live) -> None:
    live.client("the-operator").put("/api/v1/system?comment=renamed", json={"hostname": "x"})
    entries = live.client().get("/api/v1/audit").json()
    commit = next(entry for entry in entries if entry["action"] == "commit")
    assert (commit["user"], commit["address"], commit["detail"]) == ("the-operator", "127.0.0.1", "revision 2: renamed")
    assert PASSWORD not in str(entries)
    assert [entry["number"] for entry in live.client().get("/api/v1/audit?limit=2").json()] == [
        entries[0]["number"],
        entries[1]["number"],
    ]
