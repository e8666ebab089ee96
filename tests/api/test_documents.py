"""Documents through the API: what is changed, refused, planned and found again."""

import json
from typing import Any

import pytest

from tests.api.conftest import EXAMPLE, Live

BASE = "/api/v1/instances/default"
SHOP = {"address": "192.0.2.10", "port": 80, "pool": "web"}


def test_a_whole_document_is_committed_applied_and_read_back(live: Live) -> None:
    client = live.client()
    answer = client.put("/api/v1/config?comment=first", content=EXAMPLE)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert done["revision"] == 2
    assert done["applied"]
    assert done["left"] == []
    assert {step["engine"] for step in done["steps"]} == {"system", "network", "ipvs"}
    read = client.get("/api/v1/config")
    assert read.headers["etag"] == f'"{done["digest"]}"'
    assert read.json()["instances"]["default"]["services"]["shop"]["port"] == 80
    yaml = client.get("/api/v1/config?format=yaml")
    assert yaml.headers["content-type"].startswith("application/yaml")
    assert client.put("/api/v1/config", content=yaml.content).json()["revision"] == 2
    status = client.get("/api/v1/status").json()
    assert (status["revision"], status["digest"]) == (2, done["digest"])
    assert status["applied"]


def test_the_same_document_again_is_no_revision(shop: Live) -> None:
    again = shop.client().put("/api/v1/config", content=EXAMPLE).json()
    assert (again["revision"], again["steps"], again["changes"], again["applied"]) == (2, [], [], True)
    assert len(shop.client().get("/api/v1/revisions").json()) == 2


def test_a_dry_run_tells_the_steps_and_changes_nothing(shop: Live) -> None:
    client = shop.client()
    before = client.get("/api/v1/status").json()
    member = {"address": "10.77.0.11", "port": 80, "weight": 9}
    planned = client.put(f"{BASE}/pools/web/members/s1?dry_run=true", json=member).json()
    assert planned["changes"] == [
        {"path": "/instances/default/pools/web/members/s1/weight", "old": 1, "new": 9},
    ]
    assert not planned["applied"]
    after = client.get("/api/v1/status").json()
    assert (after["revision"], after["steps_taken"]) == (before["revision"], before["steps_taken"])
    assert client.get(f"{BASE}/pools/web/members/s1").json()["weight"] == 1
    assert len(client.get("/api/v1/revisions").json()) == 2


OBJECTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("interfaces/more", {"port": "port1", "addresses": ["203.0.113.2/24"]}),
    ("routes/far", {"to": "default", "via": ["192.0.2.1"]}),
    ("monitors/plain", {"kind": "tcp"}),
    ("pools/spare", {"members": {"a": {"address": "10.77.0.21", "port": 80}}}),
    ("pools/web/members/s4", {"address": "10.77.0.14", "port": 80}),
    ("services/other", {"address": "192.0.2.11", "port": 81, "pool": "web"}),
)


@pytest.mark.parametrize(("place", "body"), OBJECTS, ids=[place for place, _ in OBJECTS])
def test_one_object_is_put_read_listed_and_deleted(shop: Live, place: str, body: dict[str, Any]) -> None:
    client, name = shop.client(), place.rpartition("/")[2]
    put = client.put(f"{BASE}/{place}", json=body)
    assert put.status_code == 200, put.text
    assert [change["path"] for change in put.json()["changes"]] == [f"/instances/default/{place}"]
    read = client.get(f"{BASE}/{place}").json()
    assert {key: read[key] for key in body if key not in ("to", "members")} == {
        key: value for key, value in body.items() if key not in ("to", "members")
    }
    assert name in client.get(f"{BASE}/{place.rpartition('/')[0]}").json()
    deleted = client.delete(f"{BASE}/{place}")
    assert deleted.json()["revision"] == put.json()["revision"] + 1
    gone = client.get(f"{BASE}/{place}")
    assert gone.status_code == 404
    assert client.delete(f"{BASE}/{place}").status_code == 404


def test_system_and_ports(shop: Live) -> None:
    client = shop.client()
    assert client.put("/api/v1/system", json={"hostname": "two"}).status_code == 200
    assert client.get("/api/v1/system").json() == {"hostname": "two"}
    assert client.put("/api/v1/ports/port9", json={"mtu": 9000}).status_code == 200
    assert client.get("/api/v1/ports/port9").json()["mtu"] == 9000
    assert set(client.get("/api/v1/ports").json()) == {"port1", "port2", "port9"}
    assert client.delete("/api/v1/ports/port9").status_code == 200
    assert set(client.get("/api/v1/instances").json()) == {"default"}
    assert "shop" in client.get("/api/v1/instances/default").json()["services"]


