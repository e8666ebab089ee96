"""What stands around the API: limits, headers, the page, metrics, the description."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from appliance.api.errors import request_problems
from appliance.api.limits import SECURITY, Wall
from tests.api.conftest import Live

BASE = "/api/v1/instances/default"


async def taken_of_an_endless_body(path: str) -> int:
    """Return how many pieces of 1 MiB were taken of it."""
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * (1 << 20), "more_body": True}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            await receive()

    scope = {"type": "http", "method": "PUT", "path": path, "headers": []}
    with pytest.raises(HTTPException):
        await Wall(app)(scope, receive, send)
    return taken


@pytest.mark.parametrize(
    ("path", "pieces"),
    [("/api/v1/config", 17), ("/api/v1/instances/default/pools/p", 17), ("/api/v1/users/me/password", 1), ("/", 1)],
)
def test_a_body_is_refused_while_it_comes(path: str, pieces: int) -> None:
    assert asyncio.run(taken_of_an_endless_body(path)) == pieces


def test_a_body_that_is_too_large_is_told_in_the_one_form(live: Live) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"x" * (1 << 20) for _ in range(18))

    client = live.client()
    for body in (b"x" * ((16 << 20) + 1), pieces()):
        answer = client.put("/api/v1/config", content=body)
        assert (answer.status_code, answer.json()["error"]) == (413, "The request is too large.")
    assert httpx.post(f"{live.url}/api/v1/login", content=b"x" * 70_000).status_code == 413
    assert client.get("/api/v1/revisions").json()[0]["number"] == 1


UNREADABLE = (
    ("not JSON", b"{", "application/json"),
    ("a list", b"[1]", "application/json"),
    ("nothing", b"", "application/json"),
    ("a wrong type", b'{"user": 5, "password": "x"}', "application/json"),
    ("something unknown", b'{"user": "a", "password": "x", "color": 1}', "application/json"),
    ("a form", b"user=a&password=b", "application/x-www-form-urlencoded"),
    ("no text", b"\xff\xfe", "application/json"),
)


@pytest.mark.parametrize(("body", "kind"), [u[1:] for u in UNREADABLE], ids=[u[0] for u in UNREADABLE])
def test_wrong_requests_are_told_in_plain_words(live: Live, body: bytes, kind: str) -> None:
    answer = httpx.post(f"{live.url}/api/v1/login", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422), answer.text
    assert set(answer.json()) == {"error", "hint", "problems", "changes"}
    for jargon in ("Input should", "pydantic", "Field required", "Extra inputs", "model_attributes"):
        assert jargon not in answer.text


def test_every_kind_of_error_that_a_request_can_have_has_words() -> None:
    for kind in ("int_parsing", "bool_parsing", "float_parsing", "literal_error", "missing", "never-heard-of"):
        [problem] = request_problems([{"type": kind, "loc": ("query", "n"), "input": "x", "ctx": {"expected": "'a'"}}])
        assert problem.path == "query:n"
        assert problem.sentence.endswith(".")


def test_queries_are_judged_in_plain_words(live: Live) -> None:
    answer = live.client().get("/api/v1/revisions?limit=many")
    assert answer.json()["problems"] == [
        {"path": "query:limit", "sentence": "'many' is not a whole number.", "hint": ""}
    ]
    assert live.client().get("/api/v1/config?format=xml").status_code == 422
    assert live.client().put("/api/v1/system?dry_run=perhaps", json={}).status_code == 422


@pytest.mark.parametrize("text", [b"a: [1", b"version: 1\nversion: 1", b"&a [*a]", b"x" * 100, b"", b"null", b"[]"])
def test_what_is_no_document_is_refused(live: Live, text: bytes) -> None:
    answer = live.client().put("/api/v1/config", content=text)
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_unknown_addresses_and_methods(live: Live) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v2/config", 404),
        ("PATCH", "/api/v1/config", 405),
        ("POST", "/", 405),
    ):
        answer = live.client().request(method, path)
        assert answer.status_code == status
        assert answer.json()["hint"]


def test_without_the_page_the_root_says_where_the_api_is(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEOUL_WEBUI", str(live.folder / "nothing"))
    answer = httpx.get(live.url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "/api/v1" in answer.text
    assert "not installed" in answer.text


def test_the_page_its_files_and_nothing_else(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = live.folder / "webui"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<p>page")
    (folder / "assets/a-123.js").write_text("1")
    (live.folder / "secret").write_text("secret")
    (folder / "link").symlink_to(live.folder / "secret")
    monkeypatch.setenv("JEOUL_WEBUI", str(folder))
    get = httpx.Client(base_url=live.url).get
    for path in ("/", "/services/shop", "/index.html", "/../secret", "/%2e%2e/secret", "/link", "/%00"):
        answer = get(path)
        assert (answer.status_code, answer.text) == (200, "<p>page"), path
        assert answer.headers["cache-control"] == "no-cache"
    asset = get("/assets/a-123.js")
    assert "immutable" in asset.headers["cache-control"]
    assert "javascript" in asset.headers["content-type"]
    assert get("/assets/old-1.js").status_code == 404
    assert get("/api/v1/unknown").status_code == 404


def test_every_answer_carries_the_security_headers(live: Live) -> None:
    for path in ("/", "/healthz", "/api/v1/session", "/api/v1/openapi.json", "/nothing"):
        answer = httpx.get(live.url + path)
        assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
        assert "unsafe" not in answer.headers["content-security-policy"]
    assert httpx.get(f"{live.url}/api/v1/session").headers["cache-control"] == "no-store"
    assert httpx.get(f"{live.url}/healthz").text == "alive\n"
    assert "docs" not in httpx.get(f"{live.url}/docs").text.replace("/docs", "")


def test_metrics_carry_the_operators_names(shop: Live) -> None:
    answer = shop.client("the-viewer").get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["jeoul_revision", ()] == 2
    assert found["jeoul_process_up", (("process", "director"),)] == 1
    assert found["jeoul_process_up", (("process", "monitor"),)] == 0
    service = (("instance", "default"), ("service", "shop"))
    assert found["jeoul_service_connections_total", service] == 7
    assert found["jeoul_service_bytes_in_total", service] == 99
    assert found["jeoul_service_active", service] == 2
    member = (("instance", "default"), ("member", "s1"), ("pool", "web"))
    assert found["jeoul_member_state", (*member, ("state", "unknown"))] == 1
    assert found["jeoul_member_admin_state", (*member, ("state", "enabled"))] == 1
    assert all(name.startswith("jeoul_") for name, _ in found)
    shop.director.kill()
    alone = shop.client("the-viewer").get("/metrics")
    assert alone.status_code == 200
    assert 'jeoul_process_up{process="director"} 0.0' in alone.text


def test_counters_and_a_monitor_that_is_away(shop: Live) -> None:
    rows = shop.client().get("/api/v1/counters").json()
    assert {"path": ["default", "ipvs", "service tcp 192.0.2.10:80"], "counters": {
        "connections_total": 7, "bytes_in": 99, "active": 2,
    }} in rows  # fmt: skip
    for path in ("/api/v1/series", "/api/v1/history?path=default&metric=bytes_in&start=0"):
        answer = shop.client().get(path)
        assert answer.status_code == 503
        assert "monitor" in answer.json()["error"]


def test_the_description_is_complete_and_typed(live: Live) -> None:
    described = httpx.get(f"{live.url}/api/v1/openapi.json").json()
    text = json.dumps(described)
    names = set(described["components"]["schemas"])
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in names
    ids = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            ids.append(operation["operationId"])
            answer = operation["responses"]["200"]["content"]
            assert "text/plain" in answer or answer["application/json"]["schema"], (method, path)
            declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}, path
            assert operation["summary"]
            if method == "put":
                assert operation["requestBody"]["content"]
    assert len(ids) == len(set(ids))
    for name in ("Config", "ConfigInput", "MonitorInput", "HttpCheck", "Status", "Changed", "ErrorAnswer"):
        assert name in names
    page_types = described["components"]["schemas"]["Member"]
    assert set(page_types["required"]) == {"description", "address", "port", "weight"}
    assert set(described["components"]["schemas"]["MemberInput"]["required"]) == {"address", "port"}


def test_a_document_of_ten_thousand_services_fits(live: Live, tmp_path: Path) -> None:
    services = {
        f"s{n}": {"address": f"10.{n // 65536}.{n // 256 % 256}.{n % 256}", "port": 80, "pool": "p"}
        for n in range(256, 2256)
    }
    document = {
        "version": 1,
        "instances": {"default": {"pools": {"p": {"members": {"a": {"address": "10.99.0.1", "port": 80}}}}}},
    }
    document["instances"]["default"]["services"] = services  # type: ignore[index]
    done = live.client().put("/api/v1/config?dry_run=true", json=document)
    assert done.status_code == 200, done.text
    assert done.json()["steps_total"] > 4000
    assert len(done.json()["steps"]) == 1000
