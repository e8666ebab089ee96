"""What an instance holds: interfaces, routes, monitors, pools, services, and the members of pools; all alike."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from appliance.api import parts
from appliance.api.answers import Changed
from appliance.api.auth import Changer, Reader
from appliance.api.changes import With, body_of, commit, head_for, takes
from appliance.model.config import Interface, Member, Monitor, Pool, Route, VirtualService

KINDS: Mapping[str, Any] = {
    "interfaces": Interface,
    "routes": Route,
    "monitors": Monitor,
    "pools": Pool,
    "services": VirtualService,
}
"""Collection of an instance -> its model; a new one is a new line."""


def pool_name(pool: str) -> str:
    """Tell OpenAPI of the pool in a member's address."""
    return pool


def collection(within: str, kind: str, model: Any, schema: str) -> APIRouter:
    """Return the routes of one collection; ``within`` is its address, whose parameters are names."""
    above_all = [Depends(pool_name)] if "{pool}" in within else []
    router = APIRouter(prefix=within, tags=["document"], dependencies=above_all)
    one = parts.SINGULAR[kind]

    def path(request: Request) -> list[str]:
        names = request.path_params
        above = [names[part[1:-1]] if part.startswith("{") else part for part in within.strip("/").split("/")]
        return [*above, names["name"]] if "name" in names else above

    async def list_all(request: Request, response: Response, who: Reader, instance: str) -> object:
        return parts.get((await head_for(request, response)).document, path(request))

    async def get_one(request: Request, response: Response, who: Reader, instance: str, name: str) -> object:
        return parts.get((await head_for(request, response)).document, path(request))

    async def put_one(
        request: Request, response: Response, who: Changer, terms: With, instance: str, name: str
    ) -> Changed:
        body, place = await body_of(request), path(request)
        author = who.author(terms.comment or f"{one} {name}")
        return await commit(request, response, terms, author, lambda document: parts.put(document, place, body))

    async def delete_one(
        request: Request, response: Response, who: Changer, terms: With, instance: str, name: str
    ) -> Changed:
        place = path(request)
        author = who.author(terms.comment or f"{one} {name} removed")
        return await commit(request, response, terms, author, lambda document: parts.drop(document, place))

    table = (
        ("", "GET", list_all, f"list_{kind}", f"Every {one} by name.", dict[str, model], None),
        ("/{name}", "GET", get_one, f"get_{one}", f"One {one}.", model, None),
        ("/{name}", "PUT", put_one, f"put_{one}", f"Add or replace a {one}.", Changed, takes(schema)),
        ("/{name}", "DELETE", delete_one, f"delete_{one}", f"Remove a {one}.", Changed, None),
    )
    for address, method, endpoint, name, summary, answer, extra in table:
        router.add_api_route(
            address, endpoint, methods=[method], name=name, operation_id=name, summary=summary,
            response_model=answer, openapi_extra=extra,
        )  # fmt: skip
    return router


ROUTERS = (
    *(
        collection(
            f"/instances/{{instance}}/{kind}", kind, model, model.__name__ if isinstance(model, type) else "Monitor"
        )
        for kind, model in KINDS.items()
    ),
    collection("/instances/{instance}/pools/{pool}/members", "members", Member, "Member"),
)