WRONG: tuple[tuple[str, str, str, object, int, list[str]], ...] = (
    ("a wrong port", "PUT", "services/shop", SHOP | {"port": 0}, 422, ["/instances/default/services/shop/port"]),
    (
        "two faults at once",
        "PUT",
        "services/shop",
        {"address": "nowhere", "port": 80, "pool": "web", "color": "red"},
        422,
        ["/instances/default/services/shop/address", "/instances/default/services/shop/color"],
    ),
    ("a bad name", "PUT", "services/-", SHOP, 422, ["/instances/default/services/-"]),
    (
        "an unknown pool",
        "PUT",
        "services/s",
        SHOP | {"port": 8, "pool": "x"},
        422,
        ["/instances/default/services/s/pool"],
    ),
    ("a used pool", "DELETE", "pools/web", None, 422, ["/instances/default/services/shop/pool"]),
    ("a used monitor", "DELETE", "monitors/health", None, 422, ["/instances/default/pools/web/monitors/0"]),
    ("a used interface", "DELETE", "interfaces/nothing", None, 404, []),
    ("text for settings", "PUT", "services/shop", "hello", 422, ["/instances/default/services/shop"]),
    ("null for settings", "PUT", "pools/web", None, 422, ["/instances/default/pools/web"]),
    ("an unknown pool of a member", "PUT", "pools/none/members/a", {"address": "10.0.0.9", "port": 1}, 404, []),
)


@pytest.mark.parametrize(
    ("method", "place", "body", "status", "paths"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_what_is_wrong_is_refused_with_every_place(
    shop: Live, method: str, place: str, body: object, status: int, paths: list[str]
) -> None:
    client = shop.client()
    answer = client.request(method, f"{BASE}/{place}", content=json.dumps(body))
    assert answer.status_code == status, answer.text
    assert [problem["path"] for problem in answer.json()["problems"]] == paths
    assert answer.json()["hint"]
    assert "pydantic" not in answer.text
    assert "Input should" not in answer.text
    assert client.get("/api/v1/revisions").json()[0]["number"] == 2


def test_unknown_names_are_answered_with_the_known_ones(shop: Live) -> None:
    answer = shop.client().get(f"{BASE}/services/shap")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "There is no service 'shap'.", "hint": "Known: shop.", "problems": [], "changes": [],
    }  # fmt: skip
    assert shop.client().get("/api/v1/instances/blue/pools").json()["error"] == "There is no instance 'blue'."


def test_somebody_else_committed_in_between(shop: Live) -> None:
    client = shop.client()
    digest = client.get("/api/v1/config").headers["etag"]
    member = {"address": "10.77.0.11", "port": 80, "weight": 5}
    assert client.put(f"{BASE}/pools/web/members/s1", json=member, headers={"If-Match": digest}).status_code == 200
    late = client.put("/api/v1/system", json={"hostname": "late"}, headers={"If-Match": digest})
    assert late.status_code == 412
    assert late.json()["changes"] == [
        {"path": "/instances/default/pools/web/members/s1/weight", "old": 1, "new": 5},
    ]
    assert client.get("/api/v1/system").json()["hostname"] == "jeoul-one"
    fresh = client.get("/api/v1/config").headers["etag"].strip('"')
    assert client.put("/api/v1/system", json={"hostname": "x"}, headers={"If-Match": fresh}).status_code == 200


def test_revisions_tell_what_changed_and_lead_back(shop: Live) -> None:
    client = shop.client("the-operator")
    client.put(f"{BASE}/pools/web/members/s1?comment=more", json={"address": "10.77.0.11", "port": 80, "weight": 5})
    newest, *_, oldest = client.get("/api/v1/revisions").json()
    assert (newest["number"], newest["author"], newest["comment"], newest["parent"]) == (3, "the-operator", "more", 2)
    assert (oldest["number"], oldest["author"]) == (1, "jeoul")
    path = "/instances/default/pools/web/members/s1/weight"
    assert client.get("/api/v1/revisions/3/diff").json()["changes"] == [{"path": path, "old": 1, "new": 5}]
    assert client.get("/api/v1/revisions/3/diff?to=2").json()["changes"] == [{"path": path, "old": 5, "new": 1}]
    document = client.get("/api/v1/revisions/2").json()["document"]
    assert document["instances"]["default"]["pools"]["web"]["members"]["s1"]["weight"] == 1
    back = client.post("/api/v1/revisions/2/rollback").json()
    assert back["revision"] == 4
    assert back["applied"]
    assert client.get("/api/v1/config").json() == document
    assert client.get("/api/v1/revisions/99").status_code == 404
    assert client.get(f"/api/v1/revisions/{10**30}").status_code in (404, 422)
    assert [one["number"] for one in client.get("/api/v1/revisions?before=3&limit=1").json()] == [2]


def test_a_members_state_is_at_once_and_no_revision(shop: Live) -> None:
    client = shop.client("the-operator")
    place = f"{BASE}/pools/web/members/s1/state"
    assert client.put(place, json={"state": "draining"}).status_code == 200
    status = client.get("/api/v1/status").json()
    assert status["members"]["default/web/s1"]["administrative"] == "draining"
    assert status["head_revision"] == 2
    shop.director.kill()
    shop.director.start()
    assert client.get("/api/v1/status").json()["members"]["default/web/s1"]["administrative"] == "draining"
    wrong = client.put(place, json={"state": "asleep"})
    assert (wrong.status_code, wrong.json()["problems"][0]["path"]) == (422, "/state")
    assert client.put(f"{BASE}/pools/web/members/s9/state", json={"state": "enabled"}).status_code == 404


def test_numbers_have_no_gaps_under_many_writers(shop: Live) -> None:
    from concurrent.futures import ThreadPoolExecutor

    client = shop.client()

    def write(number: int) -> int:
        answer = client.put(f"{BASE}/monitors/m{number}", json={"kind": "tcp"})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["revision"])

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(write, range(24)))
    assert numbers == list(range(3, 27))
    assert len(client.get(f"{BASE}/monitors").json()) == 25
